/* The catalogue as a table, for those who choose a lock at run time. */
#ifndef LOCKS_CATALOGUE_H
#define LOCKS_CATALOGUE_H

#include "lock.h"

/* Every lock, in the order of catalogue.def; lock_catalogue_size of them. */
extern const struct lock_ops *const lock_catalogue[];
extern const unsigned lock_catalogue_size;

/* The lock of that name or alias, or NULL. */
const struct lock_ops *lock_find(const char *name);

/* The same lock compiled against the virtual machine (machine/virtual.h), or NULL for one that only
 * real cores run. `ops` is one of lock_catalogue. */
const struct lock_ops *lock_virtual(const struct lock_ops *ops);

#endif
