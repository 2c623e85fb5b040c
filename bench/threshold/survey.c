#include "bench/threshold/survey.h"

#include <stdlib.h>

#include "bench/threshold/analysis.h"
#include "locks/machine/machine.h"

/* Which cells a round is of; how many. */
typedef size_t choose_function(const struct survey *survey, size_t round, bool *open);

bool survey_has_time_for(const struct survey *survey, size_t cells, size_t opened, uint64_t now_ns)
{
    const size_t samples = json_array_size(survey->job->kept.samples);

    if (survey->end_ns == UINT64_MAX || samples == 0)
        return true;
    const double each_ns = (double)(now_ns - survey->begun_ns) / (double)samples;
    const double turns =
        (double)(cells * (ANALYSIS_REPETITIONS_LEAST - 1) + opened * ANALYSIS_REPETITIONS_LEAST);
    return (double)now_ns + turns * each_ns < (double)survey->end_ns;
}

static size_t choose_coarse(const struct survey *survey, size_t round, bool *open)
{
    return grid_open_coarse(survey->grid, round, open);
}

static size_t choose_finer(const struct survey *survey, size_t round, bool *open)
{
    (void)round;
    const size_t cells = grid_open_again(survey->grid, &survey->job->kept, SIZE_MAX, open);
    const size_t opened = grid_open_finer(survey->grid, &survey->job->kept, open);

    return survey_has_time_for(survey, cells, opened, machine_clock()) ? opened : 0;
}

/* Before any cell gets more: without so many fit windows of each there are no intervals. */
static size_t choose_least(const struct survey *survey, size_t round, bool *open)
{
    const size_t least = ANALYSIS_REPETITIONS_LEAST;

    (void)round;
    return grid_open_again(survey->grid, &survey->job->kept,
                           survey->repetitions < least ? survey->repetitions : least, open);
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
                  {choose_least, SURVEY_FEW, 2 * ANALYSIS_REPETITIONS_LEAST},
                  {choose_again, SURVEY_FEW, survey->repetitions}};
    bool *open = calloc(plan_cells(survey->grid->plan), sizeof *open);
    enum exit_code code = EXIT_FINE;
    unsigned repetition = 0;
    size_t left = 0;
    bool cut = false;

    if (open == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    *end = SURVEY_WHOLE;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        size_t round = 0;
        for (; round < stages[i].rounds && code == EXIT_FINE && left == 0 &&
               stages[i].choose(survey, round, open) > 0;
             round++)
            code = job_measure_round(survey->job, open, repetition++, survey->end_ns, &left);
        cut = cut || (stages[i].choose == choose_finer && round < stages[i].rounds &&
                      grid_open_finer(survey->grid, &survey->job->kept, open) > 0);
        if (left > 0 || code != EXIT_FINE) {
            *end = stages[i].otherwise;
            break;
        }
    }
    if (cut && *end < SURVEY_COARSE)
        *end = SURVEY_COARSE;
    free(open);
    return code;
}
