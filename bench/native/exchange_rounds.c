#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/clock_span.h"
#include "bench/native/exchange.h"
#include "bench/random.h"
#include "locks/lock.h"

static uint64_t drawn_between(struct exchange_crew *crew, uint64_t least, uint64_t most)
{
    return least + random_below(&crew->random, most - least + 1);
}

/* ---------------------------------------------------------------------------------------------
 * The window: the first thread opens and closes it. */

static void open_window(struct exchange_crew *crew)
{
    crew->around_before = surroundings_look("", crew->repetition);
    crew->before = usage_now();
    crew->start_ns = machine_clock();
}

static void close_window(struct exchange_crew *crew)
{
    crew->end_ns = machine_clock();
    crew->after = usage_now();
    crew->around_after = surroundings_look("", crew->repetition);
}

/* Only the thread itself writes it. */
static void note_progress(struct party *party)
{
    word_store(&party->progress, word_load(&party->progress, relaxed) + 1, relaxed);
}

/* Repeats a step, which takes one sample, through a warm-up and then through the window. The first
 * measure is the one whose window the record tells of. */
static void repeat(struct party *party, uint64_t (*step)(struct party *party), unsigned measure)
{
    struct exchange_crew *crew = party->crew;
    uint64_t warm_ns = machine_clock() + crew->repetition->warmup_ns;

    while (machine_clock() < warm_ns && party->faults.error == 0)
        step(party);
    if (measure == 0)
        open_window(crew);
    for (uint64_t end_ns = machine_clock() + crew->window_ns;
         machine_clock() < end_ns && party->faults.error == 0;) {
        reservoir_add(&crew->samples[measure], step(party));
        crew->operations += measure == 0;
    }
    if (measure == 0)
        close_window(crew);
}

/* ---------------------------------------------------------------------------------------------
 * Where threads meet between two signals. */

static void await_word(WORD(uint32_t) * word, uint32_t value)
{
    for (uint32_t seen; (int32_t)((seen = word_load(word, acquire)) - value) < 0;)
        machine_futex_wait(word, seen);
}

/* The last one of a round wakes the setter. */
static void report_to_setter(struct exchange_crew *crew, WORD(uint32_t) * word, uint32_t round)
{
    uint32_t waiters = crew->repetition->threads - 1;

    if (word_fetch_add(word, 1, acq_rel) + 1 == waiters * round)
        machine_futex_wake(word, 1);
}

/* The waiter has said that it is about to wait; this is the time in which it falls asleep. A setter
 * with a CPU of its own stays awake, as one that has computed something would be. */
static void settle(struct exchange_crew *crew)
{
    uint64_t until =
        machine_clock() + drawn_between(crew, EXCHANGE_SETTLE_LEAST_NS, EXCHANGE_SETTLE_MOST_NS);
    struct timespec wake = native_timespec(until);

    while (machine_clock() < until) {
        if (crew->shared_cpu)
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        else
            machine_relax();
    }
}

static void keep_error(struct party *party, int error)
{
    if (party->faults.error == 0)
        party->faults.error = error;
}

static void send(struct party *party, unsigned object)
{
    keep_error(party, party->crew->ops->set(party->crew->signals, object));
}

static void begin_round(struct exchange_crew *crew)
{
    word_fetch_add(&crew->round, 1, release);
    machine_futex_wake(&crew->round, INT_MAX);
}

/* One set that all waiters receive; how long the last of them took. */
static uint64_t signal_round(struct party *setter)
{
    struct exchange_crew *crew = setter->crew;
    unsigned last = crew->repetition->objects - 1, waiters = crew->repetition->threads - 1;
    uint64_t ran_ns = 0;

    if (crew->repetition->workload.exchange == EXCHANGE_WAIT_ALL) {
        for (unsigned i = 0; i < last; i++)
            send(setter, i);
    }
    begin_round(crew);
    uint32_t round = word_load(&crew->round, relaxed);
    await_word(&crew->ready, waiters * round);
    settle(crew);
    uint64_t set_ns = machine_clock();
    send(setter, last);
    setter->sent++;
    await_word(&crew->arrived, waiters * round);
    for (unsigned i = 1; i <= waiters; i++) {
        const struct party *waiter = &crew->parties[i];
        ran_ns = waiter->ran_ns > ran_ns ? waiter->ran_ns : ran_ns;
        keep_error(setter, waiter->faults.error);
    }
    if (crew->repetition->workload.exchange == EXCHANGE_BROADCAST)
        keep_error(setter, crew->ops->reset(crew->signals, last));
    note_progress(setter);
    return clock_span(set_ns, ran_ns, &setter->backwards);
}

static void end_rounds(struct exchange_crew *crew)
{
    word_store(&crew->closed, true, relaxed);
    begin_round(crew);
}

/* A wait of the kind that the workload is about. */
static int wait_for_set(struct party *party, uint64_t deadline)
{
    struct exchange_crew *crew = party->crew;
    unsigned last = crew->repetition->objects - 1, index = last;
    int error;

    switch (crew->repetition->workload.exchange) {
    case EXCHANGE_WAIT_ANY:
        error = crew->ops->wait_any(crew->signals, deadline, &index);
        break;
    case EXCHANGE_WAIT_ALL:
        error = crew->ops->wait_all(crew->signals, deadline);
        break;
    default:
        error = crew->ops->wait(crew->signals, last, deadline);
    }
    party->faults.index += error == 0 && index != last;
    return error;
}

/* Before the set no wait may end, and a test that fails may consume nothing: the wait that follows
 * would never end. */
static void expect_not_set(struct party *party)
{
    int error = wait_for_set(party, 0);

    if (error == 0)
        party->faults.early++;
    else if (error != ETIMEDOUT)
        keep_error(party, error);
}

/* After a wait, every object is consumed; but a notification event stays. */
static void expect_consumed(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    bool all = crew->repetition->workload.exchange == EXCHANGE_WAIT_ALL;
    int error = ETIMEDOUT;

    if (crew->repetition->workload.exchange == EXCHANGE_BROADCAST) {
        party->faults.dropped += wait_for_set(party, 0) != 0;
        return;
    }
    if (!all)
        error = wait_for_set(party, 0);
    for (unsigned i = 0; all && i < crew->repetition->objects && error == ETIMEDOUT; i++)
        error = crew->ops->wait(crew->signals, i, 0);
    party->faults.repeated += error == 0;
}

static uint64_t switches_now(void)
{
    struct rusage rusage;

    getrusage(RUSAGE_THREAD, &rusage);
    return (uint64_t)rusage.ru_nvcsw;
}

static void receive_once(struct party *waiter, uint32_t round)
{
    struct exchange_crew *crew = waiter->crew;

    expect_not_set(waiter);
    report_to_setter(crew, &crew->ready, round);
    uint64_t switches = switches_now();
    keep_error(waiter, wait_for_set(waiter, MACHINE_NEVER));
    waiter->ran_ns = machine_clock();
    waiter->slept += switches_now() > switches;
    waiter->waits++;
    waiter->received++;
    expect_consumed(waiter);
    report_to_setter(crew, &crew->arrived, round);
}

static void receive_all(struct party *waiter)
{
    for (uint32_t round = 1;; round++) {
        await_word(&waiter->crew->round, round);
        if (word_load(&waiter->crew->closed, relaxed))
            return;
        receive_once(waiter, round);
    }
}

/* A wait for what is signalled already, by the thread that signalled it. */
static uint64_t test_signalled(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    unsigned last = crew->repetition->objects - 1;
    bool all = crew->repetition->workload.exchange == EXCHANGE_WAIT_ALL;

    for (unsigned i = all ? 0 : last; i <= last; i++)
        send(party, i);
    party->sent++;
    uint64_t start_ns = machine_clock();
    int error = wait_for_set(party, 0);
    uint64_t end_ns = machine_clock();
    keep_error(party, error);
    party->received += error == 0;
    note_progress(party);
    return clock_span(start_ns, end_ns, &party->backwards);
}

/* ---------------------------------------------------------------------------------------------
 * Timers */

static int await_timer(struct party *party, uint64_t *expiries, uint64_t *ran_ns)
{
    int error = party->crew->ops->await_expiry(party->crew->signals, expiries);

    *ran_ns = machine_clock();
    keep_error(party, error);
    note_progress(party);
    return error;
}

static uint64_t lateness(struct party *party, uint64_t due_ns, uint64_t ran_ns)
{
    if (ran_ns >= due_ns)
        return ran_ns - due_ns;
    party->faults.early++;
    return 0;
}

static uint64_t expire_once(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    uint64_t delay_ns = drawn_between(crew, EXCHANGE_DELAY_LEAST_NS, EXCHANGE_DELAY_MOST_NS);
    uint64_t due_ns = machine_clock() + delay_ns, ran_ns, expiries = 1;

    keep_error(party, crew->ops->arm(crew->signals, due_ns, 0));
    party->sent++;
    if (party->faults.error != 0 || await_timer(party, &expiries, &ran_ns) != 0)
        return 0;
    party->received += expiries;
    return lateness(party, due_ns, ran_ns);
}

/* A waiter that comes late finds several expiries at once; each is late by its own due time. */
static void expire_periodically(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    uint64_t due_ns = machine_clock() + EXCHANGE_PERIOD_NS, end_ns = due_ns + crew->window_ns;
    uint64_t ran_ns, expiries;

    keep_error(party, crew->ops->arm(crew->signals, due_ns, EXCHANGE_PERIOD_NS));
    while (due_ns < end_ns && party->faults.error == 0 &&
           await_timer(party, &expiries, &ran_ns) == 0) {
        for (; expiries > 0; expiries--, due_ns += EXCHANGE_PERIOD_NS) {
            party->sent++;
            party->received++;
            reservoir_add(&crew->samples[1], lateness(party, due_ns, ran_ns));
        }
    }
    keep_error(party, crew->ops->disarm(crew->signals));
}

/* ---------------------------------------------------------------------------------------------
 * Handing over: object 0 is the first thread's signal to the second, object 1 the way back. */

static void take_ball(struct party *party)
{
    struct exchange_crew *crew = party->crew;

    /* Each of the two adds one in its turn. */
    party->faults.order += crew->ball % 2 != party->self;
    crew->ball++;
}

static uint64_t round_trip(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    uint64_t start_ns = machine_clock();

    take_ball(party);
    send(party, 0);
    party->sent++;
    keep_error(party, crew->ops->wait(crew->signals, 1, MACHINE_NEVER));
    party->received++;
    uint64_t trip_ns = clock_span(start_ns, machine_clock(), &party->backwards);
    note_progress(party);
    return trip_ns / 2;
}

static void return_all(struct party *party)
{
    struct exchange_crew *crew = party->crew;

    for (bool closed = false; !closed;) {
        keep_error(party, crew->ops->wait(crew->signals, 0, MACHINE_NEVER));
        party->received++;
        take_ball(party);
        closed = word_load(&crew->closed, relaxed) || party->faults.error != 0;
        send(party, 1);
        party->sent++;
    }
}

/* Acquires until it is this thread's turn; then it is the other's. */
static void pass_turn(struct party *party)
{
    struct exchange_crew *crew = party->crew;
    const struct lock_ops *lock = crew->repetition->lock.ops;
    /* Without exclusion, plain data would be a race of our own. */
    const bool excludes = (lock->traits & LOCK_UNVERIFIED) == 0;
    _Alignas(MACHINE_APART) char context[LOCK_CONTEXT_SIZE];

    for (bool mine = false; !mine && party->faults.error == 0;) {
        int error = lock->acquire(crew->signals, context);
        if (error != 0) {
            keep_error(party, error);
            return;
        }
        if (excludes) {
            crew->counted++;
            party->acquisitions++;
        }
        mine = word_load(&crew->turn, relaxed) == party->self;
        if (mine) {
            if (excludes)
                take_ball(party);
            word_store(&crew->turn, 1 - party->self, relaxed);
        }
        lock->release(crew->signals, context);
        /* An unfair lock may long keep the other one out: it is slow, and has not hung. */
        note_progress(party);
    }
}

/* From one turn of the first thread to its next one. */
static uint64_t turn_round_trip(struct party *party)
{
    uint64_t start_ns = machine_clock();

    pass_turn(party);
    party->sent++;
    party->received++;
    return clock_span(start_ns, machine_clock(), &party->backwards) / 2;
}

static void pass_all_turns(struct party *party)
{
    while (!word_load(&party->crew->closed, relaxed) && party->faults.error == 0) {
        pass_turn(party);
        party->sent++;
        party->received++;
    }
}

/* ---------------------------------------------------------------------------------------------
 * Who does what */

static void lead_handoff(struct party *party)
{
    struct exchange_crew *crew = party->crew;

    if (crew->ops == NULL) {
        repeat(party, turn_round_trip, 0);
        word_store(&crew->closed, true, relaxed);
        /* The other one may be looking for a turn that would never come. */
        pass_turn(party);
        party->sent++;
        party->received++;
        return;
    }
    repeat(party, round_trip, 0);
    word_store(&crew->closed, true, relaxed);
    round_trip(party);
}

static void lead(struct party *party)
{
    switch (party->crew->repetition->workload.exchange) {
    case EXCHANGE_TIMER:
        repeat(party, expire_once, 0);
        expire_periodically(party);
        break;
    case EXCHANGE_HANDOFF:
        lead_handoff(party);
        break;
    default:
        repeat(party, signal_round, 0);
        end_rounds(party->crew);
    }
}

static void follow(struct party *party)
{
    const struct repetition *repetition = party->crew->repetition;

    if (repetition->workload.exchange != EXCHANGE_HANDOFF)
        receive_all(party);
    else if (party->crew->ops != NULL)
        return_all(party);
    else
        pass_all_turns(party);
    if (exchange_traits(repetition->workload.exchange)->objects)
        repeat(party, test_signalled, 1);
}

void exchange_work(struct party *party)
{
    if (party->self == 0)
        lead(party);
    else
        follow(party);
}
