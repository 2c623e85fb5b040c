#include <math.h>

#include "bench/figures/curves.h"

static bool has(const struct cell *cell)
{
    return !isnan(cell->cpu_ns);
}

static void put(FILE *data, const struct cell *cell)
{
    curves_put_number(data, cell->cpu_ns);
    curves_put_number(data, cell->voluntary + cell->involuntary);
    curves_put_number(data, cell->voluntary);
    curves_put_number(data, cell->involuntary);
}

const struct figure_kind figure_cost = {
    .name = "cost",
    .script = "cost.gp",
    .measure = "cpu_ns",
    .columns = "cpu_ns switches voluntary involuntary",
    .has = has,
    .put = put,
};
