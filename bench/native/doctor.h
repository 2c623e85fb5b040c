/* Is this machine fit to measure on? A table of checks, of all that can be known beforehand. */
#ifndef BENCH_NATIVE_DOCTOR_H
#define BENCH_NATIVE_DOCTOR_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A note is worth knowing, or says what can't be known here: nothing to be done about it. A warning
 * widens intervals or bends results; what is bad makes them worthless. */
enum doctor_grade { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_WARN, DOCTOR_BAD, DOCTOR_GRADES };
extern const char *const doctor_grade_names[DOCTOR_GRADES];

struct doctor_finding {
    const char *check;
    enum doctor_grade grade;
    char finding[320];
    char advice[320]; /* what to do about it; "": nothing */
};

/* What is to be examined. */
struct doctor_patient {
    const char *root;          /* as in system_files.h; "" for this machine */
    hwloc_topology_t topology; /* the CPUs that are allowed */
    uint64_t look_ns;          /* how long to look at the CPUs, twice */
    /* Another lockbench measures: then the CPUs are not looked at, which would disturb it. */
    bool another_measures;
};

/* The most findings that doctor_examine() has. */
enum { DOCTOR_FINDINGS_MOST = 32 };

/* Makes all checks, in a fixed order. Returns the number of findings. The calling process should
 * have no other thread that runs. */
size_t doctor_examine(const struct doctor_patient *patient, struct doctor_finding *findings);

/* How many of the findings have that grade. */
size_t doctor_count(const struct doctor_finding *findings, size_t count, enum doctor_grade grade);

/* Says what would make a measurement worthless, a line for each finding, after a short look. */
void doctor_warn(hwloc_topology_t topology);

#endif
