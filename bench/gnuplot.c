#include "bench/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/data_file.h"

extern char **environ;

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

enum exit_code picture_write(const struct picture *picture, const char *output)
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

static enum exit_code draw_file(const struct gnuplot_call *call, const char *data_name,
                                unsigned longest, struct picture *picture)
{
    char script[PATH_MAX], cpus[16], columns[16], key[16];

    if (!data_file_find("scripts", call->script, script))
        return complain(EXIT_MACHINE, "the script %s was not found beside the program",
                        call->script);
    snprintf(cpus, sizeof cpus, "%u", call->cpus);
    snprintf(columns, sizeof columns, "%u", terminal_columns());
    snprintf(key, sizeof key, "%u", longest);
    const char *const arguments[] = {"gnuplot",   "-c", script,  data_name, call->format,
                                     call->title, cpus, columns, key,       NULL};
    return run_gnuplot((char *const *)arguments, call->output, picture);
}

/* Gnuplot reads the data more than once, so it lies in a file meanwhile. */
enum exit_code gnuplot_draw(const struct gnuplot_call *call, const struct picture *data,
                            struct picture *picture)
{
    const char *folder = getenv("TMPDIR");
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%s/lockbench-XXXXXX", folder == NULL ? "/tmp" : folder);
    int fd = mkstemp(name);
    if (fd < 0)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", name, strerror(errno));
    close(fd);
    enum exit_code code = picture_write(data, name);
    if (code == EXIT_FINE)
        code = draw_file(call, name, longest_name(data), picture);
    unlink(name);
    return code;
}
