#include "bench/pairs.h"

#include <stdbool.h>
#include <stdlib.h>

/* Row i of the table is x[i] with each y, and grows to the right. Of each row the columns from
 * `low` up to `high` may still hold the one that is wanted. */
struct row {
    size_t low, high;
};

struct weighted {
    double value;
    size_t weight;
};

struct table {
    const double *x, *y;
    size_t n, m;
    struct row *rows;
    struct weighted *middles; /* room for one a row */
};

static double difference(const struct table *table, size_t i, size_t j)
{
    return table->y[j] - table->x[i];
}

static int compare_weighted(const void *a, const void *b)
{
    double x = ((const struct weighted *)a)->value, y = ((const struct weighted *)b)->value;
    return (x > y) - (x < y);
}

/* The middles of the rows, each as heavy as its row is long: at least a quarter of what is left
 * lies on either side of their median, so that each round does away with as much. */
static double choose_pivot(const struct table *table)
{
    size_t count = 0, all = 0, below = 0, at = 0;

    for (size_t i = 0; i < table->n; i++) {
        const struct row *row = &table->rows[i];
        size_t length = row->high - row->low;
        if (length == 0)
            continue;
        table->middles[count++] =
            (struct weighted){difference(table, i, row->low + length / 2), length};
        all += length;
    }
    qsort(table->middles, count, sizeof *table->middles, compare_weighted);
    while (at + 1 < count && 2 * (below + table->middles[at].weight) < all)
        below += table->middles[at++].weight;
    return table->middles[at].value;
}

/* How many of row i are below the pivot or, with `or_equal`, not above it, when at least `from`
 * are. As x grows from row to row, so does that number. */
static size_t count_from(const struct table *table, size_t i, size_t from, double pivot,
                         bool or_equal)
{
    while (from < table->m && (difference(table, i, from) < pivot ||
                               (or_equal && difference(table, i, from) == pivot)))
        from++;
    return from;
}

static size_t count_all(const struct table *table, double pivot, bool or_equal)
{
    size_t all = 0, in_row = 0;

    for (size_t i = 0; i < table->n; i++) {
        in_row = count_from(table, i, in_row, pivot, or_equal);
        all += in_row;
    }
    return all;
}

/* Leaves what is below the pivot, or what is above it. */
static void keep_side(const struct table *table, double pivot, bool below)
{
    size_t in_row = 0;

    for (size_t i = 0; i < table->n; i++) {
        struct row *row = &table->rows[i];
        in_row = count_from(table, i, in_row, pivot, !below);
        if (below && in_row < row->high)
            row->high = in_row > row->low ? in_row : row->low;
        if (!below && in_row > row->low)
            row->low = in_row < row->high ? in_row : row->high;
    }
}

static double search(const struct table *table, size_t rank)
{
    for (;;) {
        double pivot = choose_pivot(table);
        if (rank <= count_all(table, pivot, false))
            keep_side(table, pivot, true);
        else if (rank > count_all(table, pivot, true))
            keep_side(table, pivot, false);
        else
            return pivot;
    }
}

double pairs_select(const double *x, size_t n, const double *y, size_t m, size_t rank)
{
    struct table table = {
        x, y, n, m, calloc(n, sizeof(struct row)), calloc(n, sizeof(struct weighted))};

    if (table.rows == NULL || table.middles == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        table.rows[i].high = m;
    double value = search(&table, rank);
    free(table.rows);
    free(table.middles);
    return value;
}
