/* The checker against locks that are wrong, each in another way: it must find each by the property
 * that it breaks, and play it again. */
#define MACHINE_VIRTUAL
#include "tests/unit/unit.h"

#include "bench/check/mutate.h"
#include "bench/check/session.h"
#include "bench/virtual/sanitizers.h"
#include "locks/catalogue.h"
#include "locks/lock_order.h"

/* clang takes an operation within a macro's argument for an expression that should have been used.
 */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wunused-value"
#endif

/* What all of them are made of; each uses what it needs. */
struct seeded {
    WORD(uint32_t) state, next, readers;
    WORD(uint32_t) done[CHECK_THREADS_MOST];
    WORD(void *) tail;
};

struct seeded_node {
    WORD(uint32_t) held;
    WORD(struct seeded_node *) before;
};

static int init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    memset(lock, 0, sizeof(struct seeded));
    return 0;
}

static void destroy(void *lock)
{
    (void)lock;
}

/* What is left at the end is not what is wrong with these. */
static bool is_idle(void *lock)
{
    (void)lock;
    return true;
}

#define SEEDED(name, ...)                        \
    static int name(void *lock_, void *context_) \
    {                                            \
        struct seeded *lock = lock_;             \
        struct seeded_node *node = context_;     \
        (void)lock, (void)node;                  \
        __VA_ARGS__;                             \
        return 0;                                \
    }

/* A right one, from which the others differ in one place. */
SEEDED(tas_acquire_, word_retry_exchange(&lock->state, 1, 0, acquire))
SEEDED(tas_try_, return word_exchange(&lock->state, 1, acquire) == 0 ? 0 : EBUSY)
SEEDED(tas_release_, word_store(&lock->state, 0, release))

SEEDED(release_relaxed, word_store(&lock->state, 0, relaxed))
SEEDED(acquire_relaxed, word_retry_exchange(&lock->state, 1, 0, relaxed))
SEEDED(release_nothing, (void)0)

/* Test, then set. */
SEEDED(tts_acquire, word_await_equal(&lock->state, 0, acquire);
       word_store(&lock->state, 1, relaxed))

/* A sleeping mutex that says that somebody sleeps with a store, over whatever was there. */
SEEDED(
    sleep_acquire, uint32_t free = 0;
    while (!word_compare_exchange(&lock->state, &free, 1, acquire, relaxed)) {
        word_store(&lock->state, 2, relaxed);
        machine_futex_wait(&lock->state, 2);
        free = 0;
    })
SEEDED(sleep_release,
       if (word_exchange(&lock->state, 0, release) == 2) machine_futex_wake(&lock->state, 1))

/* A mutex that wakes before it releases. */
SEEDED(early_acquire, uint32_t free = 0;
       if (word_compare_exchange(&lock->state, &free, 1, acquire, relaxed)) return 0;
       while (word_exchange(&lock->state, 2, acquire) != 0) machine_futex_wait(&lock->state, 2))
SEEDED(early_release,
       if (word_load(&lock->state, relaxed) == 2) machine_futex_wake(&lock->state, 1);
       word_store(&lock->state, 0, release))

/* A queue lock of Craig, Landin and Hagersten that gives its own node away again while its
 * successor still looks at it, instead of taking its predecessor's. */
SEEDED(clh_acquire, word_store(&node->held, 1, relaxed);
       struct seeded_node *before = word_exchange(&lock->tail, node, acq_rel);
       if (before != NULL) word_await_equal(&before->held, 0, acquire))
SEEDED(clh_release, word_store(&node->held, 0, release))

/* Tickets of one bit: the third thread draws the first one's. */
SEEDED(narrow_acquire, uint32_t mine = word_fetch_add(&lock->next, 1, relaxed) & 1;
       word_await_equal(&lock->state, mine, acquire))
SEEDED(narrow_release,
       word_store(&lock->state, (word_load(&lock->state, relaxed) + 1) & 1, release))

/* Readers that look for a writer, then count themselves; a writer that does it the other way round.
 */
SEEDED(slip_acquire, word_retry_exchange(&lock->state, 1, 0, acquire);
       word_await_equal(&lock->readers, 0, acquire))
SEEDED(slip_acquire_shared, word_await_equal(&lock->state, 0, acquire);
       word_fetch_add(&lock->readers, 1, acquire))
SEEDED(slip_release_shared, word_fetch_sub(&lock->readers, 1, release))

/* A right reader-writer lock of one word: -1 is the writer. */
SEEDED(
    rw_acquire, uint32_t free = 0;
    while (!word_compare_exchange(&lock->state, &free, UINT32_MAX, acquire, relaxed)) {
        word_await_equal(&lock->state, 0, relaxed);
        free = 0;
    })
SEEDED(rw_acquire_shared, uint32_t seen = word_await_differ(&lock->state, UINT32_MAX, relaxed);
       while (seen == UINT32_MAX ||
              !word_compare_exchange(&lock->state, &seen, seen + 1, acquire, relaxed))
           seen = word_await_differ(&lock->state, UINT32_MAX, relaxed))
SEEDED(rw_release_shared, word_fetch_sub(&lock->state, 1, release))
/* The downgrade lets go first. */
SEEDED(rw_downgrade, word_store(&lock->state, 0, release); rw_acquire_shared(lock_, context_))
/* The last reader's count, taken back with a store, loses another's. */
SEEDED(rw_release_shared_store,
       word_store(&lock->state, word_load(&lock->state, relaxed) - 1, release))

/* A ticket lock's try that draws a ticket like any acquire. */
SEEDED(ticket_acquire_, uint32_t mine = word_fetch_add(&lock->next, 1, relaxed);
       word_await_equal(&lock->state, mine, acquire))
SEEDED(ticket_release_, word_store(&lock->state, word_load(&lock->state, relaxed) + 1, release))

SEEDED(ticket_try_, uint32_t serving = word_load(&lock->state, acquire);
       return word_compare_exchange(&lock->next, &serving, serving + 1, relaxed, relaxed) ? 0
                                                                                          : EBUSY)

/* Who gives up has drawn a ticket, and nobody will be served behind it. */
static int give_up_with_a_ticket(void *lock_, void *context, uint64_t deadline)
{
    struct seeded *lock = lock_;
    uint32_t mine = word_fetch_add(&lock->next, 1, relaxed);

    (void)context;
    return word_await_equal_until(&lock->state, mine, acquire, deadline) == mine ? 0 : ETIMEDOUT;
}

/* The last owner's number stays in the lock, and its mark says that it is done. Whoever comes takes
 * the number over; but the owner may have come back meanwhile, and the number is the same: ABA. */
SEEDED(
    aba_acquire, unsigned self = machine_self(); for (;;) {
        uint32_t owner = word_load(&lock->state, acquire);
        if (owner != 0)
            word_await_equal(&lock->done[owner - 1], 1, acquire);
        word_store(&lock->done[self], 0, relaxed);
        if (word_compare_exchange(&lock->state, &owner, self + 1, acq_rel, relaxed))
            break;
        if (owner == self + 1)
            word_store(&lock->done[self], 1, relaxed);
    })
SEEDED(aba_release, word_store(&lock->done[machine_self()], 1, release))

/* Touches its node after the successor has been let go. */
SEEDED(
    late_acquire, word_store(&node->before, NULL, relaxed); word_store(&node->held, 1, relaxed);
    struct seeded_node *before = word_exchange(&lock->tail, node, acq_rel); if (before != NULL) {
        word_store(&before->before, node, release);
        word_await_equal(&node->held, 0, acquire);
    })
SEEDED(
    late_release, void *tail = node; struct seeded_node *after = word_load(&node->before, acquire);
    if (after == NULL) {
        if (word_compare_exchange(&lock->tail, &tail, NULL, release, relaxed))
            return 0;
        after = word_await_differ(&node->before, NULL, relaxed);
    } word_store(&after->held, 0, release);
    word_store(&after->before, word_load(&after->before, relaxed), relaxed))

/* Stronger than it needs to be, and says why. */
SEEDED(argued_acquire,
       machine_argument("drawing is acquire so that a reader of the code need not think twice");
       uint32_t mine = word_fetch_add(&lock->next, 1, acquire);
       word_await_equal(&lock->state, mine, acquire))

#define OPS(lock_name, traits_, acquire_, try_, release_, ...)                            \
    static const struct lock_ops lock_name = {.name = #lock_name,                         \
                                              .traits = LOCK_SPINS | (traits_),           \
                                              .size = sizeof(struct seeded),              \
                                              .context_size = sizeof(struct seeded_node), \
                                              .init = init,                               \
                                              .is_idle = is_idle,                         \
                                              .acquire = acquire_,                        \
                                              .try_acquire = try_,                        \
                                              .release = release_,                        \
                                              __VA_ARGS__}

OPS(right, LOCK_UNFAIR, tas_acquire_, tas_try_, tas_release_, .destroy = destroy);
OPS(missing_release, LOCK_UNFAIR, tas_acquire_, tas_try_, release_relaxed, .destroy = destroy);
OPS(missing_acquire, LOCK_UNFAIR, acquire_relaxed, tas_try_, tas_release_, .destroy = destroy);
OPS(never_released, LOCK_UNFAIR, tas_acquire_, tas_try_, release_nothing, .destroy = destroy);
OPS(test_then_set, LOCK_UNFAIR, tts_acquire, tas_try_, tas_release_, .destroy = destroy);
OPS(sleep_overwrites, LOCK_UNFAIR, sleep_acquire, tas_try_, sleep_release, .destroy = destroy);
OPS(wakes_too_early, LOCK_UNFAIR, early_acquire, tas_try_, early_release, .destroy = destroy);
OPS(node_reused, LOCK_FIFO, clh_acquire, NULL, clh_release);
OPS(touched_late, LOCK_FIFO, late_acquire, NULL, late_release);
OPS(narrow_ticket, LOCK_FIFO, narrow_acquire, NULL, narrow_release);
OPS(reader_slips, LOCK_UNFAIR | LOCK_SHARED, slip_acquire, NULL, tas_release_,
    .acquire_shared = slip_acquire_shared, .release_shared = slip_release_shared);
OPS(reader_lost, LOCK_UNFAIR | LOCK_SHARED, rw_acquire, NULL, tas_release_,
    .acquire_shared = rw_acquire_shared, .release_shared = rw_release_shared_store);
OPS(downgrade_gap, LOCK_UNFAIR | LOCK_SHARED | LOCK_DOWNGRADE, rw_acquire, NULL, tas_release_,
    .acquire_shared = rw_acquire_shared, .release_shared = rw_release_shared,
    .downgrade = rw_downgrade);
OPS(try_waits, LOCK_FIFO, ticket_acquire_, ticket_acquire_, ticket_release_);
OPS(lost_in_time, LOCK_FIFO | LOCK_TIMED, ticket_acquire_, ticket_try_, ticket_release_,
    .acquire_until = give_up_with_a_ticket);
OPS(barging, LOCK_FIFO, tas_acquire_, tas_try_, tas_release_, .destroy = destroy);
OPS(aba, LOCK_UNFAIR, aba_acquire, NULL, aba_release);
OPS(not_recursive, LOCK_UNFAIR | LOCK_RECURSIVE, tas_acquire_, tas_try_, tas_release_,
    .destroy = destroy);
OPS(not_recursive_shared, LOCK_UNFAIR | LOCK_SHARED | LOCK_RECURSIVE, tas_acquire_, NULL,
    tas_release_, .acquire_shared = tas_acquire_, .release_shared = tas_release_);
OPS(not_checked, LOCK_UNFAIR | LOCK_OWNER_CHECKED, tas_acquire_, tas_try_, tas_release_,
    .destroy = destroy);
OPS(argued, LOCK_FIFO, argued_acquire, ticket_try_, ticket_release_);

static struct session *explore(const struct lock_ops *ops, const char *client)
{
    struct session *session =
        session_new(&(struct subject){ops->name, ops, NULL}, client_find(client));

    assert_non_null(session);
    session_explore(session, 1000000, NULL, NULL);
    return session;
}

static const struct {
    const struct lock_ops *ops;
    const char *client, *property;
} faults[] = {
    {&missing_release, "2x2", "no data race"},
    {&missing_acquire, "2x2", "no data race"},
    {&never_released, "2x2", "no deadlock, no lost wake-up"},
    {&test_then_set, "3x1", "no data race"},
    {&sleep_overwrites, "2x2", "no deadlock, no lost wake-up"},
    {&wakes_too_early, "2x2", "no deadlock, no lost wake-up"},
    {&node_reused, "2x2", "no deadlock, no lost wake-up"},
    {&touched_late, "2x2", "no access to a context after its release"},
    {&narrow_ticket, "3x1", "no data race"},
    {&reader_slips, "readers", "no data race"},
    {&reader_lost, "readers", "no data race"},
    {&downgrade_gap, "downgrade", "downgrade without a gap"},
    {&try_waits, "try", "a try never waits"},
    {&lost_in_time, "timed", "no deadlock, no lost wake-up"},
    {&barging, "2x2", "first come, first served"},
    {&aba, "2x2", "no data race"},
    {&missing_release, "nested", "no data race"},
    {&never_released, "nested", "no deadlock, no lost wake-up"},
    {&touched_late, "nested", "no access to a context after its release"},
    {&not_recursive, "recursive", "no deadlock, no lost wake-up"},
    {&not_recursive_shared, "recursive-shared", "no deadlock, no lost wake-up"},
    {&not_checked, "misuse", "misuse is told"},
};

static void each_fault_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct session *session = explore(faults[i].ops, faults[i].client);
        if (session->verdict != CHECK_FOUND)
            fail_msg("%s is not found under %s: verdict %d after %llu executions",
                     faults[i].ops->name, faults[i].client, (int)session->verdict,
                     (unsigned long long)session->explorer.complete);
        if (strcmp(session->explorer.property, faults[i].property) != 0)
            fail_msg("%s is found as '%s' (%s)", faults[i].ops->name, session->explorer.property,
                     session->explorer.violation);
        session_free(session);
    }
}

static void each_fault_is_played_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct session *found = explore(faults[i].ops, faults[i].client);
        json_t *object = session_to_json(found);
        assert_ptr_equal(session_client(object), client_find(faults[i].client));
        struct session *again =
            session_new(&(struct subject){faults[i].ops->name, faults[i].ops, NULL},
                        client_find(faults[i].client));
        assert_int_equal(session_replay(again, "test", object), EXIT_FINE);
        assert_string_equal(again->explorer.property, found->explorer.property);
        assert_int_equal(again->explorer.depth, found->explorer.depth);
        session_free(again);
        /* On a lock that is right, the same steps lead nowhere. */
        if (session_fits(&right, client_find(faults[i].client))) {
            again = session_new(&(struct subject){"right", &right, NULL},
                                client_find(faults[i].client));
            assert_int_equal(session_replay(again, "test", object), EXIT_USAGE);
            session_free(again);
        }
        json_decref(object);
        session_free(found);
    }
}

static void a_listing_names_places_and_stores(void **state)
{
    char *text = NULL;
    size_t size;
    struct session *session = explore(&test_then_set, "3x1");
    FILE *memory = open_memstream(&text, &size);

    (void)state;
    session_print(session, memory);
    fclose(memory);
    assert_non_null(strstr(text, "check_test.c:"));
    assert_non_null(strstr(text, "await_equal"));
    assert_non_null(strstr(text, "the initial value"));
    assert_non_null(strstr(text, "lock+0"));
    free(text);
    session_free(session);
}

static void a_bound_is_no_proof(void **state)
{
    struct session *session =
        session_new(&(struct subject){"right", &right, NULL}, client_find("3x1"));

    (void)state;
    session_explore(session, 2, NULL, NULL);
    assert_int_equal(session->verdict, CHECK_BOUNDED);
    session_free(session);
    session = explore(&right, "3x1");
    assert_int_equal(session->verdict, CHECK_ALL_EXPLORED);
    assert_int_equal(session->explorer.complete, 6);
    session_free(session);
}

/* A thread that is begun again leaves its call stack behind in the thread sanitizer's books, which
 * hold 65,536 calls; all of it is one OS thread, in which there is nothing to find. */
static void leave_to_others(void)
{
    if (!THREAD_SANITIZER)
        return;
    print_message("# the thread sanitizer keeps the stacks of all executions\n");
    skip();
}

static void every_lock_of_the_catalogue_is_right(void **state)
{
    /* What the address sanitizer looks for is in the first executions as in the last. */
    const uint64_t bound = ADDRESS_SANITIZER ? 1000 : 20000;

    (void)state;
    leave_to_others();
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *native = lock_catalogue[i], *ops = lock_virtual(native);
        uint64_t parameters[LOCK_PARAMETERS_MOST] = {0};
        if (ops == NULL || (native->traits & (LOCK_UNVERIFIED | LOCK_BROKEN)) != 0)
            continue;
        for (int j = 0; ops->parameters != NULL && ops->parameters[j].name != NULL; j++)
            parameters[j] = ops->parameters[j].usual;
        for (unsigned j = 0; j < check_clients_count; j++) {
            if (check_clients[j].deep || !session_fits(ops, &check_clients[j]))
                continue;
            struct session *session =
                session_new(&(struct subject){ops->name, ops, parameters}, &check_clients[j]);
            session_explore(session, bound, NULL, NULL);
            if (session->verdict == CHECK_FOUND || session->verdict == CHECK_NO_ROOM)
                fail_msg("%s under %s: %s", ops->name, check_clients[j].name,
                         session->explorer.violation);
            session_free(session);
        }
    }
}

/* ---- two locks ---- */

/* Of a program that has two locks, and of their order. */
struct pair {
    struct seeded locks[2];
    struct lock_order order;
    struct lock_order_thread storage[2];
};

static int init_pair(void *lock, unsigned threads, const uint64_t *parameters)
{
    struct pair *pair = lock;

    (void)parameters;
    memset(pair->locks, 0, sizeof pair->locks);
    lock_order_init(&pair->order, threads, pair->storage);
    return 0;
}

static bool pair_is_idle(void *lock)
{
    struct pair *pair = lock;

    return pair->locks[0].state == 0 && pair->locks[1].state == 0;
}

static const struct lock_ops pair_ops = {.name = "pair",
                                         .traits = LOCK_SPINS | LOCK_UNFAIR,
                                         .size = sizeof(struct pair),
                                         .init = init_pair,
                                         .is_idle = pair_is_idle};

static void under_both(struct scene *scene, unsigned thread, unsigned second)
{
    struct pair *pair = scene->lock;

    tas_acquire_(&pair->locks[second], NULL);
    plain_store(&scene->data, plain_load(&scene->data) + 1);
    scene->writes[thread]++;
    tas_release_(&pair->locks[second], NULL);
}

/* Nobody asks the order. */
static void run_abba(struct scene *scene, unsigned thread)
{
    struct pair *pair = scene->lock;

    tas_acquire_(&pair->locks[thread], NULL);
    under_both(scene, thread, 1 - thread);
    tas_release_(&pair->locks[thread], NULL);
}

/* Takes them as the order allows; returns what it says to the second. */
static int take_in_order(struct scene *scene, unsigned thread, unsigned first, unsigned second)
{
    struct pair *pair = scene->lock;
    int error = lock_order_acquire(&pair->order, first);

    if (error != 0)
        explorer_violation(scene->explorer, "order", "the first lock was refused");
    tas_acquire_(&pair->locks[first], NULL);
    error = lock_order_acquire(&pair->order, second);
    if (error == 0) {
        under_both(scene, thread, second);
        lock_order_release(&pair->order, second);
    }
    tas_release_(&pair->locks[first], NULL);
    lock_order_release(&pair->order, first);
    return error;
}

static void run_abba_in_order(struct scene *scene, unsigned thread)
{
    if (take_in_order(scene, thread, thread, 1 - thread) != (thread == 0 ? 0 : EDEADLK))
        explorer_violation(scene->explorer, "order", "thread %u was told the wrong thing", thread);
}

static void run_ranked(struct scene *scene, unsigned thread)
{
    if (take_in_order(scene, thread, 0, 1) != 0)
        explorer_violation(scene->explorer, "order", "thread %u was refused", thread);
}

static struct session *explore_pair(void (*run)(struct scene *scene, unsigned thread))
{
    static struct client client = {.name = "pair", .description = "two locks", .threads = 2};

    client.run = run;
    struct session *session = session_new(&(struct subject){"pair", &pair_ops, NULL}, &client);
    assert_non_null(session);
    session_explore(session, 1000000, NULL, NULL);
    return session;
}

static void opposite_orders_deadlock(void **state)
{
    struct session *session = explore_pair(run_abba);

    (void)state;
    assert_int_equal(session->verdict, CHECK_FOUND);
    assert_string_equal(session->explorer.property, "no deadlock, no lost wake-up");
    session_free(session);
}

/* The one that goes the wrong way is refused in each execution, also where nobody is in its way. */
static void a_checked_order_refuses_instead(void **state)
{
    struct session *session = explore_pair(run_abba_in_order);

    (void)state;
    if (session->verdict != CHECK_ALL_EXPLORED)
        fail_msg("%s", session->explorer.violation);
    assert_true(session->explorer.complete > 1);
    session_free(session);
    session = explore_pair(run_ranked);
    if (session->verdict != CHECK_ALL_EXPLORED)
        fail_msg("%s", session->explorer.violation);
    assert_true(session->explorer.complete > 1);
    session_free(session);
}

static bool go_on(unsigned done, unsigned all, void *argument)
{
    (void)done;
    (void)all;
    (void)argument;
    return true;
}

/* The one order that is too strong is not noticed, and has its argument; the two others are
 * noticed. */
static void arguments_are_found(void **state)
{
    struct mutants mutants;
    unsigned noticed = 0, argued_for = 0;

    (void)state;
    leave_to_others();
    assert_true(mutate(&(struct subject){"argued", &argued, NULL}, 100000, go_on, NULL, &mutants));
    for (size_t i = 0; i < mutants.count; i++) {
        noticed += mutants.list[i].noticed;
        if (mutants.list[i].noticed)
            continue;
        assert_non_null(mutants.list[i].argument);
        assert_non_null(strstr(mutants.list[i].argument, "need not think twice"));
        argued_for++;
    }
    assert_int_equal(noticed, 3);
    assert_int_equal(argued_for, 1);
    free(mutants.list);
}

static void every_order_of_ticket_is_needed(void **state)
{
    struct mutants mutants;
    const struct lock_ops *ops = lock_virtual(lock_find("ticket"));

    (void)state;
    assert_true(mutate(&(struct subject){"ticket", ops, NULL}, 100000, go_on, NULL, &mutants));
    assert_int_equal(mutants.count, 3);
    for (size_t i = 0; i < mutants.count; i++)
        assert_true(mutants.list[i].noticed);
    free(mutants.list);
}

static void damaged_replays_are_refused(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"lockbench_replay\": 2, \"version\": \"0.1.0\", \"path\": []}",
        "{\"lockbench_replay\": 1, \"version\": \"9.9\", \"path\": []}",
        "{\"lockbench_replay\": 1, \"version\": \"0.1.0\", \"path\": [[0, 0, 0, 0], [7, 0, 0, 0]]}",
        "{\"lockbench_replay\": 1, \"version\": \"0.1.0\", \"path\": [[0, -1, 0, 0]]}",
        "{\"lockbench_replay\": 1, \"version\": \"0.1.0\", \"path\": [1]}",
        "{\"lockbench_replay\": 1, \"version\": \"0.1.0\", \"path\": [[0, 9, 0, 0], [1, 3, 0, 0]]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *object = json_loads(texts[i], 0, NULL);
        struct session *session =
            session_new(&(struct subject){"right", &right, NULL}, client_find("2x2"));
        assert_non_null(object);
        assert_int_equal(session_replay(session, "test", object), EXIT_USAGE);
        session_free(session);
        json_decref(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found),
        cmocka_unit_test(each_fault_is_played_again),
        cmocka_unit_test(a_listing_names_places_and_stores),
        cmocka_unit_test(a_bound_is_no_proof),
        cmocka_unit_test(every_lock_of_the_catalogue_is_right),
        cmocka_unit_test(opposite_orders_deadlock),
        cmocka_unit_test(a_checked_order_refuses_instead),
        cmocka_unit_test(arguments_are_found),
        cmocka_unit_test(every_order_of_ticket_is_needed),
        cmocka_unit_test(damaged_replays_are_refused),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
