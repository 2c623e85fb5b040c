#include "bench/owner_stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/statistics.h"

/* A window of ten turns of each thread tells who takes part and who does not. */
enum { TURNS_A_WINDOW = 10 };

bool owner_stream_add(struct owner_stream *stream, unsigned owner)
{
    if (stream->count == stream->capacity) {
        size_t capacity = stream->capacity == 0 ? 4096 : 2 * stream->capacity;
        uint16_t *grown = realloc(stream->owners, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        stream->owners = grown;
        stream->capacity = capacity;
    }
    stream->owners[stream->count++] = (uint16_t)owner;
    return true;
}

void owner_stream_free(struct owner_stream *stream)
{
    free(stream->owners);
    free(stream->notes);
    *stream = (struct owner_stream){0};
}

struct owned_note {
    struct owner_note note;
    uint16_t owner;
};

static int compare_notes(const void *first, const void *second)
{
    const struct owned_note *a = first, *b = second;

    return (a->note.number > b->note.number) - (a->note.number < b->note.number);
}

/* Behind the last note of a full log, some of what its thread had is missing. */
static uint64_t whole_until(const struct owner_log *const *logs, unsigned threads)
{
    uint64_t end = UINT64_MAX;

    for (unsigned i = 0; i < threads; i++) {
        const struct owner_log *log = logs[i];
        if (log->count > 0 && log->count == log->capacity &&
            log->notes[log->count - 1].number + 1ull < end)
            end = log->notes[log->count - 1].number + 1ull;
    }
    return end;
}

/* All notes of numbers below `end`, upwards; `*count` of them. NULL: out of memory. */
static struct owned_note *sort_notes(const struct owner_log *const *logs, unsigned threads,
                                     uint64_t end, size_t *count)
{
    size_t all = 0;

    for (unsigned i = 0; i < threads; i++)
        all += logs[i]->count;
    struct owned_note *notes = calloc(all + 1, sizeof *notes);
    *count = 0;
    for (unsigned i = 0; notes != NULL && i < threads; i++) {
        for (size_t j = 0; j < logs[i]->count && logs[i]->notes[j].number < end; j++)
            notes[(*count)++] = (struct owned_note){logs[i]->notes[j], (uint16_t)i};
    }
    if (notes != NULL)
        qsort(notes, *count, sizeof *notes, compare_notes);
    return notes;
}

/* A thread that had its first turn of all in the pass may have come late to it: it has waited since
 * the pass began, and not since the start. */
static uint64_t longest_noted(const struct owner_log *const *logs, unsigned threads)
{
    uint64_t longest = 0, start = UINT64_MAX;

    for (unsigned i = 0; i < threads; i++) {
        if (logs[i]->longest > 0 && logs[i]->first < start)
            start = logs[i]->first;
    }
    for (unsigned i = 0; i < threads; i++) {
        const struct owner_log *log = logs[i];
        uint64_t since_start = log->fresh ? log->first + 1 - start : 0;
        longest = log->longest > longest ? log->longest : longest;
        longest = since_start > longest ? since_start : longest;
    }
    return longest;
}

bool owner_stream_merge(const struct owner_log *const *logs, unsigned threads,
                        struct owner_stream *stream)
{
    size_t count;
    struct owned_note *notes = sort_notes(logs, threads, whole_until(logs, threads), &count);

    *stream = (struct owner_stream){
        .owners = calloc(count + 1, sizeof *stream->owners),
        .notes = calloc(count + 1, sizeof *stream->notes),
    };
    bool made = notes != NULL && stream->owners != NULL && stream->notes != NULL;
    for (size_t i = 0; made && i < count; i++) {
        stream->owners[i] = notes[i].owner;
        stream->notes[i] = notes[i].note;
    }
    stream->count = stream->capacity = made ? count : 0;
    stream->longest = longest_noted(logs, threads);
    free(notes);
    if (!made)
        owner_stream_free(stream);
    return made;
}

size_t owner_stream_window(unsigned threads)
{
    return (size_t)TURNS_A_WINDOW * threads;
}

/* Where the window that begins at `begin` ends. */
static size_t window_end(const struct owner_stream *stream, size_t begin)
{
    size_t end = begin + 1;

    if (stream->notes == NULL)
        return stream->count;
    while (end < stream->count && stream->notes[end].number == stream->notes[end - 1].number + 1)
        end++;
    return end;
}

/* Distinct owners among `count`. `last[t]` is 1 + the number of the last window that t was seen in.
 */
static unsigned count_distinct(const uint16_t *owners, size_t count, size_t window, size_t *last)
{
    unsigned distinct = 0;

    for (size_t i = 0; i < count; i++) {
        distinct += last[owners[i]] != window + 1;
        last[owners[i]] = window + 1;
    }
    return distinct;
}

/* The working sets of all disjoint stretches that lie within one window each; `*count` of them. */
static void find_working_sets(const struct owner_stream *stream, struct owner_metrics *metrics,
                              size_t *last, double *sizes, size_t *count)
{
    const size_t stretch = metrics->window;

    *count = 0;
    for (size_t at = 0, end; at < stream->count; at = end) {
        end = window_end(stream, at);
        metrics->windows++;
        for (; at + stretch <= end; at += stretch, (*count)++)
            sizes[*count] = count_distinct(stream->owners + at, stretch, *count, last);
    }
}

static bool measure_working_set(const struct owner_stream *stream, unsigned threads,
                                struct owner_metrics *metrics)
{
    double *sizes = calloc(stream->count / metrics->window + 1, sizeof *sizes), sum = 0;
    size_t *last = calloc(threads, sizeof *last), count = 0;
    bool made = sizes != NULL && last != NULL;

    metrics->lwss_mean = metrics->lwss_median = NAN;
    metrics->windows = 0;
    if (made)
        find_working_sets(stream, metrics, last, sizes, &count);
    if (count > 0) {
        for (size_t i = 0; i < count; i++)
            sum += sizes[i];
        statistics_sort(sizes, count);
        metrics->lwss_mean = sum / (double)count;
        metrics->lwss_median = statistics_median(sizes, count);
    }
    free(sizes);
    free(last);
    return made;
}

/* All that are known; returns how many. A thread that noted a gap counted what lay between the
 * windows, too. */
static size_t find_gaps(const struct owner_stream *stream, size_t *last, double *gaps)
{
    size_t count = 0;

    for (size_t i = 0; i < stream->count; i++) {
        size_t *before = &last[stream->owners[i]]; /* 1 + where the owner was last */
        size_t gap = stream->notes != NULL ? stream->notes[i].gap
                     : *before > 0         ? i + 1 - *before
                                           : 0;
        if (gap > 0)
            gaps[count++] = (double)gap;
        *before = i + 1;
    }
    return count;
}

/* The longest wait for a next turn: between two of a thread's acquisitions, before its first, and
 * after its last, where it has waited at least until the end. 0 without any. */
static size_t longest_gap(const struct owner_stream *stream, unsigned threads, size_t *last)
{
    size_t longest = 0;

    memset(last, 0, threads * sizeof *last);
    for (size_t i = 0; i < stream->count; i++) {
        size_t *before = &last[stream->owners[i]], gap = i + 1 - *before;
        longest = gap > longest ? gap : longest;
        *before = i + 1;
    }
    for (unsigned i = 0; i < threads && stream->count > 0; i++) {
        size_t gap = stream->count + 1 - last[i];
        longest = gap > longest ? gap : longest;
    }
    return longest;
}

static bool measure_gaps(const struct owner_stream *stream, unsigned threads,
                         struct owner_metrics *metrics)
{
    double *gaps = calloc(stream->count + 1, sizeof *gaps);
    size_t *last = calloc(threads, sizeof *last);
    bool made = gaps != NULL && last != NULL;
    size_t count = made ? find_gaps(stream, last, gaps) : 0;

    metrics->mttr = NAN;
    metrics->max_gap = !made                   ? 0
                       : stream->notes != NULL ? stream->longest
                                               : longest_gap(stream, threads, last);
    if (count > 0) {
        statistics_sort(gaps, count);
        metrics->mttr = statistics_median(gaps, count);
    }
    free(gaps);
    free(last);
    return made;
}

bool owner_stream_measure(const struct owner_stream *stream, unsigned threads,
                          struct owner_metrics *metrics)
{
    metrics->window = owner_stream_window(threads);
    return measure_working_set(stream, threads, metrics) && measure_gaps(stream, threads, metrics);
}
