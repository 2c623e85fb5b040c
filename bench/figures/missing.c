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

/* Of so many threads; 0: of any number. */
static bool origin_has(const struct summary *summary, const struct figure_kind *kind,
                       const struct cell *cell, unsigned threads)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *other = &summary->cells[i];
        if (same_origin(other, cell) && curves_may_have(other) && kind->has(other) &&
            (threads == 0 || other->threads == threads))
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

/* What has the measure, but not of the number of threads that the others are drawn of. */
static void say_other_threads(const struct records *files, size_t count,
                              const struct summary *summary, const struct figure_kind *kind)
{
    const unsigned threads = curves_threads(summary, kind);

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!is_first_of_origin(summary, cell) || !origin_has(summary, kind, cell, 0) ||
            origin_has(summary, kind, cell, threads))
            continue;
        say("'%s' is left out: the figure is of %u thread%s, and of so many it has no %s on %s",
            file_of(files, count, cell)->name, threads, threads == 1 ? "" : "s", kind->measure,
            cell->machine);
    }
}

enum exit_code missing_say(const struct records *files, size_t count, const struct summary *summary,
                           const struct figure_kind *kind)
{
    bool any = curves_any(summary, kind);

    for (size_t i = 0; kind->measure != NULL && i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!is_first_of_origin(summary, cell) || origin_has(summary, kind, cell, 0))
            continue;
        const struct records *file = file_of(files, count, cell);
        const char *reason = reason_of(file, kind, cell);
        if (!any)
            return complain(EXIT_USAGE, "there is nothing to draw: '%s' has no %s; %s on %s: %s",
                            file->name, kind->measure, cell->lock, cell->machine, reason);
        say("'%s' has no %s to draw; %s on %s: %s", file->name, kind->measure, cell->lock,
            cell->machine, reason);
    }
    if (!any)
        return complain(EXIT_USAGE, "there is nothing to draw: no sample of a lock that is ranked");
    if (kind->put_distributions != NULL)
        say_other_threads(files, count, summary, kind);
    return EXIT_FINE;
}
