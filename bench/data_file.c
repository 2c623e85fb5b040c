#include "bench/data_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

bool data_file_find(const char *folder, const char *name, char path[PATH_MAX])
{
    static const char *const places[] = {"", "../share/lockbench/"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (length < 0)
        length = 0;
    program[length] = '\0';
    if (strrchr(program, '/') != NULL)
        *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (snprintf(path, PATH_MAX, "%s/%s%s/%s", program, places[i], folder, name) < PATH_MAX &&
            access(path, R_OK) == 0)
            return true;
    }
    return snprintf(path, PATH_MAX, "%s/%s/%s", PKGDATADIR, folder, name) < PATH_MAX &&
           access(path, R_OK) == 0;
}
