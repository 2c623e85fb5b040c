/* Values as a person writes them on the command line: read whole or not at all. `10x` is not 10. */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each reader takes the whole of `text`, stores the value and returns true; or returns false and
 * leaves the value alone. */

/* A whole decimal number without a sign, within [least, most]. */
bool read_count(const char *text, uint64_t least, uint64_t most, uint64_t *value);

/* A time with its unit, in nanoseconds: `100ns`, `2.5us`, `10ms`, `1s`, `2min`; also plain `0`.
 * A whole number of nanoseconds, at most an hour. */
bool read_time(const char *text, uint64_t *ns);

/* A part in per cent, with its sign: `0%`, `2%`, `0.5%`, at most `100%`. */
bool read_percent(const char *text, double *percent);

/* The longest text that format_time() writes, with its end. */
enum { TIME_TEXT = 24 };

/* Writes a time so that read_time() reads the same value back: the largest unit in which it is
 * short. Returns `text`. */
const char *format_time(uint64_t ns, char text[TIME_TEXT]);

/* The same of a time that may have no end, which is UINT64_MAX: `inf`. */
const char *format_time_or_inf(uint64_t ns, char text[TIME_TEXT]);

/* How long something takes: a fixed time, or one drawn anew each time. */
struct delay {
    enum delay_kind { DELAY_FIXED, DELAY_UNIFORM, DELAY_EXPONENTIAL, DELAY_BIMODAL } kind;
    uint64_t low_ns, high_ns; /* fixed: both the time; exponential: both the mean */
    double high_part; /* bimodal: the part of all that takes high_ns, the others low_ns; else 0 */
};

/* What read_delay() takes, for messages. */
#define DELAY_FORMS "0, 100ns, exp:200ns, uniform:50ns-150ns, bimodal:100ns-20us:5%"

/* `0`, `100ns`, `exp:200ns` (the mean), `uniform:50ns-150ns`, `bimodal:100ns-20us:5%` (one of the
 * two, the longer in so many of all cases). At most a second; a mean at most 300 ms; a part of 1%
 * to 99%. */
bool read_delay(const char *text, struct delay *delay);

/* The longest text that format_delay() writes, with its end. */
enum { DELAY_TEXT = 96 };

/* Writes a delay so that read_delay() reads the same back. Returns `text`. */
const char *format_delay(const struct delay *delay, char text[DELAY_TEXT]);

/* Mean nanoseconds of a delay. */
double delay_mean(const struct delay *delay);

/* The nanoseconds below which the part `part`, in [0, 1), of all delays lies. */
double delay_quantile(const struct delay *delay, double part);

/* A list of whole numbers: `1,2,4-16:4` is 1 2 4 8 12 16. `word` reads an item that is not a number
 * or a range (`max`, `2x`) and returns false if it can't either; NULL: there are no such items.
 * Returns a new array of `*length` numbers, at least one, or NULL with the culprit in `culprit`. */
unsigned *read_list(const char *text, uint64_t least, uint64_t most,
                    bool (*word)(const char *item, void *argument, unsigned *value), void *argument,
                    size_t *length, char *culprit, size_t culprit_size);

/* Drops what stands in a list already, since a number that stands twice would be two cells in one;
 * returns how many are left. */
size_t drop_repeated(unsigned *values, size_t count);

/* The one of `names` nearest to `text` by edit distance, or NULL if none is near. */
const char *nearest_name(const char *text, const char *const *names, size_t count);

#endif
