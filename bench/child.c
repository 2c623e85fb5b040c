#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/interrupt.h"

/* The exit code of a process that never became a repetition. */
enum { NOT_STARTED = 127 };

struct child {
    pid_t pid;
    int request, report; /* our ends of its standard input and output */
};

static void become_child(pid_t parent, int input, int output)
{
    /* The terminal's Ctrl-C goes to the whole group, and so may others; the parent decides what
     * becomes of a child. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* It may have died before it was asked about. */
    if (getppid() != parent)
        _exit(NOT_STARTED);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execl("/proc/self/exe", "lockbench", "repetition", (char *)NULL);
    _exit(NOT_STARTED);
}

static bool start(struct child *child)
{
    int input[2], output[2];

    if (pipe2(input, O_CLOEXEC) != 0)
        return false;
    if (pipe2(output, O_CLOEXEC) != 0) {
        close(input[0]);
        close(input[1]);
        return false;
    }
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0)
        become_child(parent, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    child->request = input[1];
    child->report = output[0];
    if (child->pid > 0)
        return true;
    close(child->request);
    close(child->report);
    return false;
}

/* A request is smaller than a pipe holds, so this does not wait for the child; one that has died
 * already is found by its silence. */
static void send_request(struct child *child, const struct repetition *repetition)
{
    json_t *request = repetition_to_json(repetition);
    char *text = json_dumps(request, JSON_COMPACT);

    for (size_t sent = 0, length = strlen(text); sent < length;) {
        ssize_t n = write(child->request, text + sent, length - sent);
        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    close(child->request);
    free(text);
    json_decref(request);
}

struct text {
    char *bytes;
    size_t length;
};

/* Waits until there is something to read, at most a step of the time that is left, and takes what
 * was waited from it; but no more than twice the step, because a process that was stopped meanwhile
 * did not wait. */
static bool await_report(struct child *child, uint64_t *left_ns)
{
    const uint64_t step_ns = 500000000;
    struct pollfd waiting = {child->report, POLLIN, 0};
    uint64_t start_ns = machine_clock();

    bool ready = poll(&waiting, 1, (int)(step_ns / 1000000u)) > 0;
    uint64_t waited_ns = machine_clock() - start_ns;
    waited_ns = waited_ns < 2 * step_ns ? waited_ns : 2 * step_ns;
    *left_ns -= waited_ns < *left_ns ? waited_ns : *left_ns;
    return ready;
}

static bool is_stopped(const struct child *child)
{
    siginfo_t event = {.si_pid = 0};

    return waitid(P_PID, (id_t)child->pid, &event, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           event.si_pid != 0;
}

/* Reads until the child closes its output. Returns false when the time is up, the user
 * interrupted, or the child stands still because it was stopped. */
static bool receive(struct child *child, uint64_t left_ns, struct text *text)
{
    while (left_ns > 0 && !interrupted()) {
        if (!await_report(child, &left_ns)) {
            if (is_stopped(child))
                return false;
            continue;
        }
        char *grown = realloc(text->bytes, text->length + 65536);
        if (grown == NULL)
            return false;
        text->bytes = grown;
        ssize_t n = read(child->report, text->bytes + text->length, 65536);
        if (n == 0)
            return true;
        if (n > 0)
            text->length += (size_t)n;
    }
    return false;
}

static int finish(struct child *child, bool kill_it)
{
    int status = 0;

    close(child->report);
    if (kill_it)
        kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* A child that can't measure says why as {"problem": "..."}, of a process of its own that the lock
 * ended {"crash": "..."}, and that somebody stopped it meanwhile {"stopped": true}. */
static void judge(struct child_report *report, int status, const struct text *text)
{
    report->result = text->length == 0 ? NULL : json_loadb(text->bytes, text->length, 0, NULL);
    const char *problem = json_string_value(json_object_get(report->result, "problem"));
    const char *crash = json_string_value(json_object_get(report->result, "crash"));

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        /* No lock does that: somebody did, or the kernel, for want of memory. */
        report->end = CHILD_FAILED;
        snprintf(report->reason, sizeof report->reason,
                 "its process was killed from outside; is there enough memory?");
    } else if (WIFSIGNALED(status)) {
        report->end = CHILD_CRASHED;
        snprintf(report->reason, sizeof report->reason, "its process was ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (crash != NULL) {
        report->end = CHILD_CRASHED;
        snprintf(report->reason, sizeof report->reason, "%s", crash);
    } else if (problem != NULL) {
        report->end = CHILD_FAILED;
        snprintf(report->reason, sizeof report->reason, "%s", problem);
    } else if (WEXITSTATUS(status) == EXIT_USAGE || WEXITSTATUS(status) == EXIT_MACHINE ||
               WEXITSTATUS(status) == NOT_STARTED) {
        /* Our own fault or the machine's, and it has said so; a lock has no way to end like this.
         */
        report->end = CHILD_FAILED;
        snprintf(report->reason, sizeof report->reason, "its process could not begin");
    } else if (WEXITSTATUS(status) == REPETITION_STUCK) {
        report->end = CHILD_HUNG;
        snprintf(report->reason, sizeof report->reason,
                 "a thread computed for 10 s without one step that the machine sees: does the lock "
                 "wait in a loop of its own?");
    } else if (report->result == NULL || WEXITSTATUS(status) != 0) {
        report->end = CHILD_CRASHED;
        snprintf(report->reason, sizeof report->reason,
                 "its process ended with exit code %d and without a report", WEXITSTATUS(status));
    } else if (json_is_true(json_object_get(report->result, "stopped"))) {
        report->end = CHILD_STOPPED;
    } else {
        report->end = CHILD_REPORTED;
        return;
    }
    json_decref(report->result);
    report->result = NULL;
}

/* From the start of the process to its end at the latest: the times that it was given, and room for
 * starting its threads on a machine that is busy with other things. Virtual time says nothing about
 * that; a simulation watches itself. */
static uint64_t allowed_ns(const struct repetition *repetition)
{
    if (machine_is_simulated(&repetition->machine))
        return UINT64_MAX;
    return repetition->warmup_ns + passes_count(repetition->passes) * repetition->pass_ns +
           repetition->window_ns + (1 + DRAINS_OF_SILENCE) * repetition->drain_ns + 10000000000u +
           (repetition->threads + repetition->processes) * 20000000ull;
}

struct child_report child_run(const struct repetition *repetition)
{
    struct child_report report = {.end = CHILD_FAILED};
    struct child child;
    struct text text = {0};
    uint64_t allowed = allowed_ns(repetition);

    if (!start(&child)) {
        snprintf(report.reason, sizeof report.reason, "a process can't be started: %s",
                 strerror(errno));
        return report;
    }
    send_request(&child, repetition);
    bool whole = receive(&child, allowed, &text);
    bool stopped = !whole && is_stopped(&child);
    int status = finish(&child, !whole);
    if (whole) {
        judge(&report, status, &text);
    } else {
        report.end = interrupted() ? CHILD_INTERRUPTED : stopped ? CHILD_STOPPED : CHILD_HUNG;
        snprintf(report.reason, sizeof report.reason, "its process did not report within %.0f s",
                 (double)allowed / 1e9);
    }
    free(text.bytes);
    return report;
}
