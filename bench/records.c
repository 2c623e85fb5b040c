#include "bench/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/fairness.h"
#include "bench/fitness.h"

/* What is not a regular file (a terminal, a pipe, /dev/null) may be there already. */
static int create_file(const char *name, bool *made)
{
    struct stat status;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    *made = fd >= 0;
    if (fd < 0 && errno == EEXIST && stat(name, &status) == 0 && !S_ISREG(status.st_mode))
        return open(name, O_WRONLY | O_CLOEXEC);
    return fd;
}

/* A process that was killed may leave one that is about to end, and has the file for that long.
 * Where a file system knows no locks, nothing is noticed. */
static bool is_written_by_another(int fd)
{
    const struct timespec pause = {0, 20000000};

    for (int i = 0; i < 25; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static enum exit_code complain_uncreated(const char *name)
{
    return complain(EXIT_MACHINE, "'%s' can't be written: %s", name, strerror(errno));
}

/* Against who would go on with it meanwhile; of a file that is new, nobody else can have it. */
static void keep_from_others(const struct record_writer *writer)
{
    if (writer->made)
        flock(writer->fd, LOCK_EX | LOCK_NB);
}

enum exit_code records_create(struct record_writer *writer, const char *name)
{
    *writer = (struct record_writer){.fd = STDOUT_FILENO, .name = name};
    if (strcmp(name, "-") == 0) {
        writer->name = "standard output";
        /* What stood in the file before is not ours to cut. */
        bool appends = (fcntl(writer->fd, F_GETFL) & O_APPEND) != 0;
        writer->whole = lseek(writer->fd, 0, appends ? SEEK_END : SEEK_CUR);
        return EXIT_FINE;
    }
    writer->fd = create_file(name, &writer->made);
    if (writer->fd < 0 && errno == EEXIST)
        return complain(EXIT_USAGE, "'%s' exists already: name another output, or remove it", name);
    if (writer->fd < 0)
        return complain_uncreated(name);
    keep_from_others(writer);
    return EXIT_FINE;
}

void records_name(char *name, size_t size)
{
    time_t now = time(NULL);
    struct tm local;

    strftime(name, size, "lockbench-%Y%m%d-%H%M%S.jsonl", localtime_r(&now, &local));
}

enum exit_code records_create_another(struct record_writer *writer, char *name, size_t size)
{
    char *ending = strrchr(name, '.'), kept[16];
    const size_t stem = (size_t)(ending - name);

    snprintf(kept, sizeof kept, "%s", ending);
    *writer = (struct record_writer){.name = name};
    writer->fd = create_file(name, &writer->made);
    for (unsigned number = 2; writer->fd < 0 && errno == EEXIST; number++) {
        snprintf(name + stem, size - stem, "-%u%s", number, kept);
        writer->fd = create_file(name, &writer->made);
    }
    if (writer->fd < 0)
        return complain_uncreated(name);
    keep_from_others(writer);
    return EXIT_FINE;
}

static bool write_whole(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* Cutting fails on a pipe or a device, where nothing can be taken back. */
static enum exit_code complain_unwritten(struct record_writer *writer, int error)
{
    int not_cut = ftruncate(writer->fd, writer->whole);

    (void)not_cut;
    return complain(EXIT_MACHINE, "'%s' can't be written: %s; %u whole record%s saved",
                    writer->name, strerror(error), writer->records,
                    writer->records == 1 ? " is" : "s are");
}

enum exit_code records_append(struct record_writer *writer, json_t *record)
{
    /* One digit more than a double holds would show as 0.10000000000000001. */
    char *text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(12));
    size_t length = text == NULL ? 0 : strlen(text);

    json_decref(record);
    if (text == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    text[length] = '\n'; /* in the place of the end: a line is written whole */
    bool written = write_whole(writer->fd, text, length + 1);
    int error = errno;
    free(text);
    if (!written)
        return complain_unwritten(writer, error);
    writer->whole += (off_t)length + 1;
    writer->records++;
    return EXIT_FINE;
}

enum exit_code records_close(struct record_writer *writer)
{
    if (writer->made && writer->records == 0)
        unlink(writer->name);
    int fd = writer->fd;
    writer->fd = -1;
    if (fd < 0 || fd == STDOUT_FILENO || close(fd) == 0)
        return EXIT_FINE;
    return complain(EXIT_MACHINE, "'%s' can't be written: %s", writer->name, strerror(errno));
}

/* Null where it is not known how long the window was. */
static bool has_throughput(const json_t *record)
{
    const json_t *throughput = json_object_get(record, "throughput");

    return json_is_null(throughput) ||
           (json_is_number(throughput) && json_number_value(throughput) >= 0);
}

/* What every sample has; a line without it was not written by this program. */
static bool is_sample(const json_t *record)
{
    return json_is_string(json_object_get(record, "lock")) &&
           json_is_string(json_object_get(record, "machine")) &&
           json_integer_value(json_object_get(record, "threads")) > 0 && has_throughput(record) &&
           json_is_object(json_object_get(record, "workload"));
}

static enum exit_code check_schema(const char *name, const json_t *run)
{
    json_int_t schema = json_integer_value(json_object_get(run, "schema"));

    if (schema <= RECORDS_SCHEMA)
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "'%s' was written by a newer lockbench: its schema is %lld, this one reads "
                    "up to %d",
                    name, (long long)schema, RECORDS_SCHEMA);
}

static bool is_run(const json_t *record)
{
    const char *kind = json_string_value(json_object_get(record, "record"));

    return kind != NULL && strcmp(kind, "run") == 0;
}

static enum exit_code take_run(struct records *records, json_t *record, bool ended)
{
    if (!is_run(record) || !json_is_integer(json_object_get(record, "schema"))) {
        json_decref(record);
        return complain(EXIT_USAGE, "'%s' is not a results file of lockbench%s", records->name,
                        ended ? "" : ", or was cut off in its first record: measure anew");
    }
    records->run = record;
    return check_schema(records->name, record);
}

/* Returns false for what is not a whole record. Kinds of records that this program does not know
 * are left to those who do. */
static bool take(struct records *records, json_t *record)
{
    const char *kind = json_string_value(json_object_get(record, "record"));

    if (kind == NULL || (strcmp(kind, "sample") == 0 && !is_sample(record)))
        return false;
    if (strcmp(kind, "sample") == 0) {
        /* Older programs recorded fewer of these. */
        fairness_add(record);
        fitness_complete(record);
        json_array_append(records->samples, record);
    } else if (strcmp(kind, "violation") == 0) {
        json_array_append(records->violations, record);
    } else if (strcmp(kind, "run") == 0) {
        json_array_append(records->later_runs, record);
    } else if (strcmp(kind, "until") == 0) {
        json_array_append(records->endings, record);
    }
    return true;
}

static void warn_of_left_out(const struct records *records, unsigned first, unsigned count,
                             bool cut)
{
    if (count == 1 && cut)
        say("'%s' was cut off in line %u: that record is left out", records->name, first);
    else if (count == 1)
        say("'%s', line %u: not a whole record, left out", records->name, first);
    else if (count > 1)
        say("'%s': %u lines are no whole records, the first is line %u: left out", records->name,
            count, first);
}

/* What a file ends with. */
struct tail {
    off_t whole;  /* bytes up to the end of the last whole line or record */
    bool unended; /* the last record is whole, but its line has no end */
    bool torn;    /* bytes follow that are none */
};

static enum exit_code read_lines(FILE *file, struct records *records, struct tail *tail,
                                 bool torn_is_known)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    unsigned first_bad = 0, bad = 0;
    off_t offset = 0;
    enum exit_code code = EXIT_FINE;

    *tail = (struct tail){0};
    for (unsigned line = 1; code == EXIT_FINE && (length = getline(&text, &room, file)) > 0;
         line++) {
        json_t *record = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
        bool ended = text[length - 1] == '\n', good = true;
        offset += length;
        if (records->run == NULL) {
            code = take_run(records, record, ended);
        } else {
            good = take(records, record);
            if (is_run(record))
                code = check_schema(records->name, record);
            json_decref(record);
        }
        tail->torn = !good && !ended;
        tail->unended = good && !ended;
        tail->whole = tail->torn ? tail->whole : offset;
        if (!good && !(tail->torn && torn_is_known))
            first_bad = bad++ == 0 ? line : first_bad;
    }
    warn_of_left_out(records, first_bad, bad, tail->torn);
    free(text);
    return code;
}

static enum exit_code read_file(FILE *file, struct records *records, struct tail *tail,
                                bool torn_is_known)
{
    enum exit_code code = read_lines(file, records, tail, torn_is_known);

    if (code != EXIT_FINE)
        return code;
    if (ferror(file) != 0)
        return complain(EXIT_USAGE, "'%s' can't be read: %s", records->name, strerror(errno));
    if (records->run == NULL)
        return complain(EXIT_USAGE, "'%s' is empty", records->name);
    return EXIT_FINE;
}

struct records records_empty(const char *name, json_t *run)
{
    return (struct records){
        .name = name,
        .run = run,
        .samples = json_array(),
        .violations = json_array(),
        .later_runs = json_array(),
        .endings = json_array(),
    };
}

enum exit_code records_read(const char *name, struct records *records)
{
    FILE *file = fopen(name, "re");
    struct tail tail;

    *records = records_empty(name, NULL);
    if (file == NULL)
        return complain(EXIT_USAGE, "'%s' can't be read: %s", name, strerror(errno));
    enum exit_code code = read_file(file, records, &tail, false);
    fclose(file);
    return code;
}

static enum exit_code open_existing(struct record_writer *writer, const char *name)
{
    struct stat status;

    writer->fd = open(name, O_RDWR | O_CLOEXEC);
    if (writer->fd < 0 || fstat(writer->fd, &status) != 0)
        return complain(EXIT_USAGE, "'%s' can't be gone on with: %s", name, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return complain(EXIT_USAGE, "'%s' can't be gone on with: that is no regular file", name);
    if (is_written_by_another(writer->fd))
        return complain(EXIT_USAGE,
                        "'%s' is being written by another lockbench: let that one end first", name);
    return EXIT_FINE;
}

enum exit_code records_reopen(struct record_writer *writer, const char *name,
                              struct records *records)
{
    struct tail tail;

    *writer = (struct record_writer){.fd = -1, .name = name};
    *records = records_empty(name, NULL);
    enum exit_code code = open_existing(writer, name);
    if (code != EXIT_FINE)
        return code;
    /* A stream of its own, whose end does not end the lock. */
    FILE *file = fdopen(dup(writer->fd), "r");
    if (file == NULL)
        return complain(EXIT_MACHINE, "'%s' can't be read: %s", name, strerror(errno));
    code = read_file(file, records, &tail, true);
    fclose(file);
    writer->whole = tail.whole;
    writer->unended = tail.unended;
    return code;
}

enum exit_code records_continue(struct record_writer *writer)
{
    off_t end = lseek(writer->fd, 0, SEEK_END);

    if (end > writer->whole) {
        if (ftruncate(writer->fd, writer->whole) != 0)
            return complain(EXIT_MACHINE, "'%s' can't be cut: %s", writer->name, strerror(errno));
        say("'%s' was cut off in its last record: these %lld bytes are removed", writer->name,
            (long long)(end - writer->whole));
        lseek(writer->fd, writer->whole, SEEK_SET);
    }
    if (writer->unended && !write_whole(writer->fd, "\n", 1))
        return complain_unwritten(writer, errno);
    writer->whole += writer->unended;
    writer->unended = false;
    return EXIT_FINE;
}

void records_free(struct records *records)
{
    json_decref(records->run);
    json_decref(records->samples);
    json_decref(records->violations);
    json_decref(records->later_runs);
    json_decref(records->endings);
}

size_t records_order_of_lock(const struct records *records, const char *lock)
{
    const json_t *locks = json_object_get(json_object_get(records->run, "plan"), "locks");
    size_t i;
    json_t *name;

    json_array_foreach (locks, i, name) {
        if (json_is_string(name) && strcmp(json_string_value(name), lock) == 0)
            break;
    }
    return i;
}

size_t records_shares_of_readers(const struct records *records)
{
    const json_t *plan = json_object_get(records->run, "plan");

    return json_array_size(json_object_get(json_object_get(plan, "workload"), "readers"));
}

const char *records_share_text(const struct records *records, const json_t *record,
                               char text[RECORDS_SHARE_TEXT])
{
    const json_t *readers = json_object_get(json_object_get(record, "workload"), "readers");

    text[0] = '\0';
    if (records_shares_of_readers(records) > 1 && json_is_integer(readers))
        snprintf(text, RECORDS_SHARE_TEXT, ", %lld%% readers",
                 (long long)json_integer_value(readers));
    return text;
}

bool records_same_file(const char *name, const char *other)
{
    struct stat a, b;

    return stat(name, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}
