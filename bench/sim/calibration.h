/* What waiting costs on a simulated machine: small programs that run on its model. Processor time
 * alone follows from the parameters: a system call to sleep, one to wake with what it does, and the
 * switch back. */
#ifndef BENCH_SIM_CALIBRATION_H
#define BENCH_SIM_CALIBRATION_H

#include "bench/calibration.h"

/* Fills the rounds and the two CPUs; see calibration_measure(), which is who calls it. The same
 * machine gives the same numbers. */
enum exit_code sim_calibrate(const struct machine *machine, hwloc_topology_t topology,
                             struct calibration_rounds *rounds, struct calibration *calibration);

#endif
