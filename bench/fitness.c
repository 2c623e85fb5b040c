#include "bench/fitness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/json.h"

/* Of a sample, as far as it was measured. */
struct window {
    const json_t *validity;
    double elapsed_ns, threads, cpus;
    bool crowded;     /* more threads than CPUs */
    bool has_helpers; /* threads of the workload's own besides */
};

static struct window window_of(const json_t *sample)
{
    struct window window = {
        .validity = json_object_get(sample, "validity"),
        .elapsed_ns = json_number_or_nan(sample, "elapsed_ns"),
        .threads = json_number_or_nan(sample, "threads"),
        .cpus = (double)json_array_size(json_object_get(sample, "cpus")),
    };

    window.crowded = window.threads > window.cpus;
    window.has_helpers = json_object_get(json_object_get(sample, "workload"), "exchange") != NULL;
    return window;
}

/* Comparisons with what is not a number are false: not known is not unfit. */

static bool has_lost_time(const struct window *window, const char *name, double most)
{
    double lost_ns = json_number_or_nan(window->validity, name);

    return lost_ns > FITNESS_TICK_NS && lost_ns > most * window->elapsed_ns * window->cpus;
}

static bool is_too_long(const struct window *window)
{
    double overrun_ns = json_number_or_nan(window->validity, "window_overrun_ns");

    return overrun_ns > FITNESS_OVERRUN_LEAST_NS &&
           overrun_ns > FITNESS_OVERRUN_MOST * (window->elapsed_ns - overrun_ns);
}

/* Threads that share a CPU take turns there, which is what is measured then. */
static bool was_switched(const struct window *window)
{
    double switches = json_number_or_nan(window->validity, "involuntary_switches");

    return !window->crowded && !window->has_helpers && switches > FITNESS_SWITCHES_LEAST &&
           switches > FITNESS_SWITCHES_MOST * window->threads * window->elapsed_ns / 1e9;
}

static bool changed_frequency(const struct window *window)
{
    const json_t *frequency = json_object_get(window->validity, "frequency_khz");
    const json_t *before = json_object_get(frequency, "before");
    const json_t *after = json_object_get(frequency, "after"), *number;
    size_t i;

    json_array_foreach (before, i, number) {
        double from = json_number_value(number);
        double to = json_number_value(json_array_get(after, i));
        if (fabs(to - from) > FITNESS_FREQUENCY_MOST * from)
            return true;
    }
    return false;
}

json_t *fitness_judge(const json_t *sample)
{
    const struct window window = window_of(sample);
    const struct {
        const char *word;
        bool found;
    } reasons[] = {
        {"steal", has_lost_time(&window, "steal_ns", FITNESS_STEAL_MOST)},
        {"load", has_lost_time(&window, "others_ns", FITNESS_LOAD_MOST)},
        {"overrun", is_too_long(&window)},
        {"switches", was_switched(&window)},
        {"unpinned", json_is_false(json_object_get(window.validity, "pinned"))},
        {"migrations", json_number_or_nan(window.validity, "migrations") > 0},
        {"frequency", changed_frequency(&window)},
        {"clock", json_number_or_nan(window.validity, "clock_backwards") > 0},
    };
    json_t *unfit = json_array();

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].found)
            json_array_append_new(unfit, json_string(reasons[i].word));
    }
    return unfit;
}

void fitness_complete(json_t *sample)
{
    const char *machine = json_string_value(json_object_get(sample, "machine"));

    if (machine != NULL && strcmp(machine, "native") == 0 &&
        !json_is_array(json_object_get(sample, "unfit")))
        json_object_set_new(sample, "unfit", fitness_judge(sample));
}

bool fitness_is_fit(const json_t *sample)
{
    return json_array_size(json_object_get(sample, "unfit")) == 0;
}

size_t fitness_count_unfit(const json_t *samples)
{
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (samples, i, sample)
        count += !fitness_is_fit(sample);
    return count;
}

json_t *fitness_choose(const json_t *samples)
{
    bool all = fitness_count_unfit(samples) == json_array_size(samples);
    json_t *chosen = json_array(), *sample;
    size_t i;

    json_array_foreach (samples, i, sample) {
        if (all || fitness_is_fit(sample))
            json_array_append(chosen, sample);
    }
    return chosen;
}

/* Words that a newer program may say are counted as well. */
static json_t *count_reasons(const json_t *samples)
{
    json_t *counts = json_object(), *sample, *word;
    size_t i, j;

    json_array_foreach (samples, i, sample) {
        json_array_foreach (json_object_get(sample, "unfit"), j, word) {
            const char *name = json_string_value(word);
            json_int_t count = json_integer_value(json_object_get(counts, name));
            if (name != NULL)
                json_object_set_new(counts, name, json_integer(count + 1));
        }
    }
    return counts;
}

void fitness_reasons(const json_t *samples, char *text, size_t size)
{
    json_t *counts = count_reasons(samples), *count;
    const char *word;

    text[0] = '\0';
    json_object_foreach(counts, word, count)
    {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s %lld", used > 0 ? ", " : "", word,
                 (long long)json_integer_value(count));
    }
    json_decref(counts);
}
