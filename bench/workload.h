/* What the threads do around and under the lock. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/exchange.h"
#include "bench/memory.h"
#include "bench/values.h"

/* What a thread does against being interrupted while it has the lock or waits for it: the nearest
 * that user space has to the interrupt request levels of NT. On real cores only; how, is in
 * native/irql.h. */
enum irql {
    IRQL_NONE,
    IRQL_APC_SIGMASK,        /* blocks all signals */
    IRQL_APC_GUARD,          /* keeps asynchronous calls back (machine_apc_disable()) */
    IRQL_DISPATCH_FIFO,      /* is a real-time thread from each acquire to its release */
    IRQL_DISPATCH_FIFO_HELD, /* is one all the time that it works */
};
#define IRQL_NAMES "none, apc-sigmask, apc-guard, dispatch-fifo, dispatch-fifo-held"

/* The name of a level, and the level of a name; false if there is none. */
const char *irql_name(enum irql irql);
bool irql_find(const char *name, enum irql *irql);

/* Whether threads are real-time threads while they have the lock or wait for it. */
bool irql_is_real_time(enum irql irql);

/* The order of nested locks by its name: `ranked`, or `mixed`; false if it is neither. */
bool nested_order_find(const char *name, bool *mixed);

struct workload {
    struct delay critical; /* busy time under the lock */
    unsigned hogs;         /* the first so many threads are busy under the lock for another time: */
    struct delay hog_critical;
    struct delay outside; /* busy time between a release and the next acquire */
    unsigned burst;       /* only after so many turns in a row; 0 or 1: after each */
    unsigned lines;       /* shared cache lines written under the lock */
    unsigned own_lines;   /* cache lines of the thread's own, likewise */
    unsigned readers;     /* per cent of the acquisitions that only read, at random */
    enum irql irql;
    unsigned nested; /* locks of the kind taken one within the other; 0 is one, too */
    bool mixed;      /* threads of odd numbers take them in the opposite order, which is wrong */
    unsigned locks;  /* of the kind, each turn taking one of them; 0 is one, too */
    double zipf;     /* lock i is chosen in proportion to 1 / (i + 1)^zipf; 0: all alike */
    struct memory memory; /* of the locks and what lies under them */
    /* Instead of all that, when it is not EXCHANGE_NONE: threads signal to each other. */
    enum exchange exchange;
};

enum { WORKLOAD_NESTED_MOST = 16 };

/* Locks that a thread takes in one turn. */
static inline unsigned workload_locks(const struct workload *workload)
{
    return workload->nested > 1 ? workload->nested : 1;
}

/* Whether a turn takes more than one lock. */
static inline bool workload_is_nested(const struct workload *workload)
{
    return workload->nested > 1;
}

/* Whether each turn takes one of several locks. */
static inline bool workload_has_choice(const struct workload *workload)
{
    return workload->locks > 1;
}

/* Whether it takes the loop of its own (varied_loop.h), and whether that one looks for how long a
 * thread has the lock. */
static inline bool workload_is_varied(const struct workload *workload)
{
    return workload->own_lines > 0 || workload->hogs > 0 || workload_has_choice(workload);
}

/* Whether passes can show what the window does: their loops know of one lock and its lines. */
static inline bool workload_has_passes(const struct workload *workload)
{
    return workload->own_lines == 0 && !workload_has_choice(workload);
}

enum {
    WORKLOAD_LINES_MOST = 4096,
    WORKLOAD_LOCKS_MOST = 1024,
    WORKLOAD_ALL_LINES_MOST = 1 << 18, /* of all locks of a turn's choice together */
};

/* The workload of the default plan: one line, some outside work. */
struct workload workload_default(void);

/* Takes delays, lines, readers and exchange from the preset of that name; false if there is none.
 * The names, for messages, are WORKLOAD_PRESETS. */
#define WORKLOAD_PRESETS \
    "saturated, moderate, light, read-mostly, " WORKLOAD_OVERSUBSCRIBED ", " EXCHANGE_NAMES
/* The one that is about more threads than CPUs. */
#define WORKLOAD_OVERSUBSCRIBED "oversubscribed"
bool workload_preset(const char *name, struct workload *workload);

/* The hogs, as in `2:10us`; `0`: none. False when the text is no such thing. */
bool workload_read_hogs(const char *text, struct workload *workload);

/* The most hogs. */
enum { WORKLOAD_HOGS_MOST = 4096 };

/* The busy time outside: a delay, or `burst:8:exp:10us`, which comes after 8 turns only. A burst
 * has a power of two of turns, from 2 to WORKLOAD_BURST_MOST: a script has a whole number of them,
 * and so many that their pauses have a distribution. */
bool workload_read_outside(const char *text, struct workload *workload);
enum { WORKLOAD_BURST_MOST = 128 };

/* How each turn chooses its lock: `uniform`, `zipf` or, with an exponent, `zipf:0.8`. False when it
 * is neither. */
bool workload_read_choice(const char *text, double *zipf);
enum { CHOICE_TEXT = 24 };
const char *workload_format_choice(double zipf, char text[CHOICE_TEXT]);

/* The longest texts that the two below write, with their ends. */
enum { WORKLOAD_PART_TEXT = DELAY_TEXT + 16 };

/* Write what the two above read back. Return `text`. */
const char *workload_format_hogs(const struct workload *workload, char text[WORKLOAD_PART_TEXT]);
const char *workload_format_outside(const struct workload *workload, char text[WORKLOAD_PART_TEXT]);

/* As an object of a record, and back; reading returns false when the object is not one. What was
 * not asked for (hogs, an irql, nested locks) is left out of it. */
json_t *workload_to_json(const struct workload *workload);
bool workload_from_json(const json_t *object, struct workload *workload);

/* The longest text that workload_describe() writes, with its end. */
enum { WORKLOAD_TEXT = 256 };

/* One line for a person. Returns `text`. */
const char *workload_describe(const struct workload *workload, char text[WORKLOAD_TEXT]);

/* The same of what a plan has recorded: a workload, or one with a list of shares of readers; or of
 * one whose share is left out. "" when it is none of these. */
const char *workload_describe_planned(const json_t *object, char text[WORKLOAD_TEXT]);

/* One turn of a thread: what it does under the lock and outside. */
struct step {
    uint32_t critical_ns;
    uint32_t outside_ns : 31;
    uint32_t shared : 1;
};

/* The number of turns in a script, after which it begins again; a power of two. Small, because it
 * shares the first-level cache with what is measured. */
enum { SCRIPT_STEPS = 512 };

/* Draws the script of a thread. Times are taken at equal steps of their distribution and then
 * shuffled, so that every script has the mean that was asked for; drawing costs nothing in the
 * measured loop. */
void workload_script(const struct workload *workload, unsigned thread, uint64_t seed,
                     struct step *script);

/* Draws which of several locks each step of a script takes: as often as it ought to, and which
 * thread is in which of them when at random. */
void workload_choices(const struct workload *workload, uint64_t seed, uint16_t *choices);

/* What that thread is busy with under the lock. */
static inline const struct delay *workload_critical(const struct workload *workload,
                                                    unsigned thread)
{
    return thread < workload->hogs ? &workload->hog_critical : &workload->critical;
}

/* The longest turn of any script, in nanoseconds. */
uint64_t workload_longest_ns(const struct workload *workload);

/* Whether a thread does anything but acquire, write its lines and release, so that a script is
 * needed. */
bool workload_is_scripted(const struct workload *workload);

#endif
