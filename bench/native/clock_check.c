#include "bench/native/clock_check.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/native/bind.h"
#include "locks/machine/machine.h"

/* The shortest of so many ways is taken. On busy CPUs each may take a time slice, so that the time
 * is limited as well. */
enum { ROUNDS = 500, MOST_NS = 100000000 };

void clock_bounds_narrow(struct clock_bounds *bounds, uint64_t sent, uint64_t seen, uint64_t back)
{
    int64_t low = (int64_t)(seen - back), high = (int64_t)(seen - sent);

    bounds->low = low > bounds->low ? low : bounds->low;
    bounds->high = high < bounds->high ? high : bounds->high;
}

static void differ(struct clock_check *check, unsigned cpu, unsigned other, uint64_t ns,
                   const char *how)
{
    check->verdict = CLOCKS_DIFFER;
    check->within_ns = 0;
    snprintf(check->reason, sizeof check->reason,
             "the clock of CPU %u is at least %" PRIu64 " ns %s that of CPU %u", other, ns, how,
             cpu);
}

void clock_check_judge(const struct clock_bounds *bounds, unsigned cpu, unsigned other,
                       struct clock_check *check)
{
    *check = (struct clock_check){0};
    if (bounds->low > bounds->high) {
        check->verdict = CLOCKS_DIFFER;
        snprintf(check->reason, sizeof check->reason,
                 "the clocks of CPUs %u and %u drift apart: %" PRId64 " ns within %d exchanges",
                 cpu, other, bounds->low - bounds->high, ROUNDS);
    } else if (bounds->low > 0) {
        differ(check, cpu, other, (uint64_t)bounds->low, "ahead of");
    } else if (bounds->high < 0) {
        differ(check, cpu, other, (uint64_t)-bounds->high, "behind");
    } else {
        check->within_ns = (uint64_t)(-bounds->low > bounds->high ? -bounds->low : bounds->high);
    }
}

/* ---- two CPUs ---- */

/* The first writes an odd number to say that the time was sent, the second an even one to answer;
 * the last is 0. */
struct pair {
    _Alignas(MACHINE_APART) WORD(uint32_t) turn;
    uint64_t seen;
    _Alignas(MACHINE_APART) unsigned cpus[2];
    uint64_t (*clock)(void);
    int errors[2]; /* why one could not be started or bound, or 0 */
    pthread_barrier_t barrier;
    struct clock_bounds bounds;
};

static void answer(struct pair *pair)
{
    uint32_t turn = 0;

    while ((turn = word_await_differ(&pair->turn, turn, acquire)) != 0) {
        pair->seen = pair->clock();
        word_store(&pair->turn, ++turn, release);
    }
}

static void ask(struct pair *pair)
{
    const uint64_t begun = machine_clock();

    for (uint32_t turn = 1; turn < 2 * ROUNDS && machine_clock() - begun < MOST_NS; turn += 2) {
        uint64_t sent = pair->clock();
        word_store(&pair->turn, turn, release);
        word_await_equal(&pair->turn, turn + 1, acquire);
        uint64_t back = pair->clock();
        clock_bounds_narrow(&pair->bounds, sent, pair->seen, back);
    }
    word_store(&pair->turn, 0, release);
}

static void *second(void *argument)
{
    struct pair *pair = argument;

    pair->errors[1] = bind_to_cpu(pair->cpus[1]);
    pthread_barrier_wait(&pair->barrier);
    if (pair->errors[0] == 0 && pair->errors[1] == 0)
        answer(pair);
    return NULL;
}

static void *first(void *argument)
{
    struct pair *pair = argument;
    pthread_t other;

    pair->errors[0] = bind_to_cpu(pair->cpus[0]);
    /* The other thread says itself why it could not be bound, maybe before this one goes on. */
    int error = pthread_create(&other, NULL, second, pair);
    if (error != 0) {
        pair->errors[1] = error;
        return NULL;
    }
    pthread_barrier_wait(&pair->barrier);
    if (pair->errors[0] == 0 && pair->errors[1] == 0)
        ask(pair);
    pthread_join(other, NULL);
    return NULL;
}

static void check_pair(unsigned cpu, unsigned other, uint64_t (*clock)(void),
                       struct clock_check *check)
{
    struct pair pair = {.cpus = {cpu, other}, .clock = clock, .bounds = CLOCK_BOUNDS_UNKNOWN};
    pthread_t thread;

    pthread_barrier_init(&pair.barrier, NULL, 2);
    int error = pthread_create(&thread, NULL, first, &pair);
    if (error == 0) {
        pthread_join(thread, NULL);
        error = pair.errors[0] != 0 ? pair.errors[0] : pair.errors[1];
    }
    pthread_barrier_destroy(&pair.barrier);
    if (error == 0) {
        clock_check_judge(&pair.bounds, cpu, other, check);
        return;
    }
    *check = (struct clock_check){.verdict = CLOCKS_UNCHECKED};
    snprintf(check->reason, sizeof check->reason,
             "the clocks of CPUs %u and %u could not be compared: %s", cpu, other, strerror(error));
}

/* ---- all of them ---- */

static bool is_new(const unsigned *cpus, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (cpus[i] == cpus[at])
            return false;
    }
    return true;
}

void clock_check_cpus(const unsigned *cpus, size_t n, uint64_t (*clock)(void),
                      struct clock_check *check)
{
    uint64_t within_ns = 0;
    size_t others = 0;

    *check = (struct clock_check){.verdict = CLOCKS_UNCHECKED};
    for (size_t i = 1; i < n; i++) {
        if (!is_new(cpus, i))
            continue;
        others++;
        check_pair(cpus[0], cpus[i], clock, check);
        if (check->verdict != CLOCKS_AGREE)
            return;
        within_ns = check->within_ns > within_ns ? check->within_ns : within_ns;
    }
    check->within_ns = within_ns;
    if (others == 0)
        snprintf(check->reason, sizeof check->reason,
                 "all threads are on one CPU: there is no other clock to compare with");
}
