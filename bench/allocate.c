#include "bench/allocate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/message.h"

void *allocated(void *memory)
{
    if (memory == NULL) {
        fputs("lockbench: out of memory\n", stderr);
        exit(EXIT_MACHINE);
    }
    return memory;
}

void *allocate_zeroed(size_t alignment, size_t size)
{
    size = (size + alignment - 1) / alignment * alignment;
    return memset(allocated(aligned_alloc(alignment, size)), 0, size);
}

void *allocate_array(size_t count, size_t size)
{
    return allocated(calloc(count > 0 ? count : 1, size));
}
