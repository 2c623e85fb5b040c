/* Entered once with makecontext() and from then on switched with _setjmp() and _longjmp(): plain
 * swapcontext() makes a system call each time, to save a signal mask that never changes here.
 *
 * glibc's fortified longjmp refuses to jump to another stack, so this file is built without it. */
#undef _FORTIFY_SOURCE

#include "bench/virtual/coroutine.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "bench/virtual/sanitizers.h"

#if ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

/* Only the pages that are touched cost memory; the sanitizers' frames are larger. */
enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 4096 };

struct coroutine {
    jmp_buf state;
    jmp_buf beginning; /* in enter(), before it calls `run` */
    void (*run)(void *argument);
    void *argument;
    char *memory; /* the guard page and the stack; NULL: the stack of the OS thread */
    const void *stack;
    size_t stack_bytes;
    void *fake_stack; /* of the address sanitizer */
    void *fiber;      /* of the thread sanitizer */
    ucontext_t *creator;
    void *creator_fiber;
};

static void switch_fiber(void *fiber)
{
#if THREAD_SANITIZER
    __tsan_switch_to_fiber(fiber, 0);
#endif
    (void)fiber;
}

/* The sanitizers keep a view of the stack, and must be told before and after it changes. */
static void announce_switch(struct coroutine *from, struct coroutine *to)
{
#if ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_bytes);
#endif
    switch_fiber(to->fiber);
    (void)from;
}

static void announce_arrival(struct coroutine *here, struct coroutine *from)
{
#if ADDRESS_SANITIZER
    const void *stack;
    size_t bytes;
    __sanitizer_finish_switch_fiber(here->fake_stack, &stack, &bytes);
    /* Where the OS thread's own stack lies becomes known when it is left. */
    if (from != NULL && from->memory == NULL) {
        from->stack = stack;
        from->stack_bytes = bytes;
    }
#endif
    (void)here;
    (void)from;
}

static void make_fiber(struct coroutine *coroutine, int is_caller)
{
#if THREAD_SANITIZER
    coroutine->fiber = is_caller ? __tsan_get_current_fiber() : __tsan_create_fiber(0);
#endif
    (void)coroutine;
    (void)is_caller;
}

struct coroutine *coroutine_of_caller(void)
{
    struct coroutine *coroutine = calloc(1, sizeof *coroutine);

    if (coroutine != NULL)
        make_fiber(coroutine, 1);
    return coroutine;
}

/* The one that handed over last, so that the one that goes on knows which stack was left. */
static struct coroutine *left;

void coroutine_switch(struct coroutine *from, struct coroutine *to)
{
    left = from;
    if (_setjmp(from->state) == 0) {
        announce_switch(from, to);
        _longjmp(to->state, 1);
    }
    announce_arrival(from, left);
}

/* makecontext() passes integers only. */
static struct coroutine *being_made;

static void enter(void)
{
    struct coroutine *self = being_made;

    if (_setjmp(self->beginning) == 0) {
        switch_fiber(self->creator_fiber);
        setcontext(self->creator);
    }
    announce_arrival(self, left);
    self->run(self->argument);
    abort();
}

/* Runs `enter` up to its _setjmp(). The address sanitizer is not told: the visit ends before it
 * could mind. */
static void prepare(struct coroutine *coroutine)
{
    ucontext_t context, here;
    volatile int back = 0;

    getcontext(&context);
    context.uc_stack.ss_sp = coroutine->memory + GUARD_BYTES;
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = NULL;
    makecontext(&context, enter, 0);
    coroutine->creator = &here;
    being_made = coroutine;
#if THREAD_SANITIZER
    coroutine->creator_fiber = __tsan_get_current_fiber();
#endif
    getcontext(&here);
    if (!back) {
        back = 1;
        switch_fiber(coroutine->fiber);
        setcontext(&context);
    }
}

struct coroutine *coroutine_new(void (*run)(void *argument), void *argument)
{
    struct coroutine *coroutine = calloc(1, sizeof *coroutine);

    if (coroutine == NULL)
        return NULL;
    coroutine->run = run;
    coroutine->argument = argument;
    coroutine->memory = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (coroutine->memory == MAP_FAILED) {
        free(coroutine);
        return NULL;
    }
    mprotect(coroutine->memory, GUARD_BYTES, PROT_NONE);
    coroutine->stack = coroutine->memory + GUARD_BYTES;
    coroutine->stack_bytes = STACK_BYTES;
    make_fiber(coroutine, 0);
    prepare(coroutine);
    coroutine_restart(coroutine);
    return coroutine;
}

/* enter() never returns, so that its frame stays where its state says; only what lies above it was
 * overwritten. */
void coroutine_restart(struct coroutine *coroutine)
{
    memcpy(&coroutine->state, &coroutine->beginning, sizeof coroutine->state);
#if ADDRESS_SANITIZER
    __asan_unpoison_memory_region(coroutine->stack, coroutine->stack_bytes);
    coroutine->fake_stack = NULL;
#endif
}

void coroutine_free(struct coroutine *coroutine)
{
    if (coroutine == NULL)
        return;
    if (coroutine->memory != NULL) {
        munmap(coroutine->memory, GUARD_BYTES + STACK_BYTES);
#if THREAD_SANITIZER
        __tsan_destroy_fiber(coroutine->fiber);
#endif
    }
    free(coroutine);
}
