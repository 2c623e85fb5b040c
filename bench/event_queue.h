/* What happens next: a priority queue of subjects, each with at most one time at which it is due.
 */
#ifndef BENCH_EVENT_QUEUE_H
#define BENCH_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum { EVENT_NONE = UINT32_MAX };

/* The time, then the order in which it was said, then the subject, from the highest bits down: one
 * number, so that the earlier event is the smaller one and comparing two takes no branch. */
typedef unsigned __int128 event;

struct event_queue {
    event *heap;      /* four children a node: half the levels of a binary heap */
    uint32_t *places; /* where a subject stands in the heap; EVENT_NONE: nowhere */
    uint32_t count, order;
};

static inline uint64_t event_time(event event)
{
    return (uint64_t)(event >> 64);
}

static inline uint32_t event_subject(event event)
{
    return (uint32_t)event;
}

/* For subjects 0 to `subjects` - 1. False: out of memory. Free with event_queue_free(). */
bool event_queue_make(struct event_queue *queue, uint32_t subjects);
void event_queue_free(struct event_queue *queue);

/* Says that the subject is due at `time`, instead of whatever was said of it before. */
void event_queue_set(struct event_queue *queue, uint32_t subject, uint64_t time);

/* The subject is no longer due. */
void event_queue_remove(struct event_queue *queue, uint32_t subject);

/* When the subject is due, or UINT64_MAX. */
static inline uint64_t event_queue_time(const struct event_queue *queue, uint32_t subject)
{
    uint32_t place = queue->places[subject];

    return place == EVENT_NONE ? UINT64_MAX : event_time(queue->heap[place]);
}

/* When the first one is due; UINT64_MAX: none is. */
static inline uint64_t event_queue_next(const struct event_queue *queue)
{
    return queue->count == 0 ? UINT64_MAX : event_time(queue->heap[0]);
}

/* Takes the first one, of which there has to be one. */
event event_queue_pop(struct event_queue *queue);

#endif
