#define MACHINE_VIRTUAL
#include "bench/check/explorer.h"
#include "locks/machine/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/virtual/site.h"
#include "bench/virtual/word.h"

enum { COUNT_ALL = UINT16_MAX };

/* What a step would do. */
struct choice {
    uint16_t store;    /* that is read */
    unsigned position; /* where a store goes */
};

void explorer_violation(struct explorer *explorer, const char *property, const char *format, ...)
{
    va_list arguments;

    if (explorer->property != NULL)
        return;
    explorer->property = property;
    va_start(arguments, format);
    vsnprintf(explorer->violation, sizeof explorer->violation, format, arguments);
    va_end(arguments);
}

int explorer_order(const struct explorer *explorer, const struct virtual_site *site)
{
    const struct mutation *mutation = &explorer->mutation;

    return site == mutation->site && !mutation->failure ? mutation->order : (int)site->order;
}

static int failure_order(const struct explorer *explorer, const struct virtual_site *site)
{
    const struct mutation *mutation = &explorer->mutation;

    return site == mutation->site && mutation->failure ? mutation->order : (int)site->failure;
}

void explorer_note_site(struct explorer *explorer, const struct virtual_site *site)
{
    for (unsigned i = 0; i < explorer->sites_count; i++) {
        if (explorer->sites[i] == site)
            return;
    }
    if (explorer->sites_count < CHECK_SITES_MOST)
        explorer->sites[explorer->sites_count++] = site;
}

/* ---- what a pending operation could do ---- */

static enum virtual_operation kind_of(const struct operation *operation)
{
    return operation->site->operation;
}

static bool writes_always(enum virtual_operation kind)
{
    return kind == VIRTUAL_EXCHANGE || kind == VIRTUAL_FETCH_ADD || kind == VIRTUAL_FETCH_SUB ||
           kind == VIRTUAL_FETCH_AND || kind == VIRTUAL_FETCH_OR || kind == VIRTUAL_RETRY_EXCHANGE;
}

/* Whether the operation may read that store. A read-modify-write can't where another one did. */
static bool may_read(const struct operation *operation, const struct store *store)
{
    switch (kind_of(operation)) {
    case VIRTUAL_AWAIT_EQUAL:
        return operation->timed || store->value == operation->value;
    case VIRTUAL_AWAIT_DIFFER:
        return operation->timed || store->value != operation->value;
    case VIRTUAL_RETRY_EXCHANGE:
        return !store->taken && store->value == operation->expected;
    case VIRTUAL_COMPARE_EXCHANGE:
        return store->value != operation->expected || !store->taken;
    default:
        return !writes_always(kind_of(operation)) || !store->taken;
    }
}

static unsigned choose_read(struct explorer *explorer, const struct check_thread *thread,
                            uint16_t new_from, unsigned pick, struct choice *choice)
{
    const struct operation *operation = &thread->pending;
    const struct location *location = operation->location;
    unsigned oldest = model_oldest_readable(&explorer->model, thread->number, location,
                                            explorer_order(explorer, operation->site));
    unsigned count = 0;

    if (kind_of(operation) == VIRTUAL_FUTEX_WAIT && location->kernel_view != NO_STORE &&
        explorer->model.stores[location->kernel_view].position > oldest)
        oldest = explorer->model.stores[location->kernel_view].position;
    for (unsigned at = location->count; at-- > oldest;) {
        uint16_t store = location->order[at];
        if (store < new_from || !may_read(operation, &explorer->model.stores[store]))
            continue;
        if (count++ == pick) {
            *choice = (struct choice){store, at + 1};
            return count;
        }
    }
    return count;
}

static unsigned choose_write(struct explorer *explorer, const struct check_thread *thread,
                             unsigned pick, struct choice *choice)
{
    const struct location *location = thread->pending.location;
    int order = explorer_order(explorer, thread->pending.site);
    unsigned count = 0;

    for (unsigned at = location->count; at > 0; at--) {
        if (!model_may_store_at(&explorer->model, thread->number, location, at, order))
            continue;
        if (count++ == pick) {
            *choice = (struct choice){NO_STORE, at};
            return count;
        }
    }
    return count;
}

/* Counts what the thread's next step could do or, with a `pick`, says what the pick-th of these is.
 */
static unsigned choose(struct explorer *explorer, const struct check_thread *thread,
                       uint16_t new_from, unsigned pick, struct choice *choice)
{
    const struct operation *operation = &thread->pending;

    if (thread->done)
        return 0;
    if (operation->asleep)
        return operation->woken || operation->timed || !explorer->spurious_used;
    switch (kind_of(operation)) {
    case VIRTUAL_FENCE:
    case VIRTUAL_FUTEX_WAKE:
        return 1;
    case VIRTUAL_STORE:
        return choose_write(explorer, thread, pick, choice);
    default:
        return choose_read(explorer, thread, new_from, pick, choice);
    }
}

static bool is_enabled(struct explorer *explorer, const struct check_thread *thread)
{
    struct choice choice;

    return choose(explorer, thread, NO_STORE, 0, &choice) > 0;
}

/* ---- which steps depend on each other ---- */

static bool is_futex(const struct virtual_site *site)
{
    return site->operation == VIRTUAL_FUTEX_WAIT || site->operation == VIRTUAL_FUTEX_WAKE;
}

/* Most steps are neither, so that nothing has to be looked for. */
static bool has_an_order(const struct event *event)
{
    return event->order >= VIRTUAL_seq_cst || is_futex(event->site);
}

static bool is_asymmetric(const struct event *event)
{
    return event->order == VIRTUAL_light || event->order == VIRTUAL_heavy;
}

/* A wait that found the word changed and did not go to sleep: nothing changes for whoever comes
 * later. */
static bool found_it_changed(const struct event *event)
{
    return event->site->operation == VIRTUAL_FUTEX_WAIT && event->returned;
}

/* Steps that do not commute although no load reads a store of the other: those with an order of
 * their own; `a` comes first. */
static bool have_an_order(const struct event *a, const struct event *b)
{
    if (is_futex(a->site) && is_futex(b->site))
        return a->location == b->location && !found_it_changed(a);
    if (is_asymmetric(a) && is_asymmetric(b))
        return a->order == VIRTUAL_heavy || b->order == VIRTUAL_heavy;
    if (a->order != VIRTUAL_seq_cst || b->order != VIRTUAL_seq_cst)
        return false;
    return a->site->operation == VIRTUAL_FENCE || b->site->operation == VIRTUAL_FENCE ||
           a->location == b->location;
}

/* Whether it is worth trying `later` before `earlier`. A load after a store may still read what it
 * would have read before; but a compare-exchange that failed may have found its store taken. */
static bool should_be_reversed(const struct event *earlier, const struct event *later)
{
    bool could_write =
        later->writes || (earlier->writes && later->site->operation == VIRTUAL_COMPARE_EXCHANGE);

    if (earlier->reads && could_write && earlier->location == later->location)
        return true;
    return has_an_order(later) && have_an_order(earlier, later);
}

/* A wait that found the word changed by a store that is not the newest: behind the other futex call
 * it might not see that store any more. */
static bool comes_too_early(const struct event *event, const struct event *next)
{
    return found_it_changed(event) && event->stale && is_futex(next->site) &&
           next->location == event->location;
}

static void join(uint16_t *causes, const uint16_t *others, unsigned threads)
{
    for (unsigned i = 0; i < threads; i++)
        causes[i] = others[i] > causes[i] ? others[i] : causes[i];
}

/* Whether the later step may come out otherwise because of the earlier one. */
static bool bears_on(const struct event *earlier, const struct event *later)
{
    return (earlier->writes && later->reads && earlier->location == later->location) ||
           have_an_order(earlier, later);
}

/* The threads that could take the first of the steps after `first` which do not need it, up to and
 * with the present one. */
static uint8_t initials(const struct explorer *explorer, unsigned first)
{
    const struct event *race = &explorer->events[first];
    uint8_t set = 0, seen = 0;

    for (unsigned i = first + 1; i <= explorer->depth; i++) {
        const struct event *event = &explorer->events[i];
        bool present = i == explorer->depth;
        bool needs = false;
        if (!present && event->causes[race->thread] > first)
            continue;
        if ((seen >> event->thread & 1) != 0)
            continue;
        seen |= (uint8_t)(1u << event->thread);
        /* Does it need a step in between that is another thread's? */
        for (unsigned j = first + 1; j < i && !needs; j++) {
            const struct event *before = &explorer->events[j];
            needs = before->thread != event->thread && before->causes[race->thread] <= first &&
                    (event->causes[before->thread] > j || (present && bears_on(before, event)));
        }
        if (!needs)
            set |= (uint8_t)(1u << event->thread);
    }
    return set;
}

/* For every earlier step that the present one, the last of `events`, could also come before: makes
 * sure that this will be tried. `known` is what the thread's own earlier steps needed. */
static void find_races(struct explorer *explorer, const uint16_t *known)
{
    const struct event *present = &explorer->events[explorer->depth];

    if (!present->writes && present->site->operation != VIRTUAL_COMPARE_EXCHANGE &&
        !has_an_order(present))
        return;
    for (unsigned i = explorer->depth; i-- > 0;) {
        const struct event *earlier = &explorer->events[i];
        if (earlier->thread == present->thread || known[earlier->thread] > i ||
            !should_be_reversed(earlier, present))
            continue;
        struct frame *frame = &explorer->path[i];
        if (have_an_order(earlier, present)) {
            frame->backtrack = (uint8_t)((1u << explorer->threads_count) - 1);
            continue;
        }
        uint8_t set = initials(explorer, i);
        if ((set & (frame->backtrack | frame->asleep)) != 0 || set == 0)
            continue;
        frame->backtrack |= (uint8_t)(set & -set);
    }
}

/* A sleeper that only a wake-up for no reason would let go on, as long as there is one left. */
static bool needs_a_reason(const struct check_thread *thread)
{
    return !thread->done && thread->pending.asleep && !thread->pending.woken &&
           !thread->pending.timed;
}

/* Only one sleeper of an execution wakes up for no reason. When one does, or falls asleep when one
 * has, it could as well have been the other. `known` is as in find_races(). */
static void find_other_spurious(struct explorer *explorer, const uint16_t *known)
{
    const struct event *present = &explorer->events[explorer->depth];

    if (present->spurious) {
        for (unsigned i = 0; i < explorer->threads_count; i++) {
            if (i != present->thread && needs_a_reason(&explorer->threads[i]))
                explorer->path[explorer->depth].backtrack |= (uint8_t)(1u << i);
        }
        return;
    }
    if (present->asleep || !needs_a_reason(&explorer->threads[present->thread]))
        return;
    for (unsigned i = 0; i < explorer->depth; i++) {
        const struct event *earlier = &explorer->events[i];
        if (earlier->spurious && earlier->thread != present->thread && known[earlier->thread] <= i)
            explorer->path[i].backtrack = (uint8_t)((1u << explorer->threads_count) - 1);
    }
}

/* After a step, threads in the sleep set wake up whose next step it bears on. One that only reads
 * what was stored reads nothing older: that was seen before it fell asleep. */
static void wake_sleepers(struct explorer *explorer, const struct event *event)
{
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        struct check_thread *thread = &explorer->threads[i];
        const struct operation *operation = &thread->pending;
        if (thread->done || i == event->thread)
            continue;
        enum virtual_operation kind = kind_of(operation);
        struct event next = {
            .site = operation->site,
            .order = explorer_order(explorer, operation->site),
            .location = operation->location == NULL
                            ? UINT16_MAX
                            : (uint16_t)(operation->location - explorer->model.locations),
            .reads = kind != VIRTUAL_STORE && kind != VIRTUAL_FENCE && kind != VIRTUAL_FUTEX_WAKE &&
                     !operation->asleep,
            .writes =
                kind == VIRTUAL_STORE || kind == VIRTUAL_COMPARE_EXCHANGE || writes_always(kind),
        };
        if (have_an_order(event, &next) || comes_too_early(event, &next)) {
            explorer->asleep &= (uint8_t) ~(1u << i);
            thread->new_from = NO_STORE;
        } else if ((explorer->asleep >> i & 1) != 0 && next.reads && event->writes &&
                   next.location == event->location) {
            explorer->asleep &= (uint8_t) ~(1u << i);
            thread->new_from = event->written;
        }
    }
}

/* ---- doing a step ---- */

static void note_race(struct explorer *explorer, unsigned thread, unsigned other,
                      const struct virtual_site *site, const struct virtual_site *others)
{
    char here[SITE_TEXT], there[SITE_TEXT] = "overwriting it";

    site_describe(site, here);
    if (others != NULL)
        site_describe(others, there);
    explorer_violation(explorer, "no data race",
                       "thread %u (%s) and thread %u (%s) access the same memory, at least one of "
                       "them plainly, and nothing orders them",
                       thread, here, other, there);
}

static void check_access(struct explorer *explorer, unsigned thread, struct location *location,
                         const struct virtual_site *site, bool write)
{
    unsigned owner;
    bool *released;
    int other = model_race(&explorer->model, thread, location, site->order == VIRTUAL_plain, write);

    if (other >= 0)
        note_race(explorer, thread, (unsigned)other, site, location->sites[other]);
    location->sites[thread] = site;
    if (!explorer->is_context(explorer->client, location->address, &owner, &released))
        return;
    if (owner != thread && *released)
        explorer_violation(explorer, "no access to a context after its release",
                           "thread %u accesses the context of thread %u, which has released it",
                           thread, owner);
    if (owner == thread)
        *released = false;
}

uint64_t explorer_plain_load(struct explorer *explorer, const struct virtual_site *site,
                             const volatile void *word, unsigned size)
{
    struct location *location = model_location(&explorer->model, (uintptr_t)word, size);

    check_access(explorer, explorer->running->number, location, site, false);
    return virtual_word_read(word, size);
}

void explorer_plain_store(struct explorer *explorer, const struct virtual_site *site,
                          volatile void *word, unsigned size, uint64_t value)
{
    struct location *location = model_location(&explorer->model, (uintptr_t)word, size);

    check_access(explorer, explorer->running->number, location, site, true);
    virtual_word_write(word, size, value);
    model_store_at(&explorer->model, location, location->count - 1u)->value = value;
}

void explorer_overwrite(struct explorer *explorer, const void *start, size_t bytes)
{
    unsigned thread = explorer->running->number;

    for (unsigned i = 0; i < explorer->model.locations_count; i++) {
        struct location *location = &explorer->model.locations[i];
        if (location->execution != explorer->model.execution ||
            location->address < (uintptr_t)start || location->address >= (uintptr_t)start + bytes)
            continue;
        int other = model_race(&explorer->model, thread, location, true, true);
        if (other >= 0)
            explorer_violation(explorer, "no access to a context after its release",
                               "an access of thread %d to the context of thread %u is not ordered "
                               "before its release",
                               other, thread);
    }
}

static void read_store(struct explorer *explorer, struct check_thread *thread, uint16_t store,
                       int order, struct event *event)
{
    struct operation *operation = &thread->pending;

    if (explorer->model.stores[store].undefined)
        explorer_violation(explorer, "no read of memory that nobody initialised",
                           "thread %u reads a word before anything was stored there, as far as it "
                           "can know",
                           thread->number);
    event->reads = true;
    event->read = store;
    event->seen = thread->outcome.seen = explorer->model.stores[store].value;
    event->stale = explorer->model.stores[store].position + 1u < operation->location->count;
    check_access(explorer, thread->number, operation->location, operation->site, false);
    model_read(&explorer->model, thread->number, operation->location, store, order);
    if (explorer->model.stores[store].thread >= 0)
        join(explorer->causes[thread->number],
             explorer->events[explorer->model.stores[store].event].causes, explorer->threads_count);
}

static void write_store(struct explorer *explorer, struct check_thread *thread, unsigned position,
                        uint64_t value, int order, struct event *event)
{
    struct location *location = thread->pending.location;

    check_access(explorer, thread->number, location, thread->pending.site, true);
    event->writes = true;
    event->written = model_write(&explorer->model, thread->number, location, position, value,
                                 event->read, order);
    if (event->written != NO_STORE)
        explorer->model.stores[event->written].event = (uint16_t)explorer->depth;
}

static uint64_t updated(const struct operation *operation, uint64_t seen)
{
    switch (kind_of(operation)) {
    case VIRTUAL_FETCH_ADD:
        return seen + operation->value;
    case VIRTUAL_FETCH_SUB:
        return seen - operation->value;
    case VIRTUAL_FETCH_AND:
        return seen & operation->value;
    case VIRTUAL_FETCH_OR:
        return seen | operation->value;
    default:
        return operation->value;
    }
}

static void compare_exchange(struct explorer *explorer, struct check_thread *thread,
                             const struct choice *choice, int order, struct event *event)
{
    struct operation *operation = &thread->pending;

    thread->outcome.made = explorer->model.stores[choice->store].value == operation->expected;
    if (!thread->outcome.made)
        event->order = order = failure_order(explorer, operation->site);
    read_store(explorer, thread, choice->store, order, event);
    if (thread->outcome.made)
        write_store(explorer, thread, choice->position, operation->value, order, event);
}

/* Wakes those that sleep on the word, in the order of their numbers: which of them is no choice
 * that a lock may rely on, but a lock that wakes one must be content with any. */
static void wake(struct explorer *explorer, const struct operation *operation)
{
    uint64_t left = operation->value;

    for (unsigned i = 0; i < explorer->threads_count && left > 0; i++) {
        struct operation *other = &explorer->threads[i].pending;
        if (explorer->threads[i].done || !other->asleep || other->woken ||
            other->location != operation->location)
            continue;
        other->woken = true;
        left--;
    }
}

/* What a thread stored before it called the kernel, whoever calls the kernel about that word later
 * must see, and so must whoever is woken there: they hold the kernel's own lock on it meanwhile, or
 * are taken from its queue by one who does. Of that word only; nothing else is ordered. */
static void meet_in_kernel(struct explorer *explorer, const struct check_thread *thread)
{
    struct location *location = thread->pending.location;
    const struct view *view = &explorer->model.memory[thread->number].current;
    uint16_t known = view->stores[location - explorer->model.locations];

    if (known != NO_STORE && explorer->model.stores[known].position >=
                                 (location->kernel_view == NO_STORE
                                      ? 0u
                                      : explorer->model.stores[location->kernel_view].position))
        location->kernel_view = known;
}

/* Returns whether the thread goes on; false: it sleeps now. */
static bool perform(struct explorer *explorer, struct check_thread *thread,
                    const struct choice *choice, struct event *event)
{
    struct operation *operation = &thread->pending;
    int order = event->order;

    switch (kind_of(operation)) {
    case VIRTUAL_FENCE:
        model_fence(&explorer->model, thread->number, order);
        return true;
    case VIRTUAL_STORE:
        write_store(explorer, thread, choice->position, operation->value, order, event);
        return true;
    case VIRTUAL_COMPARE_EXCHANGE:
        compare_exchange(explorer, thread, choice, order, event);
        return true;
    case VIRTUAL_FUTEX_WAKE:
        meet_in_kernel(explorer, thread);
        wake(explorer, operation);
        return true;
    case VIRTUAL_FUTEX_WAIT:
        thread->outcome.made = true;
        if (operation->asleep) {
            event->asleep = true;
            event->gave_up = operation->timed && !operation->woken;
            thread->outcome.made = !event->gave_up;
            event->spurious = !operation->woken && !operation->timed;
            explorer->spurious_used = explorer->spurious_used || event->spurious;
            if (operation->woken)
                model_learn(&explorer->model, thread->number, operation->location,
                            operation->location->kernel_view);
            return true;
        }
        /* The kernel's look orders nothing for the lock. */
        read_store(explorer, thread, choice->store, VIRTUAL_relaxed, event);
        if (event->seen != operation->value) {
            /* One that reads new stores only might with another have gone to sleep. Having changed
             * nothing in the kernel, it tells the next caller nothing: whoever reads something
             * older behind it could as well have come before. */
            event->returned = thread->new_from == NO_STORE;
            return true;
        }
        operation->asleep = true;
        meet_in_kernel(explorer, thread);
        return false;
    default:
        read_store(explorer, thread, choice->store, order, event);
        if (writes_always(kind_of(operation)))
            write_store(explorer, thread, choice->position, updated(operation, event->seen), order,
                        event);
        else
            event->gave_up = operation->timed;
        return true;
    }
}

/* Makes the step that the frame says. Returns whether its thread goes on. */
static bool make_step(struct explorer *explorer, const struct frame *frame)
{
    struct check_thread *thread = &explorer->threads[frame->thread];
    struct event *event = &explorer->events[explorer->depth];
    uint16_t known[CHECK_THREADS_MOST];
    struct choice choice = {NO_STORE, 0};

    explorer_note_site(explorer, thread->pending.site);
    choose(explorer, thread, thread->new_from, frame->option, &choice);
    *event = (struct event){
        .thread = frame->thread,
        .site = thread->pending.site,
        .order = explorer_order(explorer, thread->pending.site),
        .location = thread->pending.location == NULL
                        ? UINT16_MAX
                        : (uint16_t)(thread->pending.location - explorer->model.locations),
    };
    memcpy(known, explorer->causes[frame->thread], sizeof known);
    explorer->causes[frame->thread][frame->thread] = (uint16_t)(explorer->depth + 1);
    bool goes_on = perform(explorer, thread, &choice, event);
    for (unsigned i = 0; has_an_order(event) && i < explorer->depth; i++) {
        if (have_an_order(&explorer->events[i], event))
            join(explorer->causes[frame->thread], explorer->events[i].causes,
                 explorer->threads_count);
    }
    memcpy(event->causes, explorer->causes[frame->thread], sizeof event->causes);
    thread->new_from = NO_STORE;
    if (!explorer->unreduced) {
        find_races(explorer, known);
        find_other_spurious(explorer, known);
        explorer->asleep = (uint8_t)((frame->asleep | frame->done) & ~(1u << frame->thread));
        wake_sleepers(explorer, event);
    }
    explorer->depth++;
    return goes_on;
}

/* ---- who is next ---- */

static bool all_are_done(const struct explorer *explorer)
{
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        if (!explorer->threads[i].done)
            return false;
    }
    return true;
}

/* A sleeper that might wake up for no reason waits as well. */
static bool is_waiting(struct explorer *explorer, const struct check_thread *thread)
{
    return !thread->done &&
           (thread->pending.asleep ? !thread->pending.woken : !is_enabled(explorer, thread));
}

static void note_waits(struct explorer *explorer)
{
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        struct check_thread *thread = &explorer->threads[i];
        if (thread->trying && is_waiting(explorer, thread))
            explorer_violation(explorer, "a try never waits", "thread %u waits within a try", i);
        if (explorer->fifo && thread->acquiring && !thread->waited)
            thread->waited = is_waiting(explorer, thread);
    }
}

/* No thread has a step that was not seen. Either that, or nobody has any step at all. */
static enum check_end end_of_path(struct explorer *explorer)
{
    if (all_are_done(explorer))
        return CHECK_COMPLETE;
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        if (is_enabled(explorer, &explorer->threads[i]))
            return CHECK_PRUNED;
    }
    explorer_violation(explorer, "no deadlock, no lost wake-up",
                       "every thread that is not done waits, and nobody can let it go on");
    return CHECK_VIOLATED;
}

static uint8_t all_enabled(struct explorer *explorer)
{
    uint8_t set = 0;

    for (unsigned i = 0; i < explorer->threads_count; i++)
        set |= (uint8_t)(is_enabled(explorer, &explorer->threads[i]) << i);
    return set;
}

/* Opens a frame for the first thread that has a step to try. */
static bool open_frame(struct explorer *explorer)
{
    struct choice choice;

    for (unsigned i = 0; i < explorer->threads_count; i++) {
        const struct check_thread *thread = &explorer->threads[i];
        if ((explorer->asleep >> i & 1) != 0)
            continue;
        unsigned options = choose(explorer, thread, thread->new_from, COUNT_ALL, &choice);
        if (options == 0)
            continue;
        explorer->path[explorer->path_length++] = (struct frame){
            .thread = (uint8_t)i,
            .options = (uint16_t)options,
            .backtrack = explorer->unreduced ? all_enabled(explorer) : (uint8_t)(1u << i),
            .asleep = explorer->asleep,
        };
        return true;
    }
    return false;
}

/* Makes steps until a thread has something to do; returns it, or NULL at the end of the execution.
 */
static struct check_thread *advance(struct explorer *explorer)
{
    for (;;) {
        note_waits(explorer);
        if (explorer->model.overflow == NULL && explorer->depth == CHECK_STEPS_MOST)
            explorer->model.overflow = "steps";
        if (explorer->property != NULL || explorer->model.overflow != NULL) {
            explorer->ended = CHECK_VIOLATED;
            return NULL;
        }
        if (explorer->depth == explorer->path_length && !open_frame(explorer)) {
            explorer->ended = end_of_path(explorer);
            return NULL;
        }
        struct frame *frame = &explorer->path[explorer->depth];
        /* A thread that is tried for the first time at an old frame, or a step of a replay: how
         * much could it do, if anything? */
        if (frame->options == 0) {
            struct choice choice;
            struct check_thread *thread = &explorer->threads[frame->thread];
            frame->options =
                (uint16_t)choose(explorer, thread, thread->new_from, COUNT_ALL, &choice);
            if (frame->option >= frame->options) {
                explorer->ended = CHECK_PRUNED;
                return NULL;
            }
        }
        if (make_step(explorer, frame))
            return &explorer->threads[frame->thread];
    }
}

static void hand_over(struct explorer *explorer, struct coroutine *here)
{
    struct check_thread *next = explorer->starting ? NULL : advance(explorer);

    explorer->running = next;
    if (next == NULL)
        coroutine_switch(here, explorer->caller);
    else if (next->coroutine != here)
        coroutine_switch(here, next->coroutine);
}

void explorer_step(struct explorer *explorer)
{
    hand_over(explorer, explorer->running->coroutine);
}

static void thread_main(void *argument)
{
    struct check_thread *thread = argument;

    thread->explorer->run(thread->explorer->client, thread->number);
    thread->done = true;
    explorer_step(thread->explorer);
}

/* ---- executions ---- */

bool explorer_make(struct explorer *explorer, unsigned threads)
{
    explorer->threads_count = threads;
    explorer->caller = coroutine_of_caller();
    if (explorer->caller == NULL)
        return false;
    for (unsigned i = 0; i < threads; i++) {
        struct check_thread *thread = &explorer->threads[i];
        thread->number = i;
        thread->explorer = explorer;
        thread->coroutine = coroutine_new(thread_main, thread);
        if (thread->coroutine == NULL)
            return false;
    }
    return true;
}

void explorer_free(struct explorer *explorer)
{
    for (unsigned i = 0; i < explorer->threads_count; i++)
        coroutine_free(explorer->threads[i].coroutine);
    free(explorer->caller);
}

/* All of them are as new before the first begins to look at the others. */
static void start_threads(struct explorer *explorer)
{
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        struct check_thread *thread = &explorer->threads[i];
        *thread = (struct check_thread){
            .coroutine = thread->coroutine, .explorer = explorer, .number = i};
        coroutine_restart(thread->coroutine);
    }
    explorer->starting = true;
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        explorer->running = &explorer->threads[i];
        coroutine_switch(explorer->caller, explorer->threads[i].coroutine);
    }
    explorer->starting = false;
}

void explorer_execute(struct explorer *explorer)
{
    explorer->begin(explorer->client);
    explorer_use(explorer);
    model_begin(&explorer->model, explorer->threads_count);
    explorer->depth = 0;
    explorer->asleep = 0;
    explorer->spurious_used = false;
    explorer->property = NULL;
    memset(explorer->causes, 0, sizeof explorer->causes);
    start_threads(explorer);
    hand_over(explorer, explorer->caller);
    if (explorer->ended == CHECK_COMPLETE) {
        model_write_back(&explorer->model);
        const char *wrong = explorer->end(explorer->client);
        if (wrong != NULL)
            explorer_violation(explorer, "the lock's state and the count at the end", "%s", wrong);
        if (explorer->property != NULL)
            explorer->ended = CHECK_VIOLATED;
    }
    explorer->complete += explorer->ended == CHECK_COMPLETE;
    explorer->pruned += explorer->ended == CHECK_PRUNED;
}

/* A frame whose thread has had all its options goes on to the next thread that has to be tried. */
static bool next_of_frame(struct frame *frame)
{
    if (frame->option + 1 < frame->options) {
        frame->option++;
        return true;
    }
    frame->done |= (uint8_t)(1u << frame->thread);
    uint8_t left = (uint8_t)(frame->backtrack & ~frame->done & ~frame->asleep);
    if (left == 0)
        return false;
    frame->thread = (uint8_t)__builtin_ctz(left);
    frame->option = 0;
    frame->options = 0;
    return true;
}

bool explorer_next(struct explorer *explorer)
{
    while (explorer->path_length > 0) {
        if (next_of_frame(&explorer->path[explorer->path_length - 1]))
            return true;
        explorer->path_length--;
    }
    return false;
}

/* ---- first come, first served ---- */

void explorer_acquire_begins(struct explorer *explorer)
{
    struct check_thread *thread = explorer->running;

    thread->acquiring = true;
    thread->waited = false;
    thread->waited_when = 0;
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        const struct check_thread *other = &explorer->threads[i];
        if (other != thread && other->acquiring && other->waited)
            thread->waited_when |= 1u << i;
    }
}

void explorer_acquire_ends(struct explorer *explorer)
{
    struct check_thread *thread = explorer->running;

    thread->acquiring = false;
    for (unsigned i = 0; i < explorer->threads_count; i++) {
        struct check_thread *other = &explorer->threads[i];
        if (explorer->fifo && (thread->waited_when >> i & 1) != 0 && other->acquiring)
            explorer_violation(explorer, "first come, first served",
                               "thread %u waited before thread %u came, which was let in first", i,
                               thread->number);
        /* Who comes after this one has passed knows nothing of its earlier waits. */
        other->waited_when &= ~(1u << thread->number);
    }
}
