/* The checker's memory model against litmus tests: each outcome that RC11 forbids is never seen,
 * each that it allows is seen. */
#define MACHINE_VIRTUAL
#include "tests/unit/unit.h"

#include "bench/check/explorer.h"
#include "locks/machine/machine.h"
#include "bench/random.h"
#include "bench/virtual/alone.h"
#include "bench/virtual/sanitizers.h"

/* clang takes an operation within a macro's argument for an expression that should have been used.
 */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wunused-value"
#endif

/* Two or three words and what the threads read. */
struct litmus {
    uint32_t x, y, z;
    uint32_t r[6];
    void (*threads[CHECK_THREADS_MOST])(struct litmus *litmus);
    uint32_t
        outcome[6]; /* the one that is asked for; of the final memory, r[4] is x and r[5] is y */
    unsigned seen;
};

static void begin(void *client)
{
    struct litmus *litmus = client;

    virtual_machine_alone();
    litmus->x = litmus->y = litmus->z = 0;
    memset(litmus->r, 0, sizeof litmus->r);
}

static void run(void *client, unsigned thread)
{
    struct litmus *litmus = client;

    litmus->threads[thread](litmus);
}

static const char *end(void *client)
{
    struct litmus *litmus = client;

    litmus->r[4] = litmus->x;
    litmus->r[5] = litmus->y;
    bool same = true;
    for (int i = 0; i < 6; i++)
        same = same && (litmus->outcome[i] == UINT32_MAX || litmus->r[i] == litmus->outcome[i]);
    litmus->seen += same;
    return NULL;
}

static bool is_no_context(void *client, uintptr_t address, unsigned *owner, bool **released)
{
    (void)client;
    (void)address;
    (void)owner;
    (void)released;
    return false;
}

#define ANY UINT32_MAX

/* How often the outcome is seen, over all executions. */
static unsigned count(const struct litmus *test)
{
    static struct litmus litmus;
    struct explorer *explorer = calloc(1, sizeof *explorer);
    unsigned threads = 0;

    litmus = *test;
    while (threads < CHECK_THREADS_MOST && litmus.threads[threads] != NULL)
        threads++;
    explorer->begin = begin;
    explorer->run = run;
    explorer->end = end;
    explorer->client = &litmus;
    explorer->is_context = is_no_context;
    assert_true(explorer_make(explorer, threads));
    do {
        explorer_execute(explorer);
        assert_int_not_equal(explorer->ended, CHECK_VIOLATED);
    } while (explorer_next(explorer));
    if (getenv("LITMUS_COUNTS") != NULL)
        printf("# %u of %llu executions, %llu pruned\n", litmus.seen,
               (unsigned long long)explorer->complete, (unsigned long long)explorer->pruned);
    explorer_free(explorer);
    free(explorer);
    return litmus.seen;
}

/* A thread's code, as a function of the name. */
#define THREAD(name, ...)                   \
    static void name(struct litmus *litmus) \
    {                                       \
        uint32_t *x = &litmus->x;           \
        uint32_t *y = &litmus->y;           \
        uint32_t *r = litmus->r;            \
        (void)x, (void)y, (void)r;          \
        __VA_ARGS__;                        \
    }
#define W(word, value, order) word_store(word, value, order)
#define R(reg, word, order)   r[reg] = word_load(word, order)
#define F(order)              machine_fence(order)

/* A test: threads, and an outcome that is allowed or forbidden. */
#define LITMUS(name, allowed, outcome_, ...)                                        \
    static void name(void **state)                                                  \
    {                                                                               \
        (void)state;                                                                \
        const struct litmus test = {.threads = {__VA_ARGS__}, .outcome = outcome_}; \
        if (allowed)                                                                \
            assert_true(count(&test) > 0);                                          \
        else                                                                        \
            assert_int_equal(count(&test), 0);                                      \
    }
#define OUTCOME(...) \
    {                \
        __VA_ARGS__  \
    }

/* Message passing. */
THREAD(mp_w_rlx, W(x, 1, relaxed); W(y, 1, relaxed))
THREAD(mp_w_rel, W(x, 1, relaxed); W(y, 1, release))
THREAD(mp_w_fence, W(x, 1, relaxed); F(release); W(y, 1, relaxed))
THREAD(mp_r_rlx, R(0, y, relaxed); R(1, x, relaxed))
THREAD(mp_r_acq, R(0, y, acquire); R(1, x, relaxed))
THREAD(mp_r_fence, R(0, y, relaxed); F(acquire); R(1, x, relaxed))
LITMUS(mp_relaxed, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rlx, mp_r_rlx)
LITMUS(mp_release_only, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rel, mp_r_rlx)
LITMUS(mp_acquire_only, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rlx, mp_r_acq)
LITMUS(mp_release_acquire, false, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rel, mp_r_acq)
LITMUS(mp_release_acquire_new, true, OUTCOME(1, 1, ANY, ANY, ANY, ANY), mp_w_rel, mp_r_acq)
LITMUS(mp_fences, false, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_fence, mp_r_fence)
LITMUS(mp_fence_acquire, false, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_fence, mp_r_acq)
LITMUS(mp_release_fence, false, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rel, mp_r_fence)
LITMUS(mp_fence_relaxed, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_fence, mp_r_rlx)

/* Release sequences: a read-modify-write of another thread carries on, a store does not. */
THREAD(rs_rmw, word_fetch_add(y, 1, relaxed))
THREAD(rs_store, W(y, 2, relaxed))
THREAD(rs_r, R(0, y, acquire); R(1, x, relaxed))
LITMUS(release_sequence_rmw, false, OUTCOME(2, 0, ANY, ANY, ANY, ANY), mp_w_rel, rs_rmw, rs_r)
LITMUS(release_sequence_store, true, OUTCOME(2, 0, ANY, ANY, ANY, ANY), mp_w_rel, rs_store, rs_r)

/* Store buffering. */
THREAD(sb_0, W(x, 1, relaxed); R(0, y, relaxed))
THREAD(sb_1, W(y, 1, relaxed); R(1, x, relaxed))
THREAD(sb_0_ra, W(x, 1, release); R(0, y, acquire))
THREAD(sb_1_ra, W(y, 1, release); R(1, x, acquire))
THREAD(sb_0_sc, W(x, 1, seq_cst); R(0, y, seq_cst))
THREAD(sb_1_sc, W(y, 1, seq_cst); R(1, x, seq_cst))
THREAD(sb_0_f, W(x, 1, relaxed); F(seq_cst); R(0, y, relaxed))
THREAD(sb_1_f, W(y, 1, relaxed); F(seq_cst); R(1, x, relaxed))
LITMUS(sb_relaxed, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0, sb_1)
LITMUS(sb_release_acquire, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_ra, sb_1_ra)
LITMUS(sb_seq_cst, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_sc, sb_1_sc)
LITMUS(sb_seq_cst_other, true, OUTCOME(0, 1, ANY, ANY, ANY, ANY), sb_0_sc, sb_1_sc)
LITMUS(sb_seq_cst_both, true, OUTCOME(1, 1, ANY, ANY, ANY, ANY), sb_0_sc, sb_1_sc)
LITMUS(sb_fences, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_f, sb_1_f)
LITMUS(sb_one_fence, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_f, sb_1)
LITMUS(sb_fence_and_seq_cst, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_f, sb_1_sc)

/* The two halves of a fence: a light one and a heavy one are like two fences, two light ones are
 * nothing, and neither helps against a thread that has none. */
THREAD(sb_0_light, W(x, 1, relaxed); machine_fence_light(); R(0, y, relaxed))
THREAD(sb_1_light, W(y, 1, relaxed); machine_fence_light(); R(1, x, relaxed))
THREAD(sb_0_heavy, W(x, 1, relaxed); machine_fence_heavy(); R(0, y, relaxed))
THREAD(sb_1_heavy, W(y, 1, relaxed); machine_fence_heavy(); R(1, x, relaxed))
LITMUS(sb_light_and_heavy, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_light, sb_1_heavy)
LITMUS(sb_heavy_and_light, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_heavy, sb_1_light)
LITMUS(sb_light_and_heavy_both, true, OUTCOME(1, 1, ANY, ANY, ANY, ANY), sb_0_light, sb_1_heavy)
LITMUS(sb_heavy_fences, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_heavy, sb_1_heavy)
LITMUS(sb_light_fences, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_light, sb_1_light)
LITMUS(sb_one_light_fence, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_light, sb_1)
LITMUS(sb_one_heavy_fence, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_heavy, sb_1)
LITMUS(sb_light_fence_and_fence, true, OUTCOME(0, 0, ANY, ANY, ANY, ANY), sb_0_light, sb_1_f)

/* Load buffering: forbidden, because RC11 wants program order and reads-from to have no cycle. */
THREAD(lb_0, R(0, x, relaxed); W(y, 1, relaxed))
THREAD(lb_1, R(1, y, relaxed); W(x, 1, relaxed))
LITMUS(lb_relaxed, false, OUTCOME(1, 1, ANY, ANY, ANY, ANY), lb_0, lb_1)
LITMUS(lb_one, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), lb_0, lb_1)
LITMUS(lb_other, true, OUTCOME(0, 1, ANY, ANY, ANY, ANY), lb_0, lb_1)

/* Coherence. */
THREAD(co_w1, W(x, 1, relaxed))
THREAD(co_w2, W(x, 2, relaxed))
THREAD(co_w12, W(x, 1, relaxed); W(x, 2, relaxed))
THREAD(co_rr, R(0, x, relaxed); R(1, x, relaxed))
THREAD(co_rr2, R(2, x, relaxed); R(3, x, relaxed))
THREAD(co_wr, W(x, 1, relaxed); R(0, x, relaxed))
THREAD(co_rw, R(0, x, relaxed); W(x, 1, relaxed))
LITMUS(coherence_read_read, false, OUTCOME(2, 1, ANY, ANY, ANY, ANY), co_w12, co_rr)
LITMUS(coherence_read_read_up, true, OUTCOME(1, 2, ANY, ANY, ANY, ANY), co_w12, co_rr)
LITMUS(coherence_read_twice, true, OUTCOME(1, 1, ANY, ANY, ANY, ANY), co_w12, co_rr)
LITMUS(coherence_readers_agree, false, OUTCOME(1, 2, 2, 1, ANY, ANY), co_w1, co_w2, co_rr, co_rr2)
LITMUS(coherence_either, true, OUTCOME(2, 1, ANY, ANY, ANY, ANY), co_w1, co_w2, co_rr)
LITMUS(coherence_write_read, false, OUTCOME(0, ANY, ANY, ANY, ANY, ANY), co_wr, co_w2)
LITMUS(coherence_write_read_later, false, OUTCOME(2, ANY, ANY, ANY, 1, ANY), co_wr, co_w2)
LITMUS(coherence_read_write, false, OUTCOME(2, ANY, ANY, ANY, 2, ANY), co_rw, co_w2)
LITMUS(coherence_final, true, OUTCOME(0, ANY, ANY, ANY, 2, ANY), co_rw, co_w2)
LITMUS(coherence_before, true, OUTCOME(0, ANY, ANY, ANY, 1, ANY), co_rw, co_w2)

/* Independent reads of independent writes. */
THREAD(iriw_wx, W(x, 1, relaxed))
THREAD(iriw_wy, W(y, 1, relaxed))
THREAD(iriw_wx_sc, W(x, 1, seq_cst))
THREAD(iriw_wy_sc, W(y, 1, seq_cst))
THREAD(iriw_r0, R(0, x, acquire); R(1, y, acquire))
THREAD(iriw_r1, R(2, y, acquire); R(3, x, acquire))
THREAD(iriw_r0_sc, R(0, x, seq_cst); R(1, y, seq_cst))
THREAD(iriw_r1_sc, R(2, y, seq_cst); R(3, x, seq_cst))
THREAD(iriw_r0_f, R(0, x, relaxed); F(seq_cst); R(1, y, relaxed))
THREAD(iriw_r1_f, R(2, y, relaxed); F(seq_cst); R(3, x, relaxed))
LITMUS(iriw_acquire, true, OUTCOME(1, 0, 1, 0, ANY, ANY), iriw_wx, iriw_wy, iriw_r0, iriw_r1)
LITMUS(iriw_seq_cst, false, OUTCOME(1, 0, 1, 0, ANY, ANY), iriw_wx_sc, iriw_wy_sc, iriw_r0_sc,
       iriw_r1_sc)
LITMUS(iriw_fences, false, OUTCOME(1, 0, 1, 0, ANY, ANY), iriw_wx, iriw_wy, iriw_r0_f, iriw_r1_f)

/* Two writes each, in opposite orders. */
THREAD(ww_0, W(x, 1, relaxed); W(y, 2, relaxed))
THREAD(ww_1, W(y, 1, relaxed); W(x, 2, relaxed))
THREAD(ww_0_rel, W(x, 1, release); W(y, 2, release))
THREAD(ww_1_rel, W(y, 1, release); W(x, 2, release))
THREAD(ww_0_sc, W(x, 1, seq_cst); W(y, 2, seq_cst))
THREAD(ww_1_sc, W(y, 1, seq_cst); W(x, 2, seq_cst))
THREAD(ww_0_f, W(x, 1, relaxed); F(seq_cst); W(y, 2, relaxed))
THREAD(ww_1_f, W(y, 1, relaxed); F(seq_cst); W(x, 2, relaxed))
LITMUS(two_plus_two_relaxed, true, OUTCOME(ANY, ANY, ANY, ANY, 1, 1), ww_0, ww_1)
LITMUS(two_plus_two_release, true, OUTCOME(ANY, ANY, ANY, ANY, 1, 1), ww_0_rel, ww_1_rel)
LITMUS(two_plus_two_seq_cst, false, OUTCOME(ANY, ANY, ANY, ANY, 1, 1), ww_0_sc, ww_1_sc)
LITMUS(two_plus_two_fences, false, OUTCOME(ANY, ANY, ANY, ANY, 1, 1), ww_0_f, ww_1_f)
LITMUS(two_plus_two_in_order, true, OUTCOME(ANY, ANY, ANY, ANY, 2, 2), ww_0, ww_1)

/* S. */
THREAD(s_w, W(x, 2, relaxed); W(y, 1, relaxed))
THREAD(s_w_rel, W(x, 2, relaxed); W(y, 1, release))
THREAD(s_r, R(0, y, relaxed); W(x, 1, relaxed))
THREAD(s_r_acq, R(0, y, acquire); W(x, 1, relaxed))
LITMUS(s_relaxed, true, OUTCOME(1, ANY, ANY, ANY, 2, ANY), s_w, s_r)
LITMUS(s_release_acquire, false, OUTCOME(1, ANY, ANY, ANY, 2, ANY), s_w_rel, s_r_acq)
LITMUS(s_release_only, true, OUTCOME(1, ANY, ANY, ANY, 2, ANY), s_w_rel, s_r)

/* R. */
THREAD(r_w, W(x, 1, relaxed); W(y, 1, relaxed))
THREAD(r_w_sc, W(x, 1, seq_cst); W(y, 1, seq_cst))
THREAD(r_w_f, W(x, 1, relaxed); F(seq_cst); W(y, 1, relaxed))
THREAD(r_r, W(y, 2, relaxed); R(0, x, relaxed))
THREAD(r_r_sc, W(y, 2, seq_cst); R(0, x, seq_cst))
THREAD(r_r_f, W(y, 2, relaxed); F(seq_cst); R(0, x, relaxed))
LITMUS(r_relaxed, true, OUTCOME(0, ANY, ANY, ANY, ANY, 2), r_w, r_r)
LITMUS(r_seq_cst, false, OUTCOME(0, ANY, ANY, ANY, ANY, 2), r_w_sc, r_r_sc)
LITMUS(r_fences, false, OUTCOME(0, ANY, ANY, ANY, ANY, 2), r_w_f, r_r_f)

/* Read-modify-writes: no two read the same store, nothing gets in between. */
THREAD(rmw_0, r[0] = word_fetch_add(x, 1, relaxed))
THREAD(rmw_1, r[1] = word_fetch_add(x, 1, relaxed))
THREAD(rmw_2, r[2] = word_exchange(x, 7, relaxed))
LITMUS(rmw_atomic, false, OUTCOME(0, 0, ANY, ANY, ANY, ANY), rmw_0, rmw_1)
LITMUS(rmw_first, true, OUTCOME(0, 1, ANY, ANY, 2, ANY), rmw_0, rmw_1)
LITMUS(rmw_second, true, OUTCOME(1, 0, ANY, ANY, 2, ANY), rmw_0, rmw_1)
LITMUS(rmw_three, true, OUTCOME(0, 7, 1, ANY, 8, ANY), rmw_0, rmw_1, rmw_2)
LITMUS(rmw_three_last, true, OUTCOME(1, 0, 2, ANY, 7, ANY), rmw_0, rmw_1, rmw_2)
LITMUS(rmw_store_between, false, OUTCOME(0, ANY, ANY, ANY, 3, ANY), co_w2, rmw_0)
LITMUS(rmw_store_before, true, OUTCOME(2, ANY, ANY, ANY, 3, ANY), co_w2, rmw_0)
LITMUS(rmw_store_after, true, OUTCOME(0, ANY, ANY, ANY, 2, ANY), co_w2, rmw_0)

/* Awaiting sees what the awaited store was released with; a deadline may pass, or not. */
THREAD(await_r, r[0] = word_await_equal(y, 1, acquire); R(1, x, relaxed))
THREAD(await_timed, r[0] = word_await_equal_until(y, 1, acquire, 5))
LITMUS(await_old, false, OUTCOME(ANY, 0, ANY, ANY, ANY, ANY), mp_w_rel, await_r)
LITMUS(await_new, true, OUTCOME(1, 1, ANY, ANY, ANY, ANY), mp_w_rel, await_r)
LITMUS(await_relaxed, true, OUTCOME(1, 0, ANY, ANY, ANY, ANY), mp_w_rlx, await_r)
LITMUS(deadline_passes, true, OUTCOME(0, ANY, ANY, ANY, ANY, ANY), mp_w_rel, await_timed)
LITMUS(deadline_is_kept, true, OUTCOME(1, ANY, ANY, ANY, ANY, ANY), mp_w_rel, await_timed)

/* Write to read causality, and a chain of three. */
THREAD(wrc_0, W(x, 1, relaxed))
THREAD(wrc_1, R(0, x, relaxed); W(y, 1, release))
THREAD(wrc_2, R(1, y, acquire); R(2, x, relaxed))
LITMUS(write_read_causality, false, OUTCOME(1, 1, 0, ANY, ANY, ANY), wrc_0, wrc_1, wrc_2)
LITMUS(write_read_no_cause, true, OUTCOME(0, 1, 0, ANY, ANY, ANY), wrc_0, wrc_1, wrc_2)

/* Z6.U: an outcome that C11 forbids and RC11 allows, because it could not be had otherwise on
 * Power. */
THREAD(z6u_0, W(x, 1, relaxed); W(y, 1, release))
THREAD(z6u_1, r[0] = word_fetch_add(y, 1, seq_cst); R(1, y, relaxed))
THREAD(z6u_2, W(y, 3, seq_cst); R(2, x, seq_cst))
LITMUS(z6_u, true, OUTCOME(1, 3, 0, ANY, ANY, ANY), z6u_0, z6u_1, z6u_2)

/* Allowed by RC11 and NOT EXPLORED: y becomes 2 after 1 and x is read as 0, as if the accesses that
 * are sequentially consistent had come in the order 1, 2, 0, x = 1, although y = 1 was stored by a
 * thread that had seen x = 1. Here their order is that of execution. */
THREAD(z6_0, W(x, 1, seq_cst))
THREAD(z6_1, R(0, x, acquire); W(y, 1, seq_cst))
THREAD(z6_2, W(y, 2, seq_cst); R(1, x, seq_cst))
LITMUS(z6_against_execution_not_explored, false, OUTCOME(1, 0, ANY, ANY, ANY, 2), z6_0, z6_1, z6_2)

/* ---- the reduction against every order of steps, on programs that are drawn at random ---- */

enum { RANDOM_STEPS = 3, RANDOM_WORDS = 2, RANDOM_KINDS = 12, RESULTS_MOST = 4096 };

struct random_step {
    int kind, order, word;
    uint32_t value;
};

struct random_program {
    unsigned threads, steps;
    struct random_step step[CHECK_THREADS_MOST][RANDOM_STEPS];
    uint32_t words[RANDOM_WORDS];
    uint32_t read[CHECK_THREADS_MOST][RANDOM_STEPS];
    uint64_t results[RESULTS_MOST]; /* of executions, as hashes; each once */
    unsigned results_count;
};

static void random_begin(void *client)
{
    struct random_program *program = client;

    virtual_machine_alone();
    memset(program->words, 0, sizeof program->words);
    memset(program->read, 0, sizeof program->read);
}

#define WITH_ORDER(order, relaxed_, acquire_, release_, seq_cst_) \
    switch (order) {                                              \
    case 0:                                                       \
        relaxed_;                                                 \
        break;                                                    \
    case 1:                                                       \
        acquire_;                                                 \
        break;                                                    \
    case 2:                                                       \
        release_;                                                 \
        break;                                                    \
    default:                                                      \
        seq_cst_;                                                 \
    }

static void random_run(void *client, unsigned thread)
{
    struct random_program *program = client;

    for (unsigned i = 0; i < program->steps; i++) {
        const struct random_step *step = &program->step[thread][i];
        uint32_t *word = &program->words[step->word], *read = &program->read[thread][i];
        uint32_t expected = step->value - 1;
        switch (step->kind) {
        case 0:
        case 1:
            WITH_ORDER(step->order, *read = word_load(word, relaxed),
                       *read = word_load(word, acquire), *read = word_load(word, relaxed),
                       *read = word_load(word, seq_cst))
            break;
        case 2:
        case 3:
            WITH_ORDER(step->order, word_store(word, step->value, relaxed),
                       word_store(word, step->value, relaxed),
                       word_store(word, step->value, release),
                       word_store(word, step->value, seq_cst))
            break;
        case 4:
            WITH_ORDER(step->order, *read = word_fetch_add(word, 1, relaxed),
                       *read = word_fetch_add(word, 1, acquire),
                       *read = word_fetch_add(word, 1, release),
                       *read = word_fetch_add(word, 1, seq_cst))
            break;
        case 5:
            word_compare_exchange(word, &expected, step->value, acquire, relaxed);
            *read = expected;
            break;
        case 6:
            WITH_ORDER(step->order, machine_fence(acquire), machine_fence(acquire),
                       machine_fence(release), machine_fence(seq_cst))
            break;
        case 7:
            *read = word_await_equal_until(word, step->value, acquire, 1);
            break;
        case 8:
        case 9:
            machine_futex_wait(word, step->value - 1);
            break;
        case 10:
            *read = machine_futex_wait_until(word, step->value - 1, 1);
            break;
        default:
            machine_futex_wake(word, step->value);
        }
    }
}

static uint64_t hash_with(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211u;
}

static void note_result(struct random_program *program, uint64_t hash)
{
    for (unsigned i = 0; i < program->threads; i++) {
        for (unsigned j = 0; j < program->steps; j++)
            hash = hash_with(hash, program->read[i][j]);
    }
    for (unsigned i = 0; i < program->results_count; i++) {
        if (program->results[i] == hash)
            return;
    }
    assert_true(program->results_count < RESULTS_MOST);
    program->results[program->results_count++] = hash;
}

static const char *random_end(void *client)
{
    struct random_program *program = client;
    uint64_t hash = 1469598103934665603u;

    for (unsigned i = 0; i < RANDOM_WORDS; i++)
        hash = hash_with(hash, program->words[i]);
    note_result(program, hash);
    return NULL;
}

/* Threads that sleep for ever are a result, too: which, and what all have read until then. */
static void note_deadlock(struct random_program *program, const struct explorer *explorer)
{
    uint64_t hash = 0;

    assert_string_equal(explorer->property, "no deadlock, no lost wake-up");
    for (unsigned i = 0; i < program->threads; i++)
        hash = hash_with(hash, 2u + explorer->threads[i].done);
    note_result(program, hash);
}

static unsigned explore_random(struct random_program *program, bool unreduced)
{
    struct explorer *explorer = calloc(1, sizeof *explorer);

    explorer->begin = random_begin;
    explorer->run = random_run;
    explorer->end = random_end;
    explorer->client = program;
    explorer->is_context = is_no_context;
    explorer->unreduced = unreduced;
    program->results_count = 0;
    assert_true(explorer_make(explorer, program->threads));
    do {
        explorer_execute(explorer);
        if (explorer->ended == CHECK_VIOLATED)
            note_deadlock(program, explorer);
    } while (explorer_next(explorer));
    explorer_free(explorer);
    free(explorer);
    return program->results_count;
}

static void draw_program(struct random_program *program, uint64_t *random)
{
    program->threads = 2 + (unsigned)random_below(random, 2);
    program->steps = program->threads == 2 ? 3 : 2;
    for (unsigned i = 0; i < program->threads; i++) {
        for (unsigned j = 0; j < program->steps; j++)
            program->step[i][j] = (struct random_step){
                (int)random_below(random, RANDOM_KINDS), (int)random_below(random, 4),
                (int)random_below(random, RANDOM_WORDS), 1 + (uint32_t)random_below(random, 3)};
    }
}

static void print_program(const struct random_program *program)
{
    static const char *const kinds[RANDOM_KINDS] = {
        "load",  "load",        "store",      "store",      "fetch_add",        "compare_exchange",
        "fence", "await_until", "futex_wait", "futex_wait", "futex_wait_until", "futex_wake"};
    static const char *const orders[] = {"relaxed", "acquire", "release", "seq_cst"};

    for (unsigned i = 0; i < program->threads; i++) {
        print_message("# thread %u:", i);
        for (unsigned j = 0; j < program->steps; j++) {
            const struct random_step *step = &program->step[i][j];
            /* As random_run() does, a wait expects one less. */
            uint32_t value = step->value - (step->kind >= 8 && step->kind <= 10);
            print_message(" %s(%c, %u, %s);", kinds[step->kind], "xy"[step->word], value,
                          orders[step->order]);
        }
        print_message("\n");
    }
}

static void reduction_loses_nothing(void **state)
{
    /* The thread sanitizer keeps the stack of each execution, up to some 60,000. */
    if (THREAD_SANITIZER) {
        print_message("# the thread sanitizer keeps the stacks of all executions\n");
        skip();
    }
    static struct random_program program;
    uint64_t random = 20261122;
    const unsigned programs =
        getenv("LITMUS_PROGRAMS") != NULL ? (unsigned)atoi(getenv("LITMUS_PROGRAMS")) : 300;

    (void)state;
    for (unsigned i = 0; i < programs; i++) {
        draw_program(&program, &random);
        unsigned reduced = explore_random(&program, false);
        unsigned all = explore_random(&program, true);
        if (reduced != all) {
            print_program(&program);
            fail_msg("program %u: %u results with the reduction, %u without", i, reduced, all);
        }
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mp_relaxed),
        TEST(mp_release_only),
        TEST(mp_acquire_only),
        TEST(mp_release_acquire),
        TEST(mp_release_acquire_new),
        TEST(mp_fences),
        TEST(mp_fence_acquire),
        TEST(mp_release_fence),
        TEST(mp_fence_relaxed),
        TEST(release_sequence_rmw),
        TEST(release_sequence_store),
        TEST(sb_relaxed),
        TEST(sb_release_acquire),
        TEST(sb_seq_cst),
        TEST(sb_seq_cst_other),
        TEST(sb_seq_cst_both),
        TEST(sb_fences),
        TEST(sb_one_fence),
        TEST(sb_fence_and_seq_cst),
        TEST(sb_light_and_heavy),
        TEST(sb_heavy_and_light),
        TEST(sb_light_and_heavy_both),
        TEST(sb_heavy_fences),
        TEST(sb_light_fences),
        TEST(sb_one_light_fence),
        TEST(sb_one_heavy_fence),
        TEST(sb_light_fence_and_fence),
        TEST(lb_relaxed),
        TEST(lb_one),
        TEST(lb_other),
        TEST(coherence_read_read),
        TEST(coherence_read_read_up),
        TEST(coherence_read_twice),
        TEST(coherence_readers_agree),
        TEST(coherence_either),
        TEST(coherence_write_read),
        TEST(coherence_write_read_later),
        TEST(coherence_read_write),
        TEST(coherence_final),
        TEST(coherence_before),
        TEST(iriw_acquire),
        TEST(iriw_seq_cst),
        TEST(iriw_fences),
        TEST(two_plus_two_relaxed),
        TEST(two_plus_two_release),
        TEST(two_plus_two_seq_cst),
        TEST(two_plus_two_fences),
        TEST(two_plus_two_in_order),
        TEST(s_relaxed),
        TEST(s_release_acquire),
        TEST(s_release_only),
        TEST(r_relaxed),
        TEST(r_seq_cst),
        TEST(r_fences),
        TEST(rmw_atomic),
        TEST(rmw_first),
        TEST(rmw_second),
        TEST(rmw_three),
        TEST(rmw_three_last),
        TEST(rmw_store_between),
        TEST(rmw_store_before),
        TEST(rmw_store_after),
        TEST(await_old),
        TEST(await_new),
        TEST(await_relaxed),
        TEST(deadline_passes),
        TEST(deadline_is_kept),
        TEST(write_read_causality),
        TEST(write_read_no_cause),
        TEST(z6_u),
        TEST(z6_against_execution_not_explored),
        TEST(reduction_loses_nothing),
    };
    return cmocka_run_group_tests_name("litmus", tests, NULL, NULL);
}
