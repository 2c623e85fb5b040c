#define MACHINE_VIRTUAL
#include "bench/virtual/site.h"

#include <stdio.h>
#include <string.h>

#include "locks/machine/machine.h"

const char *site_place(const struct virtual_site *site, char text[SITE_TEXT])
{
    const char *folder_end = strrchr(site->file, '/');

    snprintf(text, SITE_TEXT, "%s:%d", folder_end == NULL ? site->file : folder_end + 1,
             site->line);
    return text;
}

const char *site_describe(const struct virtual_site *site, char text[SITE_TEXT])
{
    static const char *const operation_names[] = {
        [VIRTUAL_LOAD] = "load",
        [VIRTUAL_STORE] = "store",
        [VIRTUAL_EXCHANGE] = "exchange",
        [VIRTUAL_FETCH_ADD] = "fetch_add",
        [VIRTUAL_FETCH_SUB] = "fetch_sub",
        [VIRTUAL_FETCH_AND] = "fetch_and",
        [VIRTUAL_FETCH_OR] = "fetch_or",
        [VIRTUAL_COMPARE_EXCHANGE] = "compare_exchange",
        [VIRTUAL_AWAIT_EQUAL] = "await_equal",
        [VIRTUAL_AWAIT_DIFFER] = "await_differ",
        [VIRTUAL_RETRY_EXCHANGE] = "retry_exchange",
        [VIRTUAL_FENCE] = "fence",
        [VIRTUAL_FUTEX_WAIT] = "futex_wait",
        [VIRTUAL_FUTEX_WAKE] = "futex_wake",
    };
    size_t used = strlen(site_place(site, text));

    snprintf(text + used, SITE_TEXT - used, " %s%s", site->order == VIRTUAL_plain ? "plain " : "",
             operation_names[site->operation]);
    return text;
}

const char *site_order_name(int order)
{
    static const char *const names[] = {
        [VIRTUAL_plain] = "plain",     [VIRTUAL_relaxed] = "relaxed", [VIRTUAL_acquire] = "acquire",
        [VIRTUAL_release] = "release", [VIRTUAL_acq_rel] = "acq_rel", [VIRTUAL_seq_cst] = "seq_cst",
        [VIRTUAL_light] = "light",     [VIRTUAL_heavy] = "heavy",
    };

    return names[order];
}
