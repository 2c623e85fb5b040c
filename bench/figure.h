/* Figures, drawn by gnuplot from the scripts in scripts/. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "bench/message.h"
#include "bench/summary.h"

/* Draws throughput against threads, with fairness beside it.
 *   format   png, svg, pdf; dumb: characters, for a terminal; dat: the data that the script reads
 *   output   the file to write; `-` is standard output
 *   title    what was measured
 *   cpus     where oversubscription begins
 * Complains and returns EXIT_MACHINE when gnuplot is not there, fails, or the file can't be
 * written; EXIT_USAGE when there is nothing to draw. */
enum exit_code figure_throughput(const struct summary *summary, const char *format,
                                 const char *output, const char *title, unsigned cpus);

/* The name of a figure of the results file `results`: NAME.jsonl becomes NAME.ENDING, any other
 * name gets the ending behind it. */
void figure_name(const char *results, const char *ending, char *name, size_t size);

/* A title that says on which machine and under which workload a run was measured. */
void figure_title(const struct records *file, char *title, size_t size);

/* Whether `format` is one of those above. */
bool figure_is_format(const char *format);
#define FIGURE_FORMATS "png, svg, pdf, dumb, dat"

#endif
