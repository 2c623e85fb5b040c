#include "bench/native/owner_pass.h"

/* Short windows would say little about long waits, and be as many as the log has to have gaps for.
 */
enum { WINDOW_LEAST = 1024 };

size_t owner_pass_room(unsigned threads)
{
    /* Some memory for all threads together, and for each as much as a cache has. */
    const size_t all = 1 << 22, most = 1 << 15, least = 1 << 8;
    size_t each = all / threads;

    return each > most ? most : each < least ? least : each;
}

uint64_t owner_pass_windows(unsigned threads, double expected)
{
    const size_t room = owner_pass_room(threads), stretch = owner_stream_window(threads);
    const size_t length = (WINDOW_LEAST + stretch - 1) / stretch * stretch;
    /* The distance is a power of two, so there may be up to twice as many. */
    const size_t windows = room / length / 2 > 1 ? room / length / 2 : 1;
    uint32_t every = 1;

    if (expected <= (double)room)
        return owner_windows(1, 1);
    while (every < UINT32_C(1) << 30 && 2.0 * every * (double)windows <= expected)
        every *= 2;
    return owner_windows(every, (uint32_t)length);
}
