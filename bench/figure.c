#include "bench/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/gnuplot.h"
#include "bench/machine.h"
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

static const char *const formats[] = {"png", "svg", "pdf", "dumb", "dat"};

bool figure_is_format(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

const char *figure_format_of(const char *name)
{
    const char *ending = strrchr(basename(name), '.');

    return ending != NULL && figure_is_format(ending + 1) ? ending + 1 : NULL;
}

enum exit_code figure_data(const struct summary *summary, const struct figure_kind *kind,
                           unsigned threads, struct picture *data)
{
    FILE *memory = open_memstream(&data->bytes, &data->length);

    if (memory == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    unsigned curves = curves_put(memory, summary, kind, threads);
    if (fclose(memory) != 0)
        return complain(EXIT_MACHINE, "out of memory");
    return curves > 0 ? EXIT_FINE
                      : complain(EXIT_USAGE,
                                 "there is nothing to draw: no sample of a lock that is ranked");
}

enum exit_code figure_records_data(const struct records *files, size_t count,
                                   const struct figure_kind *kind, struct picture *data)
{
    FILE *memory = open_memstream(&data->bytes, &data->length);

    if (memory == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    enum exit_code code = kind->put_records(memory, files, count);
    if (fclose(memory) != 0 && code == EXIT_FINE)
        return complain(EXIT_MACHINE, "out of memory");
    return code;
}

enum exit_code figure_file_data(const char *name, const struct figure_kind *kind,
                                struct picture *data, char *title, size_t title_size,
                                unsigned *cpus)
{
    FILE *memory = open_memstream(&data->bytes, &data->length);

    if (memory == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    enum exit_code code = kind->put_file(memory, name, title, title_size, cpus);
    if (fclose(memory) != 0 && code == EXIT_FINE)
        return complain(EXIT_MACHINE, "out of memory");
    return code;
}

enum exit_code figure_draw(const struct figure *figure)
{
    const struct gnuplot_call call = {figure->kind->script, figure->format, figure->title,
                                      figure->output, figure->cpus};
    struct picture picture = {0};

    if (strcmp(figure->format, "dat") == 0)
        return picture_write(figure->data, figure->output);
    enum exit_code code = gnuplot_draw(&call, figure->data, &picture);
    if (code == EXIT_FINE)
        code = picture_write(&picture, figure->output);
    free(picture.bytes);
    return code;
}

bool figure_has_curves(const struct summary *summary, const struct figure_kind *kind)
{
    return curves_any(summary, kind, curves_threads(summary, kind));
}

void figure_name(const char *name, const char *ending, char *figure, size_t size)
{
    static const char *const endings[] = {".jsonl", ".json", ".png", ".svg",
                                          ".pdf",   ".dumb", ".dat"};
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
    const char *topology = machine_topology_text(
        json_string_value(json_object_get(json_object_get(file->run, "plan"), "machine")));

    if (topology != NULL)
        snprintf(text, size, "model of %s", topology);
    else
        snprintf(text, size, "%s", model == NULL ? "unknown machine" : model);
}

void figure_workload(const struct records *file, char text[WORKLOAD_TEXT])
{
    workload_describe_planned(json_object_get(json_object_get(file->run, "plan"), "workload"),
                              text);
}
