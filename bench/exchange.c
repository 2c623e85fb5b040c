#include "bench/exchange.h"

#include <stddef.h>
#include <string.h>

static const struct exchange_traits traits[] = {
    [EXCHANGE_SIGNAL] = {"signal",
                         2,
                         false,
                         {{"latency_ns", "from the set until the waiter runs"}}},
    [EXCHANGE_BROADCAST] = {"broadcast",
                            0,
                            false,
                            {{"latency_ns", "from the set until the last waiter runs"}}},
    [EXCHANGE_WAIT_ANY] = {"wait-any",
                           2,
                           true,
                           {{"latency_ns", "from the set of the last object until the waiter runs"},
                            {"test_ns", "a wait for objects of which the last is signalled"}}},
    [EXCHANGE_WAIT_ALL] = {"wait-all",
                           2,
                           true,
                           {{"latency_ns", "from the set of the last object until the waiter runs"},
                            {"test_ns", "a wait for objects that are all signalled"}}},
    [EXCHANGE_TIMER] = {"timer",
                        1,
                        false,
                        {{"latency_ns", "from the due time until the waiter runs, one-shot"},
                         {"periodic_ns", "from the due time until the waiter runs, periodic"}}},
    [EXCHANGE_HANDOFF] = {"handoff", 2, false, {{"latency_ns", "half of a round trip"}}},
};

const struct exchange_traits *exchange_traits(enum exchange exchange)
{
    return &traits[exchange];
}

bool exchange_has_objects(enum exchange exchange)
{
    return exchange != EXCHANGE_NONE && traits[exchange].objects;
}

bool exchange_takes_threads(enum exchange exchange, unsigned threads)
{
    return exchange == EXCHANGE_NONE ||
           (traits[exchange].threads == 0 ? threads >= 2 : threads == traits[exchange].threads);
}

bool exchange_read(const char *name, enum exchange *exchange)
{
    for (size_t i = EXCHANGE_SIGNAL; i < sizeof traits / sizeof traits[0]; i++) {
        if (strcmp(traits[i].name, name) == 0) {
            *exchange = (enum exchange)i;
            return true;
        }
    }
    return false;
}
