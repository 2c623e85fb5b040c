#include <jansson.h>
#include <math.h>

#include "bench/figures/curves.h"
#include "bench/figures/figures.h"

/* Whether it is what core_latency_measure() measures: a matrix of all CPUs to all, in which what is
 * not null is a time, and something is. */
static bool is_matrix(const json_t *rows, size_t n)
{
    bool measured = false;
    size_t i, j;
    json_t *row, *ns;

    if (json_array_size(rows) != n)
        return false;
    json_array_foreach (rows, i, row) {
        if (json_array_size(row) != n)
            return false;
        json_array_foreach (row, j, ns) {
            if (!json_is_null(ns) && !(json_is_number(ns) && json_number_value(ns) > 0))
                return false;
            measured = measured || json_is_number(ns);
        }
    }
    return measured;
}

static bool are_cpus(const json_t *cpus)
{
    size_t i;
    json_t *cpu;

    json_array_foreach (cpus, i, cpu) {
        if (!json_is_integer(cpu) || json_integer_value(cpu) < 0)
            return false;
    }
    return json_array_size(cpus) > 1;
}

/* A line for each pair: where the two are in the matrix, their numbers, and the time. */
static void put_pairs(FILE *data, const json_t *cpus, const json_t *rows)
{
    size_t i, j;
    json_t *from, *to;

    fputs("row column from to ns\n", data);
    json_array_foreach (cpus, i, from) {
        json_array_foreach (cpus, j, to) {
            const json_t *ns = json_array_get(json_array_get(rows, i), j);
            fprintf(data, "%zu %zu %lld %lld", i, j, (long long)json_integer_value(from),
                    (long long)json_integer_value(to));
            curves_put_number(data, json_is_null(ns) ? NAN : json_number_value(ns));
            fputc('\n', data);
        }
    }
}

static enum exit_code put_file(FILE *data, const char *name, char *title, size_t title_size,
                               unsigned *cpus_count)
{
    json_error_t error;
    json_t *object = json_load_file(name, 0, &error);
    const json_t *cpus = json_object_get(object, "cpus");
    const json_t *rows = json_object_get(object, "latency_ns");
    const char *model =
        json_string_value(json_object_get(json_object_get(object, "host"), "cpu_model"));
    enum exit_code code = EXIT_FINE;

    if (object == NULL) {
        return complain(EXIT_USAGE,
                        "'%s' is not what 'lockbench topology --json' writes: line %d: %s", name,
                        error.line, error.text);
    }
    if (!are_cpus(cpus) || !is_matrix(rows, json_array_size(cpus))) {
        code = complain(EXIT_USAGE,
                        "'%s' has no matrix of latencies from each CPU to each: write it with "
                        "'lockbench topology --json' on a machine of at least two CPUs",
                        name);
    } else {
        put_pairs(data, cpus, rows);
        *cpus_count = (unsigned)json_array_size(cpus);
        snprintf(title, title_size, "%s", model == NULL ? "unknown machine" : model);
    }
    json_decref(object);
    return code;
}

const struct figure_kind figure_core_latency = {
    .name = "core-latency",
    .script = "core-latency.gp",
    .put_file = put_file,
};
