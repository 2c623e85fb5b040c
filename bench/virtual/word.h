/* Words of any size, as values of 64 bits. */
#ifndef BENCH_VIRTUAL_WORD_H
#define BENCH_VIRTUAL_WORD_H

#include <stdint.h>

static inline uint64_t virtual_word_read(const volatile void *word, unsigned size)
{
    switch (size) {
    case 1:
        return *(const volatile uint8_t *)word;
    case 2:
        return *(const volatile uint16_t *)word;
    case 4:
        return *(const volatile uint32_t *)word;
    default:
        return *(const volatile uint64_t *)word;
    }
}

static inline void virtual_word_write(volatile void *word, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)word = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)word = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)word = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)word = value;
    }
}

#endif
