/* The catalogue compiled a second time, against the virtual machine. */
#define MACHINE_VIRTUAL
#include "catalogue.h"

#include "locks/catalogue.def"

#define LOCK(name) &name##_ops,
static const struct lock_ops *const virtual_catalogue[] = {
#include "locks/catalogue.def"
};
#undef LOCK

/* Both tables are made from one list, so a lock has the same place in each. */
const struct lock_ops *lock_virtual(const struct lock_ops *ops)
{
    if ((ops->traits & LOCK_NATIVE_ONLY) != 0)
        return NULL;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        if (lock_catalogue[i] == ops)
            return virtual_catalogue[i];
    }
    return NULL;
}
