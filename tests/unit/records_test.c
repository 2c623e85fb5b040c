/* Results files: written whole, and read up to the last whole record wherever they were cut. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "bench/records.h"
#include "bench/summary.h"
#include "bench/table.h"

static char name[64];

static int make_name(void **state)
{
    (void)state;
    strcpy(name, "/tmp/lockbench-test-XXXXXX");
    int fd = mkstemp(name);
    if (fd < 0)
        return -1;
    close(fd);
    return unlink(name);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(name);
    return 0;
}

static json_t *run_record(int schema)
{
    return json_pack("{s:s, s:i, s:{s:[s, s]}}", "record", "run", "schema", schema, "plan", "locks",
                     "tas", "mcs");
}

static json_t *sample(const char *lock, int threads, double throughput, double jain)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:[i, i], s:s, s:{s:i}, s:f, s:f, s:b}", "record",
                     "sample", "lock", lock, "machine", "native", "threads", threads, "cpus", 0, 1,
                     "placement", "compact", "workload", "lines", 1, "throughput", throughput,
                     "jain", jain, "verified", 1);
}

static void write_file(unsigned samples)
{
    struct record_writer writer;

    assert_int_equal(records_create(&writer, name), EXIT_FINE);
    assert_int_equal(records_append(&writer, run_record(RECORDS_SCHEMA)), EXIT_FINE);
    for (unsigned i = 0; i < samples; i++)
        assert_int_equal(records_append(&writer, sample("tas", 2, i + 1.0, 1)), EXIT_FINE);
    assert_int_equal(records_close(&writer), EXIT_FINE);
}

static void come_back(void **state)
{
    struct records records;

    (void)state;
    write_file(3);
    assert_int_equal(records_read(name, &records), EXIT_FINE);
    assert_int_equal(json_array_size(records.samples), 3);
    assert_int_equal(json_array_size(records.violations), 0);
    records_free(&records);
}

static void existing_file_is_kept(void **state)
{
    struct record_writer writer;
    struct records records;

    (void)state;
    write_file(1);
    assert_int_equal(records_create(&writer, name), EXIT_USAGE);
    assert_int_equal(records_read(name, &records), EXIT_FINE);
    records_free(&records);
}

static size_t read_bytes(char *bytes, size_t room)
{
    FILE *file = fopen(name, "r");

    assert_non_null(file);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    return length;
}

static void write_bytes(const char *bytes, size_t length)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* A program may be killed at any byte. */
static void every_prefix_is_read(void **state)
{
    char bytes[4096];
    struct records records;

    (void)state;
    write_file(3);
    size_t length = read_bytes(bytes, sizeof bytes), whole = 0, first = 0;
    for (size_t cut = 0; cut <= length; cut++) {
        /* A record is whole with its last brace; the line's end adds nothing. */
        if (cut < length && bytes[cut] == '\n') {
            first = first == 0 ? cut : first;
            whole += cut > first;
        }
        write_bytes(bytes, cut);
        enum exit_code code = records_read(name, &records);
        assert_int_equal(code, first > 0 ? EXIT_FINE : EXIT_USAGE);
        if (code == EXIT_FINE)
            assert_int_equal(json_array_size(records.samples), whole);
        records_free(&records);
    }
    assert_int_equal(whole, 3);
}

static void foreign_files_are_refused(void **state)
{
    static const char *const foreign[] = {
        "",
        "\n",
        "hello\n",
        "[]\n",
        "{}\n",
        "{\"record\":\"sample\"}\n",
        "{\"record\":\"run\"}\n",
        "{\"record\":\"run\",\"schema\":\"1\"}\n",
        "{\"record\":\"run\",\"schema\":2}\n",
        "{\"record\":\"run\",\"schema\":1",
    };
    struct records records;

    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        write_bytes(foreign[i], strlen(foreign[i]));
        assert_int_equal(records_read(name, &records), EXIT_USAGE);
        records_free(&records);
    }
    write_bytes("\0\1\2\377\n\0", 6);
    assert_int_equal(records_read(name, &records), EXIT_USAGE);
    records_free(&records);
}

static void rubbish_between_records_is_left_out(void **state)
{
    char bytes[4096];
    struct records records;

    (void)state;
    write_file(2);
    size_t length = read_bytes(bytes, sizeof bytes);
    static const char rubbish[] =
        "{\"record\":\"sample\"}\n"
        "{\"record\":\"sample\",\"lock\":\"tas\",\"threads\":-1}\n"
        "{\"record\":\"from the future\"}\n"
        "\0\n"
        "NaN\n";
    memcpy(bytes + length, rubbish, sizeof rubbish - 1);
    write_bytes(bytes, length + sizeof rubbish - 1);
    assert_int_equal(records_read(name, &records), EXIT_FINE);
    assert_int_equal(json_array_size(records.samples), 2);
    records_free(&records);
}

/* The window's length is not known when the clock went backwards. */
static void a_throughput_may_be_unknown(void **state)
{
    struct record_writer writer;
    struct records records;
    json_t *unknown = sample("tas", 2, 1, 1);

    (void)state;
    json_object_set_new(unknown, "throughput", json_null());
    json_object_set_new(unknown, "unfit", json_pack("[s]", "clock"));
    assert_int_equal(records_create(&writer, name), EXIT_FINE);
    assert_int_equal(records_append(&writer, run_record(RECORDS_SCHEMA)), EXIT_FINE);
    assert_int_equal(records_append(&writer, unknown), EXIT_FINE);
    assert_int_equal(records_append(&writer, sample("tas", 1, 5e6, 1)), EXIT_FINE);
    assert_int_equal(records_append(&writer, sample("tas", 1, 5e6, 1)), EXIT_FINE);
    assert_int_equal(records_close(&writer), EXIT_FINE);
    assert_int_equal(records_read(name, &records), EXIT_FINE);
    assert_int_equal(json_array_size(records.samples), 3);
    struct summary summary = summary_make(&records, 1);
    assert_float_equal(summary.cells[0].throughput, 5e6, 1);
    assert_true(isnan(summary.cells[1].throughput));
    assert_false(summary.cells[1].has_interval);
    table_print(stderr, &records, &summary, TABLE_THROUGHPUT);
    summary_free(&summary);
    records_free(&records);
}

/* A file put behind another one may come from a newer program. */
static void later_runs_of_a_newer_schema_are_refused(void **state)
{
    struct record_writer writer;
    struct records records;

    (void)state;
    for (int newer = 0; newer < 2; newer++) {
        unlink(name);
        assert_int_equal(records_create(&writer, name), EXIT_FINE);
        assert_int_equal(records_append(&writer, run_record(RECORDS_SCHEMA)), EXIT_FINE);
        assert_int_equal(records_append(&writer, sample("tas", 2, 1, 1)), EXIT_FINE);
        assert_int_equal(records_append(&writer, run_record(RECORDS_SCHEMA + newer)), EXIT_FINE);
        assert_int_equal(records_append(&writer, sample("tas", 2, 1, 1)), EXIT_FINE);
        assert_int_equal(records_close(&writer), EXIT_FINE);
        assert_int_equal(records_read(name, &records), newer ? EXIT_USAGE : EXIT_FINE);
        records_free(&records);
    }
}

static void full_disk_loses_nothing_written(void **state)
{
    struct record_writer writer;

    (void)state;
    assert_int_equal(records_create(&writer, "/dev/full"), EXIT_FINE);
    assert_int_equal(records_append(&writer, run_record(1)), EXIT_MACHINE);
    assert_int_equal(writer.records, 0);
    records_close(&writer);
    assert_int_equal(records_create(&writer, "/no/such/folder/x"), EXIT_MACHINE);
}

static void summaries(void **state)
{
    struct records file = records_empty("file", run_record(1));

    (void)state;
    for (int i = 1; i <= 10; i++)
        json_array_append_new(file.samples, sample("tas", 2, i * 1e6, i / 10.0));
    for (int i = 1; i <= 5; i++)
        json_array_append_new(file.samples, sample("mcs", 2, 20e6, 1));
    json_array_append_new(file.samples, sample("null", 2, 1e6, 1));
    json_array_append_new(file.samples, sample("broken_tts", 2, 99e6, 1));
    json_array_append_new(file.samples, sample("tas", 1, 5e6, 1));
    json_array_append_new(file.violations, sample("broken_tts", 2, 0, 0));

    struct summary summary = summary_make(&file, 1);
    /* One thread first; then null, the ranking, and what is broken. */
    static const char *const order[] = {"tas", "null", "mcs", "tas", "broken_tts"};
    assert_int_equal(summary.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(summary.cells[i].lock, order[i]);
    assert_int_equal(summary.cells[4].violations, 1);
    const struct cell *cell = &summary.cells[3];
    assert_int_equal(cell->samples, 10);
    assert_float_equal(cell->throughput, 5.5e6, 1);
    assert_true(cell->has_interval);
    assert_float_equal(cell->interval.low, 2e6, 1);
    assert_float_equal(cell->interval.high, 9e6, 1);
    assert_float_equal(cell->jain, 0.55, 1e-9);
    assert_false(summary.cells[2].has_interval);
    summary_free(&summary);
    records_free(&file);
}

/* What was measured under another workload is another cell, also where that is the irql alone. */
static void workloads_are_not_mixed(void **state)
{
    struct records file = records_empty("file", run_record(1));
    static const char *const irqls[] = {NULL, "apc-guard", "apc-sigmask"};

    (void)state;
    for (int i = 0; i < 6; i++) {
        json_t *record = sample("tas", 2, (i % 3 + 1) * 1e6, 1);
        if (irqls[i % 3] != NULL)
            json_object_set_new(json_object_get(record, "workload"), "irql",
                                json_string(irqls[i % 3]));
        json_array_append_new(file.samples, record);
    }
    struct summary summary = summary_make(&file, 1);
    assert_int_equal(summary.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(summary.cells[i].samples, 2);
    summary_free(&summary);
    records_free(&file);
}

/* The notes below the table of a file with one sample, whose two threads used `cpu_ns` nanoseconds
 * for each of a million acquisitions a second. */
static char *notes_of(const char *lock, double cpu_ns)
{
    struct records file = records_empty("file", run_record(1));
    json_t *record = sample(lock, 2, 1e6, 1);
    char *text;
    size_t length;

    json_object_set_new(json_object_get(file.run, "plan"), "cpus", json_integer(2));
    json_object_set_new(record, "cpu_ns", json_real(cpu_ns));
    json_object_set_new(record, "validity", json_pack("{s:f}", "full_concurrency", 1.0));
    json_array_append_new(file.samples, record);
    FILE *out = open_memstream(&text, &length);
    struct summary summary = summary_make(&file, 1);
    table_print(out, &file, &summary, TABLE_THROUGHPUT);
    fclose(out);
    summary_free(&summary);
    records_free(&file);
    return text;
}

static void disturbed_spinners_are_noted(void **state)
{
    char *half = notes_of("tas", 1000), *full = notes_of("tas", 1990);
    char *asleep = notes_of("spin_park", 1000);

    (void)state;
    assert_non_null(strstr(half, "tas, 2 threads: had 50% of the CPUs' time"));
    assert_null(strstr(full, "of the CPUs' time"));
    assert_null(strstr(asleep, "of the CPUs' time"));
    free(half);
    free(full);
    free(asleep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(come_back, make_name, remove_file),
        cmocka_unit_test_setup_teardown(existing_file_is_kept, make_name, remove_file),
        cmocka_unit_test_setup_teardown(every_prefix_is_read, make_name, remove_file),
        cmocka_unit_test_setup_teardown(foreign_files_are_refused, make_name, remove_file),
        cmocka_unit_test_setup_teardown(rubbish_between_records_is_left_out, make_name,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_throughput_may_be_unknown, make_name, remove_file),
        cmocka_unit_test_setup_teardown(later_runs_of_a_newer_schema_are_refused, make_name,
                                        remove_file),
        cmocka_unit_test_setup_teardown(full_disk_loses_nothing_written, make_name, remove_file),
        cmocka_unit_test(summaries),
        cmocka_unit_test(workloads_are_not_mixed),
        cmocka_unit_test(disturbed_spinners_are_noted),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
