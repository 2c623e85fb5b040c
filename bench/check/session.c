#define MACHINE_VIRTUAL
#include "bench/check/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#include "bench/virtual/site.h"
#include "bench/virtual/watchdog.h"
#include "locks/catalogue.h"

/* Executions between two looks at the clock; steps that a listing shows. */
enum { TICK = 4096, LISTED_MOST = 200 };

struct session *session_new(const struct subject *subject, const struct client *client)
{
    size_t bytes = (sizeof(struct session) + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
    struct session *session = aligned_alloc(MACHINE_APART, bytes);

    if (session == NULL)
        return NULL;
    memset(session, 0, sizeof *session);
    session->lock = subject->name;
    if (!explorer_make(&session->explorer, client->threads) ||
        !scene_make(&session->scene, &session->explorer, client, subject->ops,
                    subject->parameters)) {
        session_free(session);
        return NULL;
    }
    return session;
}

void session_free(struct session *session)
{
    explorer_free(&session->explorer);
    scene_free(&session->scene);
    free(session);
}

bool session_fits(const struct lock_ops *ops, const struct client *client)
{
    return (ops->traits & client->needs) == client->needs &&
           (!client->context || ops->context_size > 0);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint64_t steps_made(const void *watched)
{
    const volatile struct explorer *explorer = watched;

    return (uint64_t)explorer->model.execution << 32 | explorer->depth;
}

/* A lock that waits in a loop of its own makes no step, and nothing else can end it. */
static void give_up(void)
{
    static const char message[] =
        "\nlockbench: the lock computed for 10 s without one step that the checker sees: does it "
        "wait in a loop of its own? use word_await_equal\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);

    _exit(written < 0 ? EXIT_MACHINE : EXIT_NEGATIVE);
}

void session_explore(struct session *session, uint64_t bound,
                     bool (*tick)(const struct session *session, void *argument), void *argument)
{
    struct explorer *explorer = &session->explorer;
    double start = now();

    session->verdict = CHECK_ALL_EXPLORED;
    watchdog_start(steps_made, explorer, give_up);
    do {
        uint64_t made = explorer->complete + explorer->pruned;
        if (bound != 0 && made >= bound) {
            session->verdict = CHECK_BOUNDED;
            break;
        }
        if (tick != NULL && made % TICK == TICK - 1) {
            session->seconds = now() - start;
            if (!tick(session, argument)) {
                session->verdict = CHECK_INTERRUPTED;
                break;
            }
        }
        explorer_execute(explorer);
        if (explorer->ended == CHECK_VIOLATED) {
            session->verdict = explorer->property != NULL ? CHECK_FOUND : CHECK_NO_ROOM;
            break;
        }
    } while (explorer_next(explorer));
    watchdog_stop();
    session->seconds = now() - start;
}

/* ---- the listing ---- */

/* Whose context the address lies in, and whether it is that for an inner lock. */
static bool name_owner(const struct scene *scene, uintptr_t address, char owner[24])
{
    uintptr_t start = (uintptr_t)scene->contexts;

    if (address < start || address >= start + sizeof scene->contexts)
        return false;
    unsigned number = (unsigned)((address - start) / sizeof scene->contexts[0]);
    snprintf(owner, 24, "%u%s", number % CHECK_THREADS_MOST,
             number < CHECK_THREADS_MOST ? "" : " (inner)");
    return true;
}

static void name_location(const struct session *session, uint16_t location, char *text, size_t size)
{
    const struct scene *scene = &session->scene;
    char owner[24];

    if (location >= session->explorer.model.locations_count) {
        snprintf(text, size, "-");
        return;
    }
    uintptr_t address = session->explorer.model.locations[location].address;
    uintptr_t lock = (uintptr_t)scene->lock, inner = (uintptr_t)scene->inner_lock;
    if (inner != 0 && address >= inner && address < lock + scene->lock_bytes)
        snprintf(text, size, "inner lock+%" PRIuPTR, address - inner);
    else if (address >= lock && address < lock + scene->lock_bytes)
        snprintf(text, size, "lock+%" PRIuPTR, address - lock);
    else if (name_owner(scene, address, owner))
        snprintf(text, size, "context of %s+%" PRIuPTR, owner,
                 (address - (uintptr_t)scene->contexts) % sizeof scene->contexts[0]);
    else
        snprintf(text, size, "data");
}

/* A pointer into the scene by its name, a number as such. */
static void print_value(const struct session *session, uint64_t value, char *text, size_t size)
{
    const struct scene *scene = &session->scene;
    char owner[24];

    if (name_owner(scene, value, owner))
        snprintf(text, size, "context of %s", owner);
    else
        snprintf(text, size, "%" PRIu64, value);
}

static void print_effect(const struct session *session, const struct event *event, FILE *out)
{
    const struct model *model = &session->explorer.model;
    char value[48];

    if (event->asleep) {
        fputs(event->gave_up ? "its time is over" : "wakes up", out);
        return;
    }
    if (event->reads) {
        const struct store *store = &model->stores[event->read];
        print_value(session, event->seen, value, sizeof value);
        if (store->thread < 0)
            fprintf(out, "reads %s, the initial value", value);
        else
            fprintf(out, "reads %s of step %u", value, store->event + 1u);
        if (event->stale)
            fputs(" (not the newest)", out);
    }
    if (event->writes) {
        print_value(session, model->stores[event->written].value, value, sizeof value);
        fprintf(out, "%swrites %s", event->reads ? ", " : "", value);
    }
    if (event->gave_up)
        fputs(", or gives up", out);
    if (!event->reads && !event->writes)
        fputs(event->site->operation == VIRTUAL_FUTEX_WAKE ? "wakes sleepers" : "-", out);
}

static void print_event(const struct session *session, unsigned step, FILE *out)
{
    const struct event *event = &session->explorer.events[step];
    char place[SITE_TEXT], location[48];

    name_location(session, event->location, location, sizeof location);
    fprintf(out, "  %4u  %6u  %-38s %-8s %-16s ", step + 1, event->thread,
            site_describe(event->site, place), site_order_name(event->order), location);
    print_effect(session, event, out);
    fputc('\n', out);
}

/* Where the threads are that did not come to their end. */
static void print_waiting(const struct session *session, FILE *out)
{
    char place[SITE_TEXT];

    for (unsigned i = 0; i < session->explorer.threads_count; i++) {
        const struct check_thread *thread = &session->explorer.threads[i];
        if (thread->done || thread->pending.site == NULL)
            continue;
        fprintf(out, "  then  %6u  %-38s %s\n", i, site_describe(thread->pending.site, place),
                thread->pending.asleep ? "sleeps" : "is next");
    }
}

void session_print(const struct session *session, FILE *out)
{
    const struct explorer *explorer = &session->explorer;

    fprintf(out, "\n  %s, client %s (%s)\n", session->lock, session->scene.client->name,
            session->scene.client->description);
    if (explorer->property != NULL)
        fprintf(out, "  broken: %s\n  %s\n", explorer->property, explorer->violation);
    fprintf(out, "\n  %4s  %6s  %-38s %-8s %-16s %s\n", "step", "thread", "place", "order", "word",
            "what it does");
    for (unsigned i = 0; i < explorer->depth; i++) {
        if (explorer->depth > LISTED_MOST && i == LISTED_MOST / 2) {
            i = explorer->depth - LISTED_MOST / 2;
            fputs("   ...\n", out);
        }
        print_event(session, i, out);
    }
    if (explorer->depth == 0)
        fputs("  no step at all: are the lock's shared variables WORDs, and used as such?\n", out);
    print_waiting(session, out);
}

/* ---- replays ---- */

json_t *session_to_json(const struct session *session)
{
    json_t *path = json_array();

    for (unsigned i = 0; i < session->explorer.path_length; i++) {
        const struct frame *frame = &session->explorer.path[i];
        json_array_append_new(path, json_pack("[i, i, i, i]", frame->thread, frame->option,
                                              frame->asleep, frame->done));
    }
    return json_pack("{s:i, s:s, s:s, s:s, s:s*, s:o}", "lockbench_replay", 1, "version",
                     PACKAGE_VERSION, "lock", session->lock, "client", session->scene.client->name,
                     "property", session->explorer.property, "path", path);
}

static enum exit_code complain_replay(const char *name, const char *what)
{
    return complain(EXIT_USAGE, "the replay '%s' %s", name, what);
}

/* A number of a choice within [0, most], or -1. */
static int choice_number(const json_t *choice, size_t at, json_int_t most)
{
    const json_t *number = json_array_get(choice, at);
    json_int_t value = json_integer_value(number);

    return json_is_integer(number) && value >= 0 && value <= most ? (int)value : -1;
}

/* Which threads were asleep or done belongs to a choice: it says what the options are counted
 * among. */
static bool read_path(const json_t *path, struct explorer *explorer)
{
    size_t i;
    json_t *choice;

    if (!json_is_array(path) || json_array_size(path) > CHECK_STEPS_MOST)
        return false;
    json_array_foreach (path, i, choice) {
        int thread = choice_number(choice, 0, explorer->threads_count - 1);
        int option = choice_number(choice, 1, UINT16_MAX - 1);
        int asleep = choice_number(choice, 2, UINT8_MAX);
        int done = choice_number(choice, 3, UINT8_MAX);
        if (thread < 0 || option < 0 || asleep < 0 || done < 0)
            return false;
        explorer->path[i] = (struct frame){.thread = (uint8_t)thread,
                                           .option = (uint16_t)option,
                                           .asleep = (uint8_t)asleep,
                                           .done = (uint8_t)done};
    }
    explorer->path_length = (unsigned)json_array_size(path);
    return true;
}

static enum exit_code check_version(const char *name, const json_t *object)
{
    const char *version = json_string_value(json_object_get(object, "version"));

    if (json_integer_value(json_object_get(object, "lockbench_replay")) != 1)
        return complain_replay(name,
                               "is none: 'lockbench check' writes one when it finds something");
    if (version == NULL || strcmp(version, PACKAGE_VERSION) != 0)
        return complain(EXIT_USAGE,
                        "the replay '%s' is of lockbench %s, this is " PACKAGE_VERSION
                        ": steps may differ; let that version play it, or check again",
                        name, version == NULL ? "?" : version);
    return EXIT_FINE;
}

const struct client *session_client(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "client"));

    return name == NULL ? NULL : client_find(name);
}

enum exit_code session_replay(struct session *session, const char *name, const json_t *object)
{
    enum exit_code code = check_version(name, object);

    if (code != EXIT_FINE)
        return code;
    if (!read_path(json_object_get(object, "path"), &session->explorer))
        return complain_replay(name, "is damaged: its path is no list of choices");
    explorer_execute(&session->explorer);
    if (session->explorer.property == NULL)
        return complain_replay(name, "does not lead to a violation any more: the lock has changed");
    return EXIT_FINE;
}
