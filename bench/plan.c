#include "bench/plan.h"

#include <stdlib.h>

#include "bench/random.h"

const char *const plan_default_locks =
    "null,tas,ttas,ticket,mcs,mcs_park,rw_ticket,spin_park,pthread_mutex";

unsigned *plan_default_threads(unsigned cpus, size_t *count)
{
    enum { most = 40 };
    unsigned *threads = calloc(most, sizeof *threads);

    *count = 0;
    if (threads == NULL)
        return NULL;
    for (unsigned n = 1; n < cpus; n *= 2)
        threads[(*count)++] = n;
    threads[(*count)++] = cpus;
    if (2 * cpus <= PLAN_THREADS_MOST)
        threads[(*count)++] = 2 * cpus;
    return threads;
}

/* How long the threads of a fair spinning lock come back after the stop signal, about a time slice
 * each when they share CPUs; but that wait is cut off after a second or more. */
static uint64_t drain_ns(const struct plan *plan, const struct lock_ops *ops, unsigned threads)
{
    const uint64_t slice_ns = 3000000, most_ns = 1500000000;
    uint64_t all = threads * slice_ns;

    if (threads <= plan->cpus || (ops->traits & LOCK_FIFO) == 0 || (ops->traits & LOCK_SPINS) == 0)
        return 0;
    return all < most_ns ? all : most_ns;
}

/* A repetition also starts a process and its threads, calibrates, and waits for the last thread. */
static uint64_t overhead_ns(const struct plan *plan)
{
    uint64_t all = 0;

    for (size_t i = 0; i < plan->threads_count; i++) {
        all += (13000000u + plan->threads[i] * 300000u) * plan->locks_count;
        for (size_t j = 0; j < plan->locks_count; j++)
            all += drain_ns(plan, plan->locks[j].ops, plan->threads[i]);
    }
    return all * plan->repetitions;
}

uint64_t plan_warmup_ns(uint64_t window_ns)
{
    const uint64_t least_ns = 5000000, most_ns = 100000000;
    uint64_t warmup_ns = window_ns / 5;

    return warmup_ns < least_ns ? least_ns : warmup_ns > most_ns ? most_ns : warmup_ns;
}

uint64_t plan_fit_budget(struct plan *plan, uint64_t budget_ns)
{
    /* Below the least, the start and the end of a window weigh too much; above the most, a window
     * tells little more, and a further repetition would. */
    const uint64_t least_ns = 10000000, most_ns = 500000000;
    uint64_t turns = plan->locks_count * plan->threads_count * plan->repetitions;
    uint64_t overhead = overhead_ns(plan);
    uint64_t each = budget_ns > overhead ? (budget_ns - overhead) / turns : 0;
    uint64_t window = each * 5 / 6;

    plan->window_ns = window < least_ns ? least_ns : window > most_ns ? most_ns : window;
    plan->warmup_ns = plan_warmup_ns(plan->window_ns);
    return overhead + turns * (plan->warmup_ns + plan->window_ns);
}

static void shuffle(struct turn *turns, size_t count, uint64_t seed)
{
    uint64_t random = seed;

    for (size_t i = count - 1; i > 0; i--) {
        size_t j = random_below(&random, i + 1);
        struct turn turn = turns[i];
        turns[i] = turns[j];
        turns[j] = turn;
    }
}

struct turn *plan_turns(const struct plan *plan, size_t *count)
{
    size_t made = 0;
    uint64_t random = ~plan->seed;

    *count = plan->locks_count * plan->threads_count * plan->repetitions;
    struct turn *turns = calloc(*count, sizeof *turns);
    if (turns == NULL)
        return NULL;
    for (size_t lock = 0; lock < plan->locks_count; lock++) {
        for (size_t i = 0; i < plan->threads_count; i++) {
            for (unsigned repetition = 0; repetition < plan->repetitions; repetition++)
                turns[made++] = (struct turn){&plan->locks[lock], plan->threads[i], repetition,
                                              random_next(&random) >> 1};
        }
    }
    shuffle(turns, *count, plan->seed);
    return turns;
}

json_t *plan_to_json(const struct plan *plan)
{
    json_t *locks = json_array(), *threads = json_array();

    for (size_t i = 0; i < plan->locks_count; i++)
        json_array_append_new(locks, json_string(plan->locks[i].text));
    for (size_t i = 0; i < plan->threads_count; i++)
        json_array_append_new(threads, json_integer(plan->threads[i]));
    return json_pack("{s:o, s:o, s:o, s:s, s:i, s:i, s:I, s:I, s:s}", "locks", locks, "threads",
                     threads, "workload", workload_to_json(&plan->workload), "placement",
                     plan->placement, "cpus", (int)plan->cpus, "repetitions",
                     (int)plan->repetitions, "warmup_ns", (json_int_t)plan->warmup_ns, "window_ns",
                     (json_int_t)plan->window_ns, "dispatch",
                     plan->through_vtable ? "vtable" : "inline");
}
