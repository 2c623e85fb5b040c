#include "bench/threshold/oracle.h"

#include <math.h>
#include <stddef.h>

/* The mean of 1 - exp(-(x - w) / outside) over x in [low, high], where low >= w. */
static double mean_chance(double low, double high, double w, double outside)
{
    if (high <= low)
        return 1 - exp(-(low - w) / outside);
    return 1 - outside * (exp(-(low - w) / outside) - exp(-(high - w) / outside)) / (high - low);
}

/* Of a section of x, somebody comes so early that more than w is left with this chance: exactly, or
 * as a share of the whole where all moments are alike, which differ by a factor that cancels. */
static double chance_of_rest(double x, double w, double outside)
{
    if (x <= w)
        return 0;
    return isinf(outside) ? x - w : 1 - exp(-(x - w) / outside);
}

static double uniform_rest(const struct oracle *oracle, double w)
{
    double low = (double)oracle->critical.low_ns, high = (double)oracle->critical.high_ns;
    double from = w > low ? w : low;

    if (high <= low)
        return chance_of_rest(low, w, oracle->outside_ns);
    if (w >= high)
        return 0;
    double part = (high - from) / (high - low);
    return part * (isinf(oracle->outside_ns) ? (from + high) / 2 - w
                                             : mean_chance(from, high, w, oracle->outside_ns));
}

/* The chance that somebody comes during a section, and has to wait for more than w. */
static double rest_longer(const struct oracle *oracle, double w)
{
    const struct delay *critical = &oracle->critical;
    double low = (double)critical->low_ns, high = (double)critical->high_ns;

    switch (critical->kind) {
    case DELAY_EXPONENTIAL:
        /* It has no memory: what is left is distributed as the whole. */
        return exp(-w / low);
    case DELAY_UNIFORM:
        return uniform_rest(oracle, w);
    case DELAY_BIMODAL:
        return (1 - critical->high_part) * chance_of_rest(low, w, oracle->outside_ns) +
               critical->high_part * chance_of_rest(high, w, oracle->outside_ns);
    case DELAY_FIXED:
        break;
    }
    return chance_of_rest(low, w, oracle->outside_ns);
}

static double whole_longer(const struct delay *critical, double w)
{
    double low = (double)critical->low_ns, high = (double)critical->high_ns;

    switch (critical->kind) {
    case DELAY_EXPONENTIAL:
        return exp(-w / low);
    case DELAY_UNIFORM:
        return w < low ? 1 : w >= high ? 0 : (high - w) / (high - low);
    case DELAY_BIMODAL:
        return w < low ? 1 : w < high ? critical->high_part : 0;
    case DELAY_FIXED:
        break;
    }
    return w < low;
}

double oracle_longer(const struct oracle *oracle, double ns)
{
    if (isinf(ns))
        return 0;
    if (oracle->wait == ORACLE_WHOLE)
        return whole_longer(&oracle->critical, ns);
    double all = rest_longer(oracle, 0);
    return all > 0 ? rest_longer(oracle, ns) / all : 0;
}

/* The longest wait that counts: of an exponential one, one in e^40 is longer. */
static double longest(const struct oracle *oracle)
{
    return (double)oracle->critical.high_ns * (oracle->critical.kind == DELAY_EXPONENTIAL ? 40 : 1);
}

/* Simpson's rule, on a stretch on which the function has no corner. */
static double integral(const struct oracle *oracle, double from, double to)
{
    enum { steps = 512 };
    double step = (to - from) / steps, sum = 0;

    if (!(to > from))
        return 0;
    /* At the corners themselves it jumps: the value of the inside belongs to the stretch. */
    double inside = (to - from) * 1e-9;
    for (int i = 0; i <= steps; i++) {
        double at = i == 0 ? from + inside : i == steps ? to - inside : from + i * step;
        sum += oracle_longer(oracle, at) * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return sum * step / 3;
}

double oracle_spun(const struct oracle *oracle, double budget_ns)
{
    double end = fmin(budget_ns, longest(oracle));
    double corners[] = {0, fmin((double)oracle->critical.low_ns, end),
                        fmin((double)oracle->critical.high_ns, end), end};
    double sum = 0;

    for (size_t i = 0; i + 1 < sizeof corners / sizeof corners[0]; i++)
        sum += integral(oracle, corners[i], corners[i + 1]);
    return sum;
}

double oracle_cost(const struct oracle *oracle, double budget_ns, double sleep_ns)
{
    return oracle_spun(oracle, budget_ns) + sleep_ns * oracle_longer(oracle, budget_ns);
}

double oracle_offline(const struct oracle *oracle, double sleep_ns)
{
    return oracle_spun(oracle, sleep_ns);
}

/* The budgets that are tried, upwards: none, a geometric row that has the corners of the
 * distribution in it, and one without end. */
enum { ROW = 400, CANDIDATES = ROW + 5 };

static size_t candidates(const struct oracle *oracle, double budgets[CANDIDATES])
{
    double corners[] = {(double)oracle->critical.low_ns, (double)oracle->critical.high_ns};
    double end = longest(oracle);
    size_t count = 0, corner = 0;

    budgets[count++] = 0;
    for (int i = 0; i <= ROW; i++) {
        double budget = end * pow(1e-5, 1 - (double)i / ROW);
        for (; corner < 2 && corners[corner] <= budget; corner++) {
            if (corners[corner] > budgets[count - 1])
                budgets[count++] = corners[corner];
        }
        if (budget > budgets[count - 1])
            budgets[count++] = budget;
    }
    budgets[count++] = ORACLE_FOREVER;
    return count;
}

struct oracle_optimum oracle_best(const struct oracle *oracle, double sleep_ns, double tolerance)
{
    double budgets[CANDIDATES], costs[CANDIDATES];
    size_t count = candidates(oracle, budgets), best = 0, low, high;

    for (size_t i = 0; i < count; i++) {
        costs[i] = oracle_cost(oracle, budgets[i], sleep_ns);
        /* Sums of the same integral differ in their last digits. */
        if (costs[i] < costs[best] * (1 - 1e-9))
            best = i;
    }
    for (low = best; low > 0 && costs[low - 1] <= costs[best] * (1 + tolerance); low--)
        ;
    for (high = best; high + 1 < count && costs[high + 1] <= costs[best] * (1 + tolerance); high++)
        ;
    return (struct oracle_optimum){budgets[best], costs[best], budgets[low], budgets[high]};
}
