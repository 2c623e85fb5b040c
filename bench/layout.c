#include "bench/layout.h"

#include "bench/worker.h"
#include "bench/nested.h"

enum { LINE_BYTES = sizeof(struct guarded_line) };

static size_t align(size_t bytes, size_t alignment)
{
    return (bytes + alignment - 1) / alignment * alignment;
}

/* Of a lock at 0, the last of several if they are nested: whether the pair is whole on one of its
 * lines. Behind a lock come its parts for each thread. */
static bool shares_line(const struct lock_ops *ops, unsigned threads, unsigned nested, size_t pair)
{
    size_t lock_last = (nested - 1) * nested_stride(ops, threads) + ops->size - 1;

    return pair / LINE_BYTES == (pair + sizeof(struct guarded) - 1) / LINE_BYTES &&
           pair / LINE_BYTES <= lock_last / LINE_BYTES;
}

struct layout layout_make(const struct lock_ops *ops, unsigned threads,
                          const struct workload *workload, bool behind)
{
    const unsigned nested = workload_locks(workload);
    const size_t lock_bytes = nested_bytes(ops, threads, nested);
    const size_t pair = align(lock_bytes, _Alignof(struct guarded));
    const size_t lines = workload->lines > 1 ? workload->lines - 1 : 0;
    struct layout layout = {.count = workload_has_choice(workload) ? workload->locks : 1};

    if (behind) {
        layout.lock_stride = align(pair + sizeof(struct guarded), MACHINE_APART);
        layout.guarded = pair;
        layout.guarded_stride = layout.lock_stride;
        layout.lines = layout.count * layout.lock_stride;
        layout.lines_stride = align(lines * LINE_BYTES, MACHINE_APART);
        layout.bytes = layout.lines + layout.count * layout.lines_stride;
        layout.same_line = shares_line(ops, threads, nested, pair);
        return layout;
    }
    layout.lock_stride = align(lock_bytes, MACHINE_APART);
    layout.guarded = layout.count * layout.lock_stride;
    layout.guarded_stride = layout.lines_stride = align((1 + lines) * LINE_BYTES, MACHINE_APART);
    layout.lines = layout.guarded + LINE_BYTES;
    layout.bytes = layout.guarded + layout.count * layout.guarded_stride;
    return layout;
}
