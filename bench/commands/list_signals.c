#include "bench/commands/list_signals.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench/json.h"
#include "bench/native/signals/catalogue.h"

/* Room for the names of all workloads. */
enum { WORKLOADS_TEXT = 128 };

static const char *workloads_of(const struct signal_ops *ops, char text[WORKLOADS_TEXT])
{
    text[0] = '\0';
    for (int i = EXCHANGE_SIGNAL; i <= EXCHANGE_HANDOFF; i++) {
        if ((ops->can & exchange_bit((enum exchange)i)) != 0)
            snprintf(text + strlen(text), WORKLOADS_TEXT - strlen(text), "%s%s",
                     text[0] != '\0' ? ", " : "", exchange_traits((enum exchange)i)->name);
    }
    return text;
}

static const char *missing_of(const struct signal_ops *ops)
{
    return ops->missing == NULL ? NULL : ops->missing();
}

void list_signals_as_table(void)
{
    char workloads[WORKLOADS_TEXT];

    puts("signals, for --workload");
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        printf("  %-26s  %s%s\n", ops->name, workloads_of(ops, workloads),
               missing_of(ops) == NULL ? "" : " (not on this system)");
    }
}

void list_signals_as_markdown(void)
{
    char workloads[WORKLOADS_TEXT];

    puts("| signal | workloads | what it is |\n|---|---|---|");
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        printf("| `%s` | %s | %s |\n", ops->name, workloads_of(ops, workloads), ops->description);
    }
}

void list_signals_as_json(void)
{
    json_t *signals = json_array();

    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        json_t *workloads = json_array();
        for (int j = EXCHANGE_SIGNAL; j <= EXCHANGE_HANDOFF; j++) {
            if ((ops->can & exchange_bit((enum exchange)j)) != 0)
                json_array_append_new(workloads,
                                      json_string(exchange_traits((enum exchange)j)->name));
        }
        json_array_append_new(signals,
                              json_pack("{s:s, s:s, s:s, s:o, s:s?}", "name", ops->name,
                                        "description", ops->description, "source", ops->source,
                                        "workloads", workloads, "missing", missing_of(ops)));
    }
    json_print(signals, 12);
}
