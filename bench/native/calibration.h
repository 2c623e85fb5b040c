/* What waiting costs on real cores. */
#ifndef BENCH_NATIVE_CALIBRATION_H
#define BENCH_NATIVE_CALIBRATION_H

#include "bench/calibration.h"

/* Fills the rounds and the two CPUs; see calibration_measure(), which is who calls it. */
enum exit_code native_calibrate(hwloc_topology_t topology, struct calibration_rounds *rounds,
                                struct calibration *calibration);

#endif
