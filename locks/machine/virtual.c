#define MACHINE_VIRTUAL
#include "machine.h"

#include <stddef.h>

const struct virtual_machine *virtual_machine = NULL;
