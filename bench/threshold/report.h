/* What `lockbench threshold` prints in the end, for people or for programs. */
#ifndef BENCH_THRESHOLD_REPORT_H
#define BENCH_THRESHOLD_REPORT_H

#include "bench/calibration.h"
#include "bench/threshold/advice.h"
#include "bench/threshold/survey.h"

struct threshold_report {
    const struct surface *surface; /* with its price of a sleep */
    const struct advice *advice;
    const struct calibration *calibration;
    const struct glibc_spin *spin;
    const struct records *file;
    bool simulated;
    enum survey_end end;
    size_t groups, looked_at; /* of the grid */
};

/* To standard output: as text of at most 80 columns or, with all cells, as one object. */
void threshold_report_print(const struct threshold_report *report, bool json);

#endif
