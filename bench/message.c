#include "bench/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "locks/machine/machine.h"

/* The state of one terminal line, of which a process has one. */
static bool progress_enabled, progress_shown;

/* Of a process, too: a reader of values does not know where they stand. */
static const char *complained_about;

static void say_arguments(const char *about, const char *format, va_list arguments)
{
    progress_wipe();
    fputs("lockbench: ", stderr);
    if (about != NULL)
        fprintf(stderr, "%s: ", about);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_arguments(NULL, format, arguments);
    va_end(arguments);
}

enum exit_code complain(enum exit_code code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_arguments(complained_about, format, arguments);
    va_end(arguments);
    return code;
}

void complain_about(const char *what)
{
    complained_about = what;
}

void progress_enable(bool enabled)
{
    progress_enabled = enabled && isatty(STDERR_FILENO);
}

/* A line that wraps can't be wiped. */
static void show_line(const char *line)
{
    struct winsize size;
    int columns =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;

    fprintf(stderr, "\r\033[K%.*s", columns - 1, line);
    fflush(stderr);
    progress_shown = true;
}

void progress_note(const char *what)
{
    if (progress_enabled)
        show_line(what);
}

void progress_show(unsigned done, unsigned all, unsigned long long start_ns, const char *what)
{
    if (!progress_enabled)
        return;
    char line[256];
    int used = snprintf(line, sizeof line, "[%u/%u] %s", done, all, what);
    if (done > 0) {
        uint64_t left_s =
            (uint64_t)((double)(machine_clock() - start_ns) / done * (all - done) / 1e9 + 0.5);
        snprintf(line + used, sizeof line - (size_t)used, "   %u:%02u left",
                 (unsigned)(left_s / 60), (unsigned)(left_s % 60));
    }
    show_line(line);
}

void progress_wipe(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}
