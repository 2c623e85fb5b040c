/* Values of the command line: read whole or not at all, and written as they are read. */
#include "tests/unit/unit.h"

#include "bench/values.h"

static void counts(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_true(read_count("0", 0, 10, &value));
    assert_int_equal(value, 0);
    assert_true(read_count("10", 0, 10, &value));
    assert_int_equal(value, 10);
    assert_true(read_count("18446744073709551615", 0, UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    static const char *const wrong[] = {"",    "11", "-1",  "+1",  " 1",  "1 ",
                                        "10x", "x",  "0x1", "1e1", "1.0", "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        value = 7;
        assert_false(read_count(wrong[i], 0, i == 11 ? UINT64_MAX : 10, &value));
        assert_int_equal(value, 7);
    }
}

static void times(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } right[] = {
        {"0", 0},           {"1ns", 1},         {"100ns", 100},          {"2.5us", 2500},
        {"10ms", 10000000}, {"1s", 1000000000}, {"1.5min", 90000000000}, {"60min", 3600000000000},
        {"0.5us", 500},
    };
    static const char *const wrong[] = {
        "",       "5", "5 parsecs", "-1ms", "1e3ms", "nan",  "inf",   "0x1ms", "1ms ", " 1ms",
        "1.2.3s", ".", "61min",     "ms",   "1MS",   "+1ms", "1.5ns", "1,5ms", "1msx"};
    uint64_t ns;

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(read_time(right[i].text, &ns));
        assert_int_equal(ns, right[i].ns);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ns = 7;
        assert_false(read_time(wrong[i], &ns));
        assert_int_equal(ns, 7);
    }
}

static void times_are_written_as_they_are_read(void **state)
{
    static const uint64_t all[] = {0, 1, 999, 1000, 1500, 1000000, 20000, 3600000000000};
    char text[TIME_TEXT];
    uint64_t ns;

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(read_time(format_time(all[i], text), &ns));
        assert_int_equal(ns, all[i]);
    }
    assert_string_equal(format_time(20000, text), "20us");
    assert_string_equal(format_time(1500, text), "1500ns");
}

static void delays(void **state)
{
    static const char *const right[] = {"0",
                                        "100ns",
                                        "exp:200ns",
                                        "uniform:50ns-150ns",
                                        "bimodal:100ns-20us:5%",
                                        "bimodal:0-1ms:12.5%",
                                        "1s"};
    static const char *const wrong[] = {"",
                                        "abc",
                                        "exp:",
                                        "exp:-5ns",
                                        "uniform:100ns",
                                        "uniform:100ns-50ns",
                                        "2s",
                                        "10",
                                        "exp:1ns-2ns",
                                        "uniform:-",
                                        "Exp:1ns",
                                        "bimodal:1us-2us",
                                        "bimodal:1us:5%",
                                        "bimodal:2us-1us:5%",
                                        "bimodal:1us-2us:5",
                                        "bimodal:1us-2us:0.5%",
                                        "bimodal:1us-2us:100%",
                                        "bimodal:1us-2us:5%:5%"};
    struct delay delay;
    char text[DELAY_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(read_delay(right[i], &delay));
        assert_string_equal(format_delay(&delay, text), right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(read_delay(wrong[i], &delay));
    assert_true(read_delay("uniform:50ns-150ns", &delay));
    assert_float_equal(delay_mean(&delay), 100, 0);
    assert_true(read_delay("bimodal:100ns-20us:5%", &delay));
    assert_float_equal(delay_mean(&delay), 0.95 * 100 + 0.05 * 20000, 1e-9);
    assert_float_equal(delay_quantile(&delay, 0), 100, 0);
    assert_float_equal(delay_quantile(&delay, 0.9499), 100, 0);
    assert_float_equal(delay_quantile(&delay, 0.9501), 20000, 0);
}

static bool read_word(const char *item, void *argument, unsigned *value)
{
    (void)argument;
    if (strcmp(item, "max") != 0)
        return false;
    *value = 64;
    return true;
}

static void lists(void **state)
{
    static const unsigned expected[] = {1, 2, 4, 8, 12, 16, 64};
    static const char *const wrong[] = {"",
                                        "0",
                                        "-1",
                                        "abc",
                                        "1-",
                                        "-2",
                                        "1,,2",
                                        "1,",
                                        "3-1",
                                        "1-4:0",
                                        "1-4:",
                                        "101",
                                        "1-101",
                                        "1:2",
                                        "2x",
                                        "1 2",
                                        "99999999999999999999"};
    char culprit[32];
    size_t length;

    (void)state;
    unsigned *values =
        read_list("1,2,4-16:4,max", 1, 100, read_word, NULL, &length, culprit, sizeof culprit);
    assert_non_null(values);
    assert_int_equal(length, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(values[i], expected[i]);
    free(values);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(read_list(wrong[i], 1, 100, NULL, NULL, &length, culprit, sizeof culprit));
    assert_null(read_list("1,2,bad,4", 1, 100, NULL, NULL, &length, culprit, sizeof culprit));
    assert_string_equal(culprit, "bad");
    assert_null(read_list("1-70000", 0, 100000, NULL, NULL, &length, culprit, sizeof culprit));
}

static void nearest_names(void **state)
{
    static const char *const names[] = {"threads", "duration", "mcs", "tas"};

    (void)state;
    assert_string_equal(nearest_name("thraeds", names, 4), "threads");
    assert_string_equal(nearest_name("mcz", names, 4), "mcs");
    assert_null(nearest_name("parsecs", names, 4));
    assert_null(nearest_name("", names, 0));
    /* Two letters in the wrong order are one error, two that are missing are two. */
    static const char *const alike[] = {"nested", "seed", "model"};
    assert_string_equal(nearest_name("esed", alike, 3), "seed");
    assert_string_equal(nearest_name("nseted", alike, 3), "nested");
    assert_string_equal(nearest_name("modle", alike, 3), "model");
}

static void percents(void **state)
{
    static const char *const wrong[] = {"",    "2",      "%",    "-1%",  "101%", "2 %", "nan%",
                                        "2%%", "1.2.3%", "0x1%", "1e1%", "inf%", "+2%"};
    double percent = 7;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(read_percent(wrong[i], &percent));
    assert_float_equal(percent, 7, 0);
    assert_true(read_percent("0.5%", &percent));
    assert_float_equal(percent, 0.5, 1e-12);
    assert_true(read_percent("100%", &percent));
    assert_true(read_percent("0%", &percent));
    assert_float_equal(percent, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percents),      cmocka_unit_test(counts),
        cmocka_unit_test(times),         cmocka_unit_test(times_are_written_as_they_are_read),
        cmocka_unit_test(delays),        cmocka_unit_test(lists),
        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
