#include "bench/passes.h"

#include <stdio.h>
#include <string.h>

static const char *const names[OBSERVATIONS] = {
    [OBSERVE_OWNERS] = "owners", [OBSERVE_LATENCY] = "latency"};

static bool read_name(const char *name, size_t length, passes_set *passes)
{
    static const struct {
        const char *name;
        passes_set passes;
    } words[] = {{"all", PASSES_ALL}, {"none", PASSES_NONE}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].name) == length && strncmp(words[i].name, name, length) == 0) {
            *passes |= words[i].passes;
            return true;
        }
    }
    for (unsigned i = OBSERVE_OWNERS; i < OBSERVATIONS; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) {
            *passes |= 1u << i;
            return true;
        }
    }
    return false;
}

bool passes_read(const char *text, passes_set *passes)
{
    passes_set found = PASSES_NONE;

    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        if (!read_name(name, length, &found))
            return false;
        name += length;
        if (*name == '\0')
            break;
    }
    *passes = found;
    return true;
}

const char *passes_text(passes_set passes, char text[PASSES_TEXT])
{
    size_t used = 0;

    snprintf(text, PASSES_TEXT, "none");
    for (unsigned i = OBSERVE_OWNERS; i < OBSERVATIONS; i++) {
        if (passes_has(passes, (enum observation)i))
            used += (size_t)snprintf(text + used, PASSES_TEXT - used, "%s%s", used == 0 ? "" : ",",
                                     names[i]);
    }
    return text;
}

bool passes_has(passes_set passes, enum observation observation)
{
    return (passes >> observation & 1) != 0;
}

unsigned passes_count(passes_set passes)
{
    return (unsigned)__builtin_popcount(passes);
}
