#include "bench/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/values.h"

enum { NODES_MOST = 65535 };

static bool read_one(const char *name, struct memory *memory)
{
    uint64_t node;

    if (strcmp(name, "same-line") == 0 || strcmp(name, "apart") == 0) {
        if (memory->lines != MEMORY_USUAL)
            return false;
        memory->lines = name[0] == 's' ? MEMORY_SAME_LINE : MEMORY_APART;
        return true;
    }
    if (strcmp(name, "huge") == 0) {
        bool again = memory->huge;
        memory->huge = true;
        return !again;
    }
    if (strncmp(name, "node:", 5) != 0 || memory->on_node ||
        !read_count(name + 5, 0, NODES_MOST, &node))
        return false;
    memory->on_node = true;
    memory->node = (unsigned)node;
    return true;
}

bool memory_read(const char *text, struct memory *memory)
{
    struct memory read = {0};
    char list[MEMORY_TEXT], *next = list, *name;

    if (strcmp(text, "usual") != 0) {
        if (strlen(text) >= sizeof list)
            return false;
        strcpy(list, text);
        while ((name = strsep(&next, ",")) != NULL) {
            if (!read_one(name, &read))
                return false;
        }
    }
    *memory = read;
    return true;
}

bool memory_is_asked_for(const struct memory *memory)
{
    return memory->lines != MEMORY_USUAL || memory->on_node || memory->huge;
}

const char *memory_format(const struct memory *memory, char text[MEMORY_TEXT])
{
    static const char *const lines[] = {
        [MEMORY_USUAL] = "", [MEMORY_SAME_LINE] = ",same-line", [MEMORY_APART] = ",apart"};
    char node[16] = "";

    if (memory->on_node)
        snprintf(node, sizeof node, ",node:%u", memory->node);
    snprintf(text, MEMORY_TEXT, "%s%s%s", lines[memory->lines], node, memory->huge ? ",huge" : "");
    if (text[0] == '\0')
        return strcpy(text, "usual");
    return memmove(text, text + 1, strlen(text));
}
