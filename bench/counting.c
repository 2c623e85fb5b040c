#include "bench/counting.h"

#include <string.h>

static const char *const names[] = {"auto", "all", "none"};

bool counting_read(const char *text, enum counting *counting)
{
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *counting = (enum counting)i;
            return true;
        }
    }
    return false;
}

const char *counting_name(enum counting counting)
{
    return names[counting];
}

const char *counting_refused(enum counting counting, const struct lock_ops *lock)
{
    const uint32_t switching = LOCK_SPIN_THEN_YIELDS | LOCK_SPIN_THEN_SLEEPS | LOCK_SLEEPS;

    if (counting == COUNTING_NONE)
        return "not asked for: --counters none";
    if (counting == COUNTING_AUTO && (lock->traits & switching) != 0)
        return "counting makes each context switch dearer, and this lock's waiters switch: "
               "--counters all counts all the same";
    return NULL;
}
