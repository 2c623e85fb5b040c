/* lockbench check: every interleaving and every weak-memory outcome of a lock under small clients.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/check/mutate.h"
#include "bench/check/session.h"
#include "bench/commands/commands.h"
#include "bench/interrupt.h"
#include "bench/json.h"
#include "bench/values.h"
#include "bench/virtual/site.h"
#include "locks/catalogue.h"
#include "locks/plugin.h"

/* The bound of a client that may take a night, unless told. */
static const uint64_t deep_bound = 100000000;

struct settings {
    struct lock_spec *locks;
    size_t locks_count;
    bool named;                  /* the locks were asked for, not taken because nobody asked */
    const struct client *client; /* NULL: all that are not deep */
    const char *plugin, *replay;
    const char *plugin_lock; /* the name that was given beside the plugin, or NULL */
    uint64_t bound;          /* executions; 0: the usual */
    bool deep, mutate, json, quiet;
};

static enum exit_code set_locks(void *settings, const struct option_row *row, const char *value)
{
    struct settings *all = settings;

    (void)row;
    return lock_specs_read(value, &all->locks, &all->locks_count);
}

static enum exit_code set_client(void *settings, const struct option_row *row, const char *value)
{
    const struct client **client = option_field(settings, row);
    char names[256] = "";
    size_t used = 0;

    *client = client_find(value);
    if (*client != NULL)
        return EXIT_FINE;
    for (unsigned i = 0; i < check_clients_count; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ",
                                 check_clients[i].name);
    return complain(EXIT_USAGE, "--client can't be '%s': there are %s", value, names);
}

static enum exit_code set_bound(void *settings, const struct option_row *row, const char *value)
{
    if (!read_count(value, 1, INT64_MAX, option_field(settings, row)))
        return complain(EXIT_USAGE, "--bound can't be '%s': it is a whole number of executions",
                        value);
    return EXIT_FINE;
}

static const struct option_row options[] = {
    OPTION("locks", 'l', "LIST", "locks, as in mcs,@queue", set_locks, struct settings, locks),
    OPTION("client", 'c', "NAME", "only this client, of those above", set_client, struct settings,
           client),
    OPTION("bound", 'b', "N",
           "at most so many executions of a client (default: all, and 100 million of a deep one)",
           set_bound, struct settings, bound),
    OPTION_FLAG("deep", 'd', "larger clients as well; a night's work", struct settings, deep),
    OPTION_FLAG("mutate", 'm', "weaken every memory order, one at a time: is it noticed?",
                struct settings, mutate),
    OPTION_TEXT("plugin", 'P', "FILE", "a lock from outside, see locks/plugin.h", struct settings,
                plugin),
    OPTION_TEXT("replay", 'r', "FILE", "play again what was found, step by step", struct settings,
                replay),
    OPTION_FLAG("json", 'j', "as JSON", struct settings, json),
    OPTION_FLAG("quiet", 'q', "no progress and no notes", struct settings, quiet),
    {0},
};

/* What becomes of all of it. */
struct outcomes {
    json_t *cells;
    unsigned found, bounded, noticed, unnoticed, explained;
};

/* ---- progress ---- */

static bool show_session(const struct session *session, void *argument)
{
    char what[LOCK_SPEC_TEXT + 96];

    (void)argument;
    snprintf(what, sizeof what, "%s, %s: %" PRIu64 " executions, %.0f s", session->lock,
             session->scene.client->name, session->explorer.complete, session->seconds);
    progress_note(what);
    return !interrupted();
}

static bool show_mutants(unsigned done, unsigned all, void *argument)
{
    char what[LOCK_SPEC_TEXT + 64];

    snprintf(what, sizeof what, "%s: order %u of %u", (const char *)argument, done + 1, all);
    progress_note(what);
    return !interrupted();
}

/* ---- the table ---- */

static const char *verdict_text(const struct session *session, char text[96])
{
    switch (session->verdict) {
    case CHECK_ALL_EXPLORED:
        return "all explored";
    case CHECK_BOUNDED:
        snprintf(text, 96, "bounded at %" PRIu64 ", no violation found",
                 session->explorer.complete + session->explorer.pruned);
        return text;
    case CHECK_FOUND:
        snprintf(text, 96, "WRONG: %s", session->explorer.property);
        return text;
    case CHECK_NO_ROOM:
        snprintf(text, 96, "WRONG: too many %s; does it poll instead of awaiting?",
                 session->explorer.model.overflow);
        return text;
    case CHECK_INTERRUPTED:
        break;
    }
    return "interrupted";
}

/* The one that was wrong did not come to its end, but it was looked at. */
static uint64_t executions_of(const struct session *session)
{
    bool wrong = session->verdict == CHECK_FOUND || session->verdict == CHECK_NO_ROOM;

    return session->explorer.complete + (wrong ? 1 : 0);
}

static void print_head(void)
{
    printf("%-16s %-13s %12s %9s  %s\n", "lock", "client", "executions", "s", "verdict");
}

static void add_cell(const struct settings *settings, const struct session *session,
                     struct outcomes *outcomes)
{
    static const char *const verdicts[] = {"all", "bounded", "violation", "no room", "interrupted"};
    char text[96];

    if (!settings->json)
        printf("%-16s %-13s %12" PRIu64 " %9.2f  %s\n", session->lock, session->scene.client->name,
               executions_of(session), session->seconds, verdict_text(session, text));
    fflush(stdout);
    json_array_append_new(
        outcomes->cells,
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:s*, s:s*}", "lock", session->lock, "client",
                  session->scene.client->name, "verdict", verdicts[session->verdict], "executions",
                  (json_int_t)executions_of(session), "pruned",
                  (json_int_t)session->explorer.pruned, "seconds", session->seconds, "property",
                  session->explorer.property, "detail",
                  session->explorer.property == NULL ? NULL : session->explorer.violation));
}

/* ---- what was found ---- */

/* Saves the choices under a name that is free. */
static enum exit_code save_replay(const struct session *session)
{
    char name[256];
    int length = (int)strcspn(session->lock, ":");

    for (unsigned i = 1; i < 1000; i++) {
        if (i == 1)
            snprintf(name, sizeof name, "check-%.*s-%s.json", length, session->lock,
                     session->scene.client->name);
        else
            snprintf(name, sizeof name, "check-%.*s-%s-%u.json", length, session->lock,
                     session->scene.client->name, i);
        if (access(name, F_OK) == 0)
            continue;
        json_t *object = session_to_json(session);
        bool written = json_dump_file(object, name, JSON_COMPACT) == 0;
        json_decref(object);
        if (!written)
            return complain(EXIT_MACHINE, "'%s' can't be written: %s", name, strerror(errno));
        say("to play it again: lockbench check --replay %s", name);
        return EXIT_FINE;
    }
    return EXIT_FINE;
}

static enum exit_code judge(const struct settings *settings, const struct session *session,
                            struct outcomes *outcomes)
{
    add_cell(settings, session, outcomes);
    if (session->verdict == CHECK_INTERRUPTED)
        return EXIT_INTERRUPTED;
    outcomes->bounded += session->verdict == CHECK_BOUNDED &&
                         !client_is_deep(session->scene.client, session->scene.ops);
    if (session->verdict != CHECK_FOUND && session->verdict != CHECK_NO_ROOM)
        return EXIT_FINE;
    outcomes->found++;
    if (!settings->json)
        session_print(session, stdout);
    return settings->plugin == NULL && session->verdict == CHECK_FOUND ? save_replay(session)
                                                                       : EXIT_FINE;
}

static enum exit_code check_client(const struct settings *settings, const struct subject *subject,
                                   const struct client *client, struct outcomes *outcomes)
{
    struct session *session = session_new(subject, client);
    uint64_t bound = settings->bound != 0                   ? settings->bound
                     : client_is_deep(client, subject->ops) ? deep_bound
                                                            : 0;

    if (session == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    session_explore(session, bound, show_session, NULL);
    progress_wipe();
    enum exit_code code = session->scene.refused != NULL
                              ? complain(EXIT_MACHINE, "%s can't be made for %u threads: %s",
                                         subject->name, client->threads, session->scene.refused)
                              : judge(settings, session, outcomes);
    session_free(session);
    return code;
}

/* The clients in turn, up to the first that finds something. */
static enum exit_code check_lock(const struct settings *settings, const struct subject *subject,
                                 struct outcomes *outcomes)
{
    unsigned found = outcomes->found;
    enum exit_code code = EXIT_FINE;

    for (unsigned i = 0; i < check_clients_count && code == EXIT_FINE; i++) {
        const struct client *client = &check_clients[i];
        if (!session_fits(subject->ops, client) || outcomes->found > found)
            continue;
        if (settings->client != NULL ? settings->client != client
                                     : client_is_deep(client, subject->ops) && !settings->deep)
            continue;
        code = check_client(settings, subject, client, outcomes);
    }
    return code;
}

/* ---- mutation ---- */

static void print_mutant(const struct subject *subject, const struct mutant *mutant)
{
    char place[SITE_TEXT], change[48];

    site_describe(mutant->mutation.site, place);
    snprintf(change, sizeof change, "%s -> %s%s", site_order_name(mutant->from),
             site_order_name(mutant->mutation.order),
             mutant->mutation.failure ? ", on failure" : "");
    printf("%-16s %-34s %-26s ", subject->name, place, change);
    if (mutant->noticed)
        printf("%s: %s\n", mutant->client, mutant->property);
    else if (mutant->argument != NULL)
        printf("not noticed, explained: %s\n", mutant->argument);
    else
        printf("NOT NOTICED\n");
}

static enum exit_code mutate_lock(const struct settings *settings, const struct subject *subject,
                                  struct outcomes *outcomes)
{
    struct mutants mutants;
    const uint64_t usual_bound = 1000000;
    bool made = mutate(subject, settings->bound != 0 ? settings->bound : usual_bound, show_mutants,
                       (void *)subject->name, &mutants);

    progress_wipe();
    if (made && mutants.wrong) {
        free(mutants.list);
        return complain(EXIT_NEGATIVE, "%s is wrong as it is: check it without --mutate first",
                        subject->name);
    }
    for (size_t i = 0; made && i < mutants.count; i++) {
        const struct mutant *mutant = &mutants.list[i];
        char place[SITE_TEXT];
        outcomes->noticed += mutant->noticed;
        outcomes->explained += !mutant->noticed && mutant->argument != NULL;
        outcomes->unnoticed += !mutant->noticed && mutant->argument == NULL;
        if (!settings->json)
            print_mutant(subject, mutant);
        site_describe(mutant->mutation.site, place);
        json_array_append_new(
            outcomes->cells,
            json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s*, s:s*, s:s*}", "lock", subject->name,
                      "place", place, "from", site_order_name(mutant->from), "to",
                      site_order_name(mutant->mutation.order), "failure", mutant->mutation.failure,
                      "noticed", mutant->noticed, "client", mutant->client, "property",
                      mutant->property, "argument", mutant->argument));
    }
    free(mutants.list);
    if (made)
        return EXIT_FINE;
    return interrupted() ? EXIT_INTERRUPTED : complain(EXIT_MACHINE, "out of memory");
}

static void print_score(const struct outcomes *outcomes)
{
    unsigned all = outcomes->noticed + outcomes->unnoticed;

    printf("\n%u of %u weakened orders noticed (%.0f%%), %u more explained\n", outcomes->noticed,
           all, all == 0 ? 100.0 : 100.0 * outcomes->noticed / all, outcomes->explained);
}

/* ---- which locks ---- */

static enum exit_code load_plugin(const char *name, const struct lock_plugin **plugin)
{
    char path[4096];

    /* Without a slash, it would be looked for among the system's libraries. */
    snprintf(path, sizeof path, "%s%s", strchr(name, '/') == NULL ? "./" : "", name);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        return complain(EXIT_USAGE, "the plugin can't be loaded: %s", dlerror());
    *plugin = dlsym(object, "lockbench_plugin_v1");
    if (*plugin == NULL)
        return complain(EXIT_USAGE, "'%s' is no plugin: it has no LOCK_PLUGIN", name);
    if ((*plugin)->abi != LOCK_PLUGIN_ABI)
        return complain(EXIT_USAGE,
                        "'%s' was built for version %u of the interface, this is %d: build it "
                        "again",
                        name, (*plugin)->abi, LOCK_PLUGIN_ABI);
    if ((*plugin)->virtual_ops == NULL)
        return complain(EXIT_USAGE,
                        "'%s' was built for real cores: build it with -DMACHINE_VIRTUAL", name);
    return EXIT_FINE;
}

/* What the explorer would call or read. */
static enum exit_code check_entries(const char *name, const struct lock_ops *ops)
{
    const char *missing = ops->name == NULL          ? "name"
                          : ops->size == 0           ? "size"
                          : ops->init == NULL        ? "init"
                          : ops->acquire == NULL     ? "acquire"
                          : ops->try_acquire == NULL ? "try_acquire"
                          : ops->release == NULL     ? "release"
                          : ops->is_idle == NULL     ? "is_idle"
                                                     : NULL;

    if (missing == NULL)
        return EXIT_FINE;
    return complain(EXIT_USAGE, "the lock in '%s' has no .%s in its vtable", name, missing);
}

static enum exit_code check_subject(const struct settings *settings, const struct subject *subject,
                                    struct outcomes *outcomes)
{
    return settings->mutate ? mutate_lock(settings, subject, outcomes)
                            : check_lock(settings, subject, outcomes);
}

static enum exit_code check_plugin(const struct settings *settings, struct outcomes *outcomes)
{
    const struct lock_plugin *plugin;
    uint64_t parameters[LOCK_PARAMETERS_MOST] = {0};
    enum exit_code code = load_plugin(settings->plugin, &plugin);

    if (code != EXIT_FINE)
        return code;
    const struct lock_ops *ops = plugin->virtual_ops;
    code = check_entries(settings->plugin, ops);
    if (code != EXIT_FINE)
        return code;
    if (settings->plugin_lock != NULL && strcmp(settings->plugin_lock, ops->name) != 0)
        return complain(EXIT_USAGE, "the lock in '%s' is '%s', not '%s'", settings->plugin,
                        ops->name, settings->plugin_lock);
    for (int i = 0; ops->parameters != NULL && ops->parameters[i].name != NULL; i++)
        parameters[i] = ops->parameters[i].usual;
    return check_subject(settings, &(struct subject){ops->name, ops, parameters}, outcomes);
}

static enum exit_code check_catalogue(const struct settings *settings, struct outcomes *outcomes)
{
    enum exit_code code = EXIT_FINE;
    size_t checked = 0;

    for (size_t i = 0; i < settings->locks_count && code == EXIT_FINE; i++) {
        const struct lock_spec *spec = &settings->locks[i];
        const struct lock_ops *ops = lock_virtual(spec->ops);
        const char *why = ops == NULL                            ? "it runs on real cores only"
                          : (ops->traits & LOCK_UNVERIFIED) != 0 ? "it promises nothing"
                                                                 : NULL;
        if (why != NULL) {
            if (!settings->quiet && settings->named)
                say("%s is left out: %s", spec->text, why);
            continue;
        }
        checked++;
        code =
            check_subject(settings, &(struct subject){spec->text, ops, spec->parameters}, outcomes);
    }
    if (code == EXIT_FINE && checked == 0)
        return complain(EXIT_USAGE, "no lock is left to check");
    return code;
}

/* ---- replays ---- */

static enum exit_code replay_on(const char *name, const json_t *object,
                                const struct lock_spec *spec)
{
    const struct client *client = session_client(object);
    const struct lock_ops *ops = lock_virtual(spec->ops);

    if (client == NULL)
        return complain(EXIT_USAGE, "the replay '%s' names a client that there is not", name);
    if (ops == NULL || !session_fits(ops, client))
        return complain(EXIT_USAGE, "the replay '%s' is of another lock: %s can't be under %s",
                        name, spec->text, client->name);
    struct session *session =
        session_new(&(struct subject){spec->text, ops, spec->parameters}, client);
    if (session == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    enum exit_code code = session_replay(session, name, object);
    if (code == EXIT_FINE) {
        session_print(session, stdout);
        code = EXIT_NEGATIVE;
    }
    session_free(session);
    return code;
}

static enum exit_code replay(const char *name)
{
    json_error_t error;
    json_t *object = json_load_file(name, 0, &error);
    struct lock_spec spec;
    enum exit_code code = EXIT_FINE;

    if (object == NULL)
        return complain(EXIT_USAGE, "the replay '%s' can't be read: %s", name,
                        access(name, R_OK) != 0 ? strerror(errno) : error.text);
    const char *lock = json_string_value(json_object_get(object, "lock"));
    if (lock == NULL)
        code = complain(EXIT_USAGE, "the replay '%s' is none: it names no lock", name);
    if (code == EXIT_FINE)
        code = lock_spec_read(lock, &spec);
    if (code == EXIT_FINE)
        code = lock_specs_refuse_auto(&spec, 1);
    if (code == EXIT_FINE)
        code = replay_on(name, object, &spec);
    json_decref(object);
    return code;
}

/* ---- the command ---- */

static enum exit_code check_all(struct settings *settings)
{
    struct outcomes outcomes = {.cells = json_array()};
    enum exit_code code = EXIT_FINE;

    settings->named = settings->locks_count > 0;
    if (!settings->named && settings->plugin == NULL)
        code = lock_specs_read("@all", &settings->locks, &settings->locks_count);
    if (code == EXIT_FINE)
        code = lock_specs_refuse_auto(settings->locks, settings->locks_count);
    interrupt_catch();
    progress_enable(!settings->quiet);
    if (code == EXIT_FINE && !settings->json && !settings->mutate)
        print_head();
    if (code == EXIT_FINE)
        code = settings->plugin != NULL ? check_plugin(settings, &outcomes)
                                        : check_catalogue(settings, &outcomes);
    if (code == EXIT_FINE && json_array_size(outcomes.cells) == 0 && settings->client != NULL)
        code = complain(EXIT_USAGE, "the client '%s' fits none of these locks",
                        settings->client->name);
    if (settings->json && code != EXIT_USAGE) {
        json_t *all = json_pack("{s:O}", settings->mutate ? "orders" : "cells", outcomes.cells);
        json_print(all, 6);
    } else if (settings->mutate && code == EXIT_FINE) {
        print_score(&outcomes);
    }
    json_decref(outcomes.cells);
    if (code == EXIT_FINE && outcomes.bounded > 0) {
        say("%u exploration%s ended at the bound and proved nothing", outcomes.bounded,
            outcomes.bounded == 1 ? "" : "s");
        code = EXIT_NEGATIVE;
    }
    return code == EXIT_FINE && (outcomes.found > 0 || outcomes.unnoticed > 0) ? EXIT_NEGATIVE
                                                                               : code;
}

/* What would not do what it says beside the others. */
static enum exit_code check_options(const struct settings *settings, int words)
{
    if (settings->replay != NULL &&
        (words > 0 || settings->locks_count > 0 || settings->plugin != NULL))
        return complain(EXIT_USAGE, "--replay says itself which lock it is of: name none");
    if (settings->replay != NULL && (settings->mutate || settings->json))
        return complain(EXIT_USAGE, "--replay and --%s do not go together",
                        settings->mutate ? "mutate" : "json");
    if (settings->mutate && settings->client != NULL)
        return complain(EXIT_USAGE,
                        "--mutate and --client do not go together: any client may notice");
    if (settings->plugin != NULL && (words > 1 || settings->locks_count > 0))
        return complain(EXIT_USAGE, "--plugin has one lock: name no other");
    return EXIT_FINE;
}

static enum exit_code check_main(int argc, char **argv)
{
    struct settings settings = {0};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_check, argc, argv, &settings, &words, &helped);

    if (code == EXIT_FINE && !helped) {
        code = check_options(&settings, words);
        /* A plugin's own name is not in the catalogue. */
        for (int i = 1; i <= words && code == EXIT_FINE && settings.plugin == NULL; i++)
            code = lock_specs_read(argv[i], &settings.locks, &settings.locks_count);
        settings.plugin_lock = words > 0 ? argv[1] : NULL;
        if (code == EXIT_FINE)
            code = settings.replay != NULL ? replay(settings.replay) : check_all(&settings);
    }
    free(settings.locks);
    return code;
}

const struct command command_check = {
    .name = "check",
    .summary = "every interleaving, every weak-memory outcome",
    .usage = "[LOCK...] [options]",
    .text =
        "Explores each lock under small clients: every order of steps and, for each load, every "
        "store that the C11 memory model lets it read. Prints a table with the number of different "
        "executions; what is wrong is listed step by step and saved for --replay. Without a lock, "
        "every lock that is correct and not foreign. Clients: 2x2, 3x1, reuse, try, tries, "
        "readers, reader-twice, try-shared, reader-try, timed, downgrade, nested, recursive, "
        "recursive-shared, misuse; deep: 3-reuse, 3x2, 4x1.",
    .run = check_main,
    .options = options,
};
