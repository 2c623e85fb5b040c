/* lockbench list: the catalogue. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench/commands/commands.h"
#include "bench/commands/list_signals.h"
#include "bench/json.h"
#include "bench/lock_spec.h"
#include "locks/catalogue.h"

struct settings {
    const char *family;
    bool signals, json, markdown;
};

static const struct option_row options[] = {
    OPTION_TEXT("family", 'f', "NAME",
                "only the locks of that family, as in test-and-set; nt: the NT primitives compared",
                struct settings, family),
    OPTION_FLAG("signals", 's', "what --workload signal and its kin are about, and no locks",
                struct settings, signals),
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

/* Room for the words of all traits. */
enum { TRAITS_TEXT = 128 };

/* Those of the traits that are neither order nor waiting, as words; "-" when there are none. */
static const char *words_of(uint32_t traits, char text[TRAITS_TEXT])
{
    static const struct {
        uint32_t trait;
        const char *word;
    } words[] = {
        {LOCK_SHARED, "shared"},
        {LOCK_READERS_RETRY, "readers retry"},
        {LOCK_READERS_BESIDE_WRITER, "beside a writer"},
        {LOCK_DOWNGRADE, "downgrade"},
        {LOCK_TIMED, "timed"},
        {LOCK_RECURSIVE, "recursive"},
        {LOCK_OWNER_CHECKED, "checked"},
        {LOCK_NATIVE_ONLY, "native only"},
        {LOCK_ONE_PROCESS, "one process"},
        {LOCK_UNVERIFIED, "not verified"},
        {LOCK_BROKEN, "broken"},
    };

    text[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((traits & words[i].trait) != 0)
            snprintf(text + strlen(text), TRAITS_TEXT - strlen(text), "%s%s",
                     text[0] != '\0' ? ", " : "", words[i].word);
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

/* What an article compares of an NT primitive: whether it may be taken again, shared, waited for
 * with a limit. */
static const char *nt_offers_of(uint32_t traits, char text[TRAITS_TEXT])
{
    return words_of(traits & (LOCK_SHARED | LOCK_TIMED | LOCK_RECURSIVE), text);
}

static void print_nt_markdown(const struct lock_ops *ops)
{
    char offers[TRAITS_TEXT], bytes[32];

    printf("| `%s` | %s | %s | %s | %s | %s | %s | %zu | %s |\n", ops->name, ops->nt->name,
           waiting_of(ops->traits), ops->nt->irql, order_of(ops->traits),
           nt_offers_of(ops->traits, offers), bytes_of(ops, bytes), ops->context_size,
           ops->nt->use);
}

static void print_nt_row(const struct lock_ops *ops)
{
    char offers[TRAITS_TEXT], bytes[32];

    printf("%-26s %-22s %-12s %-16s %-6s %-17s %8s %7zu %s\n", ops->name, ops->nt->name,
           waiting_of(ops->traits), ops->nt->irql, order_of(ops->traits),
           nt_offers_of(ops->traits, offers), bytes_of(ops, bytes), ops->context_size,
           ops->nt->use);
}

static void print_markdown(const struct lock_ops *ops)
{
    char others[TRAITS_TEXT], bytes[32];

    printf("| `%s` | %s | %s | %s | %s | %zu | %s | %s |\n", ops->name, ops->family,
           order_of(ops->traits), waiting_of(ops->traits), bytes_of(ops, bytes), ops->context_size,
           words_of(ops->traits, others), ops->description);
}

/* A family's name stands once, before its locks. */
static void print_row(const struct lock_ops *ops, const char *family_before)
{
    char others[TRAITS_TEXT], bytes[32];

    if (family_before == NULL || strcmp(family_before, ops->family) != 0)
        printf("%s\n", ops->family);
    printf("  %-26s  %-6s  %-12s %8s %8zu  %s\n", ops->name, order_of(ops->traits),
           waiting_of(ops->traits), bytes_of(ops, bytes), ops->context_size,
           words_of(ops->traits, others));
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

/* NULL, which is JSON's null here, for a lock that NT has none like. */
static json_t *describe_nt(const struct lock_nt *nt)
{
    return nt == NULL
               ? NULL
               : json_pack("{s:s, s:s, s:s}", "name", nt->name, "irql", nt->irql, "use", nt->use);
}

static void describe_traits(json_t *lock, uint32_t traits)
{
    static const struct {
        const char *field;
        uint32_t trait;
    } fields[] = {
        {"shared", LOCK_SHARED},
        {"downgrade", LOCK_DOWNGRADE},
        {"timed", LOCK_TIMED},
        {"recursive", LOCK_RECURSIVE},
        {"owner_checked", LOCK_OWNER_CHECKED},
        {"native_only", LOCK_NATIVE_ONLY},
        {"one_process", LOCK_ONE_PROCESS},
        {"broken", LOCK_BROKEN},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        json_object_set_new(lock, fields[i].field, json_boolean(traits & fields[i].trait));
}

static json_t *describe_lock(const struct lock_ops *ops)
{
    json_t *lock = json_pack("{s:s, s:s?, s:s, s:s, s:s, s:o?, s:s, s:s}", "name", ops->name,
                             "alias", ops->alias, "family", ops->family, "description",
                             ops->description, "source", ops->source, "nt", describe_nt(ops->nt),
                             "order", order_of(ops->traits), "waiting", waiting_of(ops->traits));

    describe_traits(lock, ops->traits);
    json_object_set_new(lock, "stats", json_boolean(ops->stats != NULL));
    json_object_set_new(lock, "lock_bytes", json_integer((json_int_t)ops->size));
    json_object_set_new(lock, "lock_bytes_per_thread",
                        json_integer((json_int_t)ops->size_per_thread));
    json_object_set_new(lock, "context_bytes", json_integer((json_int_t)ops->context_size));
    json_object_set_new(lock, "parameters", describe_parameters(ops));
    return lock;
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
    char others[TRAITS_TEXT];

    printf("%s%s%s: %s\n", ops->name, ops->alias != NULL ? ", also " : "",
           ops->alias != NULL ? ops->alias : "", ops->description);
    printf("  family     %s\n  order      %s\n  waiting    %s\n  further    %s\n", ops->family,
           order_of(ops->traits), waiting_of(ops->traits), words_of(ops->traits, others));
    printf("  bytes      %zu a lock, and %zu for each thread; %zu a context\n", ops->size,
           ops->size_per_thread, ops->context_size);
    for (const struct lock_parameter *p = ops->parameters; p != NULL && p->name != NULL; p++)
        print_parameter(p);
    if (ops->nt != NULL)
        printf("  NT         %s, at IRQL %s: %s\n", ops->nt->name, ops->nt->irql, ops->nt->use);
    printf("  source     %s\n", ops->source);
}

static bool is_wanted(const struct lock_ops *ops, const struct settings *settings)
{
    return settings->family == NULL || lock_is_of_family(ops, settings->family) ||
           strcmp(settings->family, ops->family) == 0;
}

static enum exit_code complain_unknown_family(const char *family)
{
    char words[FAMILIES_TEXT];

    return complain(EXIT_USAGE, "no family of locks is named '%s': there are %s", family,
                    family_words(false, words));
}

static void list_as_json(const struct settings *settings)
{
    json_t *locks = json_array();

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        if (is_wanted(lock_catalogue[i], settings))
            json_array_append_new(locks, describe_lock(lock_catalogue[i]));
    }
    json_print(locks, 12);
}

static void print_headings(const struct settings *settings, bool nt)
{
    if (settings->markdown)
        puts(nt ? "| lock | NT | waiting | IRQL | order | offers | bytes | context | use |\n"
                  "|---|---|---|---|---|---|---|---|---|"
                : "| lock | family | order | waiting | bytes | context | further | what it is |\n"
                  "|---|---|---|---|---|---|---|---|");
    else if (nt)
        printf("%-26s %-22s %-12s %-16s %-6s %-17s %8s %7s %s\n", "lock", "NT", "waiting", "IRQL",
               "order", "offers", "bytes", "context", "use");
    else
        printf("  %-26s  %-6s  %-12s %8s %8s  %s\n", "lock", "order", "waiting", "bytes", "context",
               "further");
}

static void list_as_table(const struct settings *settings)
{
    const bool nt = settings->family != NULL && strcmp(settings->family, "nt") == 0;
    const char *family = NULL;

    print_headings(settings, nt);
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if (!is_wanted(ops, settings))
            continue;
        if (nt)
            settings->markdown ? print_nt_markdown(ops) : print_nt_row(ops);
        else
            settings->markdown ? print_markdown(ops) : print_row(ops, family);
        family = ops->family;
    }
    if ((nt || settings->family == NULL) && !settings->markdown)
        list_signals_as_table();
}

static enum exit_code list_signals(const struct settings *settings)
{
    if (settings->family != NULL)
        return complain(EXIT_USAGE,
                        "--signals and --family do not go together: only locks have "
                        "families");
    if (settings->json)
        list_signals_as_json();
    else if (settings->markdown)
        list_signals_as_markdown();
    else
        list_signals_as_table();
    return EXIT_FINE;
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
        return settings.signals ? list_signals(&settings) : list_all(&settings);
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
        "Lists every lock, and behind them the signals: what --workload signal and its kin "
        "measure. "
        "With names, tells all about these: parameters, defaults, sources. "
        "order: fifo grants in the order of arrival. waiting: how a waiter waits. bytes and "
        "context: bytes of a lock (n: of its threads), and of what each acquisition keeps on the "
        "caller's stack. With --family nt the table compares what NT has, under whatever family "
        "it is listed otherwise: IRQL is the level at which the holder runs there.",
    .run = list_main,
    .options = options,
};
