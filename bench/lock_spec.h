/* A lock as a person names it: `mcs`, `spin_park:budget=20us`, `@queue`. */
#ifndef BENCH_LOCK_SPEC_H
#define BENCH_LOCK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/message.h"
#include "locks/lock.h"

/* The longest canonical text of a specification, with its end. */
enum { LOCK_SPEC_TEXT = 128 };

struct signal_ops;

struct lock_spec {
    const struct lock_ops *ops;
    /* Under a workload of signals (bench/exchange.h): what is called instead, and `ops` is NULL. */
    const struct signal_ops *signal;
    uint64_t parameters[LOCK_PARAMETERS_MOST];
    uint32_t given; /* bit i: parameter i was */
    /* Its budget was given as `auto`, and stands as the lock's usual one: see
     * lock_spec_with_budget(). */
    bool automatic;
    /* The lock's own name and the parameters that were given, as they are recorded and shown: of
     * an alias, the lock that is really called. */
    char text[LOCK_SPEC_TEXT];
};

/* Reads one specification, `name` or `name:parameter=value:...`. Complains and returns EXIT_USAGE
 * when it can't. */
enum exit_code lock_spec_read(const char *text, struct lock_spec *spec);

/* The specification with that budget in the place of `auto`, also in its text. */
struct lock_spec lock_spec_with_budget(const struct lock_spec *spec, uint64_t budget_ns);

/* For who can't tell what `auto` is: complains and returns EXIT_USAGE when one of them has it. */
enum exit_code lock_specs_refuse_auto(const struct lock_spec *specs, size_t count);

/* Reads a list separated by commas of specifications, `@all` (every lock that is correct) and
 * `@family` (see lock_is_of_family(), or a trait such as `@shared`; those that are correct), and
 * adds what it names to the array, which it makes longer; a lock that stands there already is not
 * added twice. */
enum exit_code lock_specs_read(const char *text, struct lock_spec **specs, size_t *count);

/* The longest text of a parameter's value, with its end. */
enum { PARAMETER_TEXT = 24 };

/* Writes a value as a person writes it: `3`, `20us`, `inf`. Returns `text`. */
const char *parameter_format(const struct lock_parameter *parameter, uint64_t value,
                             char text[PARAMETER_TEXT]);

/* Whether the lock is of the family of that word; of `nt` is every lock that NT has, whatever the
 * family that it is listed under. */
bool lock_is_of_family(const struct lock_ops *ops, const char *word);

/* A family's name as it is written after `@`: without capitals, `-` for a blank. */
void family_word(const char *family, char *word, size_t size);

/* Room for the words of all families. */
enum { FAMILIES_TEXT = 512 };

/* The words of all families, or of those that begin with a correct lock, separated by commas.
 * Returns `words`. */
const char *family_words(bool correct, char words[FAMILIES_TEXT]);

#endif
