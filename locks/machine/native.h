/* The machine interface (machine.h) on real cores: C11 atomics, inlined, and Linux system calls.
 *
 * Include machine.h, not this file. The functions that machine.h does not name are for the program
 * around the locks, which starts the threads. */
#ifndef LOCKS_MACHINE_NATIVE_H
#define LOCKS_MACHINE_NATIVE_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <urcu/arch.h>

#define WORD(type) _Atomic(type)

#define word_init(w, v)             atomic_init((w), (v))
#define word_load(w, order)         atomic_load_explicit((w), memory_order_##order)
#define word_store(w, v, order)     atomic_store_explicit((w), (v), memory_order_##order)
#define word_exchange(w, v, order)  atomic_exchange_explicit((w), (v), memory_order_##order)
#define word_fetch_add(w, v, order) atomic_fetch_add_explicit((w), (v), memory_order_##order)
#define word_fetch_sub(w, v, order) atomic_fetch_sub_explicit((w), (v), memory_order_##order)
#define word_fetch_and(w, v, order) atomic_fetch_and_explicit((w), (v), memory_order_##order)
#define word_fetch_or(w, v, order)  atomic_fetch_or_explicit((w), (v), memory_order_##order)
#define word_compare_exchange(w, expected, desired, success, failure)                           \
    atomic_compare_exchange_strong_explicit((w), (expected), (desired), memory_order_##success, \
                                            memory_order_##failure)
#define machine_fence(order) atomic_thread_fence(memory_order_##order)

/* What the CPU might still do in another order, the heavy fence's interrupt settles; the compiler
 * must do nothing of the kind. */
#define machine_fence_light() atomic_signal_fence(memory_order_seq_cst)

/* The loops below keep their operands in variables of their own names, so that an operand is
 * evaluated once and a nested use shadows nothing that it needs. */
#define NATIVE_AWAIT(w, order, seen, pause, condition)    \
    __extension__({                                       \
        __auto_type await_word_ = (w);                    \
        __auto_type seen = word_load(await_word_, order); \
        while (!(condition)) {                            \
            pause;                                        \
            seen = word_load(await_word_, order);         \
        }                                                 \
        seen;                                             \
    })

#define word_await_equal_pausing(w, v, order, seen, pause)         \
    __extension__({                                                \
        __typeof__(word_load(w, relaxed)) await_value_ = (v);      \
        NATIVE_AWAIT(w, order, seen, pause, seen == await_value_); \
    })
#define word_await_differ_pausing(w, v, order, seen, pause)        \
    __extension__({                                                \
        __typeof__(word_load(w, relaxed)) await_value_ = (v);      \
        NATIVE_AWAIT(w, order, seen, pause, seen != await_value_); \
    })
#define word_await_equal(w, v, order) \
    word_await_equal_pausing(w, v, order, await_seen_, machine_relax())
#define word_await_differ(w, v, order) \
    word_await_differ_pausing(w, v, order, await_seen_, machine_relax())

#define word_await_equal_until(w, v, order, deadline)                                    \
    __extension__({                                                                      \
        __typeof__(word_load(w, relaxed)) await_value_ = (v);                            \
        uint64_t await_deadline_ = (deadline);                                           \
        NATIVE_AWAIT(w, order, await_seen_, machine_relax(),                             \
                     await_seen_ == await_value_ || machine_clock() >= await_deadline_); \
    })

#define word_retry_exchange(w, v, until, order)                   \
    do {                                                          \
        __auto_type retry_word_ = (w);                            \
        while (word_exchange(retry_word_, (v), order) != (until)) \
            machine_relax();                                      \
    } while (0)

#define machine_argument(text) _Static_assert(sizeof(text) > 1, "an argument has words")

#define plain_load(p)     (*(p))
#define plain_store(p, v) (*(p) = (v))

static inline void machine_relax(void)
{
    caa_cpu_relax();
}

static inline void machine_yield(void)
{
    sched_yield();
}

/* Nanoseconds as the kernel has them, and back. */
static inline uint64_t native_ns(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline struct timespec native_timespec(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

static inline uint64_t machine_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return native_ns(now);
}

static inline uint64_t machine_deadline(uint64_t ns)
{
    uint64_t now = machine_clock();
    return ns > MACHINE_NEVER - now ? MACHINE_NEVER : now + ns;
}

/* Of each thread; a signal handler of the same thread reads and writes it as well. */
struct native_apc {
    volatile uint32_t disabled;
    volatile uint32_t kept_back; /* a handler came meanwhile */
};
extern _Thread_local struct native_apc native_apc;

void native_apc_deliver_kept_back(void);

static inline uint32_t machine_apc_disable(void)
{
    uint32_t depth = native_apc.disabled;

    native_apc.disabled = depth + 1;
    /* A handler that runs from here on sees it; no other thread ever looks. */
    atomic_signal_fence(memory_order_seq_cst);
    return depth;
}

static inline void machine_apc_enable(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    native_apc.disabled = native_apc.disabled - 1;
    atomic_signal_fence(memory_order_seq_cst);
    if (native_apc.kept_back != 0 && native_apc.disabled == 0)
        native_apc_deliver_kept_back();
}

void machine_fence_heavy(void);
int machine_fence_prepare(void);
void machine_futex_wait(WORD(uint32_t) * word, uint32_t value);
bool machine_futex_wait_until(WORD(uint32_t) * word, uint32_t value, uint64_t deadline);
void machine_futex_wake(WORD(uint32_t) * word, uint32_t most);
unsigned machine_self(void);
unsigned machine_cpu(void);
unsigned machine_node(void);
void machine_spin(uint64_t ns);

/* Says that the calling thread is thread `self` of those that will use a lock. Once, by each
 * thread, before it first uses a lock. */
void native_set_self(unsigned self);

/* For a signal handler that stands for an asynchronous call: makes the call `call(argument)` now,
 * or, when the thread it interrupts has them disabled, at that thread's last machine_apc_enable().
 * Calls with one `call` and `argument` that come while one is kept back become one, as signals do;
 * a process has one kind of call at a time. */
void native_apc_deliver(void (*call)(void *argument), void *argument);

/* From here on, futexes are found by other processes that share the memory, too. Before any lock is
 * used. It costs the kernel a look at the page tables in each call. */
void native_share_futexes(void);

/* From here on, each futex call that the calling thread makes adds 1 to `*calls`, which anybody may
 * look at meanwhile; NULL: it is not counted any more. Calls of the C library are not seen. */
void native_count_futex_calls(WORD(uint64_t) * calls);

/* Measures, on the calling thread, how many turns of machine_spin()'s loop pass in a nanosecond:
 * the median of many short batches, so that a preempted batch does not count. Takes about 3 ms.
 * Cores slow each other down, so call it on all cores at the same time and combine the answers. */
double native_measure_spin_rate(void);

/* Sets the rate, in turns a nanosecond, by which machine_spin() counts from now on, for all
 * threads. No thread may be inside machine_spin() meanwhile. Until the first call, the rate is that
 * of a 3 GHz core that makes one turn a cycle. */
void native_set_spin_rate(double turns_per_ns);

#endif
