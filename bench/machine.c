#include "bench/machine.h"

#include <string.h>

#include "bench/sim/model.h"
#include "bench/topology.h"

static const char simulated[] = "sim:";

struct machine machine_native(void)
{
    return (struct machine){.text = "native", .parameters = sim_parameters_default()};
}

enum exit_code machine_read(const char *text, struct machine *machine)
{
    size_t prefix = strlen(simulated);

    if (strcmp(text, "native") != 0 &&
        (strncmp(text, simulated, prefix) != 0 || text[prefix] == '\0'))
        return complain(EXIT_USAGE,
                        "--machine can't be '%s': it is native, or sim:TOPOLOGY as in 'sim:pack:2 "
                        "core:32 pu:1' or sim:server.xml",
                        text);
    machine->text = text;
    return EXIT_FINE;
}

bool machine_is_simulated(const struct machine *machine)
{
    return strncmp(machine->text, simulated, strlen(simulated)) == 0;
}

const char *machine_topology_text(const struct machine *machine)
{
    return machine->text + strlen(simulated);
}

enum exit_code machine_load(const struct machine *machine, hwloc_topology_t *topology)
{
    return machine_is_simulated(machine)
               ? sim_topology_load(machine_topology_text(machine), topology)
               : topology_load(topology);
}
