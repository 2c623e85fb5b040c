/* The explorer: runs a client of a few virtual threads again and again, until every execution has
 * been seen that differs from all others in which store each load reads and in which order stores
 * lie.
 *
 * A step is one operation of one thread. Whatever could come out otherwise is a choice: who is
 * next, which store a load reads, where a store goes, whether an await with a deadline gives up.
 * The choices of an execution are a path; the next execution goes the same way up to the last
 * choice that has an alternative.
 *
 * Reduction: only a load that comes before a store which it could have read makes another order of
 * steps worth trying; all else commutes, because a later load may still read an old store and a
 * later store may still go before an earlier one. Races are found as in dynamic partial-order
 * reduction, by happening-before along program order and reads-from, with source sets and sleep
 * sets; a thread that wakes from a sleep set reads new stores only, because all else was seen.
 *
 * Source: P. Abdulla, S. Aronis, B. Jonsson and K. Sagonas, "Optimal Dynamic Partial Order
 * Reduction", POPL 2014 (source sets); C. Flanagan and P. Godefroid, POPL 2005. */
#ifndef BENCH_CHECK_EXPLORER_H
#define BENCH_CHECK_EXPLORER_H

#include "bench/check/model.h"
#include "bench/virtual/coroutine.h"

struct virtual_site;

enum { CHECK_STEPS_MOST = 1024, CHECK_SITES_MOST = 256 };

/* An operation that a thread is about to do, or sleeps in. */
struct operation {
    const struct virtual_site *site;
    struct location *location; /* NULL: of a fence */
    uint64_t value;            /* to store, to add, to compare with */
    uint64_t expected;         /* of a compare-exchange; what a retry waits for */
    bool timed;                /* an await that may give up */
    bool asleep;               /* in a futex call; what it does next is wake up */
    bool woken;
};

/* What an operation did. */
struct outcome {
    uint64_t seen;
    bool made; /* of a compare-exchange */
};

struct check_thread {
    struct coroutine *coroutine;
    struct explorer *explorer;
    unsigned number;
    bool done;
    bool trying;    /* within a try, which must not wait */
    bool acquiring; /* within an acquire */
    bool waited;    /* within this acquire, it could not go on at some time */
    unsigned
        waited_when; /* other threads that had waited in acquire when it began its own: a set */
    struct operation pending;
    struct outcome outcome;
    uint16_t new_from; /* it reads stores from this one on only; NO_STORE: any */
};

/* One order that is weaker than the source says. */
struct mutation {
    const struct virtual_site *site; /* NULL: none */
    bool failure;                    /* the order of a compare-exchange that is not made */
    int order;                       /* an enum virtual_order */
};

/* One step that was made. */
struct event {
    uint8_t thread;
    bool reads, writes, asleep, gave_up;
    bool spurious; /* it woke up for no reason */
    bool returned; /* a futex wait that did not sleep, whatever there was to read */
    bool stale;    /* there was a newer store to read */
    int order;
    const struct virtual_site *site;
    uint16_t location;
    uint16_t read, written;              /* stores */
    uint64_t seen;                       /* the value read */
    uint16_t causes[CHECK_THREADS_MOST]; /* of each thread, how many events had to come before or
                                            are it */
};

/* A choice on the path. Masks are sets of threads. */
struct frame {
    uint8_t thread;
    uint16_t option, options;
    uint8_t backtrack, done, asleep;
};

enum check_end {
    CHECK_COMPLETE, /* an execution that nobody has seen before came to its end */
    CHECK_PRUNED,   /* all that could follow was seen */
    CHECK_VIOLATED,
};

struct explorer {
    struct model model;
    struct check_thread threads[CHECK_THREADS_MOST];
    unsigned threads_count;
    struct check_thread *running;
    struct coroutine *caller;
    bool starting; /* threads only go up to their first operation */

    struct frame path[CHECK_STEPS_MOST];
    struct event events[CHECK_STEPS_MOST];
    unsigned depth, path_length;
    uint8_t asleep; /* threads whose next step was seen from here */
    uint16_t causes[CHECK_THREADS_MOST][CHECK_THREADS_MOST];
    bool spurious_used;

    /* What is explored. */
    void (*begin)(void *client); /* makes all memory as it is at the start of an execution */
    void (*run)(void *client, unsigned thread);
    const char *(*end)(void *client); /* after all threads: what is wrong, or NULL */
    void *client;
    bool (*is_context)(void *client, uintptr_t address, unsigned *owner, bool **released);

    bool fifo;      /* the lock claims to let threads in in the order in which they came */
    bool unreduced; /* tries every order of steps; against which tests hold the reduction */

    struct mutation mutation;

    /* The places of the source that were reached so far. */
    const struct virtual_site *sites[CHECK_SITES_MOST];
    unsigned sites_count;

    enum check_end ended;
    char violation[256];  /* what was found, in words */
    const char *property; /* which property it breaks */
    uint64_t complete, pruned;
};

/* Makes an explorer for that many threads. False: out of memory. Free with explorer_free(). */
bool explorer_make(struct explorer *explorer, unsigned threads);
void explorer_free(struct explorer *explorer);

/* Runs one execution along the path, and beyond its end with the first choice each time. */
void explorer_execute(struct explorer *explorer);

/* Moves to the next path. False: there is none. */
bool explorer_next(struct explorer *explorer);

/* Notes that a property is broken; the execution ends at the next step. For clients as well. */
void explorer_violation(struct explorer *explorer, const char *property, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts the checker's machine in place, for this explorer. */
void explorer_use(struct explorer *explorer);

/* The running thread hands its pending operation over and returns when it was done. */
void explorer_step(struct explorer *explorer);

/* A plain access of the running thread. */
uint64_t explorer_plain_load(struct explorer *explorer, const struct virtual_site *site,
                             const volatile void *word, unsigned size);
void explorer_plain_store(struct explorer *explorer, const struct virtual_site *site,
                          volatile void *word, unsigned size, uint64_t value);

/* The running thread overwrites that memory: whatever access of others to it is not ordered before,
 * races. */
void explorer_overwrite(struct explorer *explorer, const void *start, size_t bytes);

/* The order that an access has, with the one that is weakened. */
int explorer_order(const struct explorer *explorer, const struct virtual_site *site);

/* Notes that a place of the source was reached. */
void explorer_note_site(struct explorer *explorer, const struct virtual_site *site);

/* By the running thread, around its calls of the lock. */
void explorer_acquire_begins(struct explorer *explorer);
void explorer_acquire_ends(struct explorer *explorer);

#endif
