#include "bench/native/signals/catalogue.h"

#include <string.h>

#define SIGNAL(name) extern const struct signal_ops name##_signal_ops;
#include "bench/native/signals/signals.def"
#undef SIGNAL

#define SIGNAL(name) &name##_signal_ops,
const struct signal_ops *const signal_catalogue[] = {
#include "bench/native/signals/signals.def"
};
#undef SIGNAL

const unsigned signal_catalogue_size = sizeof signal_catalogue / sizeof signal_catalogue[0];

const struct signal_ops *signal_find(const char *name)
{
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        if (strcmp(signal_catalogue[i]->name, name) == 0)
            return signal_catalogue[i];
    }
    return NULL;
}
