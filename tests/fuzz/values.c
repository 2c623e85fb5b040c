/* Values of options: what is read is within its bounds, and what can be written comes back. The
 * first word chooses the reader. */
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

#include "bench/machine.h"
#include "bench/processes.h"
#include "bench/sim/parameters.h"
#include "bench/values.h"
#include "bench/workload.h"

FUZZ_QUIETLY

static void time_value(const char *text)
{
    uint64_t ns, again;
    char written[TIME_TEXT];

    if (!read_time(text, &ns))
        return;
    fuzz_require(ns <= 3600000000000u);
    fuzz_require(read_time(format_time(ns, written), &again) && again == ns);
}

static void delay_value(const char *text)
{
    struct delay delay, again;
    char written[DELAY_TEXT];

    if (!read_delay(text, &delay))
        return;
    fuzz_require(delay.low_ns <= delay.high_ns && delay.high_ns <= 1000000000);
    fuzz_require(read_delay(format_delay(&delay, written), &again));
    fuzz_require(again.kind == delay.kind && again.low_ns == delay.low_ns &&
                 again.high_ns == delay.high_ns);
}

static void list_value(const char *text)
{
    char culprit[8];
    size_t length;
    unsigned *values = read_list(text, 2, 1000, NULL, NULL, &length, culprit, sizeof culprit);

    fuzz_require(values == NULL || length > 0);
    for (size_t i = 0; values != NULL && i < length; i++)
        fuzz_require(values[i] >= 2 && values[i] <= 1000);
    free(values);
}

static void number_values(const char *text)
{
    uint64_t count;
    double percent;
    unsigned processes;

    fuzz_require(!read_count(text, 3, 70, &count) || (count >= 3 && count <= 70));
    fuzz_require(!read_percent(text, &percent) || (percent >= 0 && percent <= 100));
    fuzz_require(!processes_read(text, &processes) || processes <= PROCESSES_MOST);
}

static void model_value(const char *text)
{
    struct sim_parameters parameters = sim_parameters_default(), again;

    if (sim_parameters_read(text, &parameters) != EXIT_FINE)
        return;
    json_t *object = sim_parameters_to_json(&parameters);
    fuzz_require(sim_parameters_from_json(object, &again));
    fuzz_require(memcmp(&parameters, &again, sizeof again) == 0);
    json_decref(object);
}

static void named_values(const char *text)
{
    struct workload workload = workload_default();
    struct machine machine = machine_native();
    const char *const names[] = {"threads", "repetitions", "", text};

    workload_preset(text, &workload);
    irql_find(text, &workload.irql);
    machine_read(text, &machine);
    nearest_name(text, names, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *value = strchr(text, ' ');

    /* Which reader, then its value, so that the kept inputs can be read. */
    if (value != NULL) {
        *value++ = '\0';
        if (strcmp(text, "time") == 0)
            time_value(value);
        else if (strcmp(text, "delay") == 0)
            delay_value(value);
        else if (strcmp(text, "list") == 0)
            list_value(value);
        else if (strcmp(text, "number") == 0)
            number_values(value);
        else if (strcmp(text, "model") == 0)
            model_value(value);
        else
            named_values(value);
    }
    free(text);
    return 0;
}
