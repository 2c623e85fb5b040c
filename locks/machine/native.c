#include "machine.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The one place where a thread's number is thread-local: native threads are OS threads. */
static _Thread_local unsigned self_of_thread;

/* Fixed point: turns in 2^16 nanoseconds. A division in machine_spin() would cost as much as the
 * shortest waits that it is asked for. */
static uint64_t turns_per_65536_ns = 3 * 65536;

void machine_futex_wait(WORD(uint32_t) * word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void machine_futex_wake(WORD(uint32_t) * word, uint32_t most)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most > INT_MAX ? INT_MAX : (int)most, NULL, NULL,
            0);
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
