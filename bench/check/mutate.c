#define MACHINE_VIRTUAL
#include "bench/check/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "locks/machine/machine.h"

/* The orders one notch below. Returns how many there are. */
static int weaker_orders(enum virtual_operation operation, int order, int weaker[2])
{
    bool loads = operation == VIRTUAL_LOAD || operation == VIRTUAL_AWAIT_EQUAL ||
                 operation == VIRTUAL_AWAIT_DIFFER;

    switch (order) {
    case VIRTUAL_acquire:
    case VIRTUAL_release:
        weaker[0] = VIRTUAL_relaxed;
        return 1;
    case VIRTUAL_acq_rel:
        weaker[0] = VIRTUAL_acquire;
        weaker[1] = VIRTUAL_release;
        return 2;
    case VIRTUAL_seq_cst:
        weaker[0] = loads                        ? VIRTUAL_acquire
                    : operation == VIRTUAL_STORE ? VIRTUAL_release
                                                 : VIRTUAL_acq_rel;
        return 1;
    case VIRTUAL_light:
    case VIRTUAL_heavy:
        weaker[0] = VIRTUAL_relaxed;
        return 1;
    default:
        return 0;
    }
}

static bool add(struct mutants *mutants, const struct virtual_site *site, bool failure, int from,
                int to)
{
    struct mutant *grown = realloc(mutants->list, (mutants->count + 1) * sizeof *grown);

    if (grown == NULL)
        return false;
    mutants->list = grown;
    mutants->list[mutants->count++] = (struct mutant){
        .mutation = {site, failure, to},
        .from = from,
        .argument = virtual_argument(site->file, site->line),
    };
    return true;
}

static bool add_all(struct mutants *mutants, const struct virtual_site *site)
{
    int weaker[2];
    int count = weaker_orders(site->operation, (int)site->order, weaker);

    for (int i = 0; i < count; i++) {
        if (!add(mutants, site, false, (int)site->order, weaker[i]))
            return false;
    }
    count = site->operation == VIRTUAL_COMPARE_EXCHANGE
                ? weaker_orders(VIRTUAL_LOAD, (int)site->failure, weaker)
                : 0;
    for (int i = 0; i < count; i++) {
        if (!add(mutants, site, true, (int)site->failure, weaker[i]))
            return false;
    }
    return true;
}

static int compare_mutants(const void *first, const void *second)
{
    const struct virtual_site *a = ((const struct mutant *)first)->mutation.site;
    const struct virtual_site *b = ((const struct mutant *)second)->mutation.site;
    int order = strcmp(a->file, b->file);

    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Whether the client fits the lock and is none that takes a night. */
static bool is_usual(const struct subject *subject, const struct client *client)
{
    return !client_is_deep(client, subject->ops) && session_fits(subject->ops, client);
}

/* The places that any client reaches, in any execution of the lock as it is. */
static bool find_mutants(const struct subject *subject, uint64_t bound, struct mutants *mutants)
{
    for (unsigned i = 0; i < check_clients_count; i++) {
        const struct client *client = &check_clients[i];
        if (!is_usual(subject, client))
            continue;
        struct session *session = session_new(subject, client);
        if (session == NULL)
            return false;
        session_explore(session, bound, NULL, NULL);
        mutants->wrong = mutants->wrong || session->verdict == CHECK_FOUND;
        for (unsigned j = 0; j < session->explorer.sites_count; j++) {
            const struct virtual_site *site = session->explorer.sites[j];
            bool known = false;
            for (size_t k = 0; k < mutants->count; k++)
                known = known || mutants->list[k].mutation.site == site;
            if (!known && !add_all(mutants, site)) {
                session_free(session);
                return false;
            }
        }
        session_free(session);
    }
    if (mutants->count > 0)
        qsort(mutants->list, mutants->count, sizeof *mutants->list, compare_mutants);
    return true;
}

static bool try_mutant(const struct subject *subject, uint64_t bound, struct mutant *mutant)
{
    for (unsigned i = 0; i < check_clients_count && !mutant->noticed; i++) {
        const struct client *client = &check_clients[i];
        if (!is_usual(subject, client))
            continue;
        struct session *session = session_new(subject, client);
        if (session == NULL)
            return false;
        session->explorer.mutation = mutant->mutation;
        session_explore(session, bound, NULL, NULL);
        if (session->verdict == CHECK_FOUND) {
            mutant->noticed = true;
            mutant->client = client->name;
            mutant->property = session->explorer.property;
        }
        session_free(session);
    }
    return true;
}

bool mutate(const struct subject *subject, uint64_t bound,
            bool (*tick)(unsigned done, unsigned all, void *argument), void *argument,
            struct mutants *mutants)
{
    *mutants = (struct mutants){0};
    if (!find_mutants(subject, bound, mutants))
        return false;
    for (size_t i = 0; i < mutants->count && !mutants->wrong; i++) {
        if (!tick((unsigned)i, (unsigned)mutants->count, argument) ||
            !try_mutant(subject, bound, &mutants->list[i]))
            return false;
    }
    return true;
}
