#include "bench/sim/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The viewer's "processes": rows of CPUs and rows of threads. */
enum { CPUS = 1, THREADS = 2 };

static void put_name(struct sim_trace *trace, const char *kind, int process, unsigned row,
                     const char *name)
{
    json_t *text = json_string(name);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);

    fprintf(trace->file,
            "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%d,\"tid\":%u,\"args\":{\"name\":%s}},\n", kind,
            process, row, quoted);
    free(quoted);
    json_decref(text);
}

enum exit_code trace_claim(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    struct stat file;

    if (fd >= 0) {
        close(fd);
        return EXIT_FINE;
    }
    int error = errno;
    if (error == EEXIST && stat(name, &file) == 0) {
        if (S_ISREG(file.st_mode))
            return complain(EXIT_USAGE, "'%s' exists already: give --trace another name", name);
        /* A device or a pipe is there to be written to. */
        if (!S_ISDIR(file.st_mode))
            return EXIT_FINE;
        error = EISDIR;
    }
    return complain(EXIT_MACHINE, "the trace '%s' can't be written: %s", name, strerror(error));
}

bool trace_keep(const char *name)
{
    struct stat file;

    if (stat(name, &file) != 0)
        return false;
    if (!S_ISREG(file.st_mode) || file.st_size > 0)
        return true;
    unlink(name);
    return false;
}

bool trace_open(struct sim_trace *trace, const char *name, const char *title, unsigned threads)
{
    char row[32];

    *trace = (struct sim_trace){.file = fopen(name, "we")};
    if (trace->file == NULL)
        return false;
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", trace->file);
    put_name(trace, "process_name", CPUS, 0, "CPUs: who runs, and which line moves");
    for (unsigned i = 0; i < threads; i++) {
        snprintf(row, sizeof row, "thread %u", i);
        put_name(trace, "thread_name", THREADS, i, row);
    }
    put_name(trace, "process_name", THREADS, 0, title);
    return true;
}

/* The list's last element closes it, so that every other one may end with a comma. */
bool trace_close(struct sim_trace *trace, uint64_t now)
{
    fprintf(trace->file,
            "{\"ph\":\"i\",\"s\":\"g\",\"name\":\"end of the "
            "trace\",\"pid\":%d,\"tid\":0,\"ts\":%.6f}\n"
            "]}\n",
            THREADS, (double)(trace->cut_ps != 0 ? trace->cut_ps : now) / 1e6);
    int error = ferror(trace->file) ? EIO : 0;
    if (fclose(trace->file) != 0)
        error = errno;
    errno = error;
    return error == 0;
}

static bool counts(struct sim_trace *trace, uint64_t start)
{
    if (trace->events++ < TRACE_EVENTS_MOST)
        return true;
    if (trace->cut_ps == 0)
        trace->cut_ps = start;
    return false;
}

/* The viewer counts in microseconds. */
static void put_times(struct sim_trace *trace, int process, unsigned row, uint64_t start,
                      uint64_t end)
{
    fprintf(trace->file, "\"pid\":%d,\"tid\":%u,\"ts\":%" PRIu64 ".%06" PRIu64 ",\"dur\":%.6f",
            process, row, start / 1000000, start % 1000000, (double)(end - start) / 1e6);
}

void trace_transaction(struct sim_trace *trace, unsigned cpu, const char *line,
                       const struct sim_transaction *transaction, uint64_t start, uint64_t end)
{
    static const char *const kinds[] = {"read", "own", "upgrade"};

    if (!counts(trace, start))
        return;
    fprintf(trace->file, "{\"ph\":\"X\",\"cat\":\"line\",\"name\":\"%s %s\",",
            kinds[transaction->kind], line);
    put_times(trace, CPUS, cpu, start, end);
    fprintf(trace->file, ",\"args\":{\"line\":\"%s\",\"distance\":\"%s\"}},\n", line,
            sim_distance_names[transaction->distance]);
}

void trace_run(struct sim_trace *trace, unsigned cpu, unsigned thread, uint64_t start, uint64_t end)
{
    if (!counts(trace, start))
        return;
    fprintf(trace->file, "{\"ph\":\"X\",\"cat\":\"run\",\"name\":\"thread %u\",", thread);
    put_times(trace, CPUS, cpu, start, end);
    fputs("},\n", trace->file);
}

void trace_lock(struct sim_trace *trace, unsigned thread, const char *what, uint64_t start,
                uint64_t end)
{
    if (!counts(trace, start))
        return;
    fprintf(trace->file, "{\"ph\":\"X\",\"cat\":\"lock\",\"name\":\"%s\",", what);
    put_times(trace, THREADS, thread, start, end);
    fputs("},\n", trace->file);
}
