/* What the fuzz targets share. Each is a program of libFuzzer, which brings main(). */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the program says about wrong input is not looked at; the sanitizers write to the descriptor
 * itself. */
#define FUZZ_QUIETLY                                  \
    int LLVMFuzzerInitialize(int *argc, char ***argv) \
    {                                                 \
        (void)argc;                                   \
        (void)argv;                                   \
        stderr = fopen("/dev/null", "w");             \
        return stderr == NULL ? -1 : 0;               \
    }

/* A property that every input has to have, whatever it is. */
static inline void fuzz_require(bool holds)
{
    if (!holds)
        abort();
}

/* The input as a text with an end. Free it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    fuzz_require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* The input as a file, whose name is written to `name`. Returns what is to be closed. */
static inline int fuzz_file(const uint8_t *data, size_t size, char name[32])
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, 32, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
