/* overhead: what the harness adds to a lock. Run by scripts/overhead.
 *
 * First: on one thread and in one process, the stamped loop of a lock alternates with the same
 * algorithm and the same guarded pair written by hand in a bare loop. A second thread sleeps
 * meanwhile and ends each window, so that the C library does not take its single-threaded paths.
 *
 * Then, on one thread and on two: the loops of the passes, which note who had the lock and how long
 * it took, alternate with the plain one. */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/allocate.h"
#include "bench/native/bind.h"
#include "bench/native/crew.h"
#include "bench/native/loops.h"
#include "bench/native/owner_pass.h"
#include "bench/statistics.h"
#include "locks/catalogue.h"

enum { ROUNDS = 31, WINDOW_NS = 20000000 };

/* What the loops work on, each part on lines of its own. */
static struct {
    _Alignas(MACHINE_APART) WORD(uint32_t) phase;
    _Alignas(MACHINE_APART) char lock[MACHINE_APART];
    _Alignas(MACHINE_APART) struct guarded guarded;
    _Alignas(MACHINE_APART) struct worker worker;
} place;

static void *end_phase(void *argument)
{
    struct timespec window = {0, WINDOW_NS};

    (void)argument;
    nanosleep(&window, NULL);
    atomic_store_explicit(&place.phase, 1, memory_order_relaxed);
    return NULL;
}

static inline uint32_t phase_now(void)
{
    return atomic_load_explicit(&place.phase, memory_order_relaxed);
}

static inline void count_under_lock(void)
{
    uint64_t count = place.guarded.first;

    if (place.guarded.second != count)
        abort();
    place.guarded.first = count + 1;
    place.guarded.second = count + 1;
}

static uint64_t null_by_hand(void)
{
    uint64_t turns = 0;

    while (phase_now() == 0)
        turns++;
    return turns;
}

static uint64_t tas_by_hand(void)
{
    _Atomic uint32_t *held = (_Atomic uint32_t *)place.lock;
    uint64_t turns = 0;

    for (; phase_now() == 0; turns++) {
        while (atomic_exchange_explicit(held, 1, memory_order_acquire) != 0)
            caa_cpu_relax();
        count_under_lock();
        atomic_store_explicit(held, 0, memory_order_release);
    }
    return turns;
}

static uint64_t ticket_by_hand(void)
{
    _Atomic uint32_t *next = (_Atomic uint32_t *)place.lock, *serving = next + 1;
    uint64_t turns = 0;

    for (; phase_now() == 0; turns++) {
        uint32_t mine = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        while (atomic_load_explicit(serving, memory_order_acquire) != mine)
            caa_cpu_relax();
        count_under_lock();
        atomic_store_explicit(serving, atomic_load_explicit(serving, memory_order_relaxed) + 1,
                              memory_order_release);
    }
    return turns;
}

struct node {
    _Atomic(struct node *) next;
    _Atomic uint32_t open;
};

static uint64_t mcs_by_hand(void)
{
    _Atomic(struct node *) *tail = (_Atomic(struct node *) *)place.lock;
    _Alignas(MACHINE_APART) struct node node;
    uint64_t turns = 0;

    for (; phase_now() == 0; turns++) {
        atomic_store_explicit(&node.next, NULL, memory_order_relaxed);
        atomic_store_explicit(&node.open, 0, memory_order_relaxed);
        struct node *before = atomic_exchange_explicit(tail, &node, memory_order_acq_rel);
        if (before != NULL) {
            atomic_store_explicit(&before->next, &node, memory_order_release);
            while (atomic_load_explicit(&node.open, memory_order_acquire) == 0)
                caa_cpu_relax();
        }
        count_under_lock();
        struct node *after = atomic_load_explicit(&node.next, memory_order_acquire);
        struct node *mine = &node;
        if (after == NULL && atomic_compare_exchange_strong_explicit(
                                 tail, &mine, NULL, memory_order_release, memory_order_relaxed))
            continue;
        while ((after = atomic_load_explicit(&node.next, memory_order_acquire)) == NULL)
            caa_cpu_relax();
        atomic_store_explicit(&after->open, 1, memory_order_release);
    }
    return turns;
}

/* Nanoseconds a turn of one window, by hand or, with a lock, by its stamped loop. */
static double one_window(uint64_t (*by_hand)(void), const struct lock_ops *ops)
{
    pthread_t timer;
    uint64_t turns;

    atomic_store(&place.phase, 0);
    if (pthread_create(&timer, NULL, end_phase, NULL) != 0)
        abort();
    uint64_t start = machine_clock();
    if (ops == NULL) {
        turns = by_hand();
    } else {
        place.worker.carried = 0;
        loop_inlined(ops, (struct loop_shape){0})(&place.worker, 0);
        turns = word_load(&place.worker.acquisitions, relaxed);
    }
    double elapsed = (double)(machine_clock() - start);
    pthread_join(timer, NULL);
    return elapsed / (double)turns;
}

static void compare(const char *name, uint64_t (*by_hand)(void))
{
    const struct lock_ops *ops = lock_find(name);
    double hand[ROUNDS], stamped[ROUNDS], ratio[ROUNDS];
    struct interval interval;

    ops->init(place.lock, 1, NULL);
    place.worker.place =
        (struct workplace){.lock = place.lock, .guarded = &place.guarded, .phase = &place.phase};
    for (int i = 0; i < ROUNDS; i++) {
        /* Which goes first alternates as well. */
        if (i % 2 == 0)
            hand[i] = one_window(by_hand, NULL);
        stamped[i] = one_window(NULL, ops);
        if (i % 2 == 1)
            hand[i] = one_window(by_hand, NULL);
        ratio[i] = stamped[i] / hand[i];
    }
    statistics_sort(hand, ROUNDS);
    statistics_sort(stamped, ROUNDS);
    statistics_sort(ratio, ROUNDS);
    statistics_median_interval(ratio, ROUNDS, &interval);
    printf("%-8s %9.2f %11.2f %8.3f   [%.3f, %.3f]\n", name, statistics_median(hand, ROUNDS),
           statistics_median(stamped, ROUNDS), statistics_median(ratio, ROUNDS), interval.low,
           interval.high);
}

/* ---- the loops of the passes ---- */

enum { THREADS_MOST = 2 };

/* A thread of an observed window. */
struct observer {
    _Alignas(MACHINE_APART) struct worker worker;
    struct latencies latencies;
    pthread_t thread;
    loop_function *loop;
    unsigned cpu;
};

static struct {
    struct latency_watch watch;
    _Alignas(MACHINE_APART) WORD(uint64_t) owner_windows;
    struct observer observers[THREADS_MOST];
    pthread_barrier_t barrier;
} scene;

static void *observe(void *argument)
{
    struct observer *observer = argument;

    native_set_self((unsigned)(observer - scene.observers));
    if (bind_to_cpu(observer->cpu) != 0)
        abort();
    pthread_barrier_wait(&scene.barrier);
    observer->loop(&observer->worker, 0);
    return NULL;
}

/* What is measured: a lock, and whether its threads do nothing else, or what those of the default
 * plan do. */
struct subject {
    const struct lock_ops *ops;
    bool scripted;
    unsigned threads;
};

static void make_observer(unsigned number, const struct subject *subject,
                          enum observation observation)
{
    const struct workload usual = workload_default();
    struct observer *observer = &scene.observers[number];
    struct owner_note *notes = observer->worker.owners.notes;

    observer->worker = (struct worker){
        .ops = subject->ops,
        .place = {.lock = place.lock,
                  .guarded = &place.guarded,
                  .self = number,
                  .phase = &place.phase,
                  .watch = &scene.watch},
        .owners = {.windows = &scene.owner_windows,
                   .notes = notes,
                   .capacity = owner_pass_room(THREADS_MOST)},
        .latencies = &observer->latencies,
    };
    workload_script(&usual, number, 1 + number, observer->worker.script);
    observer->loop =
        loop_inlined(subject->ops, (struct loop_shape){subject->scripted, observation});
}

/* Acquisitions a nanosecond of all threads together. */
static double observed_window(const struct subject *subject, enum observation observation)
{
    const unsigned threads = subject->threads;
    const struct timespec window = {0, WINDOW_NS};
    uint64_t turns = 0;

    atomic_store(&place.phase, 0);
    word_store(&scene.watch.announced, 0, relaxed);
    pthread_barrier_init(&scene.barrier, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        make_observer(i, subject, observation);
        if (pthread_create(&scene.observers[i].thread, NULL, observe, &scene.observers[i]) != 0)
            abort();
    }
    pthread_barrier_wait(&scene.barrier);
    uint64_t start = machine_clock();
    nanosleep(&window, NULL);
    atomic_store_explicit(&place.phase, 1, memory_order_relaxed);
    double elapsed = (double)(machine_clock() - start);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(scene.observers[i].thread, NULL);
        turns += word_load(&scene.observers[i].worker.acquisitions, relaxed);
    }
    pthread_barrier_destroy(&scene.barrier);
    return (double)turns / elapsed;
}

static void print_ratio(double *ratios)
{
    struct interval interval;

    statistics_sort(ratios, ROUNDS);
    statistics_median_interval(ratios, ROUNDS, &interval);
    printf("   %.3f [%.3f, %.3f]", statistics_median(ratios, ROUNDS), interval.low, interval.high);
}

static void compare_passes(const struct subject *subject)
{
    static const enum observation order[] = {OBSERVE_NOTHING, OBSERVE_LATENCY, OBSERVE_OWNERS};
    const unsigned threads = subject->threads;
    double rates[OBSERVATIONS][ROUNDS], latency[ROUNDS], owners[ROUNDS];

    subject->ops->init(place.lock, threads, NULL);
    scene.watch.clock_ns = measure_clock_cost().median;
    scene.watch.handoffs = threads > 1;
    /* From a window of its own, as the warm-up of a repetition is. */
    double rate = observed_window(subject, OBSERVE_NOTHING);
    scene.watch.stride = latency_stride_for(threads / rate, threads, scene.watch.clock_ns);
    word_store(&scene.owner_windows, owner_pass_windows(threads, rate * WINDOW_NS), relaxed);
    for (int i = 0; i < ROUNDS; i++) {
        /* Which goes first takes turns as well. */
        for (int j = 0; j < OBSERVATIONS; j++) {
            enum observation observation = order[(i + j) % OBSERVATIONS];
            rates[observation][i] = observed_window(subject, observation);
        }
        latency[i] = rates[OBSERVE_LATENCY][i] / rates[OBSERVE_NOTHING][i];
        owners[i] = rates[OBSERVE_OWNERS][i] / rates[OBSERVE_NOTHING][i];
    }
    statistics_sort(rates[OBSERVE_NOTHING], ROUNDS);
    printf("%-8s %-9s %7u %7.1f %7" PRIu64, subject->ops->name,
           subject->scripted ? "default" : "saturated", threads,
           1e3 * statistics_median(rates[OBSERVE_NOTHING], ROUNDS), scene.watch.stride);
    print_ratio(latency);
    print_ratio(owners);
    printf("\n");
}

/* The pages are there before the first window. */
static void make_logs(void)
{
    for (unsigned i = 0; i < THREADS_MOST; i++)
        scene.observers[i].worker.owners.notes = allocate_zeroed(
            MACHINE_APART, owner_pass_room(THREADS_MOST) * sizeof(struct owner_note));
}

static void compare_all_passes(const cpu_set_t *allowed)
{
    static const char *const locks[] = {"tas", "ticket", "mcs"};
    unsigned cpus = 0;

    make_logs();
    native_set_spin_rate(native_measure_spin_rate());
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && cpus < THREADS_MOST; cpu++) {
        if (CPU_ISSET(cpu, allowed))
            scene.observers[cpus++].cpu = cpu;
    }
    printf(
        "\nthroughput with what a pass notes over that of the plain loop, medians of %d "
        "alternating windows\n",
        ROUNDS);
    printf("%-8s %-9s %7s %7s %7s   %-20s   %s\n", "lock", "workload", "threads", "M/s", "stride",
           "latency [95% int.]", "owners [95% int.]");
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        for (unsigned j = 0; j < 2 * cpus; j++)
            compare_passes(&(struct subject){lock_find(locks[i]), j < cpus, 1 + j % cpus});
    }
    if (cpus < THREADS_MOST)
        printf("Two threads take two CPUs, and only one is allowed.\n");
}

int main(void)
{
    cpu_set_t allowed, one;

    sched_getaffinity(0, sizeof allowed, &allowed);
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    native_set_self(0);
    printf("ns an acquisition on one thread, medians of %d alternating windows of %d ms\n", ROUNDS,
           WINDOW_NS / 1000000);
    printf("%-8s %9s %11s %8s   %s\n", "lock", "by hand", "lockbench", "ratio", "95% interval");
    compare("null", null_by_hand);
    compare("tas", tas_by_hand);
    compare("ticket", ticket_by_hand);
    compare("mcs", mcs_by_hand);
    compare_all_passes(&allowed);
    return 0;
}
