#define MACHINE_VIRTUAL
#include "machine.h"

#include <stddef.h>
#include <string.h>

const struct virtual_machine *virtual_machine = NULL;

/* Set by the linker; absent when no source has an argument. */
extern const struct virtual_argument *__start_lockbench_arguments[] __attribute__((weak));
extern const struct virtual_argument *__stop_lockbench_arguments[] __attribute__((weak));

/* An argument is about the first operation after it, which is at most so many lines away. */
enum { LINES_AWAY = 4 };

const char *virtual_argument(const char *file, int line)
{
    const struct virtual_argument *nearest = NULL;

    for (const struct virtual_argument **entry = __start_lockbench_arguments;
         entry != __stop_lockbench_arguments; entry++) {
        const struct virtual_argument *argument = *entry;
        if (strcmp(argument->file, file) == 0 && argument->line <= line &&
            line - argument->line <= LINES_AWAY &&
            (nearest == NULL || argument->line > nearest->line))
            nearest = argument;
    }
    return nearest == NULL ? NULL : nearest->text;
}
