#include "bench/figures/missing.h"

#include <string.h>

#include "bench/figures/curves.h"

/* One machine in one file. */
static bool same_origin(const struct cell *a, const struct cell *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->machine, b->machine) == 0;
}

static bool is_first_of_origin(const struct summary *summary, const struct cell *cell)
{
    for (const struct cell *before = summary->cells; before < cell; before++) {
        if (curves_may_have(before) && same_origin(before, cell))
            return false;
    }
    return curves_may_have(cell);
}

static bool origin_has(const struct summary *summary, const struct figure_kind *kind,
                       unsigned threads, const struct cell *cell)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *other = &summary->cells[i];
        if (same_origin(other, cell) && curves_have(kind, threads, other))
            return true;
    }
    return false;
}

/* The reason of a whole field, or of the first of its parts that has one. */
static const char *reason_in(json_t *unmeasured, const char *measure)
{
    const size_t length = strlen(measure);
    const char *name;
    json_t *reason;

    json_object_foreach(unmeasured, name, reason)
    {
        if (strncmp(name, measure, length) == 0 && (name[length] == '\0' || name[length] == '.'))
            return json_string_value(reason);
    }
    return NULL;
}

static const struct records *file_of(const struct records *files, size_t count,
                                     const struct cell *cell)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, cell->source) == 0)
            return &files[i];
    }
    return &files[0];
}

static const char *reason_of(const struct records *file, const struct figure_kind *kind,
                             const struct cell *cell)
{
    size_t i;
    json_t *sample;

    json_array_foreach (file->samples, i, sample) {
        const char *machine = json_string_value(json_object_get(sample, "machine"));
        const char *lock = json_string_value(json_object_get(sample, "lock"));
        if (machine == NULL || strcmp(machine, cell->machine) != 0 || lock == NULL ||
            strcmp(lock, cell->lock) != 0)
            continue;
        const char *reason = reason_in(json_object_get(sample, "unmeasured"), kind->measure);
        if (reason != NULL)
            return reason;
    }
    return "no sample says why";
}

/* All that there is to draw is of other numbers of threads, or of one share of readers. */
static enum exit_code complain_of_choice(const struct records *files, const struct summary *summary,
                                         const struct figure_kind *kind, unsigned threads)
{
    if (!curves_any(summary, kind, threads))
        return complain(EXIT_USAGE,
                        "--threads %u: there is nothing of so many to draw in '%s'; without it, "
                        "%u are drawn",
                        threads, files->name, curves_threads(summary, kind));
    if (kind->by_readers && !curves_any_of_shares(summary, kind, threads))
        return complain(EXIT_USAGE,
                        "there is nothing to draw: no lock in '%s' was measured with several "
                        "shares of readers and %u thread%s; 'lockbench run --readers "
                        "0,50,90,99,100' does",
                        files->name, threads, threads == 1 ? "" : "s");
    return EXIT_FINE;
}

enum exit_code missing_say(const struct records *files, size_t count, const struct summary *summary,
                           const struct figure_kind *kind, unsigned threads)
{
    bool any = curves_any(summary, kind, 0);
    enum exit_code code = any ? complain_of_choice(files, summary, kind, threads) : EXIT_FINE;

    for (size_t i = 0; i < summary->count && code == EXIT_FINE; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!is_first_of_origin(summary, cell) || origin_has(summary, kind, threads, cell))
            continue;
        const struct records *file = file_of(files, count, cell);
        if (origin_has(summary, kind, 0, cell)) {
            say("'%s' has nothing of %u thread%s to draw on %s: --threads N draws another number",
                file->name, threads, threads == 1 ? "" : "s", cell->machine);
            continue;
        }
        if (kind->measure == NULL)
            continue;
        const char *reason = reason_of(file, kind, cell);
        if (!any)
            return complain(EXIT_USAGE, "there is nothing to draw: '%s' has no %s; %s on %s: %s",
                            file->name, kind->measure, cell->lock, cell->machine, reason);
        say("'%s' has no %s to draw; %s on %s: %s", file->name, kind->measure, cell->lock,
            cell->machine, reason);
    }
    if (!any)
        return complain(EXIT_USAGE, "there is nothing to draw: no sample of a lock that is ranked");
    return code;
}
