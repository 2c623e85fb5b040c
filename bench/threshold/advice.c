#include "bench/threshold/advice.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"

static struct recommend_settings settings_of(const struct advice *advice, int side,
                                             enum surface_measure measure, const char *lock)
{
    return (struct recommend_settings){.measure = measure,
                                       .lock = lock,
                                       .has_cpus = side == ADVICE_ENOUGH,
                                       .seed = advice->inputs.seed};
}

static bool is_of_side(const struct surface_cell *cell, int side)
{
    return cell->threads > 1 && surface_has_cpus(cell) == (side == ADVICE_ENOUGH);
}

/* Against one who knows how long each wait will be. */
static void hold_against_oracle(const struct surface *surface, const struct advice *advice,
                                int number, struct advice_side *side)
{
    double *ratios = allocate_array(surface->count, sizeof *ratios);

    for (size_t i = 0; i < surface->count; i++) {
        if (!is_of_side(&surface->cells[i], number))
            continue;
        struct competitive found = analysis_competitive(
            &surface->cells[i], advice->inputs.sleep_ns.value, advice->inputs.seed);
        if (found.known)
            ratios[side->oracle_cells++] = found.at_reference.value;
    }
    statistics_sort(ratios, side->oracle_cells);
    if (side->oracle_cells > 0) {
        side->oracle_median = statistics_median(ratios, side->oracle_cells);
        side->oracle_most = ratios[side->oracle_cells - 1];
    }
    free(ratios);
}

static void make_side(const struct surface *surface, struct advice *advice, int number)
{
    struct advice_side *side = &advice->sides[number];
    struct recommend_settings speed = settings_of(advice, number, SURFACE_THROUGHPUT, NULL);
    struct recommend_settings cpu = settings_of(advice, number, SURFACE_CPU, NULL);
    struct recommend_settings tail = settings_of(advice, number, SURFACE_TAIL, NULL);

    side->speed = recommend(surface, &speed);
    side->cpu = recommend(surface, &cpu);
    side->tail = recommend(surface, &tail);
    if (side->speed.known) {
        side->levels =
            recommend_levels(surface, &speed, side->speed.budget.ns, &side->levels_count);
        side->reach = recommend_reach(side->levels, side->levels_count);
    }
    for (size_t i = 0; i < surface->count; i++) {
        if (is_of_side(&surface->cells[i], number))
            side->verdicts[analysis_of_cell(&surface->cells[i], SURFACE_THROUGHPUT,
                                            advice->inputs.seed)
                               .verdict]++;
    }
    if (!isnan(advice->inputs.sleep_ns.value))
        hold_against_oracle(surface, advice, number, side);
}

static void make_locks(const struct surface *surface, struct advice *advice)
{
    advice->locks = allocate_array(surface->count, sizeof *advice->locks);
    /* The cells of a lock follow each other. */
    for (size_t i = 0; i < surface->count; i++) {
        const char *lock = surface->cells[i].lock;
        if (i > 0 && strcmp(surface->cells[i - 1].lock, lock) == 0)
            continue;
        struct advice_lock *row = &advice->locks[advice->locks_count++];
        row->lock = lock;
        for (int side = 0; side < ADVICE_SIDES; side++) {
            struct recommend_settings settings =
                settings_of(advice, side, SURFACE_THROUGHPUT, lock);
            row->sides[side] = recommend(surface, &settings);
        }
    }
}

struct advice advice_make(const struct surface *surface, const struct advice_inputs *inputs)
{
    struct advice advice = {.inputs = *inputs};

    for (int side = 0; side < ADVICE_SIDES; side++)
        make_side(surface, &advice, side);
    make_locks(surface, &advice);
    advice.glibc_count.value = advice.glibc_ns.value = advice.glibc_crowded_count.value = NAN;
    snprintf(advice.glibc_unknown, sizeof advice.glibc_unknown, "%s",
             advice.sides[ADVICE_ENOUGH].speed.known ? "not looked for"
                                                     : "there is no budget to translate");
    return advice;
}

static double count_for(const struct glibc_spin *spin, uint64_t budget_ns)
{
    bool out_of_reach;

    return glibc_spin_invert(spin->curve, (double)budget_ns, &out_of_reach);
}

static struct estimate translated(const struct glibc_spin *spin, double count,
                                  const struct budget_estimate *budget)
{
    struct estimate estimate = {.value = count, .has_interval = budget->has_interval};

    if (budget->has_interval)
        estimate.interval = (struct interval){count_for(spin, budget->low_ns),
                                              count_for(spin, budget->high_ns), 0.95};
    return estimate;
}

void advice_translate(struct advice *advice, const struct glibc_spin *spin)
{
    const struct recommendation *more = &advice->sides[ADVICE_MORE].speed;

    if (!spin->measured) {
        snprintf(advice->glibc_unknown, sizeof advice->glibc_unknown, "%s", spin->reason);
        return;
    }
    advice->glibc_count = translated(spin, spin->count, &advice->sides[ADVICE_ENOUGH].speed.budget);
    if (more->known)
        advice->glibc_crowded_count =
            translated(spin, count_for(spin, more->budget.ns), &more->budget);
    advice->glibc_ns = (struct estimate){spin->achieved_ns, true, spin->achieved};
    advice->glibc_out_of_reach = spin->out_of_reach;
}

void advice_free(struct advice *advice)
{
    for (int side = 0; side < ADVICE_SIDES; side++)
        free(advice->sides[side].levels);
    free(advice->locks);
}

/* ---- text ---- */

enum { NUMBER_TEXT = 32, ESTIMATE_TEXT = 128, PARAGRAPH_TEXT = 1024 };

/* Three digits, with a unit that keeps the number short. */
static const char *put_ns(double ns, char text[NUMBER_TEXT])
{
    if (ns == 0)
        snprintf(text, NUMBER_TEXT, "0");
    else if (ns >= (double)SURFACE_FOREVER)
        snprintf(text, NUMBER_TEXT, "inf");
    else if (ns < 1000)
        snprintf(text, NUMBER_TEXT, "%.3g ns", ns);
    else if (ns < 1e6)
        snprintf(text, NUMBER_TEXT, "%.3g us", ns / 1e3);
    else
        snprintf(text, NUMBER_TEXT, "%.3g ms", ns / 1e6);
    return text;
}

static const char *put_time(const struct estimate *estimate, char text[ESTIMATE_TEXT])
{
    char value[NUMBER_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT];

    put_ns(estimate->value, value);
    if (estimate->has_interval)
        snprintf(text, ESTIMATE_TEXT, "%s [%s, %s]", value, put_ns(estimate->interval.low, low),
                 put_ns(estimate->interval.high, high));
    else
        snprintf(text, ESTIMATE_TEXT, "%s [no interval]", value);
    return text;
}

static const char *put_number(const struct estimate *estimate, char text[ESTIMATE_TEXT])
{
    if (estimate->has_interval)
        snprintf(text, ESTIMATE_TEXT, "%.2f [%.2f, %.2f]", estimate->value, estimate->interval.low,
                 estimate->interval.high);
    else
        snprintf(text, ESTIMATE_TEXT, "%.2f [no interval]", estimate->value);
    return text;
}

static const char *put_budget(const struct budget_estimate *budget, char text[ESTIMATE_TEXT])
{
    struct estimate estimate = {.value = (double)budget->ns,
                                .has_interval = budget->has_interval,
                                .interval = {(double)budget->low_ns, (double)budget->high_ns, 0}};

    return put_time(&estimate, text);
}

/* Breaks at blanks, at most 78 columns. */
static void print_paragraph(FILE *out, const char *text)
{
    const size_t width = 78;
    size_t column = 0;

    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > width) {
            fputs("\n  ", out);
            column = 2;
        } else if (column > 0) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, word, out);
        column += word;
        text += word + (text[word] == ' ');
    }
    fputc('\n', out);
}

static void print_sleep(FILE *out, const struct advice *advice)
{
    char text[PARAGRAPH_TEXT], sleep[ESTIMATE_TEXT];

    if (isnan(advice->inputs.sleep_ns.value))
        return;
    snprintf(text, sizeof text, "On this machine sleeping and being woken costs C = %s.",
             put_time(&advice->inputs.sleep_ns, sleep));
    print_paragraph(out, text);
}

static const char *const side_names[] = {"No more threads than CPUs", "More threads than CPUs"};

/* "spin for up to B", with the critical sections that it is for. */
static void describe_budget(const struct advice_side *side, char text[PARAGRAPH_TEXT])
{
    const char *spin =
        side->speed.budget.ns == SURFACE_FOREVER ? "spin for ever, a budget of" : "spin for up to";
    char budget[ESTIMATE_TEXT], reach[ESTIMATE_TEXT];

    put_budget(&side->speed.budget, budget);
    if (side->speed.budget.ns == 0)
        snprintf(text, PARAGRAPH_TEXT, "sleep at once: a budget of %s", budget);
    else if (side->reach.value == 0)
        snprintf(text, PARAGRAPH_TEXT,
                 "%s %s, which gains 5%% over sleeping at once with no critical "
                 "section that was measured",
                 spin, budget);
    else
        snprintf(text, PARAGRAPH_TEXT, "for critical sections up to %s %s %s",
                 put_time(&side->reach, reach), spin, budget);
}

static void describe_cell(const struct surface_cell *cell, char text[PARAGRAPH_TEXT])
{
    char critical[DELAY_TEXT], outside[DELAY_TEXT];

    snprintf(text, PARAGRAPH_TEXT, "%s, %u thread%s, critical %s, outside %s", cell->lock,
             cell->threads, cell->threads == 1 ? "" : "s", format_delay(&cell->critical, critical),
             format_delay(&cell->outside, outside));
}

static void print_other_aim(FILE *out, const char *aim, const struct recommendation *found)
{
    char text[PARAGRAPH_TEXT], budget[ESTIMATE_TEXT];

    if (!found->known)
        return;
    snprintf(text, sizeof text, "For %s instead: %s.", aim, put_budget(&found->budget, budget));
    print_paragraph(out, text);
}

static void print_verdicts(FILE *out, const struct advice_side *side)
{
    const size_t no_gain = side->verdicts[ANALYSIS_NO_GAIN];
    char text[PARAGRAPH_TEXT];

    if (no_gain == 0)
        return;
    snprintf(text, sizeof text, "In %zu of %zu cells no budget beats sleeping at once by 5%%.",
             no_gain, no_gain + side->verdicts[ANALYSIS_GAIN] + side->verdicts[ANALYSIS_UNCERTAIN]);
    print_paragraph(out, text);
}

static void print_side(FILE *out, const struct advice *advice, int number)
{
    const struct advice_side *side = &advice->sides[number];
    char text[3 * PARAGRAPH_TEXT], budget[PARAGRAPH_TEXT], cell[PARAGRAPH_TEXT];
    char mean[ESTIMATE_TEXT], worst[ESTIMATE_TEXT];

    if (!side->speed.known)
        return;
    describe_budget(side, budget);
    describe_cell(side->speed.worst_cell, cell);
    snprintf(text, sizeof text,
             "%s: %s. Over %zu cells that has %s of the throughput of the better of sleeping at "
             "once and spinning for ever (geometric mean; %.2f and %.2f these two alone), in the "
             "worst cell %s (%s)%s.",
             side_names[number], budget, side->speed.cells, put_number(&side->speed.mean, mean),
             side->speed.none_mean, side->speed.forever_mean, put_number(&side->speed.worst, worst),
             cell, side->speed.worst_fine ? "" : ": no budget keeps 0.8 in every cell");
    print_paragraph(out, text);
    print_verdicts(out, side);
    print_other_aim(out, "the least CPU time", &side->cpu);
    print_other_aim(out, "the lowest p99 of the acquire latency", &side->tail);
    if (side->oracle_cells > 0) {
        snprintf(text, sizeof text,
                 "Waiting with a budget of C costs %.2f times what it costs one who knows how long "
                 "each wait will be (the median of %zu cell%s; the most %.2f; in theory at most 2, "
                 "where each wake-up ends a wait).",
                 side->oracle_median, side->oracle_cells, side->oracle_cells == 1 ? "" : "s",
                 side->oracle_most);
        print_paragraph(out, text);
    }
}

static void print_locks(FILE *out, const struct advice *advice)
{
    char text[ADVICE_SIDES][ESTIMATE_TEXT];

    if (advice->locks_count == 0)
        return;
    fprintf(out, "\n  %-14s  %-29s  %s\n", "budget of", "threads <= CPUs", "threads > CPUs");
    for (size_t i = 0; i < advice->locks_count; i++) {
        const struct advice_lock *lock = &advice->locks[i];
        for (int side = 0; side < ADVICE_SIDES; side++) {
            if (lock->sides[side].known)
                put_budget(&lock->sides[side].budget, text[side]);
            else
                snprintf(text[side], ESTIMATE_TEXT, "-");
        }
        fprintf(out, "  %-14s  %-29s  %s\n", lock->lock, text[0], text[1]);
    }
}

static void print_levels(FILE *out, const struct advice *advice)
{
    char critical[NUMBER_TEXT], gain[ESTIMATE_TEXT], budget[ESTIMATE_TEXT];

    for (int number = 0; number < ADVICE_SIDES; number++) {
        const struct advice_side *side = &advice->sides[number];
        /* Sleeping at once gains nothing over itself. */
        if (side->levels_count == 0 || side->speed.budget.ns == 0)
            continue;
        fprintf(out, "\n  %s, with %s, times the throughput of sleeping at once:\n",
                side_names[number], put_budget(&side->speed.budget, budget));
        for (size_t i = 0; i < side->levels_count; i++) {
            if (side->levels[i].cells > 0)
                fprintf(out, "    critical %-8s  %s\n",
                        put_ns(side->levels[i].critical_ns, critical),
                        put_number(&side->levels[i].gain, gain));
        }
    }
}

/* ---- what could not be said ---- */

static void add_reason(json_t *list, const char *what, const char *why)
{
    char text[2 * PARAGRAPH_TEXT];

    snprintf(text, sizeof text, "%s: %s", what, why);
    json_array_append_new(list, json_string(text));
}

static void add_missing_side(json_t *list, const struct advice *advice, int number)
{
    const struct recommendation *speed = &advice->sides[number].speed;
    char text[PARAGRAPH_TEXT];

    if (!speed->known) {
        snprintf(text, sizeof text, "a budget for %s",
                 number == ADVICE_ENOUGH ? "no more threads than CPUs" : "more threads than CPUs");
        add_reason(list, text, speed->unknown);
        return;
    }
    if (speed->incomplete > 0) {
        snprintf(text, sizeof text,
                 "%zu of %zu cells: without both ends and two budgets in between they do not count",
                 speed->incomplete, speed->incomplete + speed->cells);
        add_reason(list, side_names[number], text);
    }
    if (!speed->budget.has_interval)
        add_reason(list, side_names[number],
                   "intervals need three repetitions of each budget in each cell");
}

static json_t *unsaid(const struct advice *advice)
{
    json_t *list = json_array();

    if (isnan(advice->inputs.sleep_ns.value))
        add_reason(list, "what sleeping and being woken costs",
                   advice->inputs.sleep_unknown == NULL ? "not measured"
                                                        : advice->inputs.sleep_unknown);
    for (int side = 0; side < ADVICE_SIDES; side++) {
        /* A thread alone on one CPU has nobody to wait for. */
        if (advice->inputs.cpus > 1 || side == ADVICE_MORE)
            add_missing_side(list, advice, side);
    }
    if (isnan(advice->glibc_count.value) && advice->inputs.cpus > 1)
        add_reason(list, "glibc's mutex_spin_count", advice->glibc_unknown);
    return list;
}

static const char *const one_cpu =
    "With one CPU spinning never pays: whoever spins keeps the holder from running. Sleep at once.";

static const char *put_count(const struct estimate *count, char text[ESTIMATE_TEXT])
{
    if (count->has_interval)
        snprintf(text, ESTIMATE_TEXT, "%.0f (%.0f to %.0f)", count->value, count->interval.low,
                 count->interval.high);
    else
        snprintf(text, ESTIMATE_TEXT, "%.0f (no interval)", count->value);
    return text;
}

static void print_glibc(FILE *out, const struct advice *advice)
{
    const struct estimate *crowded = &advice->glibc_crowded_count;
    char text[PARAGRAPH_TEXT], count[ESTIMATE_TEXT], spins[ESTIMATE_TEXT];

    if (isnan(advice->glibc_count.value))
        return;
    snprintf(text, sizeof text,
             "For glibc's adaptive mutex and no more threads than CPUs that is "
             "GLIBC_TUNABLES=glibc.pthread.mutex_spin_count=%s: measured in fresh processes, it "
             "spins for %s at the most%s, and less where the waits before were short.",
             put_count(&advice->glibc_count, count), put_time(&advice->glibc_ns, spins),
             advice->glibc_out_of_reach ? ", which is the longest it can" : "");
    print_paragraph(out, text);
    if (isnan(crowded->value))
        return;
    snprintf(text, sizeof text,
             "For more threads than CPUs it is mutex_spin_count=%s, by the same measurements; "
             "glibc has one number for both.",
             put_count(crowded, count));
    print_paragraph(out, text);
}

/* What is best of many budgets that gain nothing is chance, and no advice. */
static void print_one_cpu(FILE *out, const struct advice *advice)
{
    print_paragraph(out, one_cpu);
    print_verdicts(out, &advice->sides[ADVICE_MORE]);
}

static void print_sides(FILE *out, const struct advice *advice)
{
    for (int side = 0; side < ADVICE_SIDES; side++)
        print_side(out, advice, side);
    print_glibc(out, advice);
    print_locks(out, advice);
    print_levels(out, advice);
}

void advice_print(FILE *out, const struct advice *advice)
{
    json_t *reasons = unsaid(advice), *reason;
    size_t i;

    print_sleep(out, advice);
    if (advice->inputs.cpus == 1)
        print_one_cpu(out, advice);
    else
        print_sides(out, advice);
    if (json_array_size(reasons) > 0)
        fputs("\nNot said:\n", out);
    json_array_foreach (reasons, i, reason)
        print_paragraph(out, json_string_value(reason));
    json_decref(reasons);
}

/* ---- JSON ---- */

static json_t *levels_to_json(const struct advice_side *side)
{
    json_t *list = json_array();

    for (size_t i = 0; i < side->levels_count; i++)
        json_array_append_new(list, json_pack("{s:f, s:i, s:o}", "critical_ns",
                                              side->levels[i].critical_ns, "cells",
                                              (int)side->levels[i].cells, "gain",
                                              estimate_to_json(&side->levels[i].gain)));
    return list;
}

static json_t *side_to_json(const struct advice_side *side)
{
    json_t *verdicts = json_object();

    for (int i = 0; i <= ANALYSIS_GAIN; i++)
        json_object_set_new(verdicts, analysis_verdict_name((enum analysis_verdict)i),
                            json_integer((json_int_t)side->verdicts[i]));
    json_t *oracle = side->oracle_cells == 0
                         ? json_null()
                         : json_pack("{s:i, s:f, s:f}", "cells", (int)side->oracle_cells, "median",
                                     side->oracle_median, "most", side->oracle_most);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "throughput", recommendation_to_json(&side->speed),
        "cpu_ns", recommendation_to_json(&side->cpu), "latency_p99_ns",
        recommendation_to_json(&side->tail), "against_oracle", oracle, "critical_up_to_ns",
        side->speed.known ? estimate_to_json(&side->reach) : json_null(), "gain_by_critical",
        levels_to_json(side), "cells_against_sleeping", verdicts);
}

json_t *advice_to_json(const struct advice *advice)
{
    json_t *locks = json_object();

    for (size_t i = 0; i < advice->locks_count; i++)
        json_object_set_new(
            locks, advice->locks[i].lock,
            json_pack("{s:o, s:o}", "threads_within_cpus",
                      recommendation_to_json(&advice->locks[i].sides[ADVICE_ENOUGH]),
                      "more_threads_than_cpus",
                      recommendation_to_json(&advice->locks[i].sides[ADVICE_MORE])));
    return json_pack("{s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "cpus",
                     (int)advice->inputs.cpus, "seed", (json_int_t)advice->inputs.seed, "sleep_ns",
                     estimate_to_json(&advice->inputs.sleep_ns), "threads_within_cpus",
                     side_to_json(&advice->sides[ADVICE_ENOUGH]), "more_threads_than_cpus",
                     side_to_json(&advice->sides[ADVICE_MORE]), "locks", locks,
                     "glibc_mutex_spin_count", estimate_to_json(&advice->glibc_count),
                     "glibc_mutex_spin_count_more_threads",
                     estimate_to_json(&advice->glibc_crowded_count), "glibc_spin_ns",
                     estimate_to_json(&advice->glibc_ns), "spinning_never_pays",
                     advice->inputs.cpus == 1, "unsaid", unsaid(advice));
}
