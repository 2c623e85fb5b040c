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
    *stream = (struct owner_stream){0};
}

/* The numbers that were noted lie from `*first` up to, not including, `*end`. */
static void find_range(const struct owner_log *const *logs, unsigned threads, uint64_t *first,
                       uint64_t *end)
{
    *first = UINT64_MAX;
    *end = 0;
    for (unsigned i = 0; i < threads; i++) {
        const struct owner_log *log = logs[i];
        if (log->count == 0)
            continue;
        *first = log->numbers[0] < *first ? log->numbers[0] : *first;
        *end = log->numbers[log->count - 1] >= *end ? log->numbers[log->count - 1] + 1 : *end;
    }
}

/* Moves the longest stretch without a hole to the beginning, and each owner back to its number,
 * which stands one higher. */
static void keep_longest(struct owner_stream *stream)
{
    size_t longest = 0, at = 0, length = 0;

    for (size_t i = 0; i < stream->count; i++) {
        length = stream->owners[i] == 0 ? 0 : length + 1;
        if (length > longest) {
            longest = length;
            at = i + 1 - length;
        }
    }
    for (size_t i = 0; i < longest; i++)
        stream->owners[i] = (uint16_t)(stream->owners[at + i] - 1);
    stream->count = longest;
}

bool owner_stream_merge(const struct owner_log *const *logs, unsigned threads,
                        struct owner_stream *stream)
{
    /* A thread that noted nothing for long leaves a hole of any length. */
    const uint64_t most = 1 << 24;
    uint64_t first, end;

    *stream = (struct owner_stream){0};
    find_range(logs, threads, &first, &end);
    if (end == 0)
        return true;
    end = end - first > most ? first + most : end;
    stream->owners = calloc(end - first, sizeof *stream->owners);
    if (stream->owners == NULL)
        return false;
    stream->count = stream->capacity = end - first;
    for (unsigned i = 0; i < threads; i++) {
        for (size_t j = 0; j < logs[i]->count && logs[i]->numbers[j] < end; j++)
            stream->owners[logs[i]->numbers[j] - first] = (uint16_t)(i + 1);
    }
    keep_longest(stream);
    return true;
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

static bool measure_working_set(const struct owner_stream *stream, unsigned threads,
                                struct owner_metrics *metrics)
{
    size_t windows = stream->count / metrics->window;
    double *sizes = calloc(windows + 1, sizeof *sizes), sum = 0;
    size_t *last = calloc(threads, sizeof *last);
    bool made = sizes != NULL && last != NULL;

    metrics->lwss_mean = metrics->lwss_median = NAN;
    if (made && windows > 0) {
        for (size_t i = 0; i < windows; i++) {
            sizes[i] =
                count_distinct(stream->owners + i * metrics->window, metrics->window, i, last);
            sum += sizes[i];
        }
        statistics_sort(sizes, windows);
        metrics->lwss_mean = sum / (double)windows;
        metrics->lwss_median = statistics_median(sizes, windows);
    }
    free(sizes);
    free(last);
    return made;
}

/* How many gaps there are of each length, up to the length of the stream. */
static size_t count_gaps(const struct owner_stream *stream, size_t *last, size_t *counts)
{
    size_t gaps = 0;

    for (size_t i = 0; i < stream->count; i++) {
        unsigned owner = stream->owners[i]; /* last[t]: 1 + where t was last */
        if (last[owner] != 0) {
            counts[i + 1 - last[owner]]++;
            gaps++;
        }
        last[owner] = i + 1;
    }
    return gaps;
}

/* The gap that has `rank` smaller ones before it. */
static size_t gap_at(const size_t *counts, size_t rank)
{
    size_t gap = 0;

    while (counts[gap] <= rank)
        rank -= counts[gap++];
    return gap;
}

/* The longest wait for a next turn: between two of a thread's acquisitions, before its first, and
 * after its last, where it has waited at least until the end. */
static size_t longest_gap(const struct owner_stream *stream, unsigned threads, size_t *last)
{
    size_t longest = 0;

    memset(last, 0, threads * sizeof *last);
    for (size_t i = 0; i < stream->count; i++) {
        size_t *before = &last[stream->owners[i]], gap = i + 1 - *before;
        longest = gap > longest ? gap : longest;
        *before = i + 1;
    }
    for (unsigned i = 0; i < threads; i++) {
        size_t gap = stream->count + 1 - last[i];
        longest = gap > longest ? gap : longest;
    }
    return longest;
}

static bool measure_gaps(const struct owner_stream *stream, unsigned threads,
                         struct owner_metrics *metrics)
{
    size_t *counts = calloc(stream->count + 1, sizeof *counts);
    size_t *last = calloc(threads, sizeof *last);
    bool made = counts != NULL && last != NULL;
    size_t gaps = made ? count_gaps(stream, last, counts) : 0;

    metrics->mttr = NAN;
    metrics->max_gap = made ? longest_gap(stream, threads, last) : 0;
    if (gaps > 0) {
        metrics->mttr = (double)(gap_at(counts, (gaps - 1) / 2) + gap_at(counts, gaps / 2)) / 2;
    }
    free(counts);
    free(last);
    return made;
}

bool owner_stream_measure(const struct owner_stream *stream, unsigned threads,
                          struct owner_metrics *metrics)
{
    metrics->window = (size_t)TURNS_A_WINDOW * threads;
    return measure_working_set(stream, threads, metrics) && measure_gaps(stream, threads, metrics);
}
