/* The files that come with the program: scripts, plans. */
#ifndef BENCH_DATA_FILE_H
#define BENCH_DATA_FILE_H

#include <limits.h>
#include <stdbool.h>

/* Finds `name` in a folder of these files, beside the program in a build and under share/ when it
 * is installed. Returns false, with some path in `path`, when there is none that can be read. */
bool data_file_find(const char *folder, const char *name, char path[PATH_MAX]);

#endif
