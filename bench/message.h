/* What the program says to a person, always on standard error: data alone is on standard output. */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>

/* The exit codes of every command. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_NEGATIVE = 1, /* a negative finding: a lock was caught, ... */
    EXIT_USAGE = 2,    /* the command line or an input file is wrong */
    EXIT_MACHINE = 3,  /* the machine can't do it, or the disk won't take it */
    EXIT_INTERRUPTED = 130,
};

/* One line, "lockbench: ...". A progress line in the way is wiped first. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and returns `code`, so that a caller can `return complain(EXIT_USAGE, ...)`. */
enum exit_code complain(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What the complaints that follow are about, put before each of them, until this is called with
 * NULL: a file whose values are read by those who read options. The text has to live on. */
void complain_about(const char *what);

/* Shows how far a long job is, on a terminal only: `done` of `all` steps, `what` being done, and
 * the time left, judged from the time since `start_ns`. A new call overwrites the line. */
void progress_show(unsigned done, unsigned all, unsigned long long start_ns, const char *what);

/* The same for a job of which nobody knows how long it is. */
void progress_note(const char *what);

/* Wipes the progress line, if there is one. */
void progress_wipe(void);

/* Progress is shown only after this was called with true. */
void progress_enable(bool enabled);

#endif
