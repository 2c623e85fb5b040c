#include "bench/processes.h"

#include <string.h>

#include "bench/values.h"

static const char each[] = "each";

bool processes_read(const char *text, unsigned *processes)
{
    uint64_t count = PROCESSES_EACH;

    if (strcmp(text, each) != 0 && !read_count(text, 1, PROCESSES_MOST, &count))
        return false;
    *processes = (unsigned)count;
    return true;
}

json_t *processes_to_json(unsigned processes)
{
    return processes == PROCESSES_EACH ? json_string(each) : json_integer(processes);
}

unsigned processes_from_json(const json_t *value)
{
    json_int_t count = json_integer_value(value);

    if (json_is_string(value) && strcmp(json_string_value(value), each) == 0)
        return PROCESSES_EACH;
    return count >= 1 && count <= PROCESSES_MOST ? (unsigned)count : 1;
}

unsigned processes_for(unsigned processes, unsigned threads)
{
    return processes == PROCESSES_EACH || processes > threads ? threads : processes;
}
