#include <math.h>

#include "bench/figures/curves.h"

static bool has(const struct cell *cell)
{
    return !isnan(cell->transactions) || !isnan(cell->invalidated);
}

static void put(FILE *data, const struct cell *cell)
{
    curves_put_number(data, cell->transactions);
    curves_put_number(data, cell->invalidated);
}

const struct figure_kind figure_traffic = {
    .name = "traffic",
    .script = "traffic.gp",
    .measure = "traffic",
    .columns = "transactions invalidated",
    .has = has,
    .put = put,
};
