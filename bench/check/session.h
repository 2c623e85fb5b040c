/* A lock under a client, explored from the first execution to the last, or to the first that is
 * wrong. */
#ifndef BENCH_CHECK_SESSION_H
#define BENCH_CHECK_SESSION_H

#include <jansson.h>
#include <stdio.h>

#include "bench/check/client.h"
#include "bench/lock_spec.h"
#include "bench/message.h"

enum check_verdict {
    CHECK_ALL_EXPLORED,
    CHECK_BOUNDED, /* as many executions as it was given, and nothing was wrong */
    CHECK_FOUND,   /* a violation */
    CHECK_NO_ROOM, /* an execution did not fit: the lock never comes to an end, or the client is too
                      large */
    CHECK_INTERRUPTED,
};

/* One lock to check. */
struct subject {
    const char *name;           /* as a person names it */
    const struct lock_ops *ops; /* of the virtual catalogue, or a plugin's */
    const uint64_t *parameters; /* NULL: the usual */
};

struct session {
    struct explorer explorer;
    struct scene scene;
    const char *lock; /* its name */
    enum check_verdict verdict;
    double seconds;
};

/* Makes a session. NULL: out of memory. Free with session_free(). */
struct session *session_new(const struct subject *subject, const struct client *client);
void session_free(struct session *session);

/* Whether the client can be used on the lock. */
bool session_fits(const struct lock_ops *ops, const struct client *client);

/* Explores at most `bound` executions; 0: all. `tick` is called now and then and may end it by
 * returning false; NULL: nothing is called. */
void session_explore(struct session *session, uint64_t bound,
                     bool (*tick)(const struct session *session, void *argument), void *argument);

/* Prints the last execution: each step with its thread, place, order, and value from which store.
 */
void session_print(const struct session *session, FILE *out);

/* The choices of the last execution as an object that session_replay() takes; the caller owns it.
 */
json_t *session_to_json(const struct session *session);

/* The client that such an object names, or NULL. */
const struct client *session_client(const json_t *object);

/* Runs the one execution that such an object tells of on a session of the same lock and client.
 * Complains and returns EXIT_USAGE when it is not one, is of another version, or nothing is wrong
 * any more. `name` is the file's. */
enum exit_code session_replay(struct session *session, const char *name, const json_t *object);

#endif
