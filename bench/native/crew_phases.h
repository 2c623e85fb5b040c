/* How the leader of a crew takes the members through the phases of a repetition: the warm-up, the
 * passes, which it sets up with what the warm-up told, the window, and the wait for their return.
 */
#ifndef BENCH_NATIVE_CREW_PHASES_H
#define BENCH_NATIVE_CREW_PHASES_H

#include "bench/native/crew.h"

/* Why no hand-off from thread to thread is timed, or NULL: they are. */
const char *crew_no_handoffs(const struct crew *crew);

/* Leads the members, who have just gone to work, from the warm-up to the end of the wait for them,
 * and notes in the crew what it looked at on the way. Called once, by the thread that leads. */
void crew_lead_phases(struct crew *crew);

#endif
