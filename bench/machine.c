#include "bench/machine.h"

#include <string.h>

#include "bench/sim/model.h"
#include "bench/topology.h"

struct machine machine_native(void)
{
    return (struct machine){.text = "native", .parameters = sim_parameters_default()};
}

enum exit_code machine_read(const char *text, struct machine *machine)
{
    const char *topology = machine_topology_text(text);

    if (strcmp(text, "native") != 0 && (topology == NULL || *topology == '\0'))
        return complain(EXIT_USAGE,
                        "--machine can't be '%s': it is native, or sim:TOPOLOGY as in 'sim:pack:2 "
                        "core:32 pu:1' or sim:server.xml",
                        text);
    machine->text = text;
    return EXIT_FINE;
}

bool machine_is_simulated(const struct machine *machine)
{
    return machine_topology_text(machine->text) != NULL;
}

const char *machine_topology_text(const char *text)
{
    static const char prefix[] = "sim:";
    const size_t length = strlen(prefix);

    return text != NULL && strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

enum exit_code machine_load(const struct machine *machine, hwloc_topology_t *topology)
{
    const char *simulated = machine_topology_text(machine->text);

    return simulated != NULL ? sim_topology_load(simulated, topology) : topology_load(topology);
}
