#include <math.h>

#include "bench/figures/curves.h"

static bool has(const struct cell *cell)
{
    return !isnan(cell->throughput);
}

static void put(FILE *data, const struct cell *cell)
{
    fprintf(data, " %u", cell->threads);
    curves_put_number(data, cell->throughput);
    curves_put_number(data, cell->has_interval ? cell->interval.low : NAN);
    curves_put_number(data, cell->has_interval ? cell->interval.high : NAN);
    curves_put_number(data, cell->read_scaling);
}

const struct figure_kind figure_rw = {
    .name = "rw",
    .script = "rw.gp",
    .columns = "threads throughput low high read_scaling",
    .has = has,
    .put = put,
    .by_readers = true,
};
