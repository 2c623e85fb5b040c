#include "bench/repetition.h"

#include <stdlib.h>

#include "bench/latencies.h"
#include "bench/plan.h"
#include "bench/signal_spec.h"

/* The longest finite time among the lock's parameters. */
static uint64_t longest_parameter_ns(const struct lock_spec *lock)
{
    uint64_t longest = 0;

    for (int i = 0; lock->ops != NULL && lock->ops->parameters != NULL &&
                    lock->ops->parameters[i].name != NULL;
         i++) {
        if (lock->ops->parameters[i].unit == LOCK_TIME && lock->parameters[i] != MACHINE_NEVER &&
            lock->parameters[i] > longest)
            longest = lock->parameters[i];
    }
    return longest;
}

/* On a model, time is what its parameters say: in a turn, each thread moves some lines to each
 * other one. */
static uint64_t model_patience_ns(const struct repetition *repetition, uint64_t sharing)
{
    const struct sim_parameters *parameters = &repetition->machine.parameters;
    const uint64_t operations = 64, latency_most_ns = 1000000;
    uint64_t slowest_ns = sim_parameters_slowest_ns(parameters);

    /* What a file says of latencies is not known here. */
    if (repetition->machine.latencies != NULL && slowest_ns < latency_most_ns)
        slowest_ns = latency_most_ns;
    return repetition->threads * operations * slowest_ns +
           sharing * (parameters->slice_ns + parameters->switch_ns) * operations +
           repetition->threads * 2 *
               (parameters->wake_ns + parameters->wake_call_ns + parameters->switch_ns);
}

void repetition_set_patience(struct repetition *repetition)
{
    const uint64_t least_ns = 1000000000, slice_ns = 10000000, most_ns = 10000000000u;
    uint64_t threads = repetition->threads;
    uint64_t locks = workload_is_nested(&repetition->workload) ? repetition->workload.nested : 1;
    /* Each thread gets so small a part of its CPU. */
    uint64_t sharing = 1 + threads / repetition->cpus_count;

    repetition->silence_ns = least_ns + sharing * slice_ns +
                             sharing * workload_longest_ns(&repetition->workload) +
                             locks * threads * longest_parameter_ns(&repetition->lock);
    if (machine_is_simulated(&repetition->machine))
        repetition->silence_ns += locks * model_patience_ns(repetition, sharing);
    repetition->drain_ns = repetition->silence_ns < most_ns ? repetition->silence_ns : most_ns;
}

json_t *repetition_to_json(const struct repetition *repetition)
{
    json_t *cpus = json_array();
    char passes[PASSES_TEXT];

    for (size_t i = 0; i < repetition->cpus_count && i < repetition->threads; i++)
        json_array_append_new(cpus, json_integer(repetition->cpus[i]));
    return json_pack(
        "{s:s, s:s*, s:s*, s:o, s:s, s:i, s:i, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:s, "
        "s:s, s:I, s:I, s:o}",
        "machine", repetition->machine.text, "latencies", repetition->machine.latencies, "trace",
        repetition->trace, "model", sim_parameters_to_json(&repetition->machine.parameters), "lock",
        repetition->lock.text, "threads", (int)repetition->threads, "processes",
        (int)repetition->processes, "objects", (int)repetition->objects, "cpus", cpus, "workload",
        workload_to_json(&repetition->workload), "warmup_ns", (json_int_t)repetition->warmup_ns,
        "window_ns", (json_int_t)repetition->window_ns, "drain_ns",
        (json_int_t)repetition->drain_ns, "silence_ns", (json_int_t)repetition->silence_ns, "seed",
        (json_int_t)repetition->seed, "through_vtable", repetition->through_vtable, "counters",
        counting_name(repetition->counters), "passes", passes_text(repetition->passes, passes),
        "pass_ns", (json_int_t)repetition->pass_ns, "latency_stride",
        (json_int_t)repetition->latency_stride, "clocks", clocks_to_json(&repetition->clocks));
}

static bool cpus_from_json(const json_t *array, struct repetition *repetition)
{
    size_t count = json_array_size(array);

    if (count == 0 || count > PLAN_THREADS_MOST)
        return false;
    repetition->cpus = calloc(count, sizeof *repetition->cpus);
    if (repetition->cpus == NULL)
        return false;
    repetition->cpus_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(array, i);
        json_int_t cpu = json_integer_value(number);
        if (!json_is_integer(number) || cpu < 0 || cpu > 65535)
            return false;
        repetition->cpus[i] = (unsigned)cpu;
    }
    return true;
}

enum exit_code repetition_from_json(json_t *object, struct repetition *repetition)
{
    const char *machine = "native", *counters = "auto", *passes = "none", *lock;
    json_t *model = NULL, *clocks = NULL, *cpus, *workload;
    json_int_t warmup_ns, window_ns, drain_ns, silence_ns, seed, pass_ns = 0, latency_stride = 0;
    int threads, processes = 1, objects = 1, through_vtable;
    json_error_t error;

    *repetition = (struct repetition){
        .machine = machine_native(),
        .clocks = {.verdict = CLOCKS_UNCHECKED, .reason = "the clocks were not compared"}};
    if (json_unpack_ex(
            object, &error, 0,
            "{s?s, s?s, s?s, s?o, s:s, s:i, s?i, s?i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s?s, "
            "s?s, s?I, s?I, s?o}",
            "machine", &machine, "latencies", &repetition->machine.latencies, "trace",
            &repetition->trace, "model", &model, "lock", &lock, "threads", &threads, "processes",
            &processes, "objects", &objects, "cpus", &cpus, "workload", &workload, "warmup_ns",
            &warmup_ns, "window_ns", &window_ns, "drain_ns", &drain_ns, "silence_ns", &silence_ns,
            "seed", &seed, "through_vtable", &through_vtable, "counters", &counters, "passes",
            &passes, "pass_ns", &pass_ns, "latency_stride", &latency_stride, "clocks",
            &clocks) != 0)
        return complain(EXIT_USAGE, "the request is wrong: %s", error.text);
    if (threads < 1 || threads > PLAN_THREADS_MOST || processes < 1 || processes > threads ||
        objects < 1 || objects > EXCHANGE_OBJECTS_MOST || !cpus_from_json(cpus, repetition) ||
        !workload_from_json(workload, &repetition->workload) ||
        !exchange_takes_threads(repetition->workload.exchange, (unsigned)threads) ||
        (clocks != NULL && !clocks_from_json(clocks, &repetition->clocks)) ||
        (model != NULL && !sim_parameters_from_json(model, &repetition->machine.parameters)) ||
        !counting_read(counters, &repetition->counters) ||
        !passes_read(passes, &repetition->passes) || pass_ns < 0 ||
        (latency_stride != 0 && !latency_stride_fits((uint64_t)latency_stride)) || warmup_ns < 0 ||
        window_ns < 1 || drain_ns < 1 || silence_ns < 1)
        return complain(EXIT_USAGE, "the request is wrong: a value is out of its range");
    repetition->threads = (unsigned)threads;
    repetition->objects = (unsigned)objects;
    repetition->processes = (unsigned)processes;
    repetition->warmup_ns = (uint64_t)warmup_ns;
    repetition->window_ns = (uint64_t)window_ns;
    repetition->pass_ns = (uint64_t)pass_ns;
    repetition->latency_stride = (uint64_t)latency_stride;
    repetition->drain_ns = (uint64_t)drain_ns;
    repetition->silence_ns = (uint64_t)silence_ns;
    repetition->seed = (uint64_t)seed;
    repetition->through_vtable = through_vtable != 0;
    enum exit_code code = machine_read(machine, &repetition->machine);
    if (code == EXIT_FINE)
        code = repetition->workload.exchange == EXCHANGE_NONE
                   ? lock_spec_read(lock, &repetition->lock)
                   : signal_spec_read(lock, repetition->workload.exchange, &repetition->lock);
    if (code == EXIT_FINE)
        code = lock_specs_refuse_auto(&repetition->lock, 1);
    if (code == EXIT_FINE && machine_is_simulated(&repetition->machine) &&
        repetition->workload.irql != IRQL_NONE)
        code = complain(EXIT_USAGE, "the request is wrong: an irql is raised on real cores only");
    if (code == EXIT_FINE && machine_is_simulated(&repetition->machine) &&
        (repetition->workload.exchange != EXCHANGE_NONE ||
         (repetition->lock.ops->traits & LOCK_NATIVE_ONLY) != 0))
        code = complain(EXIT_USAGE, "the request is wrong: %s runs on real cores only", lock);
    if (code == EXIT_FINE && processes > 1 &&
        (machine_is_simulated(&repetition->machine) ||
         repetition->workload.exchange != EXCHANGE_NONE ||
         (repetition->lock.ops->traits & LOCK_ONE_PROCESS) != 0))
        code = complain(EXIT_USAGE, "the request is wrong: %s on %s has one process", lock,
                        repetition->machine.text);
    return code;
}
