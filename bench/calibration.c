#include "bench/calibration.h"

#include <math.h>
#include <string.h>

#include "bench/native/calibration.h"
#include "bench/sim/calibration.h"

const char *const calibration_names[CALIBRATION_ITEMS] = {
    [CALIBRATION_RELAX] = "relax",         [CALIBRATION_YIELD] = "yield",
    [CALIBRATION_SWITCH] = "switch",       [CALIBRATION_SPIN] = "spin",
    [CALIBRATION_WAKE_CALL] = "wake_call", [CALIBRATION_WAKE_SAME] = "wake_same",
    [CALIBRATION_WAKE_BUSY] = "wake_busy", [CALIBRATION_WAKE_SHALLOW] = "wake_shallow",
    [CALIBRATION_WAKE_DEEP] = "wake_deep", [CALIBRATION_CPU] = "cpu_time",
    [CALIBRATION_COST] = "cost",
};

const char *const calibration_titles[CALIBRATION_ITEMS] = {
    [CALIBRATION_RELAX] = "relax",
    [CALIBRATION_YIELD] = "yield, nobody else there",
    [CALIBRATION_SWITCH] = "context switch",
    [CALIBRATION_SPIN] = "hand-off by spinning",
    [CALIBRATION_WAKE_CALL] = "the waker's system call",
    [CALIBRATION_WAKE_SAME] = "sleep and wake, same CPU",
    [CALIBRATION_WAKE_BUSY] = "sleep and wake, other core, busy",
    [CALIBRATION_WAKE_SHALLOW] = "sleep and wake, other core",
    [CALIBRATION_WAKE_DEEP] = "sleep and wake, other core, long idle",
    [CALIBRATION_CPU] = "processor time of a sleep and its wake",
    [CALIBRATION_COST] = "C, what sleeping costs a wait",
};

enum exit_code calibration_measure(const struct machine *machine, hwloc_topology_t topology,
                                   struct calibration *calibration)
{
    struct calibration_rounds rounds;

    calibration_rounds_clear(&rounds);
    *calibration = (struct calibration){0};
    enum exit_code code = machine_is_simulated(machine)
                              ? sim_calibrate(machine, topology, &rounds, calibration)
                              : native_calibrate(topology, &rounds, calibration);
    if (code == EXIT_FINE)
        calibration_conclude(&rounds, calibration);
    return code;
}

void calibration_rounds_clear(struct calibration_rounds *rounds)
{
    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        rounds->reasons[item][0] = '\0';
        for (int round = 0; round < CALIBRATION_ROUNDS; round++)
            rounds->ns[item][round] = NAN;
    }
}

void calibration_unmeasured(struct calibration_rounds *rounds, enum calibration_item item,
                            const char *reason)
{
    if (rounds->reasons[item][0] == '\0')
        snprintf(rounds->reasons[item], sizeof rounds->reasons[item], "%s", reason);
}

/* NaN where a part of it is not there. */
static double cost_of_round(const struct calibration_rounds *rounds, int round, bool alone)
{
    if (alone)
        return rounds->ns[CALIBRATION_WAKE_SAME][round];
    double cost = rounds->ns[CALIBRATION_WAKE_SHALLOW][round] -
                  rounds->ns[CALIBRATION_SPIN][round] + rounds->ns[CALIBRATION_WAKE_CALL][round];
    return cost < 0 ? 0 : cost;
}

static void conclude_item(const struct calibration_rounds *rounds, enum calibration_item item,
                          struct calibration_value *value)
{
    double ns[CALIBRATION_ROUNDS];
    const char *reason = rounds->reasons[item];

    *value = (struct calibration_value){0};
    for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
        if (!isnan(rounds->ns[item][round]))
            ns[value->rounds++] = rounds->ns[item][round];
    }
    statistics_sort(ns, value->rounds);
    value->measured = statistics_median_interval(ns, value->rounds, &value->interval);
    if (value->measured)
        value->median_ns = statistics_median(ns, value->rounds);
    else
        snprintf(value->reason, sizeof value->reason, "%s",
                 reason[0] != '\0' ? reason : "too few of its rounds came to anything");
}

void calibration_conclude(struct calibration_rounds *rounds, struct calibration *calibration)
{
    static const enum calibration_item parts[] = {CALIBRATION_WAKE_SHALLOW, CALIBRATION_SPIN,
                                                  CALIBRATION_WAKE_CALL};
    bool alone = calibration->cpu == calibration->other_cpu;

    for (int round = 0; round < CALIBRATION_ROUNDS; round++)
        rounds->ns[CALIBRATION_COST][round] = cost_of_round(rounds, round, alone);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !alone; i++) {
        if (rounds->reasons[parts[i]][0] != '\0')
            calibration_unmeasured(rounds, CALIBRATION_COST, rounds->reasons[parts[i]]);
    }
    for (int item = 0; item < CALIBRATION_ITEMS; item++)
        conclude_item(rounds, item, &calibration->values[item]);
}

/* ---- as a model ---- */

struct unit {
    const char *name;
    double ns;
};

static struct unit unit_of(double ns)
{
    static const struct unit units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    size_t i = 0;

    /* What three digits would round up to the next unit has that already. */
    while (units[i].ns > 1 && ns < 0.9995 * units[i].ns)
        i++;
    return units[i];
}

/* Three digits are what the intervals allow; of nanoseconds there are only whole ones. */
static const char *short_time(double ns, char text[CALIBRATION_TEXT])
{
    struct unit unit = unit_of(ns);

    if (unit.ns == 1)
        snprintf(text, CALIBRATION_TEXT, "%.0fns", ns > 0 ? ns : 0);
    else
        snprintf(text, CALIBRATION_TEXT, "%.3g%s", ns / unit.ns, unit.name);
    return text;
}

bool calibration_model(const struct calibration *calibration, char text[CALIBRATION_MODEL])
{
    static const enum calibration_item needed[] = {CALIBRATION_RELAX, CALIBRATION_YIELD,
                                                   CALIBRATION_SWITCH, CALIBRATION_WAKE_CALL,
                                                   CALIBRATION_WAKE_SHALLOW};
    double ns[CALIBRATION_ITEMS] = {0};
    char times[5][CALIBRATION_TEXT];

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!calibration->values[needed[i]].measured)
            return false;
        ns[needed[i]] = calibration->values[needed[i]].median_ns;
    }
    /* A yield with nobody there is a system call and no more; the woken thread is switched to after
     * the waker's call. */
    double switch_ns = ns[CALIBRATION_SWITCH] - ns[CALIBRATION_YIELD];
    double wake_ns = ns[CALIBRATION_WAKE_SHALLOW] - ns[CALIBRATION_YIELD] - switch_ns;
    double call_ns = ns[CALIBRATION_WAKE_CALL] - ns[CALIBRATION_YIELD];
    snprintf(text, CALIBRATION_MODEL, "relax=%s,syscall=%s,switch=%s,wake=%s,wake-call=%s",
             short_time(ns[CALIBRATION_RELAX], times[0]),
             short_time(ns[CALIBRATION_YIELD], times[1]), short_time(switch_ns, times[2]),
             short_time(wake_ns, times[3]), short_time(call_ns, times[4]));
    return true;
}

/* ---- JSON ---- */

json_t *calibration_to_json(const struct calibration *calibration)
{
    json_t *object = json_object(), *unmeasured = json_object();

    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        const struct calibration_value *value = &calibration->values[item];
        const char *name = calibration_names[item];
        if (value->measured) {
            json_object_set_new(object, name,
                                json_pack("{s:f, s:[f, f], s:I}", "median_ns", value->median_ns,
                                          "interval_ns", value->interval.low, value->interval.high,
                                          "rounds", (json_int_t)value->rounds));
        } else {
            json_object_set_new(object, name, json_null());
            json_object_set_new(unmeasured, name, json_string(value->reason));
        }
    }
    json_object_set_new(object, "cpu", json_integer(calibration->cpu));
    json_object_set_new(object, "other_cpu", json_integer(calibration->other_cpu));
    json_object_set_new(object, "unmeasured", unmeasured);
    char model[CALIBRATION_MODEL];
    json_object_set_new(object, "model",
                        calibration_model(calibration, model) ? json_string(model) : json_null());
    return object;
}

/* No machine takes a thousand seconds for any of it. */
static bool is_time(double ns)
{
    return isfinite(ns) && ns >= 0 && ns <= 1e12;
}

static bool value_from_json(const json_t *object, const json_t *reason,
                            struct calibration_value *value)
{
    json_int_t rounds;

    *value = (struct calibration_value){0};
    if (json_is_null(object) && json_is_string(reason)) {
        snprintf(value->reason, sizeof value->reason, "%s", json_string_value(reason));
        return true;
    }
    if (json_unpack((json_t *)object, "{s:F, s:[F, F!], s:I}", "median_ns", &value->median_ns,
                    "interval_ns", &value->interval.low, &value->interval.high, "rounds",
                    &rounds) != 0)
        return false;
    value->measured = true;
    value->rounds = (size_t)rounds;
    return rounds > 0 && rounds <= CALIBRATION_ROUNDS && is_time(value->median_ns) &&
           is_time(value->interval.low) && is_time(value->interval.high) &&
           value->interval.low <= value->median_ns && value->median_ns <= value->interval.high;
}

bool calibration_from_json(const json_t *object, struct calibration *calibration)
{
    const json_t *unmeasured = json_object_get(object, "unmeasured");
    json_int_t cpu, other_cpu;

    if (json_unpack((json_t *)object, "{s:I, s:I}", "cpu", &cpu, "other_cpu", &other_cpu) != 0 ||
        cpu < 0 || cpu > UINT16_MAX || other_cpu < 0 || other_cpu > UINT16_MAX)
        return false;
    *calibration = (struct calibration){.cpu = (unsigned)cpu, .other_cpu = (unsigned)other_cpu};
    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        const char *name = calibration_names[item];
        if (!value_from_json(json_object_get(object, name), json_object_get(unmeasured, name),
                             &calibration->values[item]))
            return false;
    }
    return true;
}

/* ---- for a person ---- */

static const char *three_digits(double number, char text[CALIBRATION_TEXT])
{
    snprintf(text, CALIBRATION_TEXT, "%.*f", number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2, number);
    return text;
}

const char *calibration_time(double ns, char text[CALIBRATION_TEXT])
{
    struct unit unit = unit_of(ns);
    char number[CALIBRATION_TEXT];

    if (isinf(ns))
        strcpy(text, "inf");
    else
        snprintf(text, CALIBRATION_TEXT, "%.16s %s", three_digits(ns / unit.ns, number), unit.name);
    return text;
}

/* The interval in the median's unit. */
static void print_value(FILE *out, const struct calibration_value *value)
{
    struct unit unit = unit_of(value->median_ns);
    char median[CALIBRATION_TEXT], low[CALIBRATION_TEXT], high[CALIBRATION_TEXT];

    fprintf(out, "%8s %-2s  [%s, %s]\n", three_digits(value->median_ns / unit.ns, median),
            unit.name, three_digits(value->interval.low / unit.ns, low),
            three_digits(value->interval.high / unit.ns, high));
}

void calibration_print(FILE *out, const struct calibration *calibration)
{
    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        const struct calibration_value *value = &calibration->values[item];
        fprintf(out, "%-39s", calibration_titles[item]);
        if (value->measured)
            print_value(out, value);
        else
            fprintf(out, "%8s     not measured: %s\n", "-", value->reason);
    }
}

void calibration_print_model(FILE *out, const struct calibration *calibration)
{
    char model[CALIBRATION_MODEL];

    if (calibration_model(calibration, model))
        fprintf(out, "as a model: --model %s\n", model);
}
