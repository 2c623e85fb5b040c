#include "bench/native/adaptive_mutex.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bench/native/cast.h"
#include "bench/native/clock_check.h"
#include "locks/machine/machine.h"

/* Without GNU's own kind of mutex there is nothing to measure. */
#ifdef __GLIBC__

/* A wait that ends in sleep lets the next one spin an eighth longer, from ten turns on: seventy
 * such waits come to the most there is. */
enum { GROWING = 120, COUNTED = 61 };

/* What glibc keeps in a mutex for whose sake somebody sleeps, or is about to. */
enum { SOMEBODY_SLEEPS = 2 };

struct scene {
    _Alignas(MACHINE_APART) pthread_mutex_t mutex;
    _Alignas(MACHINE_APART) WORD(uint32_t) held;
    WORD(uint32_t) passed;
    _Alignas(MACHINE_APART) WORD(uint64_t) called_ns;
    double spun_ns[COUNTED];
    size_t waits;
};

static int state_of(const pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->__data.__lock, __ATOMIC_ACQUIRE);
}

/* Watches the mutex's own word: the time that a waiter takes to fall asleep in the kernel is of no
 * interest, and would hide a short spin. */
static void hold(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t wait = 1; wait <= GROWING + COUNTED; wait++) {
        pthread_mutex_lock(&scene->mutex);
        word_store(&scene->held, wait, release);
        while (state_of(&scene->mutex) != SOMEBODY_SLEEPS)
            ;
        uint64_t slept_ns = machine_clock();
        /* It was written before the waiter's call, and the state after it. */
        uint64_t called_ns = word_load(&scene->called_ns, relaxed);
        if (wait > GROWING)
            scene->spun_ns[scene->waits++] =
                slept_ns > called_ns ? (double)(slept_ns - called_ns) : 0;
        pthread_mutex_unlock(&scene->mutex);
        word_await_equal(&scene->passed, wait, acquire);
    }
}

static void wait_for_it(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t wait = 1; wait <= GROWING + COUNTED; wait++) {
        word_await_equal(&scene->held, wait, acquire);
        word_store(&scene->called_ns, machine_clock(), relaxed);
        pthread_mutex_lock(&scene->mutex);
        pthread_mutex_unlock(&scene->mutex);
        word_store(&scene->passed, wait, release);
    }
}

static int make_adaptive(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);

    if (error == 0)
        error = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    if (error == 0)
        error = pthread_mutex_init(mutex, &attributes);
    return error;
}

static const char *explain(char problem[ADAPTIVE_MUTEX_PROBLEM], const char *what,
                           const char *reason)
{
    snprintf(problem, ADAPTIVE_MUTEX_PROBLEM, "%s%s", what, reason);
    return problem;
}

const char *adaptive_mutex_measure(unsigned cpu, unsigned other_cpu, struct adaptive_spin *spin,
                                   char problem[ADAPTIVE_MUTEX_PROBLEM])
{
    const unsigned cpus[] = {cpu, other_cpu};
    struct scene scene = {.waits = 0};
    struct cast cast = {
        .players = {{.play = hold, .cpu = cpu}, {.play = wait_for_it, .cpu = other_cpu}},
        .count = 2,
        .scene = &scene};
    struct clock_check check;

    if (cpu == other_cpu)
        return explain(problem, "", "one CPU is allowed, on which nobody sees another thread spin");
    clock_check_cpus(cpus, 2, machine_clock, &check);
    if (check.verdict != CLOCKS_AGREE)
        return explain(problem, "", check.reason);
    int error = make_adaptive(&scene.mutex);
    if (error == 0)
        error = cast_perform(&cast);
    if (error != 0)
        return explain(problem, "its threads can't be had on their CPUs: ", strerror(error));
    statistics_sort(scene.spun_ns, scene.waits);
    *spin = (struct adaptive_spin){.median_ns = statistics_median(scene.spun_ns, scene.waits),
                                   .waits = scene.waits};
    statistics_median_interval(scene.spun_ns, scene.waits, &spin->interval);
    return NULL;
}

#else

const char *adaptive_mutex_measure(unsigned cpu, unsigned other_cpu, struct adaptive_spin *spin,
                                   char problem[ADAPTIVE_MUTEX_PROBLEM])
{
    (void)cpu;
    (void)other_cpu;
    (void)spin;
    snprintf(problem, ADAPTIVE_MUTEX_PROBLEM, "this C library is not glibc");
    return problem;
}

#endif
