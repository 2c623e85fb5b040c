#include "machine.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The one place where a thread's number is thread-local: native threads are OS threads. */
static _Thread_local unsigned self_of_thread;

/* Fixed point: turns in 2^16 nanoseconds. A division in machine_spin() would cost as much as the
 * shortest waits that it is asked for. */
static uint64_t turns_per_65536_ns = 3 * 65536;

static int futex_private = FUTEX_PRIVATE_FLAG;

void native_share_futexes(void)
{
    futex_private = 0;
}

static _Thread_local WORD(uint64_t) * calls_of_thread;

void native_count_futex_calls(WORD(uint64_t) * calls)
{
    calls_of_thread = calls;
}

/* Only this thread writes it: next to a system call, that costs nothing. */
static void count_futex_call(void)
{
    if (calls_of_thread != NULL)
        word_store(calls_of_thread, word_load(calls_of_thread, relaxed) + 1, relaxed);
}

void machine_futex_wait(WORD(uint32_t) * word, uint32_t value)
{
    count_futex_call();
    syscall(SYS_futex, word, FUTEX_WAIT | futex_private, value, NULL, NULL, 0);
}

/* The bit set variant, because it takes a point in time and not a span. */
bool machine_futex_wait_until(WORD(uint32_t) * word, uint32_t value, uint64_t deadline)
{
    struct timespec until = native_timespec(deadline);

    if (deadline == MACHINE_NEVER) {
        machine_futex_wait(word, value);
        return true;
    }
    count_futex_call();
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET | futex_private, value, &until, NULL,
                   FUTEX_BITSET_MATCH_ANY) == 0 ||
           errno != ETIMEDOUT;
}

void machine_futex_wake(WORD(uint32_t) * word, uint32_t most)
{
    count_futex_call();
    syscall(SYS_futex, word, FUTEX_WAKE | futex_private, most > INT_MAX ? INT_MAX : (int)most, NULL,
            NULL, 0);
}

int machine_fence_prepare(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0
                                                                                         : ENOSYS;
}

void machine_fence_heavy(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

_Thread_local struct native_apc native_apc;

/* The call that is kept back, of all threads the same. */
static void (*apc_call)(void *argument);
static void *apc_argument;

void native_apc_deliver_kept_back(void)
{
    native_apc.kept_back = 0;
    apc_call(apc_argument);
}

void native_apc_deliver(void (*call)(void *argument), void *argument)
{
    if (native_apc.disabled == 0) {
        call(argument);
        return;
    }
    apc_call = call;
    apc_argument = argument;
    native_apc.kept_back = 1;
}

unsigned machine_self(void)
{
    return self_of_thread;
}

unsigned machine_cpu(void)
{
    unsigned cpu = 0;
    getcpu(&cpu, NULL);
    return cpu;
}

unsigned machine_node(void)
{
    unsigned node = 0;
    getcpu(NULL, &node);
    return node;
}

/* Not inlined: a loop of one instruction runs at different speeds at different alignments, so the
 * loop that was measured must be the very loop that is used. */
static __attribute__((noinline)) void spin_turns(uint64_t turns)
{
    for (; turns != 0; turns--)
        __asm__ volatile("");
}

void machine_spin(uint64_t ns)
{
    spin_turns((ns * turns_per_65536_ns) >> 16);
}

void native_set_self(unsigned self)
{
    self_of_thread = self;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double native_measure_spin_rate(void)
{
    /* Some milliseconds: whatever else a process's start sets off is over before half of them. */
    enum { batches = 101, turns = 120000 };
    uint64_t elapsed[batches];

    for (int i = 0; i < batches; i++) {
        uint64_t start = machine_clock();
        spin_turns(turns);
        elapsed[i] = machine_clock() - start;
    }
    qsort(elapsed, batches, sizeof elapsed[0], compare_u64);
    return (double)turns / (double)elapsed[batches / 2];
}

void native_set_spin_rate(double turns_per_ns)
{
    turns_per_65536_ns = (uint64_t)(turns_per_ns * 65536);
}
