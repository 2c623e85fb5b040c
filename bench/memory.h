/* In what memory the locks of a repetition and what lies under them are wanted. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdbool.h>

struct memory {
    enum memory_lines {
        MEMORY_USUAL,     /* apart, but with no lines under the lock the pair is behind it */
        MEMORY_SAME_LINE, /* data behind the lock, on its line if there is room */
        MEMORY_APART,     /* data on lines of its own */
    } lines;
    bool on_node; /* bound to that NUMA node, in the system's numbering */
    unsigned node;
    bool huge; /* on huge pages */
};

/* Names separated by commas: `same-line` or `apart`, `node:N`, `huge`; or `usual`: none of these.
 * False when the text is no such list, or says two things at once. */
bool memory_read(const char *text, struct memory *memory);

/* Whether anything is wanted. */
bool memory_is_asked_for(const struct memory *memory);

/* The longest text that memory_format() writes, with its end. */
enum { MEMORY_TEXT = 40 };

/* Writes what memory_read() reads back. Returns `text`. */
const char *memory_format(const struct memory *memory, char text[MEMORY_TEXT]);

#endif
