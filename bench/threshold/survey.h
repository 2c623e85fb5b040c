/* The measuring of the grid: rounds over its cells, first coarse, then finer around what is best so
 * far, as long as there will be time for ANALYSIS_REPETITIONS_LEAST repetitions of each, then again
 * and again until the time is up or every cell has enough. */
#ifndef BENCH_THRESHOLD_SURVEY_H
#define BENCH_THRESHOLD_SURVEY_H

#include "bench/job.h"
#include "bench/threshold/grid.h"

struct survey {
    struct job *job; /* on the grid's plan */
    const struct grid *grid;
    uint64_t begun_ns;
    uint64_t end_ns;    /* of machine_clock(): no repetition is begun after it; UINT64_MAX: never */
    size_t repetitions; /* that are enough of a cell */
};

/* How a survey ended. */
enum survey_end {
    SURVEY_WHOLE,  /* every cell that was wanted has its repetitions */
    SURVEY_FEW,    /* the time was up: cells are as fine as wanted, with fewer repetitions */
    SURVEY_COARSE, /* the time was up before cells were as fine as wanted */
    SURVEY_HOLES,  /* the time was up before every group had its first look */
};

/* Whether there is time for `opened` new cells, and for ANALYSIS_REPETITIONS_LEAST repetitions of
 * them and of the `cells` that were measured, when each takes as long as those up to now. */
bool survey_has_time_for(const struct survey *survey, size_t cells, size_t opened, uint64_t now_ns);

/* Measures. Returns as job_measure() does; `*end` says how far it came. */
enum exit_code survey_measure(const struct survey *survey, enum survey_end *end);

#endif
