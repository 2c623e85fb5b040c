#include "bench/csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* As records are written: one digit more than a double holds would show. */
enum { DIGITS = 12 };

/* The text of a value that is not nested; the caller owns it. */
static char *text_of(const json_t *value)
{
    char *text = NULL;

    if (json_is_string(value))
        text = strdup(json_string_value(value));
    else if (value == NULL || json_is_null(value))
        text = strdup("");
    else
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    if (text == NULL)
        abort();
    return text;
}

static bool is_nested(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

static json_t *join_list(const json_t *list)
{
    char *joined = NULL;
    size_t length = 0, i;
    json_t *item;

    json_array_foreach (list, i, item) {
        if (is_nested(item)) {
            char *text = text_of(list);
            json_t *whole = json_string(text);
            free(text);
            return whole;
        }
    }
    FILE *memory = open_memstream(&joined, &length);
    if (memory == NULL)
        abort();
    json_array_foreach (list, i, item) {
        char *text = text_of(item);
        fprintf(memory, "%s%s", i > 0 ? " " : "", text);
        free(text);
    }
    if (fclose(memory) != 0)
        abort();
    json_t *text = json_string(joined);
    free(joined);
    return text;
}

static void flatten_into(json_t *flat, const char *prefix, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        char *path;
        if (asprintf(&path, "%s%s%s", prefix, *prefix != '\0' ? "." : "", name) < 0)
            abort();
        if (json_is_object(value))
            flatten_into(flat, path, value);
        else if (json_is_array(value))
            json_object_set_new(flat, path, join_list(value));
        else
            json_object_set(flat, path, value);
        free(path);
    }
}

json_t *csv_flatten(const json_t *object)
{
    json_t *flat = json_object();

    flatten_into(flat, "", object);
    return flat;
}

static void put_field(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
    fputc('"', out);
}

static bool has_nested(const json_t *columns, const char *name)
{
    size_t length = strlen(name);
    const char *other;
    json_t *used;

    json_object_foreach((json_t *)columns, other, used)
    {
        if (strncmp(other, name, length) == 0 && other[length] == '.')
            return true;
    }
    return false;
}

/* The names of all columns, in order; the value tells whether any row has something in it. */
static json_t *columns_of(const json_t *flat_rows)
{
    json_t *columns = json_object(), *row, *value, *used;
    const char *name;
    void *next;
    size_t i;

    json_array_foreach (flat_rows, i, row) {
        json_object_foreach(row, name, value)
        {
            if (!json_is_true(json_object_get(columns, name)))
                json_object_set_new(columns, name, json_boolean(!json_is_null(value)));
        }
    }
    json_object_foreach_safe(columns, next, name, used)
    {
        if (!json_is_true(used) && has_nested(columns, name))
            json_object_del(columns, name);
    }
    return columns;
}

void csv_write(FILE *out, const json_t *rows)
{
    json_t *flat_rows = json_array(), *row, *used;
    const char *name, *separator = "";
    size_t i;

    json_array_foreach (rows, i, row)
        json_array_append_new(flat_rows, csv_flatten(row));
    json_t *columns = columns_of(flat_rows);
    json_object_foreach(columns, name, used)
    {
        fputs(separator, out);
        put_field(out, name);
        separator = ",";
    }
    fputc('\n', out);
    json_array_foreach (flat_rows, i, row) {
        separator = "";
        json_object_foreach(columns, name, used)
        {
            char *text = text_of(json_object_get(row, name));
            fputs(separator, out);
            put_field(out, text);
            free(text);
            separator = ",";
        }
        fputc('\n', out);
    }
    json_decref(columns);
    json_decref(flat_rows);
}
