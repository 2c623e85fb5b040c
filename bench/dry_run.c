#include "bench/dry_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"

/* The cell of some of the turns. */
struct dry_cell {
    struct turn turn; /* one of them */
    unsigned repetitions;
};

static size_t cell_index(const struct plan *plan, const struct turn *turn)
{
    size_t lock = (size_t)(turn->lock - plan->locks), threads = 0, objects = 0;
    size_t workload = (size_t)(turn->workload - plan->workloads);

    while (plan->threads[threads] != turn->threads)
        threads++;
    while (plan->objects != NULL && plan->objects[objects] != turn->objects)
        objects++;
    return ((lock * plan->threads_count + threads) * plan->workloads_count + workload) *
               plan_objects_count(plan) +
           objects;
}

/* A new array of plan_cells() cells, some of which may have no turn. */
static struct dry_cell *cells_of(const struct plan *plan, const struct turn *turns, size_t count)
{
    struct dry_cell *cells = allocate_array(plan_cells(plan), sizeof *cells);

    for (size_t i = 0; i < count; i++) {
        struct dry_cell *cell = &cells[cell_index(plan, &turns[i])];
        cell->turn = turns[i];
        cell->repetitions++;
    }
    return cells;
}

static uint64_t expected_ns(const struct plan *plan, const struct turn *turns, size_t count)
{
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++)
        all += plan_turn_ns(plan, &turns[i]);
    return all;
}

static void print_head(FILE *out, const struct plan *plan)
{
    char text[WORKLOAD_TEXT];
    json_t *workloads = plan_workloads_to_json(plan);

    fprintf(out, "%s\n", workload_describe_planned(workloads, text));
    json_decref(workloads);
    fprintf(out, "machine %s, placement %s, %u CPU%s, seed %" PRIu64 "\n\n", plan->machine.text,
            plan->placement, plan->cpus, plan->cpus == 1 ? "" : "s", plan->seed);
}

static void print_time(FILE *out, const struct plan *plan, const struct turn *turns, size_t count)
{
    double seconds = (double)expected_ns(plan, turns, count) / 1e9;

    if (plan->until_percent != 0)
        fprintf(out, "\nand more of each until within %g%%, at most %u%s\n", plan->until_percent,
                plan->repetitions_most, plan->until_ns != 0 ? ", or until the time is up" : "");
    fprintf(out, "\n%zu repetitions, %s", count, plan->until_percent != 0 ? "at least " : "");
    if (machine_is_simulated(&plan->machine))
        fputs("in virtual time: how long the model computes is not known beforehand\n", out);
    else if (seconds < 120)
        fprintf(out, "about %.*f s\n", seconds < 10 ? 1 : 0, seconds);
    else
        fprintf(out, "about %.0f min\n", seconds / 60);
}

void dry_run_print(FILE *out, const struct plan *plan, const struct turn *turns, size_t count)
{
    struct dry_cell *cells = cells_of(plan, turns, count);
    int width = 4;

    for (size_t i = 0; i < plan->locks_count; i++) {
        int length = (int)strlen(plan->locks[i].text);
        width = length > width ? length : width;
    }
    print_head(out, plan);
    fprintf(out, "  %-*s %8s%s %12s %10s\n", width, "lock", "threads",
            plan->objects != NULL       ? "  objects"
            : plan->workloads_count > 1 ? "  readers"
                                        : "",
            "repetitions", "window ms");
    for (size_t i = 0; i < plan_cells(plan); i++) {
        const struct turn *turn = &cells[i].turn;
        if (cells[i].repetitions == 0)
            continue;
        fprintf(out, "  %-*s %8u", width, turn->lock->text, turn->threads);
        if (plan->objects != NULL)
            fprintf(out, " %8u", turn->objects);
        else if (plan->workloads_count > 1)
            fprintf(out, " %7u%%", turn->workload->readers);
        fprintf(out, " %12u %10.4g\n", cells[i].repetitions,
                (double)plan_window_ns(plan, turn) / 1e6);
    }
    print_time(out, plan, turns, count);
    free(cells);
}

json_t *dry_run_to_json(const struct plan *plan, const struct turn *turns, size_t count)
{
    struct dry_cell *cells = cells_of(plan, turns, count);
    json_t *list = json_array();

    for (size_t i = 0; i < plan_cells(plan); i++) {
        const struct turn *turn = &cells[i].turn;
        if (cells[i].repetitions == 0)
            continue;
        uint64_t window_ns = plan_window_ns(plan, turn);
        json_t *cell = json_pack(
            "{s:s, s:i, s:o, s:i, s:I, s:I}", "lock", turn->lock->text, "threads",
            (int)turn->threads, "workload", workload_to_json(turn->workload), "repetitions",
            (int)cells[i].repetitions, "warmup_ns", (json_int_t)plan_warmup_ns(plan, window_ns),
            "window_ns", (json_int_t)window_ns);
        if (plan->objects != NULL)
            json_object_set_new(cell, "objects", json_integer(turn->objects));
        json_array_append_new(list, cell);
    }
    free(cells);
    return json_pack("{s:o, s:I, s:o, s:I, s:o}", "plan", plan_to_json(plan), "seed",
                     (json_int_t)plan->seed, "cells", list, "turns", (json_int_t)count,
                     "expected_ns",
                     machine_is_simulated(&plan->machine)
                         ? json_null()
                         : json_integer((json_int_t)expected_ns(plan, turns, count)));
}
