/* Gnuplot, as another process that is given a script and data. */
#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include <stddef.h>

#include "bench/message.h"

/* A figure or its data in memory: nothing of the output is touched before there is a whole one.
 * `bytes` is the caller's to free. */
struct picture {
    char *bytes;
    size_t length;
};

struct gnuplot_call {
    const char *script; /* the name of a file in scripts/ */
    const char *format; /* png, svg, pdf; dumb: characters, for a terminal */
    const char *title;
    const char *output; /* where it will go, for complaints */
    unsigned cpus;      /* where oversubscription begins */
};

/* Draws the data, which lies in a temporary file meanwhile. Complains and returns EXIT_MACHINE when
 * the script or gnuplot is not there, or fails. */
enum exit_code gnuplot_draw(const struct gnuplot_call *call, const struct picture *data,
                            struct picture *picture);

/* Writes the picture to the file of that name (`-`: standard output), without the form feed with
 * which gnuplot begins a page of characters. Complains and returns EXIT_MACHINE when it can't, and
 * leaves no half file. */
enum exit_code picture_write(const struct picture *picture, const char *output);

#endif
