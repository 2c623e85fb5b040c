#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/values.h"

enum { OPTIONS_MOST = 64, HELP_COLUMN = 27, HELP_WIDTH = 79 };

/* Values beyond any character, so that a long option can't be taken for a short one. */
enum { LONG_BASE = 1000, LONG_HELP = 999 };

void *option_field(void *settings, const struct option_row *row)
{
    return (char *)settings + row->offset;
}

enum exit_code option_set_flag(void *settings, const struct option_row *row, const char *value)
{
    (void)value;
    *(bool *)option_field(settings, row) = true;
    return EXIT_FINE;
}

enum exit_code option_set_text(void *settings, const struct option_row *row, const char *value)
{
    *(const char **)option_field(settings, row) = value;
    return EXIT_FINE;
}

/* Prints words from column `indent` on, in lines that end before column HELP_WIDTH. The cursor
 * stands at `indent` already. */
static void print_wrapped(const char *text, int indent)
{
    int column = indent;

    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const struct option_row *row)
{
    char left[64];
    int used = row->letter != 0 ? snprintf(left, sizeof left, "  -%c, ", row->letter)
                                : snprintf(left, sizeof left, "      ");

    snprintf(left + used, sizeof left - (size_t)used, "--%s%s%s", row->name,
             row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
    if (strlen(left) >= HELP_COLUMN)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, left);
    print_wrapped(row->help, HELP_COLUMN);
}

/* All rows of a command: its own, then those that it shares. */
struct rows {
    struct option_row row[OPTIONS_MOST];
    size_t count;
};

static const struct option_row *find_row(const struct option_row *table, const char *name)
{
    while (table->name != NULL && strcmp(table->name, name) != 0)
        table++;
    return table;
}

static struct rows rows_of(const struct command *command)
{
    struct rows rows = {.count = 0};

    for (const struct option_row *row = command->options; row->name != NULL; row++)
        rows.row[rows.count++] = *row;
    for (const char *const *name = command->shared_names; name != NULL && *name != NULL; name++)
        rows.row[rows.count++] = *find_row(command->shared, *name);
    return rows;
}

static void print_help(const struct command *command, const struct rows *rows)
{
    static const struct option_row help = {"help", 'h', NULL, "print this text", NULL, 0};

    printf("usage: lockbench %s %s\n\n", command->name, command->usage);
    print_wrapped(command->text, 0);
    puts("\noptions:");
    for (size_t i = 0; i < rows->count; i++)
        print_option(&rows->row[i]);
    print_option(&help);
}

static enum exit_code complain_unknown_option(const struct command *command,
                                              const struct rows *rows, const char *word)
{
    const char *names[OPTIONS_MOST];
    char name[64];
    size_t count = 0;

    names[count++] = "help";
    for (size_t i = 0; i < rows->count; i++)
        names[count++] = rows->row[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
             word + strspn(word, "-"));
    const char *nearest = nearest_name(name, names, count);
    if (nearest != NULL)
        return complain(EXIT_USAGE, "%s has no option '%s': did you mean '--%s'?", command->name,
                        word, nearest);
    return complain(EXIT_USAGE, "%s has no option '%s': 'lockbench %s --help' shows them all",
                    command->name, word, command->name);
}

/* getopt_long() takes abbreviations of long names; an abbreviation that works today would break the
 * day that another option begins like it, so only whole names pass. */
static bool is_whole_name(const char *word, const char *name)
{
    size_t length = strlen(name);

    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
           (word[2 + length] == '\0' || word[2 + length] == '=');
}

struct tables {
    struct option rows[OPTIONS_MOST + 2];
    char letters[2 * OPTIONS_MOST + 4];
    size_t count;
};

static void fill_tables(const struct rows *rows, struct tables *tables)
{
    size_t letters = 0;

    *tables = (struct tables){0};
    tables->letters[letters++] = ':'; /* tells a missing value from an unknown option */
    for (size_t i = 0; i < rows->count; i++) {
        const struct option_row *row = &rows->row[i];
        tables->rows[tables->count] =
            (struct option){row->name, row->argument == NULL ? no_argument : required_argument,
                            NULL, LONG_BASE + (int)tables->count};
        tables->count++;
        if (row->letter != 0) {
            tables->letters[letters++] = row->letter;
            if (row->argument != NULL)
                tables->letters[letters++] = ':';
        }
    }
    tables->rows[tables->count] = (struct option){"help", no_argument, NULL, LONG_HELP};
    tables->letters[letters] = 'h';
}

static const struct option_row *row_of_letter(const struct rows *rows, int letter)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i].letter == letter)
            return &rows->row[i];
    }
    return NULL;
}

enum exit_code options_read(const struct command *command, int argc, char **argv, void *settings,
                            int *words, bool *helped)
{
    const struct rows rows = rows_of(command);
    struct tables tables;
    int found;

    *helped = false;
    fill_tables(&rows, &tables);
    opterr = 0;
    optind = 0;
    for (;;) {
        /* The word being read, for the messages: getopt moves optind past it. */
        int before = optind == 0 ? 1 : optind;
        found = getopt_long(argc, argv, tables.letters, tables.rows, NULL);
        if (found == -1)
            break;
        /* With words that are not options before it, the option is not argv[before]. */
        const char *word = argv[optind > before ? optind - 1 : before];
        if (found == 'h' || (found == LONG_HELP && is_whole_name(word, "help"))) {
            print_help(command, &rows);
            *helped = true;
            return EXIT_FINE;
        }
        if (found == ':')
            return complain(EXIT_USAGE, "the option '%s' lacks its value: 'lockbench %s --help'",
                            argv[optind - 1], command->name);
        if (found == '?' && optopt >= LONG_BASE)
            return complain(EXIT_USAGE, "the option '--%s' takes no value",
                            rows.row[optopt - LONG_BASE].name);
        if (found == '?' || found == LONG_HELP)
            return complain_unknown_option(command, &rows, word);
        const struct option_row *row =
            found >= LONG_BASE ? &rows.row[found - LONG_BASE] : row_of_letter(&rows, found);
        /* A value in a word of its own stands after its option. */
        if (found >= LONG_BASE && row->argument != NULL && optarg == word)
            word = argv[optind - 2];
        if (found >= LONG_BASE && !is_whole_name(word, row->name))
            return complain_unknown_option(command, &rows, word);
        enum exit_code code = row->set(settings, row, optarg);
        if (code != EXIT_FINE)
            return code;
    }
    *words = argc - optind;
    memmove(argv + 1, argv + optind, (size_t)*words * sizeof *argv);
    return EXIT_FINE;
}
