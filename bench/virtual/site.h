/* Where in the sources a virtual thread accesses memory, and how, in words. */
#ifndef BENCH_VIRTUAL_SITE_H
#define BENCH_VIRTUAL_SITE_H

struct virtual_site;

/* The longest text that the functions below write, with its end. */
enum { SITE_TEXT = 80 };

/* "mcs.h:42". Returns `text`. */
const char *site_place(const struct virtual_site *site, char text[SITE_TEXT]);

/* "mcs.h:42 exchange", "seqlock.h:42 plain load". Returns `text`. */
const char *site_describe(const struct virtual_site *site, char text[SITE_TEXT]);

/* The name of an enum virtual_order. */
const char *site_order_name(int order);

#endif
