/* lockbench: a table of commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "bench/commands/commands.h"
#include "bench/values.h"

static const struct command *const commands[] = {
    &command_run,      &command_check,     &command_list,       &command_plot,
    &command_compare,  &command_threshold, &command_export,     &command_doctor,
    &command_counters, &command_topology,  &command_repetition, &command_spin_time,
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(void)
{
    puts(
        "usage: lockbench COMMAND [options]\n\n"
        "Measures how locks behave on this machine, and checks them while it does.\n\n"
        "commands:");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    puts(
        "\n'lockbench COMMAND --help' shows a command's options.\n"
        "Exit codes: 0 fine, 1 a lock was caught or got slower, or the machine is unfit, 2 wrong\n"
        "usage or input, 3 the machine or the disk can't do it, 130 interrupted.");
}

static enum exit_code complain_unknown_command(const char *name)
{
    const char *names[COMMANDS];

    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *nearest = nearest_name(name, names, COMMANDS);
    if (nearest != NULL)
        return complain(EXIT_USAGE, "no command is named '%s': did you mean '%s'?", name, nearest);
    return complain(EXIT_USAGE, "no command is named '%s': 'lockbench --help' shows them all",
                    name);
}

static enum exit_code run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_FINE;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    }
    return complain_unknown_command(argv[1]);
}

/* A file that is opened while standard output is closed would become standard output. */
static void open_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* A reader that goes away, as in `lockbench list | head -1`, has what it wanted. */
int main(int argc, char **argv)
{
    open_standard_files();
    enum exit_code code = run_command(argc, argv);

    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE && code == EXIT_FINE)
        return complain(EXIT_MACHINE, "standard output can't be written: %s", strerror(errno));
    return code;
}
