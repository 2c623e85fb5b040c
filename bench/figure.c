#include "bench/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/gnuplot.h"
#include "bench/workload.h"

#define FIGURE_ROW(id, name, text) &figure_##id,
static const struct figure_kind *const kinds[] = {FIGURES(FIGURE_ROW, FIGURE_ROW)};

const struct figure_kind *figure_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    }
    return NULL;
}

bool figure_is_format(const char *format)
{
    static const char *const formats[] = {"png", "svg", "pdf", "dumb", "dat"};

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

static enum exit_code complain_nothing(const struct summary *summary)
{
    if (curves_any(summary, &figure_throughput))
        return complain(EXIT_USAGE,
                        "there is nothing to draw: no sample says what traffic it caused; "
                        "a model does (--machine sim:TOPOLOGY)");
    return complain(EXIT_USAGE, "there is nothing to draw: no sample of a lock that is ranked");
}

enum exit_code figure_draw(const struct summary *summary, const struct figure *figure)
{
    struct picture data = {0}, picture = {0};
    FILE *memory = open_memstream(&data.bytes, &data.length);
    bool as_data = strcmp(figure->format, "dat") == 0;
    enum exit_code code = EXIT_FINE;

    if (memory == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    unsigned curves = curves_put(memory, summary, figure->kind);
    if (fclose(memory) != 0)
        code = complain(EXIT_MACHINE, "out of memory");
    else if (curves == 0)
        code = complain_nothing(summary);
    else if (!as_data)
        code = gnuplot_draw(&(struct drawing){figure->kind->script, figure->format, figure->title,
                                              figure->output, figure->cpus},
                            &data, &picture);
    if (code == EXIT_FINE)
        code = picture_write(as_data ? &data : &picture, figure->output);
    free(data.bytes);
    free(picture.bytes);
    return code;
}

bool figure_has_curves(const struct summary *summary, const struct figure_kind *kind)
{
    return curves_any(summary, kind);
}

void figure_name(const char *name, const char *ending, char *figure, size_t size)
{
    static const char *const endings[] = {".jsonl", ".png", ".svg", ".pdf", ".dumb", ".dat"};
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t known = strlen(endings[i]);
        if (length > known && strcmp(name + length - known, endings[i]) == 0) {
            length -= known;
            break;
        }
    }
    snprintf(figure, size, "%.*s.%s", (int)length, name, ending);
}

void figure_machine(const struct records *file, char *text, size_t size)
{
    const char *model =
        json_string_value(json_object_get(json_object_get(file->run, "host"), "cpu_model"));
    const char *machine =
        json_string_value(json_object_get(json_object_get(file->run, "plan"), "machine"));

    if (machine != NULL && strncmp(machine, "sim:", 4) == 0)
        snprintf(text, size, "model of %s", machine + 4);
    else
        snprintf(text, size, "%s", model == NULL ? "unknown machine" : model);
}

void figure_workload(const struct records *file, char text[WORKLOAD_TEXT])
{
    struct workload workload;

    text[0] = '\0';
    if (workload_from_json(json_object_get(json_object_get(file->run, "plan"), "workload"),
                           &workload))
        workload_describe(&workload, text);
}
