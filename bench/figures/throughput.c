#include "bench/figures/curves.h"

static void put(FILE *data, const struct cell *cell)
{
    curves_put_throughput(data, cell);
    curves_put_number(data, cell->jain);
}

const struct figure_kind figure_throughput = {
    .name = "throughput",
    .script = "throughput.gp",
    .columns = "throughput low high jain",
    .has = curves_have_throughput,
    .put = put,
};
