#include "bench/native/crew_processes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/native/owner_pass.h"

enum { PAGE_BYTES = 4096 };

/* ---- the memory ---- */

static size_t room(size_t alignment, size_t bytes)
{
    const struct arena_type type = {"", bytes, alignment, NULL};

    return arena_room(&type);
}

/* All that crew.c asks crew_allocate() for. */
static size_t room_for_all(const struct repetition *repetition)
{
    const size_t threads = repetition->threads;

    return room(MACHINE_APART, sizeof(struct crew)) +
           room(MACHINE_APART, repetition->processes * sizeof(struct crew_process)) +
           room(MACHINE_APART, threads * sizeof(struct member)) +
           room(MACHINE_APART, crew_layout(repetition).bytes) +
           room(MACHINE_APART, threads * sizeof(struct lock_order_thread)) +
           room(MACHINE_APART, threads * sizeof(struct order_refusal)) +
           threads *
               room(MACHINE_APART, repetition->workload.own_lines * sizeof(struct guarded_line)) +
           threads * room(PAGE_BYTES, sizeof(struct crew_station)) +
           (passes_has(repetition->passes, OBSERVE_OWNERS)
                ? threads * room(MACHINE_APART,
                                 owner_pass_room(repetition->threads) * sizeof(struct owner_note))
                : 0) +
           (passes_has(repetition->passes, OBSERVE_LATENCY)
                ? threads * room(MACHINE_APART, crew_latencies_bytes(repetition))
                : 0);
}

/* As evenly as possible: the first ones have one thread more. */
static void split(struct crew *crew, const struct repetition *repetition)
{
    unsigned first = 0;

    for (unsigned i = 0; i < repetition->processes; i++) {
        struct crew_process *process = &crew->processes[i];
        process->first = first;
        process->threads = repetition->threads / repetition->processes +
                           (i < repetition->threads % repetition->processes);
        first += process->threads;
    }
}

/* Nameless: only processes that are forked from here are to have it, and of a name something would
 * be left if this process were killed at a bad moment. */
struct crew *crew_processes_make(const struct repetition *repetition, char *problem,
                                 size_t problem_size)
{
    static struct arena arena;
    const struct arena_type type = {"crew", sizeof(struct crew), MACHINE_APART, NULL};
    void *memory;

    enum arena_error error = arena_create(&arena, NULL, room_for_all(repetition), 0600);
    if (error == ARENA_FINE)
        error = arena_object(&arena, "crew", &type, NULL, &memory);
    if (error != ARENA_FINE) {
        snprintf(problem, problem_size, "%s", arena.problem);
        return NULL;
    }
    struct crew *crew = memory;
    crew->arena = &arena;
    crew->processes = crew_allocate(crew, "processes", MACHINE_APART,
                                    repetition->processes * sizeof *crew->processes);
    split(crew, repetition);
    sem_init(&crew->dismissals, true, 0);
    return crew;
}

/* ---- what a process does ---- */

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        ;
}

/* No orphan may go on spinning; and what a lock prints is not part of the report. */
static void settle_down(pid_t parent)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* It may have died before it was asked about. */
    if (getppid() != parent)
        _exit(EXIT_MACHINE);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
}

/* The first thread only waits, so that the C library never sees a process with one thread and takes
 * a shorter path. */
static _Noreturn void process_main(struct crew *crew, struct crew_process *process, pid_t parent)
{
    settle_down(parent);
    process->started =
        crew_start_members(crew, process->first, process->threads, &process->start_error);
    if (process->started < process->threads)
        _exit(EXIT_MACHINE);
    bool working = crew_attend(crew);
    for (unsigned i = 0; i < process->threads; i++)
        pthread_join(crew->members[process->first + i].thread, NULL);
    /* The clock of a process that has gone can't be read. */
    if (working)
        await(&crew->dismissals);
    process->ended_well = true;
    _exit(EXIT_FINE);
}

/* ---- what the leader reads of them ---- */

static bool read_number(const char *text, const char *name, uint64_t *sum)
{
    const char *at = strstr(text, name);
    uint64_t number;

    if (at == NULL || sscanf(at + strlen(name), "%" SCNu64, &number) != 1)
        return false;
    *sum += number;
    return true;
}

/* Of a thread that lives, the kernel says it here and nowhere for its process as a whole; one that
 * has gone noted it. */
static bool add_switches_of(pid_t process, const struct member *member, struct usage *usage)
{
    char path[64], text[8192];

    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)process, (int)member->id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (length <= 0) {
        if (!word_load(&member->departed, acquire))
            return false;
        usage->voluntary += member->voluntary;
        usage->involuntary += member->involuntary;
        return true;
    }
    text[length] = '\0';
    return read_number(text, "\nvoluntary_ctxt_switches:", &usage->voluntary) &&
           read_number(text, "\nnonvoluntary_ctxt_switches:", &usage->involuntary);
}

static void add_switches(struct crew *crew, struct usage *usage)
{
    for (unsigned i = 0; i < crew->repetition->processes; i++) {
        const struct crew_process *process = &crew->processes[i];
        for (unsigned j = 0; j < process->threads; j++)
            crew->switches_unknown |=
                !add_switches_of(process->pid, &crew->members[process->first + j], usage);
    }
}

static void add_cpu_time(const struct crew *crew, struct usage *usage)
{
    for (unsigned i = 0; i < crew->repetition->processes; i++) {
        clockid_t clock;
        struct timespec cpu;
        if (clock_getcpuclockid(crew->processes[i].pid, &clock) == 0 &&
            clock_gettime(clock, &cpu) == 0)
            usage->cpu_ns += native_ns(cpu);
    }
}

/* By the leader alone, which is awake then anyway: were each process to look at itself, as many
 * threads more would push workers off their CPUs at both ends of the window. The switches take a
 * while to read, so that is done outside the window; the CPU time is that of its very ends. */
void crew_processes_usage(struct crew *crew, struct usage *usage, bool begins)
{
    if (begins)
        add_switches(crew, usage);
    add_cpu_time(crew, usage);
    if (!begins)
        add_switches(crew, usage);
}

/* ---- the process of the repetition: one thread leads, this one sees to the processes ---- */

struct watch {
    struct crew *crew;
    /* A process's number stands for it until it has been waited for: nobody kills while somebody
     * waits. */
    pthread_mutex_t mutex;
    char *problem; /* what the leader could not do */
    size_t problem_size;
    const char *led; /* what crew_lead() returned */
};

static void kill_all(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    for (unsigned i = 0; i < watch->crew->repetition->processes; i++) {
        if (watch->crew->processes[i].pid > 0 && !watch->crew->processes[i].gone)
            kill(watch->crew->processes[i].pid, SIGKILL);
    }
    pthread_mutex_unlock(&watch->mutex);
}

static void *lead_processes(void *argument)
{
    struct watch *watch = argument;
    struct crew *crew = watch->crew;

    watch->led = crew_lead(crew, watch->problem, watch->problem_size);
    if (watch->led != NULL)
        return NULL;
    if (crew->departed == crew->repetition->threads) {
        for (unsigned i = 0; i < crew->repetition->processes; i++)
            sem_post(&crew->dismissals);
    } else {
        word_store(&crew->giving_up, true, release);
        kill_all(watch);
    }
    return NULL;
}

/* Says what is wrong with how a process ended, as child.c does of the repetition's own; NULL:
 * nothing is. */
static const char *judge(struct crew *crew, unsigned number, const siginfo_t *end, char *problem,
                         size_t size)
{
    const struct crew_process *process = &crew->processes[number];
    const unsigned all = crew->repetition->processes;
    const bool exited = end->si_code == CLD_EXITED;

    if ((exited && process->ended_well) || word_load(&crew->giving_up, acquire))
        return NULL;
    if (exited && process->start_error != 0) {
        snprintf(problem, size, "thread %u of %u can't be started: %s",
                 process->first + process->started + 1, crew->repetition->threads,
                 strerror(process->start_error));
    } else if (exited && end->si_status == EXIT_MACHINE) {
        snprintf(problem, size, "worker process %u of %u could not begin", number + 1, all);
    } else if (!exited && end->si_status == SIGKILL) {
        snprintf(problem, size,
                 "worker process %u of %u was killed from outside (signal %d); is there enough "
                 "memory?",
                 number + 1, all, end->si_status);
    } else {
        crew->crashed = true;
        snprintf(problem, size,
                 exited ? "worker process %u of %u ended with exit code %d"
                        : "worker process %u of %u was ended by signal %d (%s)",
                 number + 1, all, end->si_status, strsignal(end->si_status));
    }
    return problem;
}

static unsigned number_of(const struct crew *crew, pid_t pid)
{
    unsigned number = 0;

    while (number < crew->repetition->processes && crew->processes[number].pid != pid)
        number++;
    return number;
}

/* Takes one event. Returns the number of the process that ended, or as many as there are: none
 * did. */
static unsigned take_event(struct watch *watch, siginfo_t *event)
{
    struct crew *crew = watch->crew;
    const int all = WEXITED | WSTOPPED | WCONTINUED;
    unsigned number = crew->repetition->processes;

    pthread_mutex_lock(&watch->mutex);
    pid_t pid = event->si_pid;
    event->si_pid = 0;
    if (waitid(P_PID, (id_t)pid, event, all | WNOHANG) == 0 && event->si_pid != 0) {
        if (event->si_code == CLD_STOPPED || event->si_code == CLD_CONTINUED) {
            crew->stopped = true;
        } else {
            number = number_of(crew, pid);
            if (number < crew->repetition->processes)
                crew->processes[number].gone = true;
        }
    }
    pthread_mutex_unlock(&watch->mutex);
    return number;
}

/* Waits until all processes have ended. The first that ends as it should not, or is stopped, ends
 * the others, too: those that wait for it, at a barrier or for the lock, would take it for a hang.
 * Returns what was wrong, or NULL. */
static const char *watch_processes(struct watch *watch, char *problem, size_t size)
{
    struct crew *crew = watch->crew;
    const char *found = NULL;
    siginfo_t event;

    for (;;) {
        /* Left waiting, so that the process keeps its number until the mutex is held. */
        if (waitid(P_ALL, 0, &event, WEXITED | WSTOPPED | WCONTINUED | WNOWAIT) != 0) {
            if (errno == EINTR)
                continue;
            return found;
        }
        unsigned number = take_event(watch, &event);
        if (found != NULL)
            continue;
        if (crew->stopped) {
            snprintf(problem, size, "a worker process was stopped");
            found = problem;
        } else if (number < crew->repetition->processes) {
            found = judge(crew, number, &event, problem, size);
        }
        if (found != NULL)
            kill_all(watch);
    }
}

/* Returns the number of processes that were started. */
static unsigned start_processes(struct crew *crew)
{
    pid_t parent = getpid();

    /* Ignored, it would make processes vanish without a word. */
    signal(SIGCHLD, SIG_DFL);
    /* Before the first use of a lock, and of what the processes inherit. */
    native_share_futexes();
    for (unsigned i = 0; i < crew->repetition->processes; i++) {
        pid_t pid = fork();
        if (pid == 0)
            process_main(crew, &crew->processes[i], parent);
        crew->processes[i].pid = pid;
        if (pid < 0)
            return i;
    }
    return crew->repetition->processes;
}

const char *crew_processes_run(struct crew *crew, char *problem, size_t problem_size)
{
    static char led[256];
    struct watch watch = {crew, PTHREAD_MUTEX_INITIALIZER, led, sizeof led, NULL};
    pthread_t leader;
    unsigned started = start_processes(crew);
    int error = errno;

    if (started < crew->repetition->processes)
        snprintf(problem, problem_size, "worker process %u of %u can't be started: %s", started + 1,
                 crew->repetition->processes, strerror(error));
    else if ((error = pthread_create(&leader, NULL, lead_processes, &watch)) != 0)
        snprintf(problem, problem_size, "the thread that leads can't be started: %s",
                 strerror(error));
    if (started < crew->repetition->processes || error != 0) {
        kill_all(&watch);
        return problem;
    }
    if (watch_processes(&watch, problem, problem_size) != NULL)
        return problem;
    pthread_join(leader, NULL);
    if (watch.led == NULL)
        return NULL;
    snprintf(problem, problem_size, "%s", led);
    return problem;
}
