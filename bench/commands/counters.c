/* lockbench counters: which events this machine offers, each of them tried. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/commands/commands.h"
#include "bench/json.h"
#include "bench/native/counters/counters.h"

struct settings {
    bool json;
};

static const struct option_row options[] = {
    OPTION_FLAG("json", 'j', "as JSON", struct settings, json),
    {0},
};

/* What was found of all events. */
struct offer {
    struct counters_pmu pmu; /* its name is NULL when it is not known, */
    char pmu_reason[COUNTERS_REASON];
    struct counters_plan plan;
    struct counters_totals totals; /* of a try on this thread */
};

/* Misses caches, faults pages and gives the CPU away: something for each event to count. */
static void do_a_bit_of_all(void)
{
    enum { BYTES = 8 << 20, LINE = 64 };
    volatile char *memory = malloc(BYTES);

    for (size_t i = 0; memory != NULL && i < BYTES; i += LINE)
        memory[i] = (char)i;
    for (int i = 0; i < 10; i++)
        usleep(1);
    free((char *)memory);
}

static const struct counters *the_only_one(unsigned i, void *counters)
{
    (void)i;
    return counters;
}

static void try_all(struct offer *offer)
{
    struct counters counters = {0};

    if (!counters_find_pmu(&offer->pmu, offer->pmu_reason, sizeof offer->pmu_reason))
        offer->pmu = (struct counters_pmu){NULL, NULL};
    counters_choose(&offer->plan);
    counters_open(&counters, &offer->plan);
    counters_begin(&counters);
    do_a_bit_of_all();
    counters_end(&counters);
    counters_close(&counters);
    counters_add_up(&offer->plan, 1, the_only_one, &counters, &offer->totals);
}

/* ---- for a person ---- */

/* The fields of `traffic` that an event is part of. */
static void print_parts(uint32_t parts)
{
    const char *before = "  -> ";

    for (int part = 0; part < TRAFFIC_PARTS; part++) {
        if ((parts & 1u << part) == 0)
            continue;
        printf("%s%s", before, traffic_names[part]);
        before = ", ";
    }
}

static void print_kind(const struct offer *offer, enum counters_kind kind)
{
    const struct counters_choice *choice = &offer->plan.choices[kind];

    for (unsigned i = 0; i < choice->count; i++) {
        const struct counters_total *total = &offer->totals.events[kind][i];
        if (total->known) {
            printf("  yes  %-50s %12.0f", choice->events[i].name, total->count);
            print_parts(choice->events[i].parts);
            putchar('\n');
        } else {
            printf("  no   %-50s %s\n", choice->events[i].name, total->reason);
        }
    }
}

static void print_verdict(const struct offer *offer)
{
    const struct counters_plan *plan = &offer->plan;

    putchar('\n');
    if (plan->reason[0] != '\0') {
        printf("Cache-line traffic can't be counted here: %s.\n", plan->reason);
        puts(
            "In the records of real cores it is null. A model counts it exactly:\n"
            "  lockbench run mcs ticket --machine 'sim:pack:1 core:8 pu:1' --threads 1-8");
        return;
    }
    puts(
        "'lockbench run' counts cache-line traffic in the windows of locks whose waiters neither\n"
        "sleep nor yield, with --counters all in all of them.");
    if (offer->totals.scheduled_known && offer->totals.scheduled < 1)
        printf("The events were counted for %.0f%% of the time only: others use the counters.\n",
               offer->totals.scheduled * 100);
    if (plan->user_only)
        puts(
            "What is done in the kernel is not counted: /proc/sys/kernel/perf_event_paranoid\n"
            "forbids it.");
}

static void print_offer(const struct offer *offer)
{
    const char *library = counters_library();

    printf("names      %s\n", library != NULL ? library : "built without libpfm4");
    if (offer->pmu.name != NULL)
        printf("processor  %s (%s)\n", offer->pmu.description, offer->pmu.name);
    else
        printf("processor  not known: %s\n", offer->pmu_reason);
    puts("\nof the kernel");
    print_kind(offer, COUNTERS_SOFTWARE);
    puts("\nof the processor");
    print_kind(offer, COUNTERS_HARDWARE);
    print_verdict(offer);
}

/* ---- for a program ---- */

static json_t *parts_to_json(uint32_t parts)
{
    json_t *list = json_array();

    for (int part = 0; part < TRAFFIC_PARTS; part++) {
        if ((parts & 1u << part) != 0)
            json_array_append_new(list, json_string(traffic_names[part]));
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *kind_to_json(const struct offer *offer, enum counters_kind kind)
{
    const struct counters_choice *choice = &offer->plan.choices[kind];
    json_t *list = json_array();

    for (unsigned i = 0; i < choice->count; i++) {
        const struct counters_total *total = &offer->totals.events[kind][i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:b, s:o, s:o, s:o}", "event", choice->events[i].name, "counts",
                      total->known, "count",
                      total->known ? json_integer((json_int_t)llround(total->count)) : json_null(),
                      "reason", text_or_null(total->reason), "traffic",
                      parts_to_json(choice->events[i].parts)));
    }
    return list;
}

static void print_json(const struct offer *offer)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o}", "library", text_or_null(counters_library()),
        "pmu", text_or_null(offer->pmu.name), "processor", text_or_null(offer->pmu.description),
        "traffic", offer->plan.reason[0] == '\0', "kernel", !offer->plan.user_only, "reason",
        text_or_null(offer->plan.reason), "software", kind_to_json(offer, COUNTERS_SOFTWARE),
        "hardware", kind_to_json(offer, COUNTERS_HARDWARE));

    json_print(object, 12);
}

static enum exit_code counters_main(int argc, char **argv)
{
    struct settings settings = {0};
    struct offer offer = {0};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_counters, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words > 0)
        return complain(EXIT_USAGE, "counters takes no argument: '%s'", argv[1]);
    try_all(&offer);
    if (settings.json)
        print_json(&offer);
    else
        print_offer(&offer);
    return EXIT_FINE;
}

const struct command command_counters = {
    .name = "counters",
    .summary = "which events the kernel and the processor count here",
    .usage = "[options]",
    .text =
        "Lists the events by which 'lockbench run' tells what traffic a lock causes, tries each, "
        "and says why one does not count. Where there are none, as on most virtual machines, "
        "traffic comes from a model: --machine sim:TOPOLOGY.",
    .run = counters_main,
    .options = options,
};
