/* Figures, drawn by gnuplot from the scripts in scripts/. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdbool.h>

#include "bench/figures/kind.h"
#include "bench/gnuplot.h"
#include "bench/message.h"
#include "bench/summary.h"
#include "bench/workload.h"

struct figure {
    const struct figure_kind *kind;
    const struct picture *data; /* what its script reads */
    const char
        *format; /* png, svg, pdf; dumb: characters, for a terminal; dat: the script's data */
    const char *output; /* the file to write; `-` is standard output */
    const char *title;  /* what was measured */
    unsigned cpus;      /* where oversubscription begins */
};

/* Whether there is anything to draw in such a figure: a sample of a lock that is ranked, and that
 * has the numbers. */
bool figure_has_curves(const struct summary *summary, const struct figure_kind *kind);

/* Makes the data of a figure of results, of the number of threads that curves_threads() says or
 * another one that has any; `data->bytes` is the caller's to free, in any case.
 * Complains and returns EXIT_USAGE when there is nothing to draw. */
enum exit_code figure_data(const struct summary *summary, const struct figure_kind *kind,
                           unsigned threads, struct picture *data);

/* The same for a figure that is made of the records themselves. */
enum exit_code figure_records_data(const struct records *files, size_t count,
                                   const struct figure_kind *kind, struct picture *data);

/* The same for a figure of that one file, which is not of results; writes also its title and the
 * number of CPUs. */
enum exit_code figure_file_data(const char *name, const struct figure_kind *kind,
                                struct picture *data, char *title, size_t title_size,
                                unsigned *cpus);

/* Draws it. The output is touched only when there is a whole figure. Complains and returns
 * EXIT_MACHINE when gnuplot is not there, fails, or the file can't be written. */
enum exit_code figure_draw(const struct figure *figure);

/* The name of a figure: NAME.jsonl, or NAME with the ending of a figure, becomes NAME.ENDING; any
 * other name gets the ending behind it. */
void figure_name(const char *name, const char *ending, char *figure, size_t size);

/* On which machine a run was measured, and under which workload: the parts of a title. */
void figure_machine(const struct records *file, char *text, size_t size);
void figure_workload(const struct records *file, char text[WORKLOAD_TEXT]);

/* The figure of that name, as in bench/figures/figures.h, or NULL. */
const struct figure_kind *figure_find(const char *name);

/* Whether `format` is one of those of a figure. */
bool figure_is_format(const char *format);

/* The format in which a file of that name is taken to be, by its ending; NULL: the name does not
 * say. */
const char *figure_format_of(const char *name);

#define FIGURE_FORMATS "png, svg, pdf, dumb, dat"

#endif
