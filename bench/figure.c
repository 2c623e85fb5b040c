#include "bench/figure.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#include "bench/workload.h"

extern char **environ;

bool figure_is_format(const char *format)
{
    static const char *const formats[] = {"png", "svg", "pdf", "dumb", "dat"};

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

/* A number, or what gnuplot is told to pass over. */
static void put_number(FILE *data, double value)
{
    if (isnan(value))
        fputs(" NaN", data);
    else
        fprintf(data, " %.6g", value);
}

static bool same_curve(const struct cell *a, const struct cell *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->lock, b->lock) == 0 &&
           strcmp(a->machine, b->machine) == 0 && strcmp(a->workload, b->workload) == 0 &&
           strcmp(a->placement, b->placement) == 0;
}

/* One block a curve: its name in quotes, then a line for each number of threads, upwards, as the
 * cells are sorted. */
static void put_curve(FILE *data, const struct summary *summary, const struct cell *curve)
{
    fprintf(data, "\"%s", curve->lock);
    if (curve->source[0] != '\0')
        fprintf(data, " (%s)", basename(curve->source));
    fputs("\" throughput low high jain rsd burst cpu_ns\n", data);
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!same_curve(cell, curve) || cell->samples == 0)
            continue;
        fprintf(data, "%u", cell->threads);
        put_number(data, cell->throughput);
        put_number(data, cell->has_interval ? cell->interval.low : NAN);
        put_number(data, cell->has_interval ? cell->interval.high : NAN);
        put_number(data, cell->jain);
        put_number(data, cell->rsd);
        put_number(data, cell->burst);
        put_number(data, cell->cpu_ns);
        fputc('\n', data);
    }
}

static bool is_first_of_curve(const struct summary *summary, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same_curve(&summary->cells[i], &summary->cells[at]))
            return false;
    }
    return true;
}

/* Curves in the order of the plan, so that a lock keeps its colour from figure to figure. Locks
 * that are out of the ranking are not drawn. Returns how many were. */
static unsigned put_curves(FILE *data, const struct summary *summary)
{
    size_t orders = 0;
    unsigned curves = 0;

    for (size_t i = 0; i < summary->count; i++)
        orders = summary->cells[i].order >= orders ? summary->cells[i].order + 1 : orders;
    for (size_t order = 0; order < orders; order++) {
        for (size_t i = 0; i < summary->count; i++) {
            const struct cell *cell = &summary->cells[i];
            if (cell->order != order || !cell->ranked || cell->samples == 0 ||
                !is_first_of_curve(summary, i))
                continue;
            /* Two empty lines begin what gnuplot calls another index. */
            fputs(curves > 0 ? "\n\n" : "", data);
            put_curve(data, summary, cell);
            curves++;
        }
    }
    return curves;
}

/* The script lies beside the program in a build, and under share/ when it is installed. */
static bool find_script(const char *name, char path[PATH_MAX])
{
    static const char *const places[] = {"scripts", "../share/lockbench/scripts"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (length < 0)
        return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (snprintf(path, PATH_MAX, "%s/%s/%s", program, places[i], name) < PATH_MAX &&
            access(path, R_OK) == 0)
            return true;
    }
    return snprintf(path, PATH_MAX, "%s/scripts/%s", PKGDATADIR, name) < PATH_MAX &&
           access(path, R_OK) == 0;
}

/* Copies what gnuplot writes, without the form feed with which it begins a page of characters. */
static bool copy_picture(int from, FILE *to)
{
    char bytes[65536];
    ssize_t n;
    bool begin = true, fine = true;

    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        size_t skip = begin && bytes[0] == '\f';
        fine = fwrite(bytes + skip, 1, (size_t)n - skip, to) == (size_t)n - skip && fine;
        begin = false;
    }
    return fflush(to) == 0 && fine;
}

static enum exit_code complain_no_gnuplot(int error)
{
    if (error == ENOENT)
        return complain(EXIT_MACHINE,
                        "gnuplot is not there to draw with: install gnuplot-nox, or "
                        "take the data with --format dat");
    return complain(EXIT_MACHINE, "gnuplot can't be started: %s", strerror(error));
}

/* Runs gnuplot and copies its standard output to `to`, which is the file `output`. */
static enum exit_code run_gnuplot(char *const arguments[], FILE *to, const char *output)
{
    posix_spawn_file_actions_t actions;
    int picture[2], status = 0;
    pid_t pid;

    if (pipe2(picture, O_CLOEXEC) != 0)
        return complain(EXIT_MACHINE, "gnuplot can't be started: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, picture[1], STDOUT_FILENO);
    int error = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(picture[1]);
    bool copied = error != 0 || copy_picture(picture[0], to);
    int copy_error = errno;
    close(picture[0]);
    if (error != 0)
        return complain_no_gnuplot(error);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!copied)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(copy_error));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return complain(EXIT_MACHINE, "gnuplot could not draw '%s'", output);
    return EXIT_FINE;
}

static bool is_file(const char *name)
{
    struct stat status;

    return lstat(name, &status) == 0 && S_ISREG(status.st_mode);
}

static enum exit_code draw(const char *data_name, const char *format, const char *output,
                           const char *title, unsigned cpus)
{
    char script[PATH_MAX], cpus_text[16], columns_text[16];
    struct winsize size;
    unsigned columns = 80;

    if (!find_script("throughput.gp", script))
        return complain(EXIT_MACHINE, "the script throughput.gp was not found beside the program");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
        columns = size.ws_col > 120 ? 120 : size.ws_col;
    snprintf(cpus_text, sizeof cpus_text, "%u", cpus);
    snprintf(columns_text, sizeof columns_text, "%u", columns);
    char *const arguments[] = {"gnuplot",         "-c",           script,
                               (char *)data_name, (char *)format, (char *)title,
                               cpus_text,         columns_text,   NULL};
    FILE *to = strcmp(output, "-") == 0 ? stdout : fopen(output, "we");
    if (to == NULL)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(errno));
    enum exit_code code = run_gnuplot(arguments, to, output);
    if (to != stdout)
        fclose(to);
    /* Half a picture is no picture. What is not a file (/dev/stdout) stays. */
    if (code != EXIT_FINE && to != stdout && is_file(output))
        unlink(output);
    return code;
}

static enum exit_code put_data_to(const struct summary *summary, const char *output)
{
    FILE *data = strcmp(output, "-") == 0 ? stdout : fopen(output, "we");

    if (data == NULL)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(errno));
    unsigned curves = put_curves(data, summary);
    bool failed = fflush(data) != 0 || ferror(data) != 0;
    int error = errno;
    if (data != stdout)
        fclose(data);
    if (failed)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(error));
    if (curves == 0)
        return complain(EXIT_USAGE, "there is nothing to draw: no sample of a lock that is ranked");
    return EXIT_FINE;
}

enum exit_code figure_throughput(const struct summary *summary, const char *format,
                                 const char *output, const char *title, unsigned cpus)
{
    const char *temporary = getenv("TMPDIR");
    char name[PATH_MAX];

    if (strcmp(format, "dat") == 0)
        return put_data_to(summary, output);
    snprintf(name, sizeof name, "%s/lockbench-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    int fd = mkstemp(name);
    if (fd < 0)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", name, strerror(errno));
    close(fd);
    enum exit_code code = put_data_to(summary, name);
    if (code == EXIT_FINE)
        code = draw(name, format, output, title, cpus);
    unlink(name);
    return code;
}

void figure_name(const char *results, const char *ending, char *name, size_t size)
{
    size_t length = strlen(results);

    if (length > 6 && strcmp(results + length - 6, ".jsonl") == 0)
        length -= 6;
    snprintf(name, size, "%.*s.%s", (int)length, results, ending);
}

void figure_title(const struct records *file, char *title, size_t size)
{
    const char *model =
        json_string_value(json_object_get(json_object_get(file->run, "host"), "cpu_model"));
    char text[WORKLOAD_TEXT] = "";
    struct workload workload;

    if (workload_from_json(json_object_get(json_object_get(file->run, "plan"), "workload"),
                           &workload))
        workload_describe(&workload, text);
    snprintf(title, size, "%s: %s", model == NULL ? "unknown machine" : model, text);
}
