/* lockbench repetition: the process in which `run` measures one repetition. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/commands/commands.h"
#include "bench/native/exchange.h"
#include "bench/native/report.h"
#include "bench/sim/crew.h"

/* Written by the handler. A process that was stopped (Ctrl-Z) and continued measured its sleep. */
static volatile sig_atomic_t was_stopped;

static void note_continuation(int signal)
{
    (void)signal;
    was_stopped = 1;
}

static const struct option_row options[] = {{0}};

static void write_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar(' ');
    fflush(stdout);
}

static json_t *measure_lock(const struct repetition *repetition, char *problem, size_t size)
{
    struct crew *crew = crew_make(repetition, problem, size);

    if (crew == NULL)
        return NULL;
    if (crew_run(crew, problem, size) == NULL)
        return native_report(crew);
    if (crew->stopped)
        return json_pack("{s:b}", "stopped", true);
    return crew->crashed ? json_pack("{s:s}", "crash", problem) : NULL;
}

static json_t *measure_natively(const struct repetition *repetition, char *problem, size_t size)
{
    signal(SIGCONT, note_continuation);
    json_t *result = repetition->workload.exchange != EXCHANGE_NONE
                         ? exchange_measure(repetition, problem, size)
                         : measure_lock(repetition, problem, size);
    if (!was_stopped)
        return result;
    json_decref(result);
    return json_pack("{s:b}", "stopped", true);
}

/* Ends the process without returning: threads that are stuck in the lock still run, and would keep
 * exit() from its work. */
static _Noreturn void measure(const struct repetition *repetition)
{
    char problem[256] = "out of memory";
    json_t *result = machine_is_simulated(&repetition->machine)
                         ? sim_measure(repetition, problem, sizeof problem)
                         : measure_natively(repetition, problem, sizeof problem);

    write_line(result != NULL ? result : json_pack("{s:s}", "problem", problem));
    _exit(result != NULL ? EXIT_FINE : EXIT_MACHINE);
}

static enum exit_code repetition_main(int argc, char **argv)
{
    struct repetition repetition;
    json_error_t error;
    int words;
    bool helped;
    enum exit_code code = options_read(&command_repetition, argc, argv, NULL, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words > 0)
        return complain(EXIT_USAGE, "repetition takes no argument: '%s'", argv[1]);
    json_t *request = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error);
    if (request == NULL)
        return complain(EXIT_USAGE, "the request on standard input is not JSON: %s", error.text);
    code = repetition_from_json(request, &repetition);
    if (code == EXIT_FINE)
        measure(&repetition);
    json_decref(request);
    free(repetition.cpus);
    return code;
}

const struct command command_repetition = {
    .name = "repetition",
    .summary = "measure one repetition (used by run)",
    .usage = "< REQUEST",
    .text =
        "Reads one request as a JSON object from standard input, measures it in this process and "
        "writes the result as a JSON object. 'run' starts one such process for each repetition, "
        "so "
        "that a lock that hangs or crashes costs no more than that.",
    .run = repetition_main,
    .options = options,
};
