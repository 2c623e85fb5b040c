#include <math.h>

#include "bench/figures/curves.h"

static bool has(const struct cell *cell)
{
    return !isnan(cell->throughput);
}

static void put(FILE *data, const struct cell *cell)
{
    curves_put_number(data, cell->throughput);
    curves_put_number(data, cell->has_interval ? cell->interval.low : NAN);
    curves_put_number(data, cell->has_interval ? cell->interval.high : NAN);
    curves_put_number(data, cell->jain);
}

const struct figure_kind figure_throughput = {
    .name = "throughput",
    .script = "throughput.gp",
    .columns = "throughput low high jain",
    .has = has,
    .put = put,
};
