#include "bench/native/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "locks/machine/machine.h"

/* Where the C library keeps POSIX shared memory objects. shm_open() is not enough: it shows an
 * object before there is anything in it, and one whose maker dies then stays like that. */
#define SHARED_MEMORY "/dev/shm"

enum {
    VERSION = 1,
    TRIES = 100,
    PAGE_BYTES = 4096,
    PATH_BYTES = sizeof SHARED_MEMORY + ARENA_NAME
};

static const char magic[16] = "lockbench arena";

/* A process that has the arena open. The start time tells it from a later process of that number;
 * numbers of another pid namespace mean nothing here. */
struct attachment {
    WORD(uint64_t) pid; /* written last; 0: free */
    uint64_t start, pid_namespace;
};

/* Every change is completed by one store, so that whoever dies in the middle of one has changed
 * nothing. */
struct arena_header {
    char magic[sizeof magic];
    uint32_t version, header_bytes;
    uint64_t bytes;   /* of the whole */
    uint64_t address; /* the same in every process */
    uint64_t device, inode;
    pthread_mutex_t mutex;
    /* Guarded by the mutex. */
    bool removed;        /* its name is gone, or about to go: another arena may have it */
    WORD(uint64_t) used; /* entries lie from first_entry() to here; moving it makes one visible */
    uint64_t touched;    /* from here on, all is zero */
    struct attachment attached[ARENA_PROCESSES_MOST];
};

/* Before each object. */
struct entry {
    char name[ARENA_NAME], type[ARENA_NAME];
    uint64_t bytes, object, next; /* offsets in the arena */
};

static enum arena_error fail(struct arena *arena, enum arena_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum arena_error fail(struct arena *arena, enum arena_error error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(arena->problem, sizeof arena->problem, format, arguments);
    va_end(arguments);
    return error;
}

static uint64_t align(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

static uint64_t first_entry(void)
{
    return align(sizeof(struct arena_header), _Alignof(struct entry));
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < ARENA_NAME && strchr(name, '/') == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static enum arena_error fail_name(struct arena *arena, const char *name, const char *what)
{
    return fail(arena, ARENA_BAD_NAME,
                "'%.80s' can't name %s: a name has 1 to %d characters and no '/'", name, what,
                ARENA_NAME - 1);
}

static const char *path_of(const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, SHARED_MEMORY "/%s", name);
    return path;
}

/* ---- which processes live ---- */

/* When a process started, in ticks since the machine did; 0: unknown. A zombie is dead. */
static uint64_t start_of(uint64_t pid, bool *dead)
{
    char path[64], text[1024];
    uint64_t start = 0;
    char state = '?';

    snprintf(path, sizeof path, "/proc/%" PRIu64 "/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    /* The name before it may have spaces and brackets of its own. */
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest,
                               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                               "%*d %*d %*d %" SCNu64,
                               &state, &start) != 2)
        return 0;
    *dead = state == 'Z' || state == 'X';
    return start;
}

static uint64_t pid_namespace(void)
{
    struct stat status;

    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/* One of which nothing can be known lives. */
static bool lives(const struct attachment *attachment)
{
    bool dead = false;

    if (attachment->pid_namespace != pid_namespace())
        return true;
    uint64_t pid = word_load(&attachment->pid, relaxed);
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    uint64_t start = start_of(pid, &dead);
    return !dead && (start == 0 || attachment->start == 0 || start == attachment->start);
}

/* ---- the header ---- */

/* One who dies with the mutex has changed nothing, or all that it wanted to. */
static enum arena_error lock(struct arena *arena)
{
    int error = pthread_mutex_lock(&arena->header->mutex);

    if (error == EOWNERDEAD)
        error = pthread_mutex_consistent(&arena->header->mutex);
    return error == 0
               ? ARENA_FINE
               : fail(arena, ARENA_SYSTEM, "the directory of the arena '%s' can't be used: %s",
                      arena->name, strerror(error));
}

static void unlock(struct arena *arena)
{
    pthread_mutex_unlock(&arena->header->mutex);
}

int arena_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);

    if (error != 0)
        return error;
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    error = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

/* Drops those that are dead; `*last` is one of them. Returns how many are left. */
static unsigned drop_dead(struct arena *arena, unsigned *dropped, uint64_t *last)
{
    struct attachment *attached = arena->header->attached;
    unsigned living = 0;

    for (int i = 0; i < ARENA_PROCESSES_MOST; i++) {
        uint64_t pid = word_load(&attached[i].pid, relaxed);
        if (pid == 0)
            continue;
        if (lives(&attached[i])) {
            living++;
            continue;
        }
        *last = pid;
        word_store(&attached[i].pid, 0, relaxed);
        ++*dropped;
    }
    return living;
}

static enum arena_error attach(struct arena *arena)
{
    struct attachment *attached = arena->header->attached;
    bool dead = false;

    for (int i = 0; i < ARENA_PROCESSES_MOST; i++) {
        if (word_load(&attached[i].pid, relaxed) != 0)
            continue;
        attached[i].start = start_of((uint64_t)getpid(), &dead);
        attached[i].pid_namespace = pid_namespace();
        word_store(&attached[i].pid, (uint64_t)getpid(), release);
        return ARENA_FINE;
    }
    return fail(arena, ARENA_FULL,
                "the arena '%s' is open in %d processes: there is room for no more", arena->name,
                ARENA_PROCESSES_MOST);
}

/* Takes the name away, with the mutex, unless another arena has it by now. It may not be ours to
 * take: then its owner does when next it comes. */
static void remove_name(struct arena *arena)
{
    char path[PATH_BYTES];
    struct stat named;

    arena->header->removed = true;
    if (stat(path_of(arena->name, path), &named) == 0 && named.st_dev == arena->header->device &&
        named.st_ino == arena->header->inode && unlink(path) != 0)
        arena->header->removed = false;
}

/* ---- mapping ---- */

/* Candidates lie where address sanitizer and thread sanitizer allow memory on x86-64, and below
 * where the kernel puts libraries and stacks; their distance is the room of one arena. */
static const uint64_t first_candidate = 0x7e8000000000, candidate_distance = 0x100000000;
enum { CANDIDATES = 128 };

static void *map_at(int fd, uint64_t address, uint64_t bytes)
{
    void *wanted = (void *)(uintptr_t)address;
    int fixed = wanted == NULL ? 0 : MAP_FIXED_NOREPLACE;
    void *mapped = mmap(wanted, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, fd, 0);

    /* A kernel that does not know the flag takes the address for a wish. */
    if (mapped != MAP_FAILED && wanted != NULL && mapped != wanted) {
        munmap(mapped, bytes);
        errno = EEXIST;
        return MAP_FAILED;
    }
    return mapped;
}

/* By name, so that two arenas seldom want one place; anywhere as a last resort, which is as good
 * for processes that are forked from here. */
static void *map_anywhere(int fd, const char *name, uint64_t bytes)
{
    uint64_t hash = 0;

    for (; *name != '\0'; name++)
        hash = hash * 31 + (unsigned char)*name;
    for (uint64_t i = 0; i < CANDIDATES; i++) {
        uint64_t slot = (hash + i) % CANDIDATES;
        void *mapped = map_at(fd, first_candidate + slot * candidate_distance, bytes);
        if (mapped != MAP_FAILED)
            return mapped;
    }
    return map_at(fd, 0, bytes);
}

static void unmap(struct arena *arena)
{
    munmap(arena->header, arena->header->bytes);
    arena->header = NULL;
}

/* ---- creating ---- */

/* A page that can't be had when it is first touched ends the process; better refused here. Not
 * reserved: that would choose where the pages lie. */
static bool has_room(int fd, uint64_t bytes)
{
    struct statvfs status;

    return fstatvfs(fd, &status) != 0 || status.f_blocks == 0 ||
           status.f_bavail * status.f_frsize >= bytes;
}

static enum arena_error make(struct arena *arena, int fd, uint64_t bytes, mode_t mode)
{
    struct stat status;

    if (fd < 0 || fchmod(fd, mode) != 0 || ftruncate(fd, (off_t)bytes) != 0 ||
        fstat(fd, &status) != 0)
        return fail(arena, ARENA_SYSTEM, "shared memory can't be had: %s", strerror(errno));
    if (arena->name[0] != '\0' && !has_room(fd, bytes))
        return fail(arena, ARENA_FULL, SHARED_MEMORY " has no room for %" PRIu64 " bytes", bytes);
    struct arena_header *header = map_anywhere(fd, arena->name, bytes);
    if (header == MAP_FAILED)
        return fail(arena, ARENA_SYSTEM, "%" PRIu64 " bytes of shared memory can't be mapped: %s",
                    bytes, strerror(errno));
    memcpy(header->magic, magic, sizeof magic);
    header->version = VERSION;
    header->header_bytes = sizeof *header;
    header->bytes = bytes;
    header->address = (uintptr_t)header;
    header->device = status.st_dev;
    header->inode = status.st_ino;
    word_init(&header->used, first_entry());
    header->touched = first_entry();
    arena->header = header;
    /* An init function that asks for an object gets an error instead of waiting for itself. */
    int error = arena_mutex_init(&header->mutex);
    if (error == 0)
        return attach(arena);
    unmap(arena);
    return fail(arena, ARENA_SYSTEM, "a shared mutex can't be made: %s", strerror(error));
}

/* Who has it, for a message. */
static const char *describe_owner(const char *name, char text[64])
{
    char path[PATH_BYTES];
    struct stat status;

    if (stat(path_of(name, path), &status) != 0)
        snprintf(text, 64, "somebody");
    else
        snprintf(text, 64, "user %u, with mode %04o", (unsigned)status.st_uid,
                 (unsigned)(status.st_mode & 07777));
    return text;
}

/* ---- opening ---- */

static enum arena_error check(struct arena *arena, int fd, struct arena_header *header)
{
    struct stat status;
    const size_t known = offsetof(struct arena_header, mutex);

    if (fstat(fd, &status) != 0 || pread(fd, header, known, 0) != (ssize_t)known ||
        memcmp(header->magic, magic, sizeof magic) != 0)
        return fail(arena, ARENA_FOREIGN, "'%s' is shared memory, but no arena", arena->name);
    if (header->version != VERSION || header->header_bytes != sizeof *header)
        return fail(arena, ARENA_FOREIGN,
                    "'%s' is an arena of version %" PRIu32 " (%" PRIu32
                    " bytes of header), and this program makes version %d (%zu): use one build",
                    arena->name, header->version, header->header_bytes, VERSION, sizeof *header);
    if (header->bytes != (uint64_t)status.st_size)
        return fail(arena, ARENA_FOREIGN,
                    "the arena '%s' should have %" PRIu64 " bytes and has %" PRIu64, arena->name,
                    header->bytes, (uint64_t)status.st_size);
    return ARENA_FINE;
}

/* Attaches to a mapped arena, unless it is on its way out (ARENA_MISSING). */
static enum arena_error enter(struct arena *arena)
{
    uint64_t last = 0;
    enum arena_error error = lock(arena);

    if (error != ARENA_FINE)
        return error;
    if (arena->header->removed) {
        /* Whoever was to remove the name may have died before it did. */
        remove_name(arena);
        error = ARENA_MISSING;
    } else if (drop_dead(arena, &arena->dead, &last) == 0) {
        remove_name(arena);
        error = fail(arena, ARENA_ABANDONED,
                     "the arena '%s' was left by process %" PRIu64 ", which died with it open: %s",
                     arena->name, last,
                     arena->header->removed ? "it is removed" : "its owner has to remove it");
    } else {
        error = attach(arena);
    }
    unlock(arena);
    return error;
}

static enum arena_error map_and_enter(struct arena *arena, int fd, bool in_place)
{
    struct arena_header header;
    enum arena_error error = check(arena, fd, &header);

    if (error != ARENA_FINE)
        return error;
    void *mapped = map_at(fd, in_place ? header.address : 0, header.bytes);
    if (mapped == MAP_FAILED && errno == EEXIST)
        return fail(arena, ARENA_ADDRESS_TAKEN,
                    "the arena '%s' has to lie at 0x%" PRIx64
                    ", where this process has something else: is it open here already?",
                    arena->name, header.address);
    if (mapped == MAP_FAILED)
        return fail(arena, ARENA_SYSTEM, "the arena '%s' can't be mapped: %s", arena->name,
                    strerror(errno));
    arena->header = mapped;
    error = enter(arena);
    if (error != ARENA_FINE)
        unmap(arena);
    return error;
}

static enum arena_error fail_to_open(struct arena *arena, int error)
{
    char owner[64];

    if (error == ENOENT)
        return fail(arena, ARENA_MISSING, "there is no arena '%s'", arena->name);
    if (error == EACCES || error == EPERM)
        return fail(arena, ARENA_DENIED, "the arena '%s' belongs to %s: user %u may not open it",
                    arena->name, describe_owner(arena->name, owner), (unsigned)geteuid());
    return fail(arena, ARENA_SYSTEM, "the arena '%s' can't be opened: %s", arena->name,
                strerror(error));
}

/* Not `in_place`: only to look who has it open. */
static enum arena_error open_named(struct arena *arena, const char *name, bool in_place)
{
    enum arena_error error = ARENA_MISSING;
    char path[PATH_BYTES];

    *arena = (struct arena){0};
    if (!is_name(name))
        return fail_name(arena, name, "an arena");
    snprintf(arena->name, sizeof arena->name, "%s", name);
    /* One that was removed between the two steps leaves its name to the next, which is looked for
     * again. */
    for (int tries = 0; tries < TRIES && error == ARENA_MISSING; tries++) {
        int fd = open(path_of(name, path), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return fail_to_open(arena, errno);
        error = map_and_enter(arena, fd, in_place);
        close(fd);
    }
    return error == ARENA_MISSING ? fail_to_open(arena, ENOENT) : error;
}

enum arena_error arena_open(struct arena *arena, const char *name)
{
    return open_named(arena, name, true);
}

/* Shows a complete arena under its name; the name of one that is abandoned is taken over. */
static enum arena_error show(struct arena *arena, int fd)
{
    char from[64], path[PATH_BYTES], owner[64];

    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    for (int tries = 0; tries < TRIES; tries++) {
        if (linkat(AT_FDCWD, from, AT_FDCWD, path_of(arena->name, path), AT_SYMLINK_FOLLOW) == 0)
            return ARENA_FINE;
        if (errno != EEXIST)
            return fail(arena, ARENA_SYSTEM, "the arena '%s' can't be given its name: %s",
                        arena->name, strerror(errno));
        struct arena present;
        enum arena_error error = open_named(&present, arena->name, false);
        if (error == ARENA_FINE)
            arena_close(&present);
        if (error != ARENA_ABANDONED && error != ARENA_MISSING)
            break;
    }
    return fail(arena, ARENA_EXISTS, "'%s' exists already and belongs to %s", arena->name,
                describe_owner(arena->name, owner));
}

enum arena_error arena_create(struct arena *arena, const char *name, size_t bytes, mode_t mode)
{
    *arena = (struct arena){0};
    if (name != NULL && !is_name(name))
        return fail_name(arena, name, "an arena");
    snprintf(arena->name, sizeof arena->name, "%s", name == NULL ? "" : name);
    int fd = name == NULL ? memfd_create("lockbench", MFD_CLOEXEC)
                          : open(SHARED_MEMORY, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    enum arena_error error = make(arena, fd, align(first_entry() + bytes, PAGE_BYTES), mode);
    if (error == ARENA_FINE && name != NULL) {
        error = show(arena, fd);
        if (error != ARENA_FINE)
            unmap(arena);
    }
    if (fd >= 0)
        close(fd);
    return error;
}

/* ---- who has it ---- */

enum arena_error arena_adopt(struct arena *arena)
{
    enum arena_error error = lock(arena);

    if (error != ARENA_FINE)
        return error;
    error = attach(arena);
    unlock(arena);
    return error;
}

unsigned arena_processes(struct arena *arena)
{
    uint64_t last;
    unsigned living = 0;

    if (lock(arena) != ARENA_FINE)
        return 0;
    living = drop_dead(arena, &arena->dead, &last);
    unlock(arena);
    return living;
}

/* Whether this process had it open, and not only mapped. */
static bool detach(struct arena *arena)
{
    struct attachment *attached = arena->header->attached;

    for (int i = 0; i < ARENA_PROCESSES_MOST; i++) {
        if (word_load(&attached[i].pid, relaxed) == (uint64_t)getpid() &&
            attached[i].pid_namespace == pid_namespace()) {
            word_store(&attached[i].pid, 0, relaxed);
            return true;
        }
    }
    return false;
}

void arena_close(struct arena *arena)
{
    unsigned dropped = 0;
    uint64_t last;

    if (arena->header == NULL)
        return;
    if (arena->name[0] != '\0' && lock(arena) == ARENA_FINE) {
        if (detach(arena) && drop_dead(arena, &dropped, &last) == 0 && !arena->header->removed)
            remove_name(arena);
        unlock(arena);
    }
    unmap(arena);
}

/* ---- objects ---- */

size_t arena_room(const struct arena_type *type)
{
    return sizeof(struct entry) + type->alignment + type->bytes + _Alignof(struct entry);
}

static struct entry *entry_at(struct arena *arena, uint64_t offset)
{
    return (struct entry *)((char *)arena->header + offset);
}

static struct entry *find_entry(struct arena *arena, const char *name)
{
    const uint64_t used = word_load(&arena->header->used, relaxed);
    uint64_t at = first_entry();

    while (at < used && strcmp(entry_at(arena, at)->name, name) != 0)
        at = entry_at(arena, at)->next;
    return at < used ? entry_at(arena, at) : NULL;
}

/* What a process that died in the middle left is wiped. */
static void claim_zeroed(struct arena *arena, uint64_t from, uint64_t to)
{
    struct arena_header *header = arena->header;

    if (from < header->touched)
        memset((char *)header + from, 0, (to < header->touched ? to : header->touched) - from);
    if (header->touched < to)
        header->touched = to;
}

static struct entry *make_entry(struct arena *arena, const char *name,
                                const struct arena_type *type, void *argument)
{
    struct arena_header *header = arena->header;
    uint64_t at = word_load(&header->used, relaxed);
    uint64_t object = align(at + sizeof(struct entry), type->alignment);
    uint64_t next = align(object + type->bytes, _Alignof(struct entry));
    struct entry *entry = entry_at(arena, at);

    if (next > header->bytes || next < object)
        return NULL;
    claim_zeroed(arena, at, next);
    snprintf(entry->name, sizeof entry->name, "%s", name);
    snprintf(entry->type, sizeof entry->type, "%s", type->name);
    entry->bytes = type->bytes;
    entry->object = object;
    entry->next = next;
    if (type->init != NULL)
        type->init((char *)header + object, argument);
    /* release: nothing above may move below; this process may die at any point. */
    word_store(&header->used, next, release);
    return entry;
}

static enum arena_error find_or_make(struct arena *arena, const char *name,
                                     const struct arena_type *type, void *argument, void **object)
{
    struct entry *entry = find_entry(arena, name);

    if (entry != NULL && strcmp(entry->type, type->name) != 0)
        return fail(arena, ARENA_OTHER_TYPE, "'%s' is a %s, not a %s", name, entry->type,
                    type->name);
    if (entry != NULL && entry->bytes != type->bytes)
        return fail(arena, ARENA_OTHER_TYPE, "'%s' is a %s of %" PRIu64 " bytes, not of %zu", name,
                    entry->type, entry->bytes, type->bytes);
    if (entry == NULL)
        entry = make_entry(arena, name, type, argument);
    if (entry == NULL)
        return fail(arena, ARENA_FULL, "the arena '%s' has no room for '%s', a %s of %zu bytes",
                    arena->name, name, type->name, type->bytes);
    *object = (char *)arena->header + entry->object;
    return ARENA_FINE;
}

enum arena_error arena_object(struct arena *arena, const char *name, const struct arena_type *type,
                              void *argument, void **object)
{
    if (!is_name(name))
        return fail_name(arena, name, "an object");
    enum arena_error error = lock(arena);
    if (error != ARENA_FINE)
        return error;
    error = find_or_make(arena, name, type, argument, object);
    unlock(arena);
    return error;
}
