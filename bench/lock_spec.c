#include "bench/lock_spec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/native/signals/catalogue.h"
#include "bench/values.h"
#include "locks/catalogue.h"

enum { NAMES_MOST = 512 };

/* What a budget may be besides a time. */
static const char automatic[] = "auto";

static size_t all_names(const char *names[NAMES_MOST])
{
    size_t count = 0;

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        names[count++] = lock_catalogue[i]->name;
        if (lock_catalogue[i]->alias != NULL)
            names[count++] = lock_catalogue[i]->alias;
    }
    return count;
}

static enum exit_code complain_unknown_lock(const char *name)
{
    const char *names[NAMES_MOST];
    const char *nearest = nearest_name(name, names, all_names(names));

    if (signal_find(name) != NULL)
        return complain(EXIT_USAGE, "'%s' is no lock but a signal: add one of --workload %s", name,
                        EXCHANGE_NAMES);
    if (nearest != NULL)
        return complain(EXIT_USAGE, "no lock is named '%s': did you mean '%s'?", name, nearest);
    return complain(EXIT_USAGE, "no lock is named '%s': 'lockbench list' shows them all", name);
}

static enum exit_code complain_unknown_parameter(const struct lock_ops *ops, const char *name)
{
    char known[256] = "";

    if (ops->parameters == NULL)
        return complain(EXIT_USAGE, "the lock '%s' has no parameter '%s': it has none", ops->name,
                        name);
    for (const struct lock_parameter *p = ops->parameters; p->name != NULL; p++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
                 p == ops->parameters ? "" : ", ", p->name);
    return complain(EXIT_USAGE, "the lock '%s' has no parameter '%s': it has %s", ops->name, name,
                    known);
}

/* The one parameter that may be `auto`. */
static bool is_budget(const struct lock_parameter *p)
{
    return p->unit == LOCK_TIME && strcmp(p->name, "budget") == 0;
}

static enum exit_code complain_value(const struct lock_ops *ops, const struct lock_parameter *p,
                                     const char *value)
{
    char least[TIME_TEXT], most[TIME_TEXT];

    if (p->unit == LOCK_COUNT)
        return complain(EXIT_USAGE,
                        "%s of the lock '%s' can't be '%s': it is a number from %" PRIu64
                        " to %" PRIu64,
                        p->name, ops->name, value, p->least, p->most);
    return complain(EXIT_USAGE,
                    "%s of the lock '%s' can't be '%s': it is a time from %s to %s, as in 20us%s",
                    p->name, ops->name, value, format_time(p->least, least),
                    p->most == MACHINE_NEVER ? "1h, or inf" : format_time(p->most, most),
                    is_budget(p) ? ", or auto" : "");
}

static bool read_parameter_value(const struct lock_parameter *p, const char *text, uint64_t *value)
{
    uint64_t read;

    if (p->unit == LOCK_COUNT)
        return read_count(text, p->least, p->most, value);
    if (strcmp(text, "inf") == 0 && p->most == MACHINE_NEVER) {
        *value = MACHINE_NEVER;
        return true;
    }
    if (!read_time(text, &read) || read < p->least || read > p->most)
        return false;
    *value = read;
    return true;
}

_Static_assert((int)PARAMETER_TEXT >= (int)TIME_TEXT, "a time fits");

const char *parameter_format(const struct lock_parameter *parameter, uint64_t value,
                             char text[PARAMETER_TEXT])
{
    if (parameter->unit == LOCK_COUNT)
        snprintf(text, PARAMETER_TEXT, "%" PRIu64, value);
    else
        format_time_or_inf(value, text);
    return text;
}

/* Writes the canonical text: what was given, in the lock's own order, in canonical units. */
static void write_text(struct lock_spec *spec)
{
    int used = snprintf(spec->text, sizeof spec->text, "%s", spec->ops->name);

    for (int i = 0; spec->ops->parameters != NULL && spec->ops->parameters[i].name != NULL; i++) {
        const struct lock_parameter *p = &spec->ops->parameters[i];
        char value[PARAMETER_TEXT];
        if ((spec->given >> i & 1) == 0)
            continue;
        parameter_format(p, spec->parameters[i], value);
        used += snprintf(spec->text + used, sizeof spec->text - (size_t)used, ":%s=%s", p->name,
                         spec->automatic && is_budget(p) ? automatic : value);
    }
}

static enum exit_code read_parameter(struct lock_spec *spec, char *item)
{
    char *value = strchr(item, '=');

    if (value == NULL)
        return complain(EXIT_USAGE, "'%s' of the lock '%s' lacks a value: write %s=VALUE", item,
                        spec->ops->name, item[0] == '\0' ? "NAME" : item);
    *value++ = '\0';
    for (int i = 0; spec->ops->parameters != NULL && spec->ops->parameters[i].name != NULL; i++) {
        const struct lock_parameter *p = &spec->ops->parameters[i];
        if (strcmp(p->name, item) != 0)
            continue;
        if ((spec->given >> i & 1) != 0)
            return complain(EXIT_USAGE, "%s of the lock '%s' is given twice", p->name,
                            spec->ops->name);
        spec->given |= UINT32_C(1) << i;
        if (is_budget(p) && strcmp(value, automatic) == 0)
            spec->automatic = true;
        else if (!read_parameter_value(p, value, &spec->parameters[i]))
            return complain_value(spec->ops, p, value);
        return EXIT_FINE;
    }
    return complain_unknown_parameter(spec->ops, item);
}

/* Parameters that are fine one by one may not fit each other; the lock itself knows. */
static enum exit_code try_init(const struct lock_spec *spec)
{
    size_t size = spec->ops->size + spec->ops->size_per_thread;
    void *lock =
        aligned_alloc(MACHINE_APART, (size + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART);
    int error = lock == NULL ? ENOMEM : spec->ops->init(lock, 1, spec->parameters);

    if (error == 0)
        spec->ops->destroy(lock);
    free(lock);
    if (error == 0)
        return EXIT_FINE;
    return complain(error == EINVAL ? EXIT_USAGE : EXIT_MACHINE, "the lock '%s' can't be made: %s",
                    spec->text,
                    error == EINVAL ? "its parameters do not fit each other" : strerror(error));
}

enum exit_code lock_spec_read(const char *text, struct lock_spec *spec)
{
    char copy[LOCK_SPEC_TEXT];
    enum exit_code code = EXIT_FINE;

    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return complain(EXIT_USAGE, "a lock's name with its parameters is at most %d characters",
                        LOCK_SPEC_TEXT - 1);
    char *rest = copy, *item = strsep(&rest, ":");
    *spec = (struct lock_spec){.ops = lock_find(item)};
    if (spec->ops == NULL)
        return complain_unknown_lock(item);
    for (int i = 0; spec->ops->parameters != NULL && spec->ops->parameters[i].name != NULL; i++)
        spec->parameters[i] = spec->ops->parameters[i].usual;
    while (code == EXIT_FINE && (item = strsep(&rest, ":")) != NULL)
        code = read_parameter(spec, item);
    if (code != EXIT_FINE)
        return code;
    write_text(spec);
    return try_init(spec);
}

struct lock_spec lock_spec_with_budget(const struct lock_spec *spec, uint64_t budget_ns)
{
    struct lock_spec settled = *spec;

    if (!spec->automatic)
        return settled;
    for (int i = 0; spec->ops->parameters[i].name != NULL; i++) {
        if (is_budget(&spec->ops->parameters[i]))
            settled.parameters[i] = budget_ns;
    }
    settled.automatic = false;
    write_text(&settled);
    return settled;
}

enum exit_code lock_specs_refuse_auto(const struct lock_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].automatic)
            return complain(EXIT_USAGE,
                            "'%s' is for measuring, where the machine's profile says what auto "
                            "is: give a time here, as in budget=5us",
                            specs[i].text);
    }
    return EXIT_FINE;
}

void family_word(const char *family, char *word, size_t size)
{
    size_t i = 0;

    for (; family[i] != '\0' && i + 1 < size; i++)
        word[i] = family[i] == ' ' ? '-' : (char)tolower((unsigned char)family[i]);
    word[i] = '\0';
}

static bool is_first_of_family(unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (strcmp(lock_catalogue[i]->family, lock_catalogue[index]->family) == 0)
            return false;
    }
    return true;
}

const char *family_words(bool correct, char words[FAMILIES_TEXT])
{
    char word[64];

    words[0] = '\0';
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if (!is_first_of_family(i) || (correct && (ops->traits & LOCK_BROKEN) != 0))
            continue;
        family_word(ops->family, word, sizeof word);
        snprintf(words + strlen(words), FAMILIES_TEXT - strlen(words), "%s%s",
                 words[0] != '\0' ? ", " : "", word);
    }
    return words;
}

bool lock_is_of_family(const struct lock_ops *ops, const char *word)
{
    char own[64];

    if (strcmp(word, "nt") == 0)
        return ops->nt != NULL;
    family_word(ops->family, own, sizeof own);
    return strcmp(word, own) == 0;
}

static enum exit_code add_spec(const char *text, struct lock_spec **specs, size_t *count)
{
    struct lock_spec spec;
    enum exit_code code = lock_spec_read(text, &spec);

    if (code != EXIT_FINE)
        return code;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*specs)[i].text, spec.text) == 0)
            return EXIT_FINE;
    }
    struct lock_spec *grown = realloc(*specs, (*count + 1) * sizeof *grown);
    if (grown == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    grown[(*count)++] = spec;
    *specs = grown;
    return EXIT_FINE;
}

static bool is_in_group(const struct lock_ops *ops, const char *group)
{
    if ((ops->traits & LOCK_BROKEN) != 0)
        return false;
    return strcmp(group, "all") == 0 || lock_is_of_family(ops, group) ||
           (strcmp(group, "shared") == 0 && (ops->traits & LOCK_SHARED) != 0);
}

static enum exit_code complain_unknown_group(const char *group)
{
    char words[FAMILIES_TEXT];

    return complain(EXIT_USAGE, "no family of locks is named '%s': there are all, shared, %s",
                    group, family_words(true, words));
}

static enum exit_code add_group(const char *group, struct lock_spec **specs, size_t *count)
{
    bool found = false;

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        if (!is_in_group(lock_catalogue[i], group))
            continue;
        found = true;
        enum exit_code code = add_spec(lock_catalogue[i]->name, specs, count);
        if (code != EXIT_FINE)
            return code;
    }
    return found ? EXIT_FINE : complain_unknown_group(group);
}

enum exit_code lock_specs_read(const char *text, struct lock_spec **specs, size_t *count)
{
    enum exit_code code = EXIT_FINE;
    char *copy = strdup(text), *rest = copy, *item;

    if (copy == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (code == EXIT_FINE && (item = strsep(&rest, ",")) != NULL)
        code = item[0] == '@' ? add_group(item + 1, specs, count) : add_spec(item, specs, count);
    free(copy);
    return code;
}
