#include "bench/threshold/survey.h"

#include <stdlib.h>

#include "locks/machine/machine.h"

/* Which cells a round is of; how many. */
typedef size_t choose_function(const struct survey *survey, size_t round, bool *open);

static size_t choose_coarse(const struct survey *survey, size_t round, bool *open)
{
    return grid_open_coarse(survey->grid, round, open);
}

static size_t choose_finer(const struct survey *survey, size_t round, bool *open)
{
    (void)round;
    return grid_open_finer(survey->grid, &survey->job->kept, open);
}

static size_t choose_again(const struct survey *survey, size_t round, bool *open)
{
    (void)round;
    return grid_open_again(survey->grid, &survey->job->kept, survey->repetitions, open);
}

enum exit_code survey_measure(const struct survey *survey, enum survey_end *end)
{
    /* Until a stage has no cell left, or so many rounds: what is best may change with each look.
     * Halving the way between two budgets ends sooner. */
    const struct {
        choose_function *choose;
        enum survey_end otherwise;
        size_t rounds;
    } stages[] = {{choose_coarse, SURVEY_HOLES, SIZE_MAX},
                  {choose_finer, SURVEY_COARSE, 16},
                  {choose_again, SURVEY_FEW, survey->repetitions}};
    bool *open = calloc(plan_cells(survey->grid->plan), sizeof *open);
    enum exit_code code = EXIT_FINE;
    unsigned repetition = 0;
    size_t left = 0;

    if (open == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    *end = SURVEY_WHOLE;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        for (size_t round = 0; round < stages[i].rounds && code == EXIT_FINE && left == 0 &&
                               stages[i].choose(survey, round, open) > 0;
             round++)
            code = job_measure_round(survey->job, open, repetition++, survey->end_ns, &left);
        if (left > 0 || code != EXIT_FINE) {
            *end = stages[i].otherwise;
            break;
        }
    }
    free(open);
    return code;
}
