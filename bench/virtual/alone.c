#define MACHINE_VIRTUAL
#include "bench/virtual/alone.h"

#include "bench/virtual/word.h"
#include "locks/machine/machine.h"

static uint64_t load(const struct virtual_site *site, const volatile void *word, unsigned size)
{
    (void)site;
    return virtual_word_read(word, size);
}

static void store(const struct virtual_site *site, volatile void *word, unsigned size,
                  uint64_t value)
{
    (void)site;
    virtual_word_write(word, size, value);
}

static void fence(const struct virtual_site *site)
{
    (void)site;
}

static uint64_t clock_stands(void)
{
    return 0;
}

static uint32_t apc_disable(void)
{
    return 0;
}

static void apc_enable(void)
{
}

static unsigned first(void)
{
    return 0;
}

/* What is not here would wait for somebody, or is for locks that are used and not just looked at:
 * to call it is a mistake in a lock's init, is_idle or stats, and ends in a null
 * pointer. */
static const struct virtual_machine alone = {
    .load = load,
    .store = store,
    .fence = fence,
    .clock = clock_stands,
    .apc_disable = apc_disable,
    .apc_enable = apc_enable,
    .self = first,
    .cpu = first,
    .node = first,
};

void virtual_machine_alone(void)
{
    virtual_machine = &alone;
}
