/* The signalling primitives, as `lockbench list` shows them behind the locks. */
#ifndef BENCH_COMMANDS_LIST_SIGNALS_H
#define BENCH_COMMANDS_LIST_SIGNALS_H

/* On standard output: as a table, as one for a document, or as JSON. */
void list_signals_as_table(void);
void list_signals_as_markdown(void);
void list_signals_as_json(void);

#endif
