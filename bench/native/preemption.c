#include "bench/native/preemption.h"

#include <stddef.h>
#include <stdint.h>

#if __has_include(<sys/rseq.h>) && UINTPTR_MAX == UINT64_MAX
#include <sys/rseq.h>
#include <time.h>

/* What looks like the place to go on at: the kernel wants its signature before it. */
static const struct {
    uint32_t nothing, signature, after;
} landing = {.signature = RSEQ_SIG};

/* One byte that is no code. */
static const struct rseq_cs nowhere = {.start_ip = (uintptr_t)&landing.nothing,
                                       .post_commit_offset = 1,
                                       .abort_ip = (uintptr_t)&landing.after};

static volatile uint64_t *mark_of_thread(void)
{
    char *thread;

#if defined(__x86_64__)
    __asm__("movq %%fs:0, %0" : "=r"(thread));
#else
    thread = __builtin_thread_pointer();
#endif
    struct rseq *area = (struct rseq *)(void *)(thread + __rseq_offset);
    return (volatile uint64_t *)&area->rseq_cs;
}

void preemption_mark(void)
{
    *mark_of_thread() = (uintptr_t)&nowhere;
}

bool preemption_since(void)
{
    volatile uint64_t *mark = mark_of_thread();
    bool lost = *mark == 0;

    *mark = 0;
    return lost;
}

const char *preemption_unknown(void)
{
    const struct timespec moment = {.tv_nsec = 1};

    if (__rseq_size == 0)
        return "no restartable sequences (rseq), which tell it: the kernel has none, or "
               "glibc.pthread.rseq=0";
    preemption_mark();
    nanosleep(&moment, NULL);
    return preemption_since() ? NULL : "this kernel does not tell it, even of a thread that slept";
}

#else

const char *preemption_unknown(void)
{
    return "built with a C library that has no restartable sequences (rseq), which tell it";
}

void preemption_mark(void)
{
}

bool preemption_since(void)
{
    return false;
}

#endif
