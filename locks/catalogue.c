#include "catalogue.h"

#include <string.h>

#include "locks/catalogue.def"

#define LOCK(name) &name##_ops,
const struct lock_ops *const lock_catalogue[] = {
#include "locks/catalogue.def"
};
#undef LOCK

const unsigned lock_catalogue_size = sizeof lock_catalogue / sizeof lock_catalogue[0];

const struct lock_ops *lock_find(const char *name)
{
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if (strcmp(ops->name, name) == 0 || (ops->alias != NULL && strcmp(ops->alias, name) == 0))
            return ops;
    }
    return NULL;
}
