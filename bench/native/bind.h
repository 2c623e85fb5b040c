/* Binding a thread to one CPU. */
#ifndef BENCH_NATIVE_BIND_H
#define BENCH_NATIVE_BIND_H

/* Binds the calling thread to that CPU, in the system's numbering. Returns 0 or an error number. It
 * may also silently do nothing: machine_cpu() tells where the thread is. */
int bind_to_cpu(unsigned cpu);

#endif
