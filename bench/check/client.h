/* Clients: small programs that use a lock, with which the checker explores it. */
#ifndef BENCH_CHECK_CLIENT_H
#define BENCH_CHECK_CLIENT_H

#include "bench/check/explorer.h"
#include "locks/lock.h"

struct scene;

struct client {
    const char *name;
    const char *description; /* one line */
    unsigned threads;
    void (*run)(struct scene *scene, unsigned thread);
    uint32_t needs; /* traits that a lock must have */
    bool context;   /* is about the reuse of a context: of no use for locks that have none */
    bool nested;    /* has a second lock of the kind, to be taken within the first */
    bool deep;      /* only asked for by name or with --deep: it may take a night, and is bounded */
    uint32_t deep_for; /* the same for locks with all these traits, if any */
};

extern const struct client check_clients[];
extern const unsigned check_clients_count;

const struct client *client_find(const char *name);

/* Whether the client is deep for that lock. */
bool client_is_deep(const struct client *client, const struct lock_ops *ops);

/* A context that a client owns; nobody initialises it but the lock. */
struct client_context {
    _Alignas(MACHINE_APART) char bytes[LOCK_CONTEXT_SIZE];
};

/* One lock under one client. */
struct scene {
    struct explorer *explorer;
    const struct client *client;
    const struct lock_ops *ops; /* of the virtual catalogue, or a plugin's */
    const uint64_t *parameters;
    void *lock, *inner_lock; /* inner_lock: of a nested client, behind the other */
    size_t lock_bytes;       /* of all */
    /* Of each thread, and behind them those for the inner lock. */
    struct client_context contexts[2 * CHECK_THREADS_MOST];
    bool released[2 * CHECK_THREADS_MOST]; /* nobody's business until its next acquire */
    uint64_t data;                         /* under the lock, */
    uint64_t data_again;                   /* and, where readers retry, its equal */
    uint64_t writes[CHECK_THREADS_MOST];
    const char *refused; /* why the lock can't be made, or NULL */
};

/* Makes a scene and tells the explorer of it. False: out of memory. Free with scene_free(). */
bool scene_make(struct scene *scene, struct explorer *explorer, const struct client *client,
                const struct lock_ops *ops, const uint64_t *parameters);
void scene_free(struct scene *scene);

#endif
