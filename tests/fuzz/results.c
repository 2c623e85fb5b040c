/* Results files: read, tabulated, cut, and gone on with as far as the plan. */
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

#include "bench/figure.h"
#include "bench/job.h"
#include "bench/plan_file.h"
#include "bench/signal_table.h"
#include "bench/table.h"

FUZZ_QUIETLY

static void tabulate(const struct records *records)
{
    static FILE *out;

    out = out == NULL ? fopen("/dev/null", "w") : out;
    if (signal_table_exchange(records) != EXCHANGE_NONE) {
        signal_table_print(out, records);
        json_decref(signal_table_to_json(records));
        return;
    }
    struct summary summary = summary_make(records, 1);
    table_print(out, records, &summary, TABLE_THROUGHPUT);
    table_print(out, records, &summary, TABLE_FAIRNESS);
    table_print(out, records, &summary, TABLE_LATENCY);
    json_decref(summary_to_json(&summary));
    summary_free(&summary);
}

/* No more is left than all, and nothing twice. */
static void go_on(const struct records *records)
{
    struct measuring measuring = measuring_default();
    json_t *object = json_object_get(records->run, "plan");
    struct plan plan = {0};
    size_t left;

    if (object != NULL && plan_object_read(object, "the plan", &measuring) == EXIT_FINE &&
        measuring_read_names(&measuring) == EXIT_FINE &&
        measuring_plan(&measuring, 4, 4, &plan) == EXIT_FINE) {
        struct turn *turns = job_turns(&plan, records, &left);
        fuzz_require(turns == NULL || left <= plan_cells(&plan) * plan.repetitions);
        free(turns);
    }
    free(plan.threads);
    free(plan.objects);
    measuring_free(&measuring);
}

/* What is cut off a file takes no record with it, and what is left ends with a whole line. */
static void cut(const char *name, const struct records *records)
{
    struct record_writer writer;
    struct records before, after;
    char last = 0;

    if (records_reopen(&writer, name, &before) == EXIT_FINE) {
        fuzz_require(records_continue(&writer) == EXIT_FINE);
        fuzz_require(pread(writer.fd, &last, 1, writer.whole - 1) == 1 && last == '\n');
        fuzz_require(records_read(name, &after) == EXIT_FINE);
        fuzz_require(json_equal(records->samples, before.samples));
        fuzz_require(json_equal(records->samples, after.samples));
        fuzz_require(json_equal(records->violations, after.violations));
        fuzz_require(json_equal(records->run, after.run));
        records_free(&after);
    }
    records_free(&before);
    records_close(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct records records;
    char name[32], text[512];
    int fd = fuzz_file(data, size, name);

    if (records_read(name, &records) == EXIT_FINE) {
        tabulate(&records);
        figure_machine(&records, text, sizeof text);
        go_on(&records);
        cut(name, &records);
    }
    records_free(&records);
    close(fd);
    return 0;
}
