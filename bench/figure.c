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

#include "bench/data_file.h"
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
           a->processes == b->processes && strcmp(a->machine, b->machine) == 0 &&
           strcmp(a->workload, b->workload) == 0 && strcmp(a->placement, b->placement) == 0;
}

/* A results file's name in a figure: without its ending and, where that tells it from the others,
 * without its folder. */
static void put_source(FILE *data, const struct summary *summary, const char *source)
{
    const char *name = basename(source);

    for (size_t i = 0; i < summary->count; i++) {
        const char *other = summary->cells[i].source;
        if (strcmp(other, source) != 0 && strcmp(basename(other), name) == 0)
            name = source;
    }
    size_t length = strlen(name);
    if (length > 6 && strcmp(name + length - 6, ".jsonl") == 0)
        length -= 6;
    /* A quote or the end of a line would end the name for gnuplot. */
    for (size_t i = 0; i < length; i++)
        fputc(name[i] == '"' || name[i] == '\n' ? '_' : name[i], data);
}

/* Real cores and one model are told apart by these words; several models by their topologies. */
static const char *machine_name(const struct summary *summary, const char *machine)
{
    if (strcmp(machine, "native") == 0)
        return "native";
    for (size_t i = 0; i < summary->count; i++) {
        const char *other = summary->cells[i].machine;
        if (strcmp(other, "native") != 0 && strcmp(other, machine) != 0)
            return machine;
    }
    return "model";
}

static bool has_machines(const struct summary *summary)
{
    for (size_t i = 1; i < summary->count; i++) {
        if (strcmp(summary->cells[i].machine, summary->cells[0].machine) != 0)
            return true;
    }
    return false;
}

static bool has_processes(const struct summary *summary)
{
    for (size_t i = 1; i < summary->count; i++) {
        if (summary->cells[i].processes != summary->cells[0].processes)
            return true;
    }
    return false;
}

static void put_processes(FILE *data, unsigned processes)
{
    if (processes == PROCESSES_EACH)
        fputs("a process each", data);
    else
        fprintf(data, "%u process%s", processes, processes == 1 ? "" : "es");
}

/* The lock and, where there are several, the file, the machine and the number of processes. */
static void put_curve_name(FILE *data, const struct summary *summary, const struct cell *curve)
{
    bool machines = has_machines(summary), sources = curve->source[0] != '\0';
    bool processes = has_processes(summary);

    fputs(curve->lock, data);
    if (!sources && !machines && !processes)
        return;
    fputs(" (", data);
    if (sources)
        put_source(data, summary, curve->source);
    if (machines)
        fprintf(data, "%s%s", sources ? ", " : "", machine_name(summary, curve->machine));
    if (processes) {
        fputs(sources || machines ? ", " : "", data);
        put_processes(data, curve->processes);
    }
    fputc(')', data);
}

/* One block a curve: its name in quotes, then a line for each number of threads, upwards, as the
 * cells are sorted. */
static void put_curve(FILE *data, const struct summary *summary, const struct cell *curve)
{
    fputc('"', data);
    put_curve_name(data, summary, curve);
    fputs("\" throughput low high jain rsd burst cpu_ns transactions invalidated mttr max_gap\n",
          data);
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
        put_number(data, cell->transactions);
        put_number(data, cell->invalidated);
        put_number(data, cell->mttr);
        put_number(data, cell->max_gap);
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

bool figure_is_name(const char *name)
{
    static const char *const names[] = {"throughput", "fairness", "traffic"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* Only what has traffic is drawn in a figure of it. */
static bool is_drawn(const struct cell *cell, const char *name)
{
    return cell->ranked && cell->samples > 0 &&
           (strcmp(name, "traffic") != 0 || !isnan(cell->transactions));
}

bool figure_has_curves(const struct summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->count; i++) {
        if (is_drawn(&summary->cells[i], name))
            return true;
    }
    return false;
}

/* Curves in the order of the plan, so that a lock keeps its colour from figure to figure. Locks
 * that are out of the ranking are not drawn. Returns how many were. */
static unsigned put_curves(FILE *data, const struct summary *summary, const char *name)
{
    size_t orders = 0;
    unsigned curves = 0;

    for (size_t i = 0; i < summary->count; i++)
        orders = summary->cells[i].order >= orders ? summary->cells[i].order + 1 : orders;
    for (size_t order = 0; order < orders; order++) {
        for (size_t i = 0; i < summary->count; i++) {
            const struct cell *cell = &summary->cells[i];
            if (cell->order != order || !is_drawn(cell, name) || !is_first_of_curve(summary, i))
                continue;
            /* Two empty lines begin what gnuplot calls another index. */
            fputs(curves > 0 ? "\n\n" : "", data);
            put_curve(data, summary, cell);
            curves++;
        }
    }
    return curves;
}

/* A figure in memory: nothing of the output is touched before there is a whole one. */
struct picture {
    char *bytes;
    size_t length;
};

/* Takes in all that gnuplot writes. */
static bool read_picture(int from, struct picture *picture)
{
    FILE *memory = open_memstream(&picture->bytes, &picture->length);
    char bytes[65536];
    ssize_t n;

    if (memory == NULL)
        return false;
    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0)
            fwrite(bytes, 1, (size_t)n, memory);
    }
    bool fine = n == 0 && ferror(memory) == 0;
    return fclose(memory) == 0 && fine;
}

/* Writes the picture, without the form feed with which gnuplot begins a page of characters. */
static enum exit_code write_picture(const struct picture *picture, const char *output)
{
    bool to_stdout = strcmp(output, "-") == 0;
    FILE *file = to_stdout ? stdout : fopen(output, "we");

    if (file == NULL)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(errno));
    size_t skip = picture->length > 0 && picture->bytes[0] == '\f';
    size_t length = picture->length - skip;
    bool fine = fwrite(picture->bytes + skip, 1, length, file) == length && fflush(file) == 0;
    int error = errno;
    if (!to_stdout)
        fclose(file);
    if (fine)
        return EXIT_FINE;
    /* Half a picture is no picture; what is not a file (/dev/full) stays. */
    struct stat status;
    if (!to_stdout && lstat(output, &status) == 0 && S_ISREG(status.st_mode))
        unlink(output);
    return complain(EXIT_MACHINE, "'%s' can't be written: %s",
                    to_stdout ? "standard output" : output, strerror(error));
}

static enum exit_code complain_no_gnuplot(int error)
{
    if (error == ENOENT)
        return complain(EXIT_MACHINE,
                        "gnuplot is not there to draw with: install gnuplot-nox, or "
                        "take the data with --format dat");
    return complain(EXIT_MACHINE, "gnuplot can't be started: %s", strerror(error));
}

static enum exit_code run_gnuplot(char *const arguments[], const char *output,
                                  struct picture *picture)
{
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return complain(EXIT_MACHINE, "gnuplot can't be started: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int error = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    bool fine = error == 0 && read_picture(ends[0], picture);
    close(ends[0]);
    if (error != 0)
        return complain_no_gnuplot(error);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!fine || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || picture->length == 0)
        return complain(EXIT_MACHINE, "gnuplot could not draw '%s'", output);
    return EXIT_FINE;
}

/* The columns of the terminal, within what a figure of characters can use. */
static unsigned terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 60)
        return 80;
    return size.ws_col > 120 ? 120 : size.ws_col;
}

/* The length of the longest name of a curve: what stands in quotes at the head of each block. */
static unsigned longest_name(const struct picture *data)
{
    size_t longest = 0;

    for (const char *at = data->bytes; (at = strchr(at, '"')) != NULL;) {
        const char *end = strchr(++at, '"');
        longest = (size_t)(end - at) > longest ? (size_t)(end - at) : longest;
        at = end + 1;
    }
    return (unsigned)longest;
}

static enum exit_code draw(const struct figure *figure, const char *data_name, unsigned longest,
                           struct picture *picture)
{
    char name[32], script[PATH_MAX], cpus[16], columns[16], key[16];

    snprintf(name, sizeof name, "%s.gp", figure->name);
    if (!data_file_find("scripts", name, script))
        return complain(EXIT_MACHINE, "the script %s was not found beside the program", name);
    snprintf(cpus, sizeof cpus, "%u", figure->cpus);
    snprintf(columns, sizeof columns, "%u", terminal_columns());
    snprintf(key, sizeof key, "%u", longest);
    const char *const arguments[] = {"gnuplot",     "-c", script,  data_name, figure->format,
                                     figure->title, cpus, columns, key,       NULL};
    return run_gnuplot((char *const *)arguments, figure->output, picture);
}

/* Gnuplot reads the data more than once, so it lies in a file meanwhile. */
static enum exit_code draw_data(const struct figure *figure, const struct picture *data,
                                struct picture *picture)
{
    const char *folder = getenv("TMPDIR");
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%s/lockbench-XXXXXX", folder == NULL ? "/tmp" : folder);
    int fd = mkstemp(name);
    if (fd < 0)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", name, strerror(errno));
    close(fd);
    enum exit_code code = write_picture(data, name);
    if (code == EXIT_FINE)
        code = draw(figure, name, longest_name(data), picture);
    unlink(name);
    return code;
}

static enum exit_code complain_nothing(const struct summary *summary)
{
    if (figure_has_curves(summary, "throughput"))
        return complain(EXIT_USAGE,
                        "there is nothing to draw: no sample says what traffic it caused; "
                        "a model does (--machine sim:TOPOLOGY)");
    return complain(EXIT_USAGE, "there is nothing to draw: no sample of a lock that is ranked");
}

enum exit_code figure_draw(const struct summary *summary, const struct figure *figure)
{
    struct picture data = {0}, picture = {0};
    FILE *memory = open_memstream(&data.bytes, &data.length);
    bool as_data = strcmp(figure->format, "dat") == 0;
    enum exit_code code = EXIT_FINE;

    if (memory == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    unsigned curves = put_curves(memory, summary, figure->name);
    if (fclose(memory) != 0)
        code = complain(EXIT_MACHINE, "out of memory");
    else if (curves == 0)
        code = complain_nothing(summary);
    else if (!as_data)
        code = draw_data(figure, &data, &picture);
    if (code == EXIT_FINE)
        code = write_picture(as_data ? &data : &picture, figure->output);
    free(data.bytes);
    free(picture.bytes);
    return code;
}

void figure_name(const char *name, const char *ending, char *figure, size_t size)
{
    static const char *const endings[] = {".jsonl", ".png", ".svg", ".pdf", ".dumb", ".dat"};
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t known = strlen(endings[i]);
        if (length > known && strcmp(name + length - known, endings[i]) == 0) {
            length -= known;
            break;
        }
    }
    snprintf(figure, size, "%.*s.%s", (int)length, name, ending);
}

void figure_machine(const struct records *file, char *text, size_t size)
{
    const char *model =
        json_string_value(json_object_get(json_object_get(file->run, "host"), "cpu_model"));
    const char *machine =
        json_string_value(json_object_get(json_object_get(file->run, "plan"), "machine"));

    if (machine != NULL && strncmp(machine, "sim:", 4) == 0)
        snprintf(text, size, "model of %s", machine + 4);
    else
        snprintf(text, size, "%s", model == NULL ? "unknown machine" : model);
}

void figure_workload(const struct records *file, char text[WORKLOAD_TEXT])
{
    struct workload workload;

    text[0] = '\0';
    if (workload_from_json(json_object_get(json_object_get(file->run, "plan"), "workload"),
                           &workload))
        workload_describe(&workload, text);
}
