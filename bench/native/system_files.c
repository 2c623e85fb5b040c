#include "bench/native/system_files.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static FILE *open_file(const char *root, const char *path)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s%s", root, path);
    return fopen(whole, "re");
}

bool system_line(const char *root, const char *path, char *line, size_t size)
{
    FILE *file = open_file(root, path);
    bool read = file != NULL && fgets(line, (int)size, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

bool system_number(const char *root, const char *path, long long *number)
{
    char line[64];

    return system_line(root, path, line, sizeof line) && sscanf(line, "%lld", number) == 1;
}

bool system_cpuinfo(const char *root, const char *name, char *value, size_t size)
{
    FILE *file = open_file(root, "/proc/cpuinfo");
    char line[4096];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, name, strlen(name)) != 0)
            continue;
        const char *begin = colon + 1 + strspn(colon + 1, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(begin, "\n"), begin);
        found = true;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static bool read_ticks(const char *line, unsigned *cpu, struct system_ticks *ticks)
{
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;

    if (sscanf(line,
               "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64,
               cpu, &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 9)
        return false;
    *ticks = (struct system_ticks){
        true, user + nice + system + idle + iowait + irq + softirq + steal, idle + iowait, steal};
    return true;
}

void system_cpu_ticks(const char *root, const unsigned *cpus, size_t count,
                      struct system_ticks *ticks)
{
    FILE *file = open_file(root, "/proc/stat");
    struct system_ticks found;
    char line[512];
    unsigned cpu;

    for (size_t i = 0; i < count; i++)
        ticks[i] = (struct system_ticks){0};
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (!read_ticks(line, &cpu, &found))
            continue;
        for (size_t i = 0; i < count; i++) {
            if (cpus[i] == cpu)
                ticks[i] = found;
        }
    }
    if (file != NULL)
        fclose(file);
}

bool system_is_virtual(const char *root, bool *is_virtual)
{
    char flags[4096];

    if (!system_cpuinfo(root, "flags", flags, sizeof flags))
        return false;
    *is_virtual = strstr(flags, "hypervisor") != NULL;
    return true;
}
