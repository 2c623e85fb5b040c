#include "bench/sim/parameters.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/values.h"

const char *const sim_distance_names[SIM_DISTANCES] = {"core", "cache", "package", "remote",
                                                       "memory"};

/* One row a parameter: for reading, for records, and for the usual value. */
static const struct row {
    const char *name; /* a time, unless it has `most` */
    size_t offset;
    uint64_t usual, most;
} rows[] = {
#define ROW(name, field, usual, most)                             \
    {                                                             \
        name, offsetof(struct sim_parameters, field), usual, most \
    }
    ROW("hit", hit_ns, 1, 0),
    ROW("atomic", atomic_ns, 5, 0),
    ROW("core", latency_ns[SIM_CORE], 8, 0),
    ROW("cache", latency_ns[SIM_CACHE], 23, 0),
    ROW("package", latency_ns[SIM_PACKAGE], 50, 0),
    ROW("remote", latency_ns[SIM_REMOTE], 135, 0),
    ROW("memory", latency_ns[SIM_MEMORY], 100, 0),
    ROW("relax", relax_ns, 12, 0),
    ROW("clock", clock_ns, 20, 0),
    ROW("syscall", syscall_ns, 200, 0),
    ROW("switch", switch_ns, 1500, 0),
    ROW("wake", wake_ns, 3000, 0),
    ROW("wake-call", wake_call_ns, 0, 0),
    ROW("interrupt", interrupt_ns, 1500, 0),
    ROW("slice", slice_ns, 3000000, 0),
    ROW("jitter", jitter, 10, 90),
    ROW("stall", stall_ns, 100, 0),
    ROW("stall-every", stall_every, 1000, 1000000000),
#undef ROW
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* More than any machine takes: for an operation of the processor, and for one of the kernel. */
enum { OPERATION_MOST_NS = 10000000, KERNEL_MOST_NS = 1000000000 };

static uint64_t *field_of(struct sim_parameters *parameters, const struct row *row)
{
    return (uint64_t *)((char *)parameters + row->offset);
}

/* What takes no time at all would let virtual time stand still: a slice, a pause, an access. */
static uint64_t least_of(const struct row *row)
{
    return row->offset == offsetof(struct sim_parameters, slice_ns) ||
                   row->offset == offsetof(struct sim_parameters, hit_ns) ||
                   row->offset == offsetof(struct sim_parameters, relax_ns)
               ? 1
               : 0;
}

static uint64_t most_of(const struct row *row)
{
    if (row->most != 0)
        return row->most;
    return row->offset == offsetof(struct sim_parameters, slice_ns) ||
                   row->offset == offsetof(struct sim_parameters, switch_ns) ||
                   row->offset == offsetof(struct sim_parameters, wake_ns) ||
                   row->offset == offsetof(struct sim_parameters, wake_call_ns)
               ? KERNEL_MOST_NS
               : OPERATION_MOST_NS;
}

static bool is_within(const struct row *row, uint64_t value)
{
    return value >= least_of(row) && value <= most_of(row);
}

struct sim_parameters sim_parameters_default(void)
{
    struct sim_parameters parameters;

    for (size_t i = 0; i < ROWS; i++)
        *field_of(&parameters, &rows[i]) = rows[i].usual;
    return parameters;
}

static enum exit_code complain_name(const char *name)
{
    const char *names[ROWS];
    char all[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < ROWS; i++) {
        names[i] = rows[i].name;
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ",
                                 rows[i].name);
    }
    const char *nearest = nearest_name(name, names, ROWS);
    if (nearest != NULL)
        return complain(EXIT_USAGE, "--model has no '%s': did you mean '%s'?", name, nearest);
    return complain(EXIT_USAGE, "--model has no '%s': there are %s", name, all);
}

static enum exit_code read_value(const struct row *row, const char *text,
                                 struct sim_parameters *parameters)
{
    uint64_t value;
    char most[TIME_TEXT];

    if (row->most != 0) {
        if (!read_count(text, 0, row->most, &value))
            return complain(EXIT_USAGE,
                            "--model: %s can't be '%s': it is a whole number from 0 to %" PRIu64,
                            row->name, text, row->most);
    } else if (!read_time(text, &value) || !is_within(row, value)) {
        return complain(EXIT_USAGE,
                        "--model: %s can't be '%s': it is a time from %s to %s with its unit, as "
                        "in 60ns",
                        row->name, text, least_of(row) == 0 ? "0" : "1ns",
                        format_time(most_of(row), most));
    }
    *field_of(parameters, row) = value;
    return EXIT_FINE;
}

/* `given` says which were named before: bit i is of row i. */
static enum exit_code read_setting(char *setting, struct sim_parameters *parameters,
                                   uint32_t *given)
{
    char *value = strchr(setting, '=');

    if (value == NULL)
        return complain(EXIT_USAGE,
                        "--model can't have '%s': it is a list such as remote=300ns,jitter=0",
                        setting);
    *value++ = '\0';
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, setting) != 0)
            continue;
        if ((*given >> i & 1) != 0)
            return complain(EXIT_USAGE, "--model has '%s' twice", setting);
        *given |= UINT32_C(1) << i;
        return read_value(&rows[i], value, parameters);
    }
    return complain_name(setting);
}

enum exit_code sim_parameters_read(const char *text, struct sim_parameters *parameters)
{
    char *copy = strdup(text), *rest = copy, *setting;
    enum exit_code code = EXIT_FINE;
    uint32_t given = 0;

    while (code == EXIT_FINE && (setting = strsep(&rest, ",")) != NULL)
        code = read_setting(setting, parameters, &given);
    free(copy);
    return code;
}

bool sim_parameter_is_count(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].most != 0;
    }
    return false;
}

uint64_t sim_parameters_slowest_ns(const struct sim_parameters *parameters)
{
    uint64_t farthest = 0;

    for (int i = 0; i < SIM_DISTANCES; i++) {
        if (parameters->latency_ns[i] > farthest)
            farthest = parameters->latency_ns[i];
    }
    return parameters->hit_ns + parameters->atomic_ns + 2 * farthest + parameters->relax_ns +
           parameters->clock_ns + parameters->syscall_ns + 2 * parameters->stall_ns;
}

void sim_parameters_add_changed(const struct sim_parameters *parameters, json_t *words)
{
    struct sim_parameters copy = *parameters;
    char text[1024] = "", time[TIME_TEXT], number[24];
    size_t used = 0;

    for (size_t i = 0; i < ROWS; i++) {
        uint64_t value = *field_of(&copy, &rows[i]);
        if (value == rows[i].usual)
            continue;
        snprintf(number, sizeof number, "%" PRIu64, value);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s=%s", used == 0 ? "" : ",",
                             rows[i].name, rows[i].most != 0 ? number : format_time(value, time));
    }
    if (used > 0) {
        json_array_append_new(words, json_string("--model"));
        json_array_append_new(words, json_string(text));
    }
}

json_t *sim_parameters_to_json(const struct sim_parameters *parameters)
{
    struct sim_parameters copy = *parameters;
    json_t *object = json_object();

    for (size_t i = 0; i < ROWS; i++)
        json_object_set_new(object, rows[i].name,
                            json_integer((json_int_t)*field_of(&copy, &rows[i])));
    return object;
}

bool sim_parameters_from_json(const json_t *object, struct sim_parameters *parameters)
{
    for (size_t i = 0; i < ROWS; i++) {
        const json_t *number = json_object_get(object, rows[i].name);
        /* What a file of an earlier version does not know cost nothing then. */
        if (number == NULL && rows[i].usual == 0) {
            *field_of(parameters, &rows[i]) = 0;
            continue;
        }
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 0 || !is_within(&rows[i], (uint64_t)value))
            return false;
        *field_of(parameters, &rows[i]) = (uint64_t)value;
    }
    return true;
}
