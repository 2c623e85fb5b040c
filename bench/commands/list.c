/* lockbench list: the catalogue. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench/commands/commands.h"
#include "bench/lock_spec.h"
#include "locks/catalogue.h"

struct settings {
    const char *family;
    bool json, markdown;
};

static const struct option_row options[] = {
    OPTION_TEXT("family", 'f', "NAME", "only the locks of that family, as in test-and-set",
                struct settings, family),
    OPTION_FLAG("json", 'j', "as JSON", struct settings, json),
    OPTION_FLAG("markdown", 'm', "as a table for a document", struct settings, markdown),
    {0},
};

static const char *order_of(uint32_t traits)
{
    return (traits & LOCK_FIFO) != 0 ? "fifo" : "unfair";
}

static const char *waiting_of(uint32_t traits)
{
    return (traits & LOCK_SPIN_THEN_YIELDS) != 0   ? "spin, yield"
           : (traits & LOCK_SPIN_THEN_SLEEPS) != 0 ? "spin, sleep"
           : (traits & LOCK_SLEEPS) != 0           ? "sleep"
           : (traits & LOCK_LOCAL_SPIN) != 0       ? "spin locally"
                                                   : "spin";
}

/* The remaining traits, as words; "-" when there are none. */
static const char *others_of(uint32_t traits, char text[128])
{
    static const struct {
        uint32_t trait;
        const char *word;
    } words[] = {
        {LOCK_SHARED, "shared"},
        {LOCK_DOWNGRADE, "downgrade"},
        {LOCK_TIMED, "timed"},
        {LOCK_NATIVE_ONLY, "native only"},
        {LOCK_ONE_PROCESS, "one process"},
        {LOCK_UNVERIFIED, "not verified"},
        {LOCK_BROKEN, "broken"},
    };

    text[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((traits & words[i].trait) != 0)
            snprintf(text + strlen(text), 128 - strlen(text), "%s%s", text[0] != '\0' ? ", " : "",
                     words[i].word);
    }
    return text[0] != '\0' ? text : "-";
}

/* `16`, or with what each thread adds, `128+128n`. */
static const char *bytes_of(const struct lock_ops *ops, char text[32])
{
    if (ops->size_per_thread == 0)
        snprintf(text, 32, "%zu", ops->size);
    else
        snprintf(text, 32, "%zu+%zun", ops->size, ops->size_per_thread);
    return text;
}

static void print_markdown(const struct lock_ops *ops)
{
    char others[128], bytes[32];

    printf("| `%s` | %s | %s | %s | %s | %zu | %s | %s |\n", ops->name, ops->family,
           order_of(ops->traits), waiting_of(ops->traits), bytes_of(ops, bytes), ops->context_size,
           others_of(ops->traits, others), ops->description);
}

/* A family's name stands once, before its locks. */
static void print_row(const struct lock_ops *ops, const char *family_before)
{
    char others[128], bytes[32];

    if (family_before == NULL || strcmp(family_before, ops->family) != 0)
        printf("%s\n", ops->family);
    printf("  %-22s  %-6s  %-12s %8s %8zu  %s\n", ops->name, order_of(ops->traits),
           waiting_of(ops->traits), bytes_of(ops, bytes), ops->context_size,
           others_of(ops->traits, others));
}

static json_t *describe_parameters(const struct lock_ops *ops)
{
    json_t *list = json_array();

    for (const struct lock_parameter *p = ops->parameters; p != NULL && p->name != NULL; p++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:I}", "name", p->name, "meaning",
                                        p->meaning, "unit", p->unit == LOCK_TIME ? "ns" : "count",
                                        "default", (json_int_t)p->usual));
    return list;
}

static json_t *describe_lock(const struct lock_ops *ops)
{
    const uint32_t traits = ops->traits;

    return json_pack(
        "{s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:i, s:o}",
        "name", ops->name, "alias", ops->alias, "family", ops->family, "description",
        ops->description, "source", ops->source, "order", order_of(traits), "waiting",
        waiting_of(traits), "shared", (traits & LOCK_SHARED) != 0, "downgrade",
        (traits & LOCK_DOWNGRADE) != 0, "timed", (traits & LOCK_TIMED) != 0, "native_only",
        (traits & LOCK_NATIVE_ONLY) != 0, "one_process", (traits & LOCK_ONE_PROCESS) != 0, "broken",
        (traits & LOCK_BROKEN) != 0, "lock_bytes", (int)ops->size, "lock_bytes_per_thread",
        (int)ops->size_per_thread, "context_bytes", (int)ops->context_size, "parameters",
        describe_parameters(ops));
}

static void print_parameter(const struct lock_parameter *p)
{
    char usual[PARAMETER_TEXT];

    printf("  parameter  %s: %s (default %s)\n", p->name, p->meaning,
           parameter_format(p, p->usual, usual));
}

/* One lock in words. */
static void print_lock(const struct lock_ops *ops)
{
    char others[128];

    printf("%s%s%s: %s\n", ops->name, ops->alias != NULL ? ", also " : "",
           ops->alias != NULL ? ops->alias : "", ops->description);
    printf("  family     %s\n  order      %s\n  waiting    %s\n  further    %s\n", ops->family,
           order_of(ops->traits), waiting_of(ops->traits), others_of(ops->traits, others));
    printf("  bytes      %zu a lock, and %zu for each thread; %zu a context\n", ops->size,
           ops->size_per_thread, ops->context_size);
    for (const struct lock_parameter *p = ops->parameters; p != NULL && p->name != NULL; p++)
        print_parameter(p);
    printf("  source     %s\n", ops->source);
}

static bool is_wanted(const struct lock_ops *ops, const struct settings *settings)
{
    char word[64];

    family_word(ops->family, word, sizeof word);
    return settings->family == NULL || strcmp(settings->family, word) == 0 ||
           strcmp(settings->family, ops->family) == 0;
}

static enum exit_code complain_unknown_family(const char *family)
{
    char words[512] = "", word[64];

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        family_word(lock_catalogue[i]->family, word, sizeof word);
        if (strstr(words, word) == NULL)
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s",
                     words[0] != '\0' ? ", " : "", word);
    }
    return complain(EXIT_USAGE, "no family of locks is named '%s': there are %s", family, words);
}

static void list_as_json(const struct settings *settings)
{
    json_t *locks = json_array();

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        if (is_wanted(lock_catalogue[i], settings))
            json_array_append_new(locks, describe_lock(lock_catalogue[i]));
    }
    json_dumpf(locks, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(locks);
}

static void list_as_table(const struct settings *settings)
{
    const char *family = NULL;

    if (settings->markdown)
        puts(
            "| lock | family | order | waiting | bytes | context | further | what it is |\n"
            "|---|---|---|---|---|---|---|---|");
    else
        printf("  %-22s  %-6s  %-12s %8s %8s  %s\n", "lock", "order", "waiting", "bytes", "context",
               "further");
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if (!is_wanted(ops, settings))
            continue;
        if (settings->markdown)
            print_markdown(ops);
        else
            print_row(ops, family);
        family = ops->family;
    }
}

static enum exit_code list_all(const struct settings *settings)
{
    unsigned wanted = 0;

    for (unsigned i = 0; i < lock_catalogue_size; i++)
        wanted += is_wanted(lock_catalogue[i], settings);
    if (wanted == 0)
        return complain_unknown_family(settings->family);
    if (settings->json)
        list_as_json(settings);
    else
        list_as_table(settings);
    return EXIT_FINE;
}

static enum exit_code list_main(int argc, char **argv)
{
    struct settings settings = {0};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_list, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words == 0)
        return list_all(&settings);
    for (int i = 1; i <= words && code == EXIT_FINE; i++) {
        struct lock_spec spec;
        code = lock_spec_read(argv[i], &spec);
        if (code == EXIT_FINE)
            print_lock(spec.ops);
    }
    return code;
}

const struct command command_list = {
    .name = "list",
    .summary = "the locks: family, order, how they wait, bytes",
    .usage = "[LOCK...] [options]",
    .text =
        "Lists every lock. With names, tells all about these: parameters, defaults, sources. "
        "order: fifo grants in the order of arrival. waiting: how a waiter waits. bytes and "
        "context: bytes of a lock (n: of its threads), and of what each acquisition keeps on the "
        "caller's stack.",
    .run = list_main,
    .options = options,
};
