/* Every figure, a file a line; the order is that of the help. To add one, write its file, its
 * script and its line here. */
#ifndef BENCH_FIGURES_FIGURES_H
#define BENCH_FIGURES_FIGURES_H

#include "bench/figures/kind.h"

/* FIRST(id, name, text) is called for the usual figure and NEXT(id, name, text) for each other one:
 * figure_ID is its row, NAME what --figure takes, TEXT what the help says of it. */
#define FIGURES(FIRST, NEXT)                                                                       \
    FIRST(throughput, "throughput",                                                                \
          "with the 95% interval of the median as a band, and Jain's index beside it")             \
    NEXT(fairness, "fairness", "Jain's index, and the longest wait beside it")                     \
    NEXT(cost, "cost", "CPU time of an acquisition, and its context switches beside it")           \
    NEXT(traffic, "traffic",                                                                       \
         "transactions and invalidated copies per acquisition, of a model and of hardware that "   \
         "counts them")                                                                            \
    NEXT(threshold, "threshold",                                                                   \
         "which spin budget is best for which critical section, of locks with a budget")           \
    NEXT(budget, "budget", "throughput and CPU time against the spin budget")                      \
    NEXT(collapse, "collapse",                                                                     \
         "throughput as threads pass the number of CPUs, relative to as many threads as CPUs, "    \
         "and the holds in which the holder lost its CPU beside it")                               \
    NEXT(core_latency, "core-latency",                                                             \
         "how long a cache line takes from each CPU to each, of the file that 'lockbench "         \
         "topology --json' wrote")                                                                 \
    NEXT(latency, "latency",                                                                       \
         "the percentiles of the acquire times at the most threads that have a CPU each, and how " \
         "the times are spread beside them, writers above and readers below")                      \
    NEXT(hold, "hold", "the same of how long the lock was held")                                   \
    NEXT(handoff, "handoff",                                                                       \
         "the same of the times from a release to the acquire of a thread that was waiting")       \
    NEXT(rw, "rw",                                                                                 \
         "throughput against the readers' share of the acquisitions, at the most threads, and "    \
         "read scaling beside it")

#define FIGURE_DECLARATION(id, name, text) extern const struct figure_kind figure_##id;
FIGURES(FIGURE_DECLARATION, FIGURE_DECLARATION)

/* "throughput, fairness, ...", and what each shows, in one text. */
#define FIGURE_FIRST_NAME(id, name, text) name
#define FIGURE_NEXT_NAME(id, name, text)  ", " name
#define FIGURE_NAMES                      FIGURES(FIGURE_FIRST_NAME, FIGURE_NEXT_NAME)
#define FIGURE_FIRST_TEXT(id, name, text) name ": " text
#define FIGURE_NEXT_TEXT(id, name, text)  "; " name ": " text
#define FIGURE_TEXTS                      FIGURES(FIGURE_FIRST_TEXT, FIGURE_NEXT_TEXT)

#endif
