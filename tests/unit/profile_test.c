/* The machine's profile: written whole or not at all, read back, and refused when it is not this
 * machine's or no profile. In a folder of its own. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/profile.h"
#include "bench/topology.h"
#include "locks/machine/machine.h"

struct place {
    char folder[PATH_MAX / 4], file[PATH_MAX / 2];
    hwloc_topology_t topology;
};

static int set_up(void **state)
{
    static const char *const temporary = "/tmp/lockbench-profile-XXXXXX";
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->folder, sizeof place->folder, "%s", temporary);
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->file, sizeof place->file, "%s/lockbench/profile.json", place->folder);
    assert_int_equal(setenv("XDG_CONFIG_HOME", place->folder, 1), 0);
    assert_int_equal(topology_load(&place->topology), EXIT_FINE);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[PATH_MAX];

    snprintf(command, sizeof command, "rm -r '%s'", place->folder);
    hwloc_topology_destroy(place->topology);
    int code = system(command);
    free(place);
    return code;
}

static struct calibration_value cost(double median_ns)
{
    return (struct calibration_value){.measured = true,
                                      .median_ns = median_ns,
                                      .interval = {median_ns - 100, median_ns + 100, 0.96},
                                      .rounds = CALIBRATION_ROUNDS};
}

static struct profile some_profile(void)
{
    struct profile profile = {.calibration = {.cpu = 0, .other_cpu = 1}};
    char reason[CALIBRATION_REASON];

    for (int item = 0; item < CALIBRATION_ITEMS; item++)
        profile.calibration.values[item] = cost(1000 * (item + 1));
    profile.calibration.values[CALIBRATION_WAKE_DEEP] =
        (struct calibration_value){.reason = "not today"};
    assert_true(profile_advise(&profile, reason));
    return profile;
}

static void written_and_read_back(void **state)
{
    struct place *place = *state;
    struct profile profile = some_profile(), read;
    char problem[PROFILE_PROBLEM], title[PROFILE_TITLE], expected[PROFILE_TITLE];
    struct stat status;

    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    assert_string_equal(profile.path, place->file);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_FOUND);
    assert_string_equal(read.path, place->file);
    assert_string_equal(read.time, profile.time);
    assert_string_equal(read.version, profile.version);
    assert_int_equal(read.source, PROFILE_FROM_CALIBRATION);
    assert_int_equal(read.fitting.ns, 1000 * (CALIBRATION_COST + 1));
    assert_int_equal(read.crowded.ns, 1000 * (CALIBRATION_CPU + 1));
    assert_float_equal(read.fitting.low_ns, 1000 * (CALIBRATION_COST + 1) - 100, 1e-6);
    assert_string_equal(read.calibration.values[CALIBRATION_WAKE_DEEP].reason, "not today");
    snprintf(expected, sizeof expected, "profile of %.10s", profile.time);
    assert_string_equal(profile_title(&read, title), expected);
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void for_ever_is_a_budget(void **state)
{
    struct place *place = *state;
    struct profile profile = some_profile(), read;
    char problem[PROFILE_PROBLEM];

    profile.source = PROFILE_FROM_THRESHOLD;
    profile.fitting = (struct profile_budget){MACHINE_NEVER, 20000, INFINITY};
    profile.locks[0] = (struct profile_lock){"spin_park", {5000, 4000, 6000}, {0, 0, 1000}};
    profile.locks_count = 1;
    profile.crowded = (struct profile_budget){0, 0, 0};
    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_FOUND);
    assert_int_equal(read.source, PROFILE_FROM_THRESHOLD);
    assert_true(read.fitting.ns == MACHINE_NEVER);
    assert_true(isinf(read.fitting.high_ns));
    assert_int_equal(read.locks_count, 1);
    assert_string_equal(read.locks[0].name, "spin_park");
    assert_int_equal(read.locks[0].fitting.ns, 5000);
    assert_float_equal(read.locks[0].crowded.high_ns, 1000, 1e-6);
    assert_int_equal(read.crowded.ns, 0);
}

static void the_old_one_stays_when_the_new_one_fails(void **state)
{
    struct place *place = *state;
    struct profile profile = some_profile(), read;
    char problem[PROFILE_PROBLEM];
    struct rlimit before, none;

    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    /* As on a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){100, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    profile.fitting.ns = 77;
    enum exit_code code = profile_write(&profile, place->topology);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, EXIT_MACHINE);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_FOUND);
    assert_int_equal(read.fitting.ns, 1000 * (CALIBRATION_COST + 1));
    /* And nothing else lies there: the folder goes with its one file. */
    assert_int_equal(unlink(place->file), 0);
    *strrchr(place->file, '/') = '\0';
    assert_int_equal(rmdir(place->file), 0);
}

static void a_link_stays_a_link(void **state)
{
    struct place *place = *state;
    struct profile profile = some_profile(), read;
    char problem[PROFILE_PROBLEM], elsewhere[PATH_MAX / 2 + 16];
    struct stat status;

    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere.json", place->folder);
    assert_int_equal(rename(place->file, elsewhere), 0);
    assert_int_equal(symlink("../elsewhere.json", place->file), 0);
    profile.fitting.ns = 77;
    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    assert_int_equal(lstat(place->file, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_FOUND);
    assert_int_equal(read.fitting.ns, 77);
}

static void no_place_is_said(void **state)
{
    struct place *place = *state;
    struct profile profile = some_profile(), read;
    char problem[PROFILE_PROBLEM], file[PATH_MAX / 2];
    char *home = getenv("HOME") == NULL ? NULL : strdup(getenv("HOME"));

    assert_int_equal(setenv("XDG_CONFIG_HOME", "not/absolute", 1), 0);
    assert_int_equal(unsetenv("HOME"), 0);
    assert_int_equal(profile_write(&profile, place->topology), EXIT_MACHINE);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_NONE);
    assert_non_null(strstr(problem, "HOME"));
    /* Where a folder should be is a file. */
    snprintf(file, sizeof file, "%s/file", place->folder);
    FILE *made = fopen(file, "w");
    fclose(made);
    assert_int_equal(setenv("XDG_CONFIG_HOME", file, 1), 0);
    assert_int_equal(profile_write(&profile, place->topology), EXIT_MACHINE);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_NONE);
    assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
    assert_int_equal(setenv("HOME", place->folder, 1), 0);
    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    assert_non_null(strstr(profile.path, "/.config/lockbench/profile.json"));
    if (home != NULL)
        setenv("HOME", home, 1);
    free(home);
}

/* ---- what is there is not to be used ---- */

static json_t *saved(struct place *place)
{
    struct profile profile = some_profile();

    assert_int_equal(profile_write(&profile, place->topology), EXIT_FINE);
    json_t *object = json_load_file(place->file, 0, NULL);
    assert_non_null(object);
    return object;
}

static void want_ignored(struct place *place, const char *reason)
{
    struct profile read;
    char problem[PROFILE_PROBLEM];

    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_IGNORED);
    assert_non_null(strstr(problem, place->file));
    if (strstr(problem, reason) == NULL)
        fail_msg("'%s' should have '%s'", problem, reason);
    assert_null(strchr(problem, '\n'));
}

static void put_text(const struct place *place, const char *text, size_t length)
{
    FILE *file = fopen(place->file, "w");

    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void cut_profiles_are_ignored(void **state)
{
    struct place *place = *state;
    json_t *object = saved(place);
    char *text = json_dumps(object, JSON_INDENT(2));

    for (size_t length = 0; length < strlen(text); length += 97) {
        put_text(place, text, length);
        want_ignored(place, "is damaged");
    }
    free(text);
    json_decref(object);
}

static void rubbish_is_ignored(void **state)
{
    static const char *const rubbish[] = {
        "",
        "hello",
        "[]",
        "7",
        "null",
        "{}",
        "{\"record\": 1}",
        "{\"record\": \"run\"}",
        "{\"a\": 1, \"a\": 2}",
        "\xff\xfe\x00",
        "{\"record\": \"profile\"}",
        "{\"record\": \"profile\", \"schema\": 1}",
        "{\"record\": \"profile\", \"schema\": 1, \"budgets\": NaN}",
        "{\"record\": \"profile\", \"schema\": 1e999}",
    };
    struct place *place = *state;

    json_decref(saved(place));
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        put_text(place, rubbish[i], strlen(rubbish[i]));
        want_ignored(place, " is ");
    }
    /* Nor does one wait for a pipe, or read a folder. */
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkfifo(place->file, 0600), 0);
    want_ignored(place, "is no profile");
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkdir(place->file, 0700), 0);
    want_ignored(place, "is no profile");
}

static void put(const struct place *place, json_t *object)
{
    assert_int_equal(json_dump_file(object, place->file, 0), 0);
}

static void wrong_values_are_ignored(void **state)
{
    static const struct {
        const char *key, *value;
    } wrong[] = {
        {"ns", "-1"},
        {"ns", "1e300"},
        {"ns", "null"},
        {"ns", "\"soon\""},
        {"ns", "3.7e12"},
        {"interval_ns", "[1]"},
        {"interval_ns", "[9, 1]"},
        {"interval_ns", "[-1, 1]"},
        {"interval_ns", "7"},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *object = saved(place);
        json_t *budget = json_object_get(json_object_get(object, "budgets"), "crowded");
        json_object_set_new(budget, wrong[i].key,
                            json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
        put(place, object);
        want_ignored(place, "out of its range");
        json_decref(object);
    }
    static const char *const members[] = {"time", "version", "source", "budgets", "calibration"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *object = saved(place);
        json_object_set_new(object, members[i], json_string("?"));
        if (strcmp(members[i], "version") == 0)
            json_object_del(object, "version");
        put(place, object);
        want_ignored(place, "out of its range");
        json_decref(object);
    }
}

static void another_schema_is_ignored(void **state)
{
    struct place *place = *state;
    json_t *object = saved(place);

    json_object_set_new(object, "schema", json_integer(PROFILE_SCHEMA + 1));
    put(place, object);
    want_ignored(place, "schema 2");
    json_decref(object);
}

static void another_machine_is_named(void **state)
{
    static const char *const members[] = {"cpu_model", "cpus",  "allowed_cpus", "kernel",
                                          "governor",  "turbo", "smt",          "topology"};
    struct place *place = *state;

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char reason[128];
        json_t *object = saved(place);
        json_object_set_new(json_object_get(object, "host"), members[i], json_string("foreign"));
        put(place, object);
        snprintf(reason, sizeof reason, "is another machine's: its %s is foreign, and here it is ",
                 members[i]);
        want_ignored(place, reason);
        json_decref(object);
    }
    /* What comes and goes on one machine is no other machine. */
    struct profile read;
    char problem[PROFILE_PROBLEM];
    json_t *object = saved(place);
    json_object_set_new(json_object_get(object, "host"), "load", json_real(99));
    put(place, object);
    assert_int_equal(profile_read(&read, place->topology, problem), PROFILE_FOUND);
    json_decref(object);
    object = saved(place);
    json_object_del(object, "host");
    put(place, object);
    want_ignored(place, "another machine's");
    json_decref(object);
}

/* ---- advice ---- */

static void advice_follows_the_costs(void **state)
{
    struct profile profile = some_profile();
    char reason[CALIBRATION_REASON] = "";

    (void)state;
    profile.calibration.values[CALIBRATION_COST] = cost(4204.4);
    profile.calibration.values[CALIBRATION_CPU] = cost(432.6);
    assert_true(profile_advise(&profile, reason));
    assert_int_equal(profile.fitting.ns, 4200);
    assert_int_equal(profile.crowded.ns, 433);
    profile.calibration.other_cpu = profile.calibration.cpu;
    assert_true(profile_advise(&profile, reason));
    assert_int_equal(profile.fitting.ns, 0);
    assert_int_equal(profile.crowded.ns, 0);
    profile.calibration.other_cpu = 1;
    profile.calibration.values[CALIBRATION_COST] = (struct calibration_value){.reason = "why not"};
    assert_false(profile_advise(&profile, reason));
    assert_string_equal(reason, "why not");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(written_and_read_back),
        TEST(for_ever_is_a_budget),
        TEST(the_old_one_stays_when_the_new_one_fails),
        TEST(a_link_stays_a_link),
        TEST(no_place_is_said),
        TEST(cut_profiles_are_ignored),
        TEST(rubbish_is_ignored),
        TEST(wrong_values_are_ignored),
        TEST(another_schema_is_ignored),
        TEST(another_machine_is_named),
        TEST(advice_follows_the_costs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
