/* Small files of /proc and /sys. `root` stands before each path: "" for this machine; a folder with
 * files of the same names for another one. Any of them may be missing. */
#ifndef BENCH_NATIVE_SYSTEM_FILES_H
#define BENCH_NATIVE_SYSTEM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line of a file, without its end; false if there is none. */
bool system_line(const char *root, const char *path, char *line, size_t size);

/* The whole number at the beginning of a file. */
bool system_number(const char *root, const char *path, long long *number);

/* The value of the first line "name : value" of /proc/cpuinfo. */
bool system_cpuinfo(const char *root, const char *name, char *value, size_t size);

/* What the kernel counted of a CPU, in its ticks, since the machine started. */
struct system_ticks {
    bool known;
    uint64_t all, idle, steal;
};

/* Reads the ticks of the CPUs with these numbers, in one pass over /proc/stat, which costs the more
 * the more CPUs there are. */
void system_cpu_ticks(const char *root, const unsigned *cpus, size_t count,
                      struct system_ticks *ticks);

/* Whether the processor says that a hypervisor runs it. False: not known. */
bool system_is_virtual(const char *root, bool *is_virtual);

#endif
