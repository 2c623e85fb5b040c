#include "bench/native/crew_phases.h"

#include <errno.h>
#include <time.h>

#include "bench/native/crew_processes.h"
#include "bench/native/owner_pass.h"
#include "bench/native/preemption.h"
#include "bench/passes.h"

static void sleep_until(uint64_t deadline_ns)
{
    struct timespec deadline = native_timespec(deadline_ns);

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
        ;
}

/* Of all threads, in the present phase. */
static uint64_t turns_until_now(const struct crew *crew)
{
    uint64_t turns = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        turns += word_load(&crew->members[i].worker->acquisitions, relaxed);
    return turns;
}

/* From the warm-up, which took that long. Readers are no owners. */
static double expected_in_pass(const struct crew *crew, uint64_t warmup_ns)
{
    const struct repetition *repetition = crew->repetition;

    return (double)turns_until_now(crew) * (1 - repetition->workload.readers / 100.0) *
           (double)repetition->pass_ns / (double)warmup_ns;
}

static void observe_owners(struct crew *crew, uint64_t warmup_ns)
{
    const struct repetition *repetition = crew->repetition;
    double expected = expected_in_pass(crew, warmup_ns);

    word_store(&crew->owner_windows, owner_pass_windows(repetition->threads, expected), relaxed);
    word_store(&crew->phase, PHASE_OWNERS, release);
    sleep_until(machine_clock() + repetition->pass_ns);
    word_store(&crew->owner_windows, OWNER_WINDOWS_AFTER, relaxed);
}

/* The warm-up tells how long a turn takes. */
static uint64_t choose_stride(const struct crew *crew, uint64_t warmup_ns)
{
    const struct repetition *repetition = crew->repetition;
    const uint64_t running =
        repetition->threads < repetition->cpus_count ? repetition->threads : repetition->cpus_count;

    if (repetition->latency_stride != 0)
        return repetition->latency_stride;
    return latency_stride_for((double)(warmup_ns * running) / (double)turns_until_now(crew),
                              running, crew->clock_cost.median);
}

const char *crew_no_handoffs(const struct crew *crew)
{
    if (crew->repetition->threads == 1)
        return "one thread hands over to nobody";
    if ((crew->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        return "nobody owns a lock that is none";
    if ((crew->repetition->lock.ops->traits & LOCK_READERS_RACE) != 0)
        return "readers and writers of this lock do not hand it to each other";
    return crew->repetition->clocks.verdict == CLOCKS_AGREE ? NULL
                                                            : crew->repetition->clocks.reason;
}

static void watch_preemptions(struct crew *crew)
{
    crew->no_preemptions = preemption_unknown();
    if (crew->no_preemptions != NULL)
        return;
    crew->watch.mark = preemption_mark;
    crew->watch.has_lost_cpu = preemption_since;
}

/* The phases before the window. */
static void lead_to_window(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;
    const uint64_t start_ns = machine_clock();

    sleep_until(start_ns + repetition->warmup_ns);
    if (passes_has(repetition->passes, OBSERVE_LATENCY)) {
        crew->watch.stride = choose_stride(crew, machine_clock() - start_ns);
        crew->watch.clock_ns = crew->clock_cost.median;
        crew->watch.handoffs = crew_no_handoffs(crew) == NULL;
        watch_preemptions(crew);
    }
    if (passes_has(repetition->passes, OBSERVE_OWNERS))
        observe_owners(crew, machine_clock() - start_ns);
    if (passes_has(repetition->passes, OBSERVE_LATENCY)) {
        word_store(&crew->phase, PHASE_LATENCY, release);
        sleep_until(machine_clock() + repetition->pass_ns);
    }
}

/* Waits at most one step for a thread to come back. Adds the time to `*silence_ns`, but no more
 * than twice the step: a process that was stopped meanwhile did not wait. */
static bool await_departure(struct crew *crew, uint64_t *silence_ns)
{
    const uint64_t step_ns = 100000000;
    uint64_t start_ns = machine_clock();
    struct timespec deadline = native_timespec(start_ns + step_ns);
    bool came = sem_clockwait(&crew->departures, CLOCK_MONOTONIC, &deadline) == 0;
    uint64_t waited_ns = machine_clock() - start_ns;

    *silence_ns = came ? 0 : *silence_ns + (waited_ns < 2 * step_ns ? waited_ns : 2 * step_ns);
    return came;
}

/* Waits for the threads to come back from the lock. A slow lock is told from one that hangs by
 * whether anybody moves: past drain_ns the wait ends with the next thread that comes back, or with
 * a long silence. */
static void drain(struct crew *crew)
{
    const uint64_t drain_ns = crew->repetition->drain_ns;
    const uint64_t enough_ns = machine_clock() + drain_ns;

    while (crew->departed < crew->repetition->threads &&
           crew->silence_ns < DRAINS_OF_SILENCE * drain_ns) {
        if (!await_departure(crew, &crew->silence_ns))
            continue;
        crew->departed++;
        if (machine_clock() > enough_ns)
            break;
    }
}

/* Of all threads, when the window begins and when it has ended. */
static void take_usage(struct crew *crew, struct usage *usage, bool begins)
{
    if (crew->arena == NULL)
        *usage = usage_now();
    else
        crew_processes_usage(crew, usage, begins);
    for (unsigned i = 0; i < crew->repetition->threads; i++)
        usage->futex_calls += word_load(&crew->members[i].futex_calls, relaxed);
}

void crew_lead_phases(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;

    lead_to_window(crew);
    crew->around_before = surroundings_look("", repetition);
    take_usage(crew, &crew->before, true);
    crew->start_ns = machine_clock();
    word_store(&crew->phase, PHASE_WINDOW, relaxed);
    sleep_until(crew->start_ns + repetition->window_ns);
    crew->end_ns = machine_clock();
    word_store(&crew->phase, PHASE_STOP, relaxed);
    crew->around_after = surroundings_look("", repetition);
    take_usage(crew, &crew->after, false);
    drain(crew);
}
