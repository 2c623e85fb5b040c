/* Compiled against the virtual machine, like the locks. */
#define MACHINE_VIRTUAL
#include "bench/sim/calibration.h"

#include <math.h>

#include "bench/random.h"
#include "bench/sim/engine.h"
#include "bench/sim/model.h"
#include "bench/topology.h"
#include "bench/virtual/alone.h"
#include "locks/machine/machine.h"

enum { THREADS_MOST = 3, TURNS = 200, CYCLES = 21 };

/* What the programs of one item share. */
struct scene {
    _Alignas(MACHINE_APART) WORD(uint32_t) word;
    _Alignas(MACHINE_APART) WORD(uint32_t) announced;
    _Alignas(MACHINE_APART) WORD(uint32_t) answered;
    _Alignas(MACHINE_APART) WORD(uint32_t) over;
    uint64_t clock_ns; /* what each time has too much */
    uint64_t idle_ns, stride_ns;
    uint64_t woke_ns;
    double first_ns[CYCLES], second_ns[CYCLES];
};

static double since(const struct scene *scene, uint64_t start, uint64_t end)
{
    return end > start + scene->clock_ns ? (double)(end - start - scene->clock_ns) : 0;
}

static void pauses(void *argument)
{
    struct scene *scene = argument;

    for (int cycle = 0; cycle < CYCLES; cycle++) {
        uint64_t start = machine_clock();
        for (int i = 0; i < TURNS; i++)
            machine_relax();
        uint64_t relaxed = machine_clock();
        for (int i = 0; i < TURNS; i++)
            machine_yield();
        uint64_t end = machine_clock();
        scene->first_ns[cycle] = since(scene, start, relaxed) / TURNS;
        scene->second_ns[cycle] = since(scene, relaxed, end) / TURNS;
    }
}

/* A yield on a shared core always goes to the other thread, and each comes back after two. */
static void yield_first(void *argument)
{
    struct scene *scene = argument;

    for (int cycle = 0; cycle < CYCLES; cycle++) {
        uint64_t start = machine_clock();
        for (int i = 0; i < TURNS; i++)
            machine_yield();
        scene->first_ns[cycle] = since(scene, start, machine_clock()) / (2.0 * TURNS);
    }
    word_store(&scene->over, 1, relaxed);
}

static void yield_second(void *argument)
{
    struct scene *scene = argument;

    while (word_load(&scene->over, relaxed) == 0)
        machine_yield();
}

static void pass_on(struct scene *scene, uint32_t side)
{
    for (uint32_t cycle = 0; cycle < CYCLES; cycle++) {
        uint64_t start = machine_clock();
        for (uint32_t i = 0; i < TURNS; i++) {
            uint32_t mine = 2 * (cycle * TURNS + i) + side;
            word_await_equal(&scene->word, mine, acquire);
            word_store(&scene->word, mine + 1, release);
        }
        if (side == 0)
            scene->first_ns[cycle] = since(scene, start, machine_clock()) / (2.0 * TURNS);
    }
}

static void pass_first(void *argument)
{
    pass_on(argument, 0);
}

static void pass_second(void *argument)
{
    pass_on(argument, 1);
}

static void sleep_until(WORD(uint32_t) * word, uint32_t value)
{
    while (word_load(word, acquire) != value)
        machine_futex_wait(word, value - 1);
}

static void sleeper(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t cycle = 1; cycle <= CYCLES; cycle++) {
        word_store(&scene->announced, cycle, release);
        sleep_until(&scene->word, cycle);
        scene->woke_ns = machine_clock();
        word_store(&scene->answered, cycle, release);
    }
}

static void waker(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t cycle = 1; cycle <= CYCLES; cycle++) {
        word_await_equal(&scene->announced, cycle, acquire);
        machine_spin(scene->idle_ns);
        uint64_t start = machine_clock();
        word_store(&scene->word, cycle, release);
        machine_futex_wake(&scene->word, 1);
        uint64_t called = machine_clock();
        word_await_equal(&scene->answered, cycle, acquire);
        scene->first_ns[cycle - 1] = since(scene, start, scene->woke_ns);
        scene->second_ns[cycle - 1] = since(scene, start, called);
    }
    word_store(&scene->over, 1, release);
}

/* In long strides, because a step of the model is what takes us time. */
static void computer(void *argument)
{
    struct scene *scene = argument;

    while (word_load(&scene->over, relaxed) == 0)
        machine_spin(scene->stride_ns);
}

/* Two that share a core: each runs when the other sleeps. */
static void waker_beside(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t cycle = 1; cycle <= CYCLES; cycle++) {
        while (word_load(&scene->announced, acquire) != cycle)
            machine_yield();
        machine_yield();
        uint64_t start = machine_clock();
        word_store(&scene->word, cycle, release);
        machine_futex_wake(&scene->word, 1);
        sleep_until(&scene->answered, cycle);
        scene->first_ns[cycle - 1] = since(scene, start, scene->woke_ns);
    }
}

static void sleeper_beside(void *argument)
{
    struct scene *scene = argument;

    for (uint32_t cycle = 1; cycle <= CYCLES; cycle++) {
        word_store(&scene->announced, cycle, release);
        sleep_until(&scene->word, cycle);
        scene->woke_ns = machine_clock();
        word_store(&scene->answered, cycle, release);
        machine_futex_wake(&scene->answered, 1);
    }
}

/* ---- rounds ---- */

struct stage {
    const struct sim_model *model;
    unsigned cpu, other_cpu; /* the model's indices */
    struct calibration_rounds *rounds;
    int round;
    uint64_t random;
};

typedef void program(void *scene);

/* Runs `here` on the first CPU and `there`, one or two programs, on another. False: out of memory.
 */
static bool run(struct stage *stage, struct scene *scene, program *here, program *const *there,
                unsigned there_count, unsigned there_cpu)
{
    const struct sim_parameters *costs = &stage->model->parameters;
    const unsigned cpus[THREADS_MOST] = {stage->cpu, there_cpu, there_cpu};
    struct sim_engine engine;

    /* The sleeper has long gone to sleep. */
    *scene = (struct scene){.clock_ns = costs->clock_ns,
                            .idle_ns = CALIBRATION_SHALLOW_NS + 4 * costs->syscall_ns +
                                       4 * costs->switch_ns + 4 * sim_parameters_slowest_ns(costs),
                            .stride_ns = costs->slice_ns / 8 + 1};
    bool made = sim_engine_make(&engine, stage->model, 1 + there_count, cpus, 1 + there_count,
                                random_next(&stage->random));
    if (made) {
        sim_engine_start(&engine, 0, here, scene);
        for (unsigned i = 0; i < there_count; i++)
            sim_engine_start(&engine, 1 + i, there[i], scene);
        made = sim_engine_run(&engine) == SIM_ENDED;
    }
    sim_engine_free(&engine);
    virtual_machine_alone();
    return made;
}

static void set(struct stage *stage, enum calibration_item item, double ns[CYCLES])
{
    statistics_sort(ns, CYCLES);
    stage->rounds->ns[item][stage->round] = statistics_median(ns, CYCLES);
}

static bool measure_on_one(struct stage *stage)
{
    struct scene scene;
    bool fine = run(stage, &scene, pauses, NULL, 0, 0);

    if (fine) {
        set(stage, CALIBRATION_RELAX, scene.first_ns);
        set(stage, CALIBRATION_YIELD, scene.second_ns);
        fine = run(stage, &scene, yield_first, (program *[]){yield_second}, 1, stage->cpu);
    }
    if (fine) {
        set(stage, CALIBRATION_SWITCH, scene.first_ns);
        fine = run(stage, &scene, waker_beside, (program *[]){sleeper_beside}, 1, stage->cpu);
    }
    if (fine)
        set(stage, CALIBRATION_WAKE_SAME, scene.first_ns);
    return fine;
}

static bool measure_on_two(struct stage *stage)
{
    const struct sim_parameters *costs = &stage->model->parameters;
    struct scene scene;
    bool fine = run(stage, &scene, pass_first, (program *[]){pass_second}, 1, stage->other_cpu);

    if (fine) {
        set(stage, CALIBRATION_SPIN, scene.first_ns);
        fine = run(stage, &scene, waker, (program *[]){sleeper}, 1, stage->other_cpu);
    }
    if (fine) {
        set(stage, CALIBRATION_WAKE_SHALLOW, scene.first_ns);
        set(stage, CALIBRATION_WAKE_CALL, scene.second_ns);
        stage->rounds->ns[CALIBRATION_CPU][stage->round] =
            (double)(2 * costs->syscall_ns + costs->wake_call_ns + costs->switch_ns);
        fine = run(stage, &scene, waker, (program *[]){sleeper, computer}, 2, stage->other_cpu);
    }
    if (fine)
        set(stage, CALIBRATION_WAKE_BUSY, scene.first_ns);
    return fine;
}

static void explain(struct calibration_rounds *rounds, bool alone)
{
    static const enum calibration_item across[] = {CALIBRATION_SPIN,         CALIBRATION_WAKE_CALL,
                                                   CALIBRATION_WAKE_BUSY,    CALIBRATION_WAKE_DEEP,
                                                   CALIBRATION_WAKE_SHALLOW, CALIBRATION_CPU};

    for (size_t i = 0; i < sizeof across / sizeof across[0] && alone; i++)
        calibration_unmeasured(rounds, across[i], "the machine has one CPU");
    calibration_unmeasured(rounds, CALIBRATION_WAKE_DEEP, "a simulated core sleeps no deeper");
}

static enum exit_code choose_cpus(const struct sim_model *model, hwloc_topology_t topology,
                                  struct calibration *calibration, struct stage *stage)
{
    struct placement placement;
    enum exit_code code = placement_make(topology, "cores", &placement);

    if (code != EXIT_FINE)
        return code;
    calibration->cpu = placement.cpus[0];
    calibration->other_cpu = placement.cpus[placement.count > 1 ? 1 : 0];
    placement_free(&placement);
    stage->cpu = sim_model_index(model, calibration->cpu);
    stage->other_cpu = sim_model_index(model, calibration->other_cpu);
    return EXIT_FINE;
}

static enum exit_code measure_rounds(struct stage *stage)
{
    bool alone = stage->cpu == stage->other_cpu;

    explain(stage->rounds, alone);
    for (; stage->round < CALIBRATION_ROUNDS; stage->round++) {
        if (!measure_on_one(stage) || (!alone && !measure_on_two(stage)))
            return complain(EXIT_MACHINE,
                            "the simulated machine can't be calibrated: there is "
                            "not enough memory");
    }
    return EXIT_FINE;
}

enum exit_code sim_calibrate(const struct machine *machine, hwloc_topology_t topology,
                             struct calibration_rounds *rounds, struct calibration *calibration)
{
    struct sim_model model;
    enum exit_code code =
        sim_model_make(topology, &machine->parameters, machine->latencies, &model);

    if (code != EXIT_FINE)
        return code;
    struct stage stage = {.model = &model, .rounds = rounds, .random = 1};
    code = choose_cpus(&model, topology, calibration, &stage);
    if (code == EXIT_FINE)
        code = measure_rounds(&stage);
    sim_model_free(&model);
    return code;
}
