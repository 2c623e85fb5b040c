/* What else went on at the CPUs, on machines that are made up of files. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/fitness.h"
#include "bench/native/surroundings.h"

static const char *const folders[] = {
    "/proc",
    "/sys",
    "/sys/devices",
    "/sys/devices/system",
    "/sys/devices/system/cpu",
    "/sys/devices/system/cpu/cpu1",
    "/sys/devices/system/cpu/cpu1/cpufreq",
    "/sys/devices/system/cpu/cpu3",
    "/sys/devices/system/cpu/cpu3/cpufreq",
};
static const char *const files[] = {
    "/proc/stat",
    "/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq",
    "/sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq",
};
enum { FOLDERS = sizeof folders / sizeof folders[0], FILES = sizeof files / sizeof files[0] };

static char root[64], path[PATH_MAX];

static const char *below_root(const char *name)
{
    snprintf(path, sizeof path, "%s%s", root, name);
    return path;
}

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/surroundings_test.XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    for (size_t i = 0; i < FOLDERS; i++) {
        if (mkdir(below_root(folders[i]), 0700) != 0)
            return -1;
    }
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++)
        unlink(below_root(files[i]));
    for (size_t i = FOLDERS; i-- > 0;)
        rmdir(below_root(folders[i]));
    return rmdir(root);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(below_root(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static unsigned cpus[] = {1, 3, 1};

static struct repetition on_both(void)
{
    return (struct repetition){.threads = 3, .cpus = cpus, .cpus_count = 3};
}

static json_int_t number(const struct result *result, const char *name)
{
    assert_true(json_is_integer(json_object_get(result->validity, name)));
    return json_integer_value(json_object_get(result->validity, name));
}

/* In ticks of 10 ms: CPU 1 is busy for 6 more and loses 2, CPU 3 is busy for 5; what the others do
 * is nothing to us, and a CPU that is named twice counts once. */
static void times(void **state)
{
    const struct repetition repetition = on_both();
    struct result result = result_empty(NULL);

    (void)state;
    assert_int_equal(sysconf(_SC_CLK_TCK), 100);
    write_text(files[0],
               "cpu  0 0 0 0 0 0 0 0 0 0\n"
               "cpu0 10 0 10 100 0 0 0 0 0 0\n"
               "cpu1 10 0 10 100 0 0 0 5 0 0\n"
               "cpu3 10 0 10 100 0 0 0 0 0 0\n");
    struct surroundings before = surroundings_look(root, &repetition);
    write_text(files[0],
               "cpu  0 0 0 0 0 0 0 0 0 0\n"
               "cpu0 99 0 10 100 0 0 0 99 0 0\n"
               "cpu1 12 1 11 200 7 1 1 7 0 0\n"
               "cpu3 14 0 11 300 0 0 0 0 0 0\n");
    struct surroundings after = surroundings_look(root, &repetition);
    surroundings_report(&result, &before, &after, 30000000);
    assert_int_equal(number(&result, "steal_ns"), 20000000);
    assert_int_equal(number(&result, "others_ns"), 80000000);
    /* More than all that the CPUs were busy: ticks are coarse. */
    before = surroundings_look(root, &repetition);
    after = surroundings_look(root, &repetition);
    surroundings_report(&result, &before, &after, 30000000);
    assert_int_equal(number(&result, "others_ns"), 0);
    json_decref(result_join(&result));
}

static void frequencies(void **state)
{
    const struct repetition repetition = on_both();
    struct result result = result_empty(NULL);
    json_t *sample = json_object(), *unfit;

    (void)state;
    write_text(files[1], "2000000\n");
    write_text(files[2], "3000000\n");
    struct surroundings before = surroundings_look(root, &repetition);
    write_text(files[2], "1500000\n");
    struct surroundings after = surroundings_look(root, &repetition);
    surroundings_report(&result, &before, &after, 0);
    json_t *frequency = json_object_get(result.validity, "frequency_khz");
    json_t *expected = json_pack("{s:[i, i, i], s:[i, i, i]}", "before", 2000000, 3000000, 2000000,
                                 "after", 2000000, 1500000, 2000000);
    assert_true(json_equal(frequency, expected));
    json_object_set(sample, "validity", result.validity);
    unfit = fitness_judge(sample);
    assert_int_equal(json_array_size(unfit), 1);
    assert_string_equal(json_string_value(json_array_get(unfit, 0)), "frequency");
    json_decref(unfit);
    json_decref(sample);
    json_decref(expected);
    json_decref(result_join(&result));
}

static void not_shown(void **state)
{
    const struct repetition repetition = on_both();
    struct result result = result_empty(NULL);

    (void)state;
    /* Of one of the two CPUs only. */
    write_text(files[0], "cpu1 10 0 10 100 0 0 0 5 0 0\n");
    write_text(files[1], "2000000\n");
    struct surroundings before = surroundings_look(root, &repetition);
    struct surroundings after = surroundings_look(root, &repetition);
    surroundings_report(&result, &before, &after, 0);
    static const char *const names[] = {"steal_ns", "others_ns", "frequency_khz"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_is_null(json_object_get(result.validity, names[i])));
        assert_true(json_is_string(json_object_get(result.unmeasured, names[i])));
    }
    json_decref(result_join(&result));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(times, make_root, remove_root),
        cmocka_unit_test_setup_teardown(frequencies, make_root, remove_root),
        cmocka_unit_test_setup_teardown(not_shown, make_root, remove_root),
    };
    return cmocka_run_group_tests_name("surroundings", tests, NULL, NULL);
}
