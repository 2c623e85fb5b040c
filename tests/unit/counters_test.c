/* Counters without hardware: the kernel's own events through the same path, made-up looks at a
 * group, and every name of the table, encoded for processors that are not there. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/native/counters/report.h"
#include "bench/summary.h"

/* ---- names ---- */

enum { ENCODED = 0, UNKNOWN_PMU = 2, UNKNOWN_EVENT = 3, TWICE = 4 };

/* In a process of its own: libpfm4 looks at the environment once. */
static int encode_row(const struct counters_row *row)
{
    struct perf_event_attr attributes[COUNTERS_EVENTS_MOST];
    struct counters_pmu pmu;
    char reason[COUNTERS_REASON];

    setenv("LIBPFM_FORCE_PMU", row->pmu, 1);
    if (!counters_find_pmu(&pmu, reason, sizeof reason) || strcmp(pmu.name, row->pmu) != 0)
        return UNKNOWN_PMU;
    for (unsigned i = 0; i < counters_row_events(row); i++) {
        if (!counters_encode(row->pmu, row->events[i].name, &attributes[i], reason,
                             sizeof reason)) {
            printf("# %s, %s: %s\n", row->pmu, row->events[i].name, reason);
            fflush(stdout);
            return UNKNOWN_EVENT;
        }
        for (unsigned j = 0; j < i; j++) {
            if (attributes[i].config == attributes[j].config)
                return TWICE;
        }
    }
    return ENCODED;
}

static int encode_apart(const struct counters_row *row)
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(encode_row(row));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* libpfm4 knows the processors of one family: those of what it was built for. */
static void encode_rows(bool of_arm, bool known_here)
{
    unsigned encoded = 0;

    if (counters_library() == NULL) {
        print_message("# lockbench was built without libpfm4\n");
        skip();
    }
    for (size_t i = 0; i < counters_rows_count; i++) {
        const struct counters_row *row = &counters_rows[i];
        if ((strncmp(row->pmu, "arm_", 4) == 0) != of_arm)
            continue;
        int end = encode_apart(row);
        if (end == UNKNOWN_PMU && !known_here) {
            print_message("# a libpfm4 for this processor does not know %s\n", row->pmu);
            skip();
        }
        if (end != ENCODED)
            fail_msg("%s: %s", row->pmu,
                     end == UNKNOWN_PMU     ? "libpfm4 does not know it"
                     : end == UNKNOWN_EVENT ? "an event is not encoded"
                                            : "two events are the same");
        encoded++;
    }
    assert_true(encoded > 0);
}

static void every_name_of_x86_is_encoded(void **state)
{
    (void)state;
#if defined(__x86_64__)
    encode_rows(false, true);
#else
    encode_rows(false, false);
#endif
}

static void every_name_of_arm_is_encoded(void **state)
{
    (void)state;
#if defined(__aarch64__)
    encode_rows(true, true);
#else
    encode_rows(true, false);
#endif
}

static void every_row_is_found_and_tells_transactions(void **state)
{
    (void)state;
    for (size_t i = 0; i < counters_rows_count; i++) {
        const struct counters_row *row = &counters_rows[i];
        uint32_t parts = 0;
        assert_ptr_equal(counters_row_of(row->pmu), row);
        for (unsigned j = 0; j < counters_row_events(row); j++)
            parts |= row->events[j].parts;
        assert_true((parts & 1u << TRAFFIC_TRANSACTIONS) != 0);
    }
    assert_null(counters_row_of("z80"));
}

/* ---- looks at a group ---- */

static const struct counter_group two = {.count = 2, .open = 2};

static void a_look_is_taken_apart(void **state)
{
    const uint64_t buffer[] = {2, 1000, 500, 7, 9};
    struct counter_reading reading;

    (void)state;
    assert_true(counter_group_parse(&two, buffer, 5, &reading));
    assert_int_equal(reading.enabled_ns, 1000);
    assert_int_equal(reading.running_ns, 500);
    assert_int_equal(reading.values[0], 7);
    assert_int_equal(reading.values[1], 9);
}

static void a_look_of_another_shape_is_none(void **state)
{
    const uint64_t short_one[] = {2, 1000, 500, 7}, other[] = {3, 1000, 500, 7, 9, 11};
    struct counter_reading reading;

    (void)state;
    assert_false(counter_group_parse(&two, short_one, 4, &reading));
    assert_false(counter_group_parse(&two, short_one, 0, &reading));
    assert_false(counter_group_parse(&two, other, 6, &reading));
}

/* The values of those that could not be opened are not there. */
static void an_event_that_is_not_open_shifts_no_other(void **state)
{
    const struct counter_group group = {.count = 3, .open = 2, .errors = {0, ENOENT, 0}};
    const uint64_t buffer[] = {2, 10, 10, 7, 9};
    struct counter_reading reading;

    (void)state;
    assert_true(counter_group_parse(&group, buffer, 5, &reading));
    assert_int_equal(reading.values[0], 7);
    assert_int_equal(reading.values[2], 9);
}

static void what_was_counted_in_part_is_scaled(void **state)
{
    const struct counter_reading before = {100, 100, {40}};
    const struct counter_reading whole = {1100, 1100, {90}}, quarter = {1100, 350, {90}};
    double count = -1;

    (void)state;
    assert_int_equal(counter_between(&before, &whole, 0, &count), COUNTER_EXACT);
    assert_true(count == 50);
    assert_int_equal(counter_between(&before, &quarter, 0, &count), COUNTER_SCALED);
    assert_true(count == 200);
}

static void what_was_never_scheduled_is_no_number(void **state)
{
    const struct counter_reading before = {100, 0, {0}}, after = {1100, 0, {0}};
    const struct counter_reading asleep = {100, 0, {0}};
    double count = -1;

    (void)state;
    assert_int_equal(counter_between(&before, &after, 0, &count), COUNTER_UNCOUNTED);
    assert_true(count == -1);
    /* A thread that did not run had nothing to count. */
    assert_int_equal(counter_between(&before, &asleep, 0, &count), COUNTER_EXACT);
    assert_true(count == 0);
}

/* ---- the kernel's own events ---- */

enum { PAGES = 64, PAGE = 4096 };

static void fault_pages(void)
{
    char *memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(memory != MAP_FAILED);
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
    for (int i = 0; i < PAGES; i++)
        ((volatile char *)memory)[i * PAGE] = 1;
    munmap(memory, PAGES * PAGE);
}

static unsigned software_event(const struct counters_plan *plan, const char *name)
{
    const struct counters_choice *choice = &plan->choices[COUNTERS_SOFTWARE];

    for (unsigned i = 0; i < choice->count; i++) {
        if (strcmp(choice->events[i].name, name) == 0)
            return i;
    }
    fail_msg("there is no event %s", name);
    return 0;
}

static const struct counters *only(unsigned i, void *counters)
{
    assert_int_equal(i, 0);
    return counters;
}

/* Pages are faulted before and after as well. */
static void count_software(struct counters_plan *plan, bool within, struct counters_totals *totals)
{
    static struct counters counters;

    counters_choose(plan);
    counters_open(&counters, plan);
    fault_pages();
    counters_begin(&counters);
    if (within)
        fault_pages();
    usleep(1000);
    counters_end(&counters);
    fault_pages();
    counters_close(&counters);
    counters_add_up(plan, 1, only, &counters, totals);
}

static void page_faults_and_switches_are_counted_between_begin_and_end(void **state)
{
    struct counters_plan plan;
    struct counters_totals totals, without;

    (void)state;
    count_software(&plan, false, &without);
    count_software(&plan, true, &totals);
    unsigned faults = software_event(&plan, "page_faults");
    unsigned switches = software_event(&plan, "context_switches");
    if (plan.choices[COUNTERS_SOFTWARE].reasons[faults][0] != '\0') {
        print_message("# page faults: %s\n", plan.choices[COUNTERS_SOFTWARE].reasons[faults]);
        skip();
    }
    const struct counters_total *total = totals.events[COUNTERS_SOFTWARE];
    assert_true(total[faults].known);
    assert_true(total[faults].count >= PAGES);
    assert_true(without.events[COUNTERS_SOFTWARE][faults].count < PAGES);
    /* Never a false 0: either it was seen, or there is a reason. */
    assert_true(total[switches].known ? total[switches].count >= 1
                                      : total[switches].reason[0] != '\0');
    /* What the processor counts is a number or has a reason, too. */
    for (unsigned i = 0; i < plan.choices[COUNTERS_HARDWARE].count; i++)
        assert_true(totals.events[COUNTERS_HARDWARE][i].known !=
                    (totals.events[COUNTERS_HARDWARE][i].reason[0] != '\0'));
    assert_true(plan.hardware || plan.reason[0] != '\0');
}

static void an_event_that_there_is_not_keeps_no_other_from_counting(void **state)
{
    const struct perf_event_attr attributes[] = {
        {.type = PERF_TYPE_SOFTWARE, .config = 9999},
        {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_PAGE_FAULTS, .exclude_kernel = 1},
    };
    struct counter_group group;
    struct counter_reading before, after;
    double count;

    (void)state;
    counter_group_open(&group, attributes, 2);
    assert_true(group.errors[0] != 0);
    if (group.errors[1] != 0) {
        print_message("# perf_event_open: %s\n", strerror(group.errors[1]));
        counter_group_close(&group);
        skip();
    }
    assert_true(counter_group_read(&group, &before));
    fault_pages();
    assert_true(counter_group_read(&group, &after));
    assert_int_equal(counter_between(&before, &after, 1, &count), COUNTER_EXACT);
    assert_true(count >= PAGES);
    counter_group_close(&group);
    assert_false(counter_group_read(&group, &after));
}

static void an_error_says_what_to_do(void **state)
{
    char reason[COUNTERS_REASON];

    (void)state;
    counters_explain(EACCES, true, reason, sizeof reason);
    assert_non_null(strstr(reason, "perf_event_paranoid"));
    counters_explain(ENOENT, true, reason, sizeof reason);
    assert_string_equal(reason, "this machine exposes no hardware counters");
    counters_explain(EMFILE, false, reason, sizeof reason);
    assert_non_null(strstr(reason, "ulimit -n"));
}

/* ---- sums, and what they say ---- */

static struct counters_plan plan_of(const char *pmu)
{
    const struct counters_row *row = counters_row_of(pmu);
    struct counters_plan plan = {.hardware = true};

    plan.choices[COUNTERS_HARDWARE].count = counters_row_events(row);
    memcpy(plan.choices[COUNTERS_HARDWARE].events, row->events, sizeof row->events);
    return plan;
}

static const struct counters *one_of(unsigned i, void *counters)
{
    return (const struct counters *)counters + i;
}

static struct counters thread_that_counted(unsigned events, uint64_t enabled, uint64_t running,
                                           uint64_t first)
{
    struct counters counters = {.whole = {[COUNTERS_HARDWARE] = true}};

    counters.groups[COUNTERS_HARDWARE].count = events;
    counters.after[COUNTERS_HARDWARE] =
        (struct counter_reading){enabled, running, {first, first, first, first}};
    return counters;
}

static void threads_are_added_up_and_scaled_each(void **state)
{
    struct counters_plan plan = plan_of("skx");
    struct counters threads[] = {thread_that_counted(4, 1000, 1000, 10),
                                 thread_that_counted(4, 1000, 500, 10)};
    struct counters_totals totals;

    (void)state;
    counters_add_up(&plan, 2, one_of, threads, &totals);
    assert_true(totals.events[COUNTERS_HARDWARE][3].known);
    assert_true(totals.events[COUNTERS_HARDWARE][3].count == 30);
    assert_true(totals.scheduled_known);
    assert_true(totals.scheduled == 0.75);
    /* A sum without a thread would be too small. */
    threads[1] = thread_that_counted(4, 1000, 0, 0);
    counters_add_up(&plan, 2, one_of, threads, &totals);
    assert_false(totals.events[COUNTERS_HARDWARE][0].known);
    assert_non_null(strstr(totals.events[COUNTERS_HARDWARE][0].reason, "never counted"));
    threads[1].whole[COUNTERS_HARDWARE] = false;
    counters_add_up(&plan, 2, one_of, threads, &totals);
    assert_non_null(strstr(totals.events[COUNTERS_HARDWARE][0].reason, "could not be read"));
    threads[1].groups[COUNTERS_HARDWARE].errors[0] = EMFILE;
    counters_add_up(&plan, 2, one_of, threads, &totals);
    assert_non_null(strstr(totals.events[COUNTERS_HARDWARE][0].reason, "too many open files"));
}

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void traffic_has_the_model_s_fields_and_says_what_it_lacks(void **state)
{
    static const char *const fields[] = {"transactions", "reads",       "ownership", "upgrades",
                                         "invalidated",  "by_distance", "by_line"};
    struct counters_plan plan = plan_of("icx");
    struct counters thread = thread_that_counted(4, 1000, 1000, 300);
    struct counters_totals totals;
    struct result result = result_empty(NULL);

    (void)state;
    counters_add_up(&plan, 1, one_of, &thread, &totals);
    counters_report_totals(&result, &plan, &totals, 100);
    const json_t *traffic = json_object_get(result.object, "traffic");
    assert_true(number(traffic, "reads") == 3);
    assert_true(number(traffic, "ownership") == 3);
    assert_true(number(traffic, "transactions") == 6);
    assert_true(number(json_object_get(traffic, "by_distance"), "remote") == 3);
    assert_true(json_is_null(json_object_get(traffic, "upgrades")));
    assert_non_null(json_object_get(result.unmeasured, "traffic.upgrades"));
    assert_non_null(json_object_get(result.unmeasured, "traffic.by_distance.core"));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        assert_non_null(json_object_get(traffic, fields[i]));
    assert_int_equal(json_object_size(traffic), sizeof fields / sizeof fields[0]);
    const json_t *events = json_object_get(result.object, "events");
    assert_true(number(json_object_get(events, "hardware"), "OFFCORE_REQUESTS:DEMAND_RFO") == 300);
    assert_true(number(events, "scheduled") == 1);
    json_decref(result_join(&result));
}

static void what_was_never_scheduled_is_null_with_a_reason(void **state)
{
    struct counters_plan plan = plan_of("icx");
    struct counters thread = thread_that_counted(4, 1000, 0, 0);
    struct counters_totals totals;
    struct result result = result_empty(NULL);

    (void)state;
    counters_add_up(&plan, 1, one_of, &thread, &totals);
    counters_report_totals(&result, &plan, &totals, 100);
    const json_t *traffic = json_object_get(result.object, "traffic");
    assert_true(json_is_null(json_object_get(traffic, "transactions")));
    assert_non_null(strstr(
        json_string_value(json_object_get(result.unmeasured, "traffic.transactions")), "never"));
    assert_true(number(json_object_get(result.object, "events"), "scheduled") == 0);
    json_decref(result_join(&result));
}

/* ---- null's own traffic ---- */

static json_t *sample(const char *lock, const char *machine, double transactions)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:{}, s:{s:f, s:f}}", "lock", lock, "machine", machine,
                     "threads", 2, "placement", "compact", "workload", "traffic", "transactions",
                     transactions, "invalidated", transactions / 2);
}

static double transactions_of(const struct summary *summary, const char *lock, const char *machine,
                              bool less_null)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (strcmp(cell->lock, lock) != 0 || strcmp(cell->machine, machine) != 0)
            continue;
        assert_int_equal(cell->less_null, less_null);
        return cell->transactions;
    }
    fail_msg("there is no cell of %s", lock);
    return 0;
}

static void what_null_causes_is_subtracted_on_real_cores(void **state)
{
    struct records file = records_empty("", json_object());

    (void)state;
    json_array_append_new(file.samples, sample("mcs", "native", 8));
    json_array_append_new(file.samples, sample("null", "native", 1.5));
    json_array_append_new(file.samples, sample("mcs", "sim:pu:2", 8));
    json_array_append_new(file.samples, sample("null", "sim:pu:2", 1.5));
    struct summary summary = summary_make(&file, 1);
    assert_true(transactions_of(&summary, "mcs", "native", true) == 6.5);
    assert_true(transactions_of(&summary, "null", "native", false) == 1.5);
    assert_true(transactions_of(&summary, "mcs", "sim:pu:2", false) == 8);
    summary_free(&summary);
    records_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_x86_is_encoded),
        cmocka_unit_test(every_name_of_arm_is_encoded),
        cmocka_unit_test(every_row_is_found_and_tells_transactions),
        cmocka_unit_test(a_look_is_taken_apart),
        cmocka_unit_test(a_look_of_another_shape_is_none),
        cmocka_unit_test(an_event_that_is_not_open_shifts_no_other),
        cmocka_unit_test(what_was_counted_in_part_is_scaled),
        cmocka_unit_test(what_was_never_scheduled_is_no_number),
        cmocka_unit_test(page_faults_and_switches_are_counted_between_begin_and_end),
        cmocka_unit_test(an_event_that_there_is_not_keeps_no_other_from_counting),
        cmocka_unit_test(an_error_says_what_to_do),
        cmocka_unit_test(threads_are_added_up_and_scaled_each),
        cmocka_unit_test(traffic_has_the_model_s_fields_and_says_what_it_lacks),
        cmocka_unit_test(what_was_never_scheduled_is_null_with_a_reason),
        cmocka_unit_test(what_null_causes_is_subtracted_on_real_cores),
    };

    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
