#include "bench/reservoir.h"

#include <math.h>
#include <stdlib.h>

#include "bench/random.h"

bool reservoir_make(struct reservoir *reservoir, size_t room, uint64_t seed)
{
    *reservoir = (struct reservoir){.kept = malloc(room * sizeof *reservoir->kept),
                                    .room = room,
                                    .least = UINT64_MAX,
                                    .random = seed};
    return reservoir->kept != NULL;
}

void reservoir_free(struct reservoir *reservoir)
{
    free(reservoir->kept);
    *reservoir = (struct reservoir){0};
}

/* J. S. Vitter, "Random Sampling with a Reservoir", 1985, algorithm R: the n-th sample replaces one
 * that is kept with the probability room / n. */
void reservoir_add(struct reservoir *reservoir, uint64_t sample)
{
    uint64_t place = reservoir->count++;

    reservoir->least = sample < reservoir->least ? sample : reservoir->least;
    reservoir->most = sample > reservoir->most ? sample : reservoir->most;
    if (place >= reservoir->room)
        place = random_below(&reservoir->random, place + 1);
    if (place < reservoir->room)
        reservoir->kept[place] = sample;
}

static int compare(const void *first, const void *second)
{
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;

    return (a > b) - (a < b);
}

static json_int_t quantile(const uint64_t *sorted, size_t count, double part)
{
    size_t rank = (size_t)ceil(part * (double)count);

    return (json_int_t)sorted[rank > 0 ? rank - 1 : 0];
}

json_t *reservoir_to_json(struct reservoir *reservoir)
{
    uint64_t *kept = reservoir->kept;
    size_t n = reservoir->count < reservoir->room ? (size_t)reservoir->count : reservoir->room;

    if (n == 0)
        return NULL;
    qsort(kept, n, sizeof *kept, compare);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)reservoir->count,
                     "min", (json_int_t)reservoir->least, "p50", quantile(kept, n, 0.5), "p90",
                     quantile(kept, n, 0.9), "p99", quantile(kept, n, 0.99), "p99.9",
                     quantile(kept, n, 0.999), "max", (json_int_t)reservoir->most);
}
