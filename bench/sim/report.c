#include "bench/sim/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result.h"

/* Lines that cost little are reported together. */
enum { LINES_MOST = 16, POSITION_TEXT = 128 };

void sim_window_take_traffic(struct sim_window *window, const struct sim_memory *memory)
{
    window->traffic = memory->traffic;
    window->tallies = calloc(memory->tallies_count + 1, sizeof *window->tallies);
    window->tallies_count = window->tallies == NULL ? 0 : memory->tallies_count;
    for (size_t i = 0; i < window->tallies_count; i++)
        window->tallies[i] = *memory->tallies[i];
}

static json_t *per_acquisition(const struct sim_window *window, uint64_t count)
{
    return json_real((double)count / (double)window->acquisitions);
}

static uint64_t all_transactions(const struct sim_traffic *traffic)
{
    return traffic->transactions[SIM_READ] + traffic->transactions[SIM_OWN] +
           traffic->transactions[SIM_UPGRADE];
}

static int compare_tallies(const void *first, const void *second)
{
    const struct sim_tally *a = first, *b = second;

    return a->transactions != b->transactions ? (a->transactions < b->transactions ? 1 : -1)
                                              : strcmp(a->name, b->name);
}

/* The lines that cost most first, with their part of all transactions. */
static json_t *by_line(const struct sim_window *window)
{
    json_t *list = json_array();
    double all = (double)all_transactions(&window->traffic);
    uint64_t rest = 0;

    qsort(window->tallies, window->tallies_count, sizeof *window->tallies, compare_tallies);
    for (size_t i = 0; i < window->tallies_count; i++) {
        const struct sim_tally *tally = &window->tallies[i];
        if (tally->transactions == 0)
            break;
        if (i >= LINES_MOST)
            rest += tally->transactions;
        else
            json_array_append_new(list, json_pack("{s:s, s:f}", "line", tally->name, "share",
                                                  (double)tally->transactions / all));
    }
    if (rest > 0)
        json_array_append_new(
            list, json_pack("{s:s, s:f}", "line", "others", "share", (double)rest / all));
    return list;
}

static json_t *by_distance(const struct sim_window *window)
{
    json_t *object = json_object();

    for (int i = 0; i < SIM_DISTANCES; i++)
        json_object_set_new(object, sim_distance_names[i],
                            per_acquisition(window, window->traffic.distances[i]));
    return object;
}

static void add_traffic(struct result *result, const struct sim_window *window)
{
    const struct sim_traffic *traffic = &window->traffic;

    if (window->acquisitions == 0) {
        result_unmeasured(result, result->object, "traffic",
                          "there was no acquisition in the window");
        return;
    }
    json_object_set_new(
        result->object, "traffic",
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "transactions",
                  per_acquisition(window, all_transactions(traffic)), "reads",
                  per_acquisition(window, traffic->transactions[SIM_READ]), "ownership",
                  per_acquisition(window, traffic->transactions[SIM_OWN]), "upgrades",
                  per_acquisition(window, traffic->transactions[SIM_UPGRADE]), "invalidated",
                  per_acquisition(window, traffic->invalidated), "by_distance", by_distance(window),
                  "by_line", by_line(window)));
}

/* ---- threads that are stuck ---- */

static json_t *positions_of(const struct sim_engine *engine)
{
    json_t *list = json_array();
    char text[POSITION_TEXT];

    for (unsigned i = 0; i < engine->threads_count; i++) {
        const struct sim_thread *thread = &engine->threads[i];
        if (thread->activity == SIM_DONE)
            continue;
        json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "thread", (int)i, "cpu",
                                              (int)engine->model->cpus[thread->cpu].os_index, "at",
                                              sim_engine_position(engine, i, text, sizeof text)));
    }
    return list;
}

/* Each place once, with the number of threads that are there. */
static void describe_positions(const json_t *positions, char *text, size_t size)
{
    size_t i, j, used = 0;
    json_t *one, *other;

    json_array_foreach (positions, i, one) {
        size_t count = 0, first = SIZE_MAX;
        json_array_foreach (positions, j, other) {
            if (!json_equal(json_object_get(one, "at"), json_object_get(other, "at")))
                continue;
            first = first == SIZE_MAX ? j : first;
            count++;
        }
        if (first != i || used >= size)
            continue;
        int written =
            count == 1
                ? snprintf(text + used, size - used, "%sthread %d at %s", used == 0 ? "" : "; ",
                           (int)json_integer_value(json_object_get(one, "thread")),
                           json_string_value(json_object_get(one, "at")))
                : snprintf(text + used, size - used, "%s%zu threads at %s", used == 0 ? "" : "; ",
                           count, json_string_value(json_object_get(one, "at")));
        used += written > 0 ? (size_t)written : 0;
    }
}

/* Says of each violation that is about threads which do not move where they are. */
static void add_positions(struct result *result, const struct sim_engine *engine)
{
    json_t *positions = positions_of(engine), *violation;
    char where[384] = "", detail[1024];
    size_t i;

    describe_positions(positions, where, sizeof where);
    json_array_foreach (result->violations, i, violation) {
        const char *kind = json_string_value(json_object_get(violation, "kind"));
        if (strcmp(kind, "deadlock") != 0 && strcmp(kind, "hang") != 0)
            continue;
        snprintf(detail, sizeof detail, "%s: %s",
                 json_string_value(json_object_get(violation, "detail")), where);
        json_object_set_new(violation, "detail", json_string(detail));
        json_object_set(violation, "positions", positions);
    }
    json_decref(positions);
}

json_t *sim_report(const struct findings *findings, const struct sim_engine *engine,
                   const struct sim_window *window, enum sim_end end)
{
    struct result result = result_begin(findings);

    if (end == SIM_DEADLOCK)
        result_violation(&result, "deadlock",
                         "no thread can ever run again, %.3f ms after the start",
                         (double)engine->now / PS_PER_NS / 1e6);
    if (end != SIM_ENDED)
        add_positions(&result, engine);
    add_traffic(&result, window);
    json_object_set_new(result.object, "operations", json_integer((json_int_t)engine->operations));
    json_t *object = result_end(&result);
    if (!window->ended) {
        json_t *violations = json_incref(json_object_get(object, "violations"));
        json_object_clear(object);
        json_object_set_new(object, "violations", violations);
    }
    return object;
}
