#include <math.h>

#include "bench/figures/curves.h"

static bool has(const struct cell *cell)
{
    return !isnan(cell->jain) || !isnan(cell->max_gap);
}

static void put(FILE *data, const struct cell *cell)
{
    curves_put_number(data, cell->jain);
    curves_put_number(data, cell->max_gap);
    curves_put_number(data, cell->rsd);
    curves_put_number(data, cell->gini);
    curves_put_number(data, cell->theil);
    curves_put_number(data, cell->top_half);
    curves_put_number(data, cell->burst);
    curves_put_number(data, cell->lwss_mean);
    curves_put_number(data, cell->mttr);
}

const struct figure_kind figure_fairness = {
    .name = "fairness",
    .script = "fairness.gp",
    .columns = "jain max_gap rsd gini theil top_half burst lwss mttr",
    .has = has,
    .put = put,
};
