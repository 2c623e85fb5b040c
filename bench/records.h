/* Results files: JSON Lines, one record a line, each written whole before the next begins. */
#ifndef BENCH_RECORDS_H
#define BENCH_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "bench/message.h"

/* The version of the records' meaning. A reader takes fields that it does not know for granted, and
 * refuses a file with a higher number. */
enum { RECORDS_SCHEMA = 1 };

struct record_writer {
    int fd;
    const char *name;
    bool made;    /* the file is new, and goes again if it gets no record */
    off_t whole;  /* bytes up to the end of the last whole record */
    bool unended; /* its line has no end yet */
    unsigned records;
};

/* Opens a new file for records; `-` is standard output. Complains and returns EXIT_USAGE when the
 * file exists already, EXIT_MACHINE when it can't be written. */
enum exit_code records_create(struct record_writer *writer, const char *name);

/* A name for results: lockbench-DATE-TIME.jsonl. */
void records_name(char *name, size_t size);

/* The same for a name that nobody asked for: where there is such a file, `name` gets a number
 * before its ending, as in NAME-2.jsonl, and has to live as long as the writer. */
enum exit_code records_create_another(struct record_writer *writer, char *name, size_t size);

struct records;

/* Opens a file that has records already, so that more can be appended, and reads it as
 * records_read() does. Nothing of it is changed before records_continue(). Complains and returns
 * EXIT_USAGE also when another process is writing it. Close with records_close(), also then. */
enum exit_code records_reopen(struct record_writer *writer, const char *name,
                              struct records *records);

/* Removes what stands behind the last whole record, and says so. Complains and returns EXIT_MACHINE
 * when it can't. */
enum exit_code records_continue(struct record_writer *writer);

/* Appends one record, and takes it. When it can't be written, cuts the file back to its last whole
 * record, complains and returns EXIT_MACHINE. */
enum exit_code records_append(struct record_writer *writer, json_t *record);

/* Closes the file, and removes it if it is new and got no record. Complains like records_append().
 */
enum exit_code records_close(struct record_writer *writer);

/* A file that was read. */
struct records {
    const char *name;
    json_t *run;        /* the first record */
    json_t *samples;    /* a list */
    json_t *violations; /* a list */
    json_t *later_runs; /* the first records of files that were appended to this one, a list */
    json_t *endings;    /* a list: how cells ended whose repetitions grew in number */
};

/* Without samples and the rest, and with that run (or NULL), which is taken. */
struct records records_empty(const char *name, json_t *run);

/* Reads a results file. A last record that was cut off is left out with a warning; so is a line
 * that is no record or a sample without what every sample has. Samples without `unfit` are judged
 * (fitness.h). Complains and returns EXIT_USAGE
 * when it is no results file, or of a newer schema. Free with records_free(). */
enum exit_code records_read(const char *name, struct records *records);
void records_free(struct records *records);

/* Where a lock stands in the plan, from 0; behind the last one when it is not there. */
size_t records_order_of_lock(const struct records *records, const char *lock);

/* How many shares of readers the run was asked for; 0 or 1: its samples do not differ in it. */
size_t records_shares_of_readers(const struct records *records);

/* Writes `, 90% readers`, of a record that tells its workload, where the file has several shares;
 * otherwise nothing. Returns `text`. */
enum { RECORDS_SHARE_TEXT = 32 };
const char *records_share_text(const struct records *records, const json_t *record,
                               char text[RECORDS_SHARE_TEXT]);

/* Whether two names are of one file, by whatever path. */
bool records_same_file(const char *name, const char *other);

#endif
