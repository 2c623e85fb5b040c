/* Commands and their options, as tables: one row serves the parser and the help text. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/message.h"

struct option_row {
    const char *name;     /* without the dashes */
    char letter;          /* its short form, or 0 */
    const char *argument; /* what stands for its value in the help text, or NULL: it takes none */
    const char *help;     /* wrapped when it is printed */
    /* Takes the value (NULL without one) into the command's settings; complains itself. */
    enum exit_code (*set)(void *settings, const struct option_row *row, const char *value);
    size_t offset; /* of the field of the settings that it is about */
};

/* The field of the settings at the row's offset. */
void *option_field(void *settings, const struct option_row *row);

/* Setters that many options share: a bool becomes true; a const char * becomes the value. */
enum exit_code option_set_flag(void *settings, const struct option_row *row, const char *value);
enum exit_code option_set_text(void *settings, const struct option_row *row, const char *value);

/* A row whose value goes into the field `field` of the settings, which are a `type`. */
#define OPTION(name, letter, argument, help, set, type, field)   \
    {                                                            \
        name, letter, argument, help, set, offsetof(type, field) \
    }
#define OPTION_FLAG(name, letter, help, type, field) \
    OPTION(name, letter, NULL, help, option_set_flag, type, field)
#define OPTION_TEXT(name, letter, argument, help, type, field) \
    OPTION(name, letter, argument, help, option_set_text, type, field)

struct command {
    const char *name;
    const char *summary; /* one line, at most 60 characters */
    const char *usage;   /* what follows the command's name */
    const char *text;    /* the help text's paragraph, wrapped when it is printed */
    enum exit_code (*run)(int argc, char **argv);
    const struct option_row *options; /* ends with a row without a name */
    /* Rows of another table that this command takes, too: the names of those, which end with NULL.
     * Its settings begin with what those are about. NULL: none. */
    const struct option_row *shared;
    const char *const *shared_names;
};

/* Reads the options of a command into `settings` and leaves what is not an option in argv[1..],
 * with its number in `*words`. Complains and returns EXIT_USAGE on a wrong one. After --help, which
 * every command has, the text is printed, `*helped` is true and the command should end. */
enum exit_code options_read(const struct command *command, int argc, char **argv, void *settings,
                            int *words, bool *helped);

#endif
