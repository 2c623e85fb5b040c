#include "bench/figures/curves.h"

static void put(FILE *data, const struct cell *cell)
{
    fprintf(data, " %u", cell->threads);
    curves_put_throughput(data, cell);
    curves_put_number(data, cell->read_scaling);
}

const struct figure_kind figure_rw = {
    .name = "rw",
    .script = "rw.gp",
    .columns = "threads throughput low high read_scaling",
    .has = curves_have_throughput,
    .put = put,
    .by_readers = true,
};
