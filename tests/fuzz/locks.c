/* Names of locks with their parameters, and of signals: what is read comes back from its own text,
 * with the same parameters. */
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

#include "bench/lock_spec.h"
#include "bench/signal_spec.h"

FUZZ_QUIETLY

static void require_same_again(const struct lock_spec *spec)
{
    struct lock_spec again;

    fuzz_require(strlen(spec->text) < LOCK_SPEC_TEXT);
    fuzz_require(lock_spec_read(spec->text, &again) == EXIT_FINE);
    fuzz_require(again.ops == spec->ops && strcmp(again.text, spec->text) == 0);
    fuzz_require(memcmp(again.parameters, spec->parameters, sizeof again.parameters) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct lock_spec *specs = NULL, *signals = NULL;
    size_t count = 0, signals_count = 0;

    if (lock_specs_read(text, &specs, &count) == EXIT_FINE) {
        for (size_t i = 0; i < count; i++)
            require_same_again(&specs[i]);
    }
    for (enum exchange exchange = EXCHANGE_SIGNAL; exchange <= EXCHANGE_HANDOFF; exchange++)
        signal_specs_read(text, exchange, &signals, &signals_count);
    free(specs);
    free(signals);
    free(text);
    return 0;
}
