#include "bench/native/calibration.h"

#include <linux/futex.h>
#include <math.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/native/cast.h"
#include "bench/native/clock_check.h"
#include "bench/native/core_latency.h"
#include "bench/native/crew.h"
#include "bench/topology.h"
#include "locks/machine/machine.h"

enum { BATCHES = 11, BATCH_TURNS = 200 };

/* ---- one thread's pauses ---- */

struct pauses {
    double relax_ns[BATCHES], yield_ns[BATCHES];
};

static double batch_median(double ns[BATCHES])
{
    statistics_sort(ns, BATCHES);
    return statistics_median(ns, BATCHES);
}

static void play_pauses(void *scene)
{
    struct pauses *pauses = scene;

    for (int batch = 0; batch < BATCHES; batch++) {
        uint64_t start = machine_clock();
        for (int i = 0; i < BATCH_TURNS; i++)
            machine_relax();
        uint64_t relaxed = machine_clock();
        for (int i = 0; i < BATCH_TURNS; i++)
            machine_yield();
        pauses->relax_ns[batch] = (double)(relaxed - start) / BATCH_TURNS;
        pauses->yield_ns[batch] = (double)(machine_clock() - relaxed) / BATCH_TURNS;
    }
}

/* ---- two threads of one CPU that yield to each other ---- */

struct turns {
    WORD(uint32_t) last, done;
    double switch_ns[BATCHES]; /* NaN: they did not take turns */
};

/* Returns how often the other one had been there. */
static uint32_t take_turns(struct turns *turns, uint32_t self, uint32_t count)
{
    uint32_t switches = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (word_exchange(&turns->last, self, relaxed) != self)
            switches++;
        machine_yield();
    }
    return switches;
}

/* Each time the other one was there are two switches: to it and back. Of a batch in which a yield
 * seldom changes threads, the most would be yields and not switches. */
static void play_first_turns(void *scene)
{
    struct turns *turns = scene;

    for (int batch = 0; batch < BATCHES; batch++) {
        uint64_t start = machine_clock();
        uint32_t switches = 2 * take_turns(turns, 1, BATCH_TURNS);
        double elapsed = (double)(machine_clock() - start);
        turns->switch_ns[batch] = switches < BATCH_TURNS ? NAN : elapsed / switches;
    }
    word_store(&turns->done, 1, relaxed);
}

static void play_second_turns(void *scene)
{
    struct turns *turns = scene;

    while (word_load(&turns->done, relaxed) == 0)
        take_turns(turns, 2, 1);
}

/* ---- a sleeper and its waker ---- */

enum { CYCLES_MOST = 60 };

struct vigil {
    _Alignas(MACHINE_APART) WORD(uint32_t) word; /* slept on */
    _Alignas(MACHINE_APART) WORD(uint32_t) announced;
    WORD(uint32_t) answered, over;
    _Alignas(MACHINE_APART) uint64_t woke_ns, cpu_ns; /* the sleeper's, of this cycle */
    uint32_t cycles;
    uint64_t idle_ns; /* from the announcement to the wake */
    uint64_t clock_ns, cpu_clock_ns;
    unsigned count; /* of samples */
    double wake_ns[CYCLES_MOST], call_ns[CYCLES_MOST], sleep_cpu_ns[CYCLES_MOST];
};

static uint64_t thread_cpu_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* machine_futex_wake() does not tell whether there was somebody to wake. */
static bool wake_one(WORD(uint32_t) * word)
{
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1;
}

static double since(uint64_t start, uint64_t end, uint64_t clock_ns)
{
    return end > start + clock_ns ? (double)(end - start - clock_ns) : 0;
}

static void sleep_until(WORD(uint32_t) * word, uint32_t value)
{
    while (word_load(word, acquire) != value)
        machine_futex_wait(word, value - 1);
}

static void play_sleeper(void *scene)
{
    struct vigil *vigil = scene;

    for (uint32_t cycle = 1; cycle <= vigil->cycles; cycle++) {
        uint64_t before = thread_cpu_ns();
        word_store(&vigil->announced, cycle, release);
        sleep_until(&vigil->word, cycle);
        vigil->woke_ns = machine_clock();
        vigil->cpu_ns = thread_cpu_ns() - before;
        word_store(&vigil->answered, cycle, release);
    }
}

/* A wake that found nobody asleep was none. */
static void keep_cycle(struct vigil *vigil, bool woke, uint64_t start, uint64_t called)
{
    if (!woke)
        return;
    vigil->wake_ns[vigil->count] = since(start, vigil->woke_ns, vigil->clock_ns);
    vigil->call_ns[vigil->count] = since(start, called, vigil->clock_ns);
    vigil->sleep_cpu_ns[vigil->count++] =
        since(0, vigil->cpu_ns, vigil->cpu_clock_ns + vigil->clock_ns);
}

/* The waker stays busy, so that its own CPU is not what has to become awake. */
static void play_waker(void *scene)
{
    struct vigil *vigil = scene;

    for (uint32_t cycle = 1; cycle <= vigil->cycles; cycle++) {
        word_await_equal(&vigil->announced, cycle, acquire);
        for (uint64_t until = machine_deadline(vigil->idle_ns); machine_clock() < until;)
            machine_relax();
        uint64_t start = machine_clock();
        word_store(&vigil->word, cycle, release);
        bool woke = wake_one(&vigil->word);
        uint64_t called = machine_clock();
        word_await_equal(&vigil->answered, cycle, acquire);
        keep_cycle(vigil, woke, start, called);
    }
    word_store(&vigil->over, 1, release);
}

/* The waker of the same CPU has to go to sleep before the woken one runs, unless the kernel lets
 * that one in at once. Its pause gives the sleeper the CPU to go to sleep on. */
static void play_waker_beside(void *scene)
{
    const struct timespec pause = {0, 50000};
    struct vigil *vigil = scene;

    for (uint32_t cycle = 1; cycle <= vigil->cycles; cycle++) {
        while (word_load(&vigil->announced, acquire) != cycle)
            nanosleep(&pause, NULL);
        nanosleep(&pause, NULL);
        uint64_t start = machine_clock();
        word_store(&vigil->word, cycle, release);
        bool woke = wake_one(&vigil->word);
        uint64_t called = machine_clock();
        while (word_load(&vigil->answered, acquire) != cycle)
            machine_futex_wait(&vigil->answered, cycle - 1);
        keep_cycle(vigil, woke, start, called);
    }
}

static void play_sleeper_beside(void *scene)
{
    struct vigil *vigil = scene;

    for (uint32_t cycle = 1; cycle <= vigil->cycles; cycle++) {
        word_store(&vigil->announced, cycle, release);
        sleep_until(&vigil->word, cycle);
        vigil->woke_ns = machine_clock();
        word_store(&vigil->answered, cycle, release);
        machine_futex_wake(&vigil->answered, 1);
    }
}

/* Computes where the sleeper wants to come back. */
static void play_third(void *scene)
{
    struct vigil *vigil = scene;

    while (word_load(&vigil->over, relaxed) == 0)
        machine_relax();
}

/* ---- rounds ---- */

struct bench {
    unsigned cpu, other_cpu;
    uint64_t clock_ns, cpu_clock_ns;
    struct calibration_rounds *rounds;
    int round;
};

static void set(struct bench *bench, enum calibration_item item, double ns)
{
    bench->rounds->ns[item][bench->round] = ns;
}

static void explain_error(struct bench *bench, enum calibration_item item, int error)
{
    char reason[CALIBRATION_REASON];

    snprintf(reason, sizeof reason, "its threads can't be had on their CPUs: %s", strerror(error));
    calibration_unmeasured(bench->rounds, item, reason);
}

static void measure_pauses(struct bench *bench)
{
    struct pauses pauses;
    struct cast cast = {
        .players = {{.play = play_pauses, .cpu = bench->cpu}}, .count = 1, .scene = &pauses};
    int error = cast_perform(&cast);

    if (error != 0) {
        explain_error(bench, CALIBRATION_RELAX, error);
        explain_error(bench, CALIBRATION_YIELD, error);
        return;
    }
    set(bench, CALIBRATION_RELAX, batch_median(pauses.relax_ns));
    set(bench, CALIBRATION_YIELD, batch_median(pauses.yield_ns));
}

static void measure_switch(struct bench *bench)
{
    struct turns turns = {0};
    struct cast cast = {.players = {{.play = play_first_turns, .cpu = bench->cpu},
                                    {.play = play_second_turns, .cpu = bench->cpu}},
                        .count = 2,
                        .scene = &turns};
    double found[BATCHES];
    size_t count = 0;
    int error = cast_perform(&cast);

    if (error != 0) {
        explain_error(bench, CALIBRATION_SWITCH, error);
        return;
    }
    for (int batch = 0; batch < BATCHES; batch++) {
        if (!isnan(turns.switch_ns[batch]))
            found[count++] = turns.switch_ns[batch];
    }
    statistics_sort(found, count);
    if (count > BATCHES / 2)
        set(bench, CALIBRATION_SWITCH, statistics_median(found, count));
    else
        calibration_unmeasured(bench->rounds, CALIBRATION_SWITCH,
                               "sched_yield seldom lets the other thread of the CPU run here");
}

static double median_of(double *ns, unsigned count)
{
    statistics_sort(ns, count);
    return statistics_median(ns, count);
}

static void conclude_vigil(struct bench *bench, enum calibration_item item, struct vigil *vigil)
{
    if (vigil->count == 0) {
        calibration_unmeasured(bench->rounds, item, "nobody was asleep when it was to be woken");
        return;
    }
    double call_ns = median_of(vigil->call_ns, vigil->count);
    set(bench, item, median_of(vigil->wake_ns, vigil->count));
    if (item != CALIBRATION_WAKE_SHALLOW)
        return;
    set(bench, CALIBRATION_WAKE_CALL, call_ns);
    set(bench, CALIBRATION_CPU, median_of(vigil->sleep_cpu_ns, vigil->count) + call_ns);
}

/* To the other core; with `count` of three, one on which somebody computes. */
static void measure_wake(struct bench *bench, enum calibration_item item, unsigned count,
                         uint32_t cycles, uint64_t idle_ns)
{
    struct vigil vigil = {.cycles = cycles,
                          .idle_ns = idle_ns,
                          .clock_ns = bench->clock_ns,
                          .cpu_clock_ns = bench->cpu_clock_ns};
    struct cast cast = {.players = {{.play = play_waker, .cpu = bench->cpu},
                                    {.play = play_sleeper, .cpu = bench->other_cpu},
                                    {.play = play_third, .cpu = bench->other_cpu}},
                        .count = count,
                        .scene = &vigil};
    int error = cast_perform(&cast);

    if (error != 0)
        explain_error(bench, item, error);
    else
        conclude_vigil(bench, item, &vigil);
}

static void measure_wake_beside(struct bench *bench)
{
    struct vigil vigil = {.cycles = CYCLES_MOST, .clock_ns = bench->clock_ns};
    struct cast cast = {.players = {{.play = play_waker_beside, .cpu = bench->cpu},
                                    {.play = play_sleeper_beside, .cpu = bench->cpu}},
                        .count = 2,
                        .scene = &vigil};
    int error = cast_perform(&cast);

    if (error != 0)
        explain_error(bench, CALIBRATION_WAKE_SAME, error);
    else
        conclude_vigil(bench, CALIBRATION_WAKE_SAME, &vigil);
}

static void measure_spin(struct bench *bench)
{
    double ns = core_latency_of_pair(bench->cpu, bench->other_cpu);

    if (isnan(ns))
        calibration_unmeasured(bench->rounds, CALIBRATION_SPIN,
                               "its threads can't be had on their CPUs");
    else
        set(bench, CALIBRATION_SPIN, ns);
}

/* The deep ones take the time: so many of 10 ms in each round. The sleeper among others may have to
 * wait for a time slice each time. */
static void measure_round(struct bench *bench, bool clocks_agree)
{
    enum { SHALLOW_CYCLES = CYCLES_MOST, BUSY_CYCLES = 20, DEEP_CYCLES = 7 };

    measure_pauses(bench);
    measure_switch(bench);
    measure_wake_beside(bench);
    if (bench->cpu == bench->other_cpu)
        return;
    measure_spin(bench);
    if (!clocks_agree)
        return;
    measure_wake(bench, CALIBRATION_WAKE_SHALLOW, 2, SHALLOW_CYCLES, CALIBRATION_SHALLOW_NS);
    measure_wake(bench, CALIBRATION_WAKE_BUSY, 3, BUSY_CYCLES, CALIBRATION_SHALLOW_NS);
    measure_wake(bench, CALIBRATION_WAKE_DEEP, 2, DEEP_CYCLES, CALIBRATION_DEEP_NS);
}

static void explain_all(struct calibration_rounds *rounds, const char *reason)
{
    static const enum calibration_item across[] = {CALIBRATION_WAKE_CALL, CALIBRATION_WAKE_BUSY,
                                                   CALIBRATION_WAKE_SHALLOW, CALIBRATION_WAKE_DEEP,
                                                   CALIBRATION_CPU};

    for (size_t i = 0; i < sizeof across / sizeof across[0]; i++)
        calibration_unmeasured(rounds, across[i], reason);
}

/* What belongs to two CPUs needs two, and clocks that tell the same time on both. */
static bool check_clocks(const struct bench *bench)
{
    const unsigned cpus[] = {bench->cpu, bench->other_cpu};
    static const char alone[] = "one CPU is allowed: there is no other core";
    struct clock_check check;

    if (bench->cpu == bench->other_cpu) {
        explain_all(bench->rounds, alone);
        calibration_unmeasured(bench->rounds, CALIBRATION_SPIN, alone);
        return false;
    }
    clock_check_cpus(cpus, 2, machine_clock, &check);
    if (check.verdict == CLOCKS_AGREE)
        return true;
    explain_all(bench->rounds, check.reason);
    return false;
}

static uint64_t thread_clock_cost_ns(void)
{
    double looks[101];

    for (int i = 0; i < 101; i++) {
        uint64_t start = thread_cpu_ns();
        looks[i] = (double)(thread_cpu_ns() - start);
    }
    statistics_sort(looks, 101);
    return (uint64_t)statistics_median(looks, 101);
}

/* Of another core where there is one: the hardware threads of a core wake each other in another
 * time. */
static enum exit_code choose_cpus(hwloc_topology_t topology, struct calibration *calibration)
{
    struct placement placement;
    enum exit_code code = placement_make(topology, "cores", &placement);

    if (code != EXIT_FINE)
        return code;
    calibration->cpu = placement.cpus[0];
    calibration->other_cpu = placement.cpus[placement.count > 1 ? 1 : 0];
    placement_free(&placement);
    return EXIT_FINE;
}

enum exit_code native_calibrate(hwloc_topology_t topology, struct calibration_rounds *rounds,
                                struct calibration *calibration)
{
    enum exit_code code = choose_cpus(topology, calibration);
    uint64_t start_ns = machine_clock();

    if (code != EXIT_FINE)
        return code;
    struct bench bench = {.cpu = calibration->cpu,
                          .other_cpu = calibration->other_cpu,
                          .clock_ns = measure_clock_cost().median,
                          .cpu_clock_ns = thread_clock_cost_ns(),
                          .rounds = rounds};
    bool clocks_agree = check_clocks(&bench);
    for (; bench.round < CALIBRATION_ROUNDS && !interrupted(); bench.round++) {
        progress_show((unsigned)bench.round, CALIBRATION_ROUNDS, start_ns, "calibration");
        measure_round(&bench, clocks_agree);
    }
    progress_wipe();
    return interrupted() ? EXIT_INTERRUPTED : EXIT_FINE;
}
