#include "bench/signal_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/native/signals/catalogue.h"
#include "locks/catalogue.h"

static bool can(const struct signal_ops *ops, enum exchange exchange)
{
    return (ops->can & exchange_bit(exchange)) != 0;
}

/* "futex, eventfd, ..." */
static const char *names_for(enum exchange exchange, char text[512])
{
    text[0] = '\0';
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        if (can(signal_catalogue[i], exchange))
            snprintf(text + strlen(text), 512 - strlen(text), "%s%s", text[0] == '\0' ? "" : ", ",
                     signal_catalogue[i]->name);
    }
    return text;
}

static bool is_lock(const char *text)
{
    char name[LOCK_SPEC_TEXT];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ":"), text);
    return lock_find(name) != NULL;
}

static enum exit_code complain_of(const char *text, const struct signal_ops *ops,
                                  enum exchange exchange)
{
    const char *workload = exchange_traits(exchange)->name;
    char names[512];

    names_for(exchange, names);
    if (ops != NULL && ops->missing != NULL && can(ops, exchange))
        return complain(EXIT_USAGE, "'%s' can't be measured here: %s", text, ops->missing());
    if (ops != NULL)
        return complain(EXIT_USAGE, "'%s' can't do --workload %s: these can: %s", text, workload,
                        names);
    if (is_lock(text) || text[0] == '@')
        return complain(EXIT_USAGE,
                        "'%s' names locks, and --workload %s is about signals: there are %s", text,
                        workload, names);
    return complain(EXIT_USAGE, "nothing for --workload %s is named '%s': there are %s%s", workload,
                    text, names, exchange == EXCHANGE_HANDOFF ? ", and the locks" : "");
}

enum exit_code signal_spec_read(const char *text, enum exchange exchange, struct lock_spec *spec)
{
    const struct signal_ops *ops = signal_find(text);

    if (exchange == EXCHANGE_HANDOFF && ops == NULL && is_lock(text))
        return lock_spec_read(text, spec);
    if (ops == NULL || !can(ops, exchange) || (ops->missing != NULL && ops->missing() != NULL))
        return complain_of(text, ops, exchange);
    *spec = (struct lock_spec){.signal = ops};
    snprintf(spec->text, sizeof spec->text, "%s", ops->name);
    return EXIT_FINE;
}

static enum exit_code add(const struct lock_spec *spec, struct lock_spec **specs, size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*specs)[i].text, spec->text) == 0)
            return EXIT_FINE;
    }
    struct lock_spec *grown = realloc(*specs, (*count + 1) * sizeof *grown);
    if (grown == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    grown[(*count)++] = *spec;
    *specs = grown;
    return EXIT_FINE;
}

enum exit_code signal_specs_read(const char *text, enum exchange exchange, struct lock_spec **specs,
                                 size_t *count)
{
    enum exit_code code = EXIT_FINE;
    char *copy = strdup(text), *rest = copy, *item;

    if (copy == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (code == EXIT_FINE && (item = strsep(&rest, ",")) != NULL) {
        struct lock_spec spec;
        if (item[0] == '@' && exchange == EXCHANGE_HANDOFF) {
            code = lock_specs_read(item, specs, count);
            continue;
        }
        code = signal_spec_read(item, exchange, &spec);
        if (code == EXIT_FINE)
            code = add(&spec, specs, count);
    }
    free(copy);
    return code;
}

enum exit_code signal_specs_add_all(enum exchange exchange, bool quiet, struct lock_spec **specs,
                                    size_t *count)
{
    enum exit_code code = EXIT_FINE;

    for (unsigned i = 0; i < signal_catalogue_size && code == EXIT_FINE; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        const char *missing = ops->missing == NULL ? NULL : ops->missing();
        struct lock_spec spec = {.signal = ops};
        if (!can(ops, exchange))
            continue;
        snprintf(spec.text, sizeof spec.text, "%s", ops->name);
        if (missing == NULL)
            code = add(&spec, specs, count);
        else if (!quiet)
            say("left out: %s: %s", ops->name, missing);
    }
    return code;
}
