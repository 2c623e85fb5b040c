#include "bench/native/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench/allocate.h"
#include "bench/native/bind.h"

/* Of one measure; 8 MB, which no usual window fills. */
enum { SAMPLES_MOST = 1 << 20 };

/* Enough for the blocks of a wait for many objects; a thousand threads should cost little. */
enum { STACK_BYTES = 256 * 1024 };

/* By the first thread, where it runs, so that the pages lie on its node. */
static void make_signals(struct exchange_crew *crew)
{
    const struct repetition *repetition = crew->repetition;
    const struct lock_ops *lock = repetition->lock.ops;
    struct signal_shape shape = {repetition->workload.exchange, repetition->objects,
                                 repetition->threads};

    if (crew->ops == NULL) {
        crew->signals = allocate_zeroed(MACHINE_APART,
                                        lock->size + repetition->threads * lock->size_per_thread);
        crew->init_error =
            lock->init(crew->signals, repetition->threads, repetition->lock.parameters);
        return;
    }
    /* A hand-over takes a signal there and one back. */
    shape.objects = shape.exchange == EXCHANGE_HANDOFF ? 2 : shape.objects;
    crew->signals = allocate_zeroed(MACHINE_APART, crew->ops->size +
                                                       shape.objects * crew->ops->size_per_object +
                                                       shape.threads * crew->ops->size_per_thread);
    crew->init_error = crew->ops->init(crew->signals, &shape);
}

static void *party_main(void *argument)
{
    struct party *party = argument;
    struct exchange_crew *crew = party->crew;

    party->bind_error = bind_to_cpu(party->cpu);
    party->stayed = party->bind_error == 0 && machine_cpu() == party->cpu;
    native_set_self(party->self);
    if (party->self == 0)
        make_signals(crew);
    pthread_barrier_wait(&crew->barrier);
    /* Between these two the main thread looks at who could be bound. */
    pthread_barrier_wait(&crew->barrier);
    if (crew->called_off)
        return NULL;
    exchange_work(party);
    party->stayed = party->stayed && machine_cpu() == party->cpu;
    word_store(&party->departed, true, release);
    sem_post(&crew->departures);
    return NULL;
}

static const char *start_parties(struct exchange_crew *crew, char *problem, size_t size)
{
    const struct repetition *repetition = crew->repetition;
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (unsigned i = 0; i < repetition->threads; i++) {
        struct party *party = &crew->parties[i];
        party->crew = crew;
        party->self = i;
        party->cpu = repetition->cpus[i % repetition->cpus_count];
        crew->shared_cpu = crew->shared_cpu || (i > 0 && party->cpu == crew->parties[0].cpu);
        int error = pthread_create(&party->thread, &attributes, party_main, party);
        if (error != 0) {
            snprintf(problem, size, "thread %u of %u can't be started: %s", i + 1,
                     repetition->threads, strerror(error));
            return problem;
        }
    }
    pthread_attr_destroy(&attributes);
    return NULL;
}

static const char *check_ready(struct exchange_crew *crew, char *problem, size_t size)
{
    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        const struct party *party = &crew->parties[i];
        if (party->bind_error != 0) {
            snprintf(problem, size, "thread %u can't be bound to CPU %u: %s", i, party->cpu,
                     strerror(party->bind_error));
            return problem;
        }
    }
    if (crew->init_error == 0)
        return NULL;
    snprintf(problem, size, "%s can't be made: %s", crew->repetition->lock.text,
             strerror(crew->init_error));
    return problem;
}

static uint64_t all_progress(struct exchange_crew *crew)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        all += word_load(&crew->parties[i].progress, relaxed);
    return all;
}

/* Waits for the threads. A long time without any signal coming through is a hang; but a process
 * that was stopped meanwhile did not wait. */
static void watch(struct exchange_crew *crew)
{
    const uint64_t step_ns = 100000000;
    uint64_t progress = 0;

    while (crew->departed < crew->repetition->threads &&
           crew->silence_ns <= crew->repetition->silence_ns) {
        uint64_t start_ns = machine_clock();
        struct timespec deadline = native_timespec(start_ns + step_ns);
        bool came = sem_clockwait(&crew->departures, CLOCK_MONOTONIC, &deadline) == 0;
        uint64_t waited_ns = machine_clock() - start_ns;
        uint64_t now = all_progress(crew);
        crew->departed += came;
        crew->silence_ns =
            came || now != progress
                ? 0
                : crew->silence_ns + (waited_ns < 2 * step_ns ? waited_ns : 2 * step_ns);
        progress = now;
    }
    for (unsigned i = 0; crew->departed == crew->repetition->threads && i < crew->departed; i++)
        pthread_join(crew->parties[i].thread, NULL);
}

static bool make_crew(struct exchange_crew *crew, const struct repetition *repetition)
{
    const struct exchange_traits *traits = exchange_traits(repetition->workload.exchange);
    bool two = traits->measures[1].field != NULL;

    memset(crew, 0, sizeof *crew);
    crew->repetition = repetition;
    crew->ops = repetition->lock.signal;
    crew->random = repetition->seed;
    crew->window_ns = repetition->window_ns / (two ? 2 : 1);
    crew->clock_cost_ns = measure_clock_cost().least;
    crew->parties = allocate_zeroed(MACHINE_APART, repetition->threads * sizeof *crew->parties);
    pthread_barrier_init(&crew->barrier, NULL, repetition->threads + 1);
    sem_init(&crew->departures, 0, 0);
    for (unsigned i = 0; i < (two ? 2 : 1); i++) {
        if (!reservoir_make(&crew->samples[i], SAMPLES_MOST, repetition->seed + i))
            return false;
    }
    return true;
}

json_t *exchange_measure(const struct repetition *repetition, char *problem, size_t size)
{
    static struct exchange_crew crew;

    if (!make_crew(&crew, repetition))
        return NULL;
    /* The kernel rounds time-outs of ordinary threads up by 50 us, unless told not to. */
    prctl(PR_SET_TIMERSLACK, 1);
    if (start_parties(&crew, problem, size) != NULL)
        return NULL;
    pthread_barrier_wait(&crew.barrier);
    crew.called_off = check_ready(&crew, problem, size) != NULL;
    pthread_barrier_wait(&crew.barrier);
    if (crew.called_off)
        return NULL;
    watch(&crew);
    return exchange_report(&crew);
}
