/* Which of the files that were to be drawn have nothing for a figure, and why. */
#ifndef BENCH_FIGURES_MISSING_H
#define BENCH_FIGURES_MISSING_H

#include "bench/figures/kind.h"
#include "bench/message.h"
#include "bench/records.h"

/* Says it, one line for each file, and for each machine in it; with the reason that stands in the
 * samples. `summary` is of these files, `threads` what curves_threads() says, or what was asked
 * for. Complains and returns EXIT_USAGE, in one line, when nothing at all is left to draw. */
enum exit_code missing_say(const struct records *files, size_t count, const struct summary *summary,
                           const struct figure_kind *kind, unsigned threads);

#endif
