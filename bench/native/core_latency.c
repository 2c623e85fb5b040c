#include "bench/native/core_latency.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/message.h"
#include "bench/native/bind.h"
#include "bench/statistics.h"
#include "locks/machine/machine.h"

enum { BATCHES = 11, ROUNDS = 2000 };

/* Two threads write one word in turn: it counts up, one makes it odd and the other even. */
struct pair {
    _Alignas(MACHINE_APART) WORD(uint32_t) turn;
    _Alignas(MACHINE_APART) unsigned cpus[2];
    int bind_errors[2];
    pthread_barrier_t barrier;
    double batch_ns[BATCHES]; /* one way */
};

static void play(struct pair *pair, uint32_t side)
{
    for (uint32_t batch = 0; batch < BATCHES; batch++) {
        uint64_t start = machine_clock();
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint32_t mine = 2 * (batch * ROUNDS + round) + side;
            word_await_equal(&pair->turn, mine, acquire);
            word_store(&pair->turn, mine + 1, release);
        }
        if (side == 1)
            pair->batch_ns[batch] = (double)(machine_clock() - start) / (2.0 * ROUNDS);
    }
}

static void *other_side(void *argument)
{
    struct pair *pair = argument;

    pair->bind_errors[1] = bind_to_cpu(pair->cpus[1]);
    pthread_barrier_wait(&pair->barrier);
    if (pair->bind_errors[0] == 0 && pair->bind_errors[1] == 0)
        play(pair, 1);
    return NULL;
}

static void *first_side(void *argument)
{
    struct pair *pair = argument;
    pthread_t other;

    pair->bind_errors[0] = bind_to_cpu(pair->cpus[0]);
    if (pthread_create(&other, NULL, other_side, pair) != 0) {
        pair->bind_errors[0] = 1;
        return NULL;
    }
    pthread_barrier_wait(&pair->barrier);
    if (pair->bind_errors[0] == 0 && pair->bind_errors[1] == 0)
        play(pair, 0);
    pthread_join(other, NULL);
    return NULL;
}

/* In threads of its own, so that the caller's binding stays as it is. */
double core_latency_of_pair(unsigned a, unsigned b)
{
    struct pair pair = {.cpus = {a, b}};
    pthread_t thread;

    pthread_barrier_init(&pair.barrier, NULL, 2);
    if (pthread_create(&thread, NULL, first_side, &pair) != 0)
        return NAN;
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&pair.barrier);
    if (pair.bind_errors[0] != 0 || pair.bind_errors[1] != 0)
        return NAN;
    statistics_sort(pair.batch_ns, BATCHES);
    return statistics_median(pair.batch_ns, BATCHES);
}

void core_latency_measure(const unsigned *cpus, size_t n, double *matrix)
{
    uint64_t start_ns = machine_clock();
    unsigned done = 0, all = (unsigned)(n * (n - 1) / 2);

    for (size_t i = 0; i < n; i++) {
        matrix[i * n + i] = NAN;
        for (size_t j = i + 1; j < n; j++) {
            progress_show(done++, all, start_ns, "core-to-core latency");
            matrix[i * n + j] = matrix[j * n + i] = core_latency_of_pair(cpus[i], cpus[j]);
        }
    }
    progress_wipe();
}
