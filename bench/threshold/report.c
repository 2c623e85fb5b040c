#include "bench/threshold/report.h"

#include <stdio.h>

#include "bench/fitness.h"
#include "bench/json.h"

static void print_end(const struct threshold_report *report)
{
    switch (report->end) {
    case SURVEY_WHOLE:
        break;
    case SURVEY_FEW:
        printf("\nIt ended before each budget had all its repetitions.\n");
        break;
    case SURVEY_COARSE:
        printf("\nIt ended before the budgets around the best were measured.\n");
        break;
    case SURVEY_HOLES:
        printf(
            "\nIt ended when %zu of %zu combinations of lock, threads, and work had been looked "
            "at.\nOf the others nothing is said; more time has more of them.\n",
            report->looked_at, report->groups);
        break;
    }
}

/* Too few fit windows are why intervals are missing though there was time. */
static void print_unfit(const struct records *file)
{
    const size_t unfit = fitness_count_unfit(file->samples);
    char reasons[256];

    if (unfit == 0)
        return;
    fitness_reasons(file->samples, reasons, sizeof reasons);
    printf(
        "\n%zu of %zu windows were unfit (%s), and count only where a budget has no other:\n"
        "'lockbench doctor' says what spoils them.\n",
        unfit, json_array_size(file->samples), reasons);
}

static json_t *end_to_json(const struct threshold_report *report)
{
    static const char *const names[] = {
        [SURVEY_WHOLE] = "whole",
        [SURVEY_FEW] = "few repetitions",
        [SURVEY_COARSE] = "coarse",
        [SURVEY_HOLES] = "holes",
    };

    return json_pack("{s:s, s:i, s:i, s:i, s:i}", "end", names[report->end], "groups",
                     (int)report->groups, "groups_looked_at", (int)report->looked_at, "samples",
                     (int)json_array_size(report->file->samples), "unfit",
                     (int)fitness_count_unfit(report->file->samples));
}

static void print_object(const struct threshold_report *report)
{
    const struct advice_inputs *inputs = &report->advice->inputs;
    json_t *object = advice_to_json(report->advice);

    json_object_set_new(object, "calibration", calibration_to_json(report->calibration));
    json_object_set_new(object, "glibc_spin", glibc_spin_to_json(report->spin));
    json_object_set_new(object, "survey", end_to_json(report));
    json_object_set_new(object, "cells",
                        analysis_to_json(report->surface, inputs->sleep_ns.value, inputs->seed));
    json_print(object, 12);
}

void threshold_report_print(const struct threshold_report *report, bool json)
{
    if (json) {
        print_object(report);
    } else {
        calibration_print(stdout, report->calibration);
        if (!report->simulated)
            calibration_print_model(stdout, report->calibration);
        putchar('\n');
        advice_print(stdout, report->advice);
        print_unfit(report->file);
        print_end(report);
    }
    /* Before what is said on the other stream. */
    fflush(stdout);
}
