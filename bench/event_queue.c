#include "bench/event_queue.h"

#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 4 };

bool event_queue_make(struct event_queue *queue, uint32_t subjects)
{
    *queue = (struct event_queue){
        .heap = calloc(subjects, sizeof *queue->heap),
        .places = malloc(subjects * sizeof *queue->places),
    };
    if (queue->heap == NULL || queue->places == NULL) {
        event_queue_free(queue);
        return false;
    }
    memset(queue->places, 0xff, subjects * sizeof *queue->places);
    return true;
}

void event_queue_free(struct event_queue *queue)
{
    free(queue->heap);
    free(queue->places);
    *queue = (struct event_queue){0};
}

static inline void place(struct event_queue *queue, uint32_t at, event event)
{
    queue->heap[at] = event;
    queue->places[event_subject(event)] = at;
}

static void rise(struct event_queue *queue, uint32_t at, event event)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / CHILDREN;
        if (event > queue->heap[parent])
            break;
        place(queue, at, queue->heap[parent]);
        at = parent;
    }
    place(queue, at, event);
}

static inline uint32_t earlier(const event *heap, uint32_t a, uint32_t b)
{
    return heap[a] < heap[b] ? a : b;
}

static uint32_t earliest_child(const struct event_queue *queue, uint32_t first)
{
    const event *heap = queue->heap;

    if (first + CHILDREN <= queue->count)
        return earlier(heap, earlier(heap, first, first + 1), earlier(heap, first + 2, first + 3));
    uint32_t best = first;
    for (uint32_t child = first + 1; child < queue->count; child++)
        best = earlier(heap, best, child);
    return best;
}

static void sink(struct event_queue *queue, uint32_t at, event event)
{
    for (uint32_t first; (first = at * CHILDREN + 1) < queue->count;) {
        uint32_t best = earliest_child(queue, first);
        if (event < queue->heap[best])
            break;
        place(queue, at, queue->heap[best]);
        at = best;
    }
    place(queue, at, event);
}

void event_queue_set(struct event_queue *queue, uint32_t subject, uint64_t time)
{
    event event = (unsigned __int128)time << 64 | (uint64_t)queue->order++ << 32 | subject;
    uint32_t at = queue->places[subject];

    if (at == EVENT_NONE)
        rise(queue, queue->count++, event);
    else if (event < queue->heap[at])
        rise(queue, at, event);
    else
        sink(queue, at, event);
}

void event_queue_remove(struct event_queue *queue, uint32_t subject)
{
    uint32_t at = queue->places[subject];

    if (at == EVENT_NONE)
        return;
    queue->places[subject] = EVENT_NONE;
    event last = queue->heap[--queue->count];
    if (at == queue->count)
        return;
    if (at > 0 && last < queue->heap[(at - 1) / CHILDREN])
        rise(queue, at, last);
    else
        sink(queue, at, last);
}

event event_queue_pop(struct event_queue *queue)
{
    event first = queue->heap[0];

    queue->places[event_subject(first)] = EVENT_NONE;
    event last = queue->heap[--queue->count];
    if (queue->count > 0)
        sink(queue, 0, last);
    return first;
}
