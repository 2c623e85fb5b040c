#include "bench/resume.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "bench/native/host.h"
#include "bench/plan_file.h"
#include "bench/run_fields.h"

enum exit_code resume_open(const char *name, struct measuring *measuring,
                           struct resumption *resumption)
{
    char about[PATH_MAX];
    enum exit_code code = records_reopen(&resumption->writer, name, &resumption->records);
    const json_t *run = resumption->records.run;

    if (code != EXIT_FINE)
        return code;
    const json_t *seed = json_object_get(run, "seed");
    json_t *plan = json_object_get(run, "plan");
    snprintf(about, sizeof about, "the plan of '%s'", name);
    if (plan == NULL || !json_is_integer(seed) || json_integer_value(seed) < 0)
        return complain(EXIT_USAGE, "'%s' lacks its plan or its seed: measure anew", name);
    code = plan_object_read(plan, about, measuring);
    measuring->seed = (uint64_t)json_integer_value(seed);
    measuring->seeded = true;
    return code;
}

enum exit_code resume_check_options(const struct measuring *measuring)
{
    const char *name = measuring->resume;
    const char *culprit = measuring->plan != NULL     ? "plan"
                          : measuring->trace != NULL  ? "trace"
                          : measuring->budget_ns != 0 ? "time-budget"
                                                      : NULL;

    if (culprit != NULL)
        return complain(EXIT_USAGE,
                        "--%s has no meaning beside --resume: '%s' says what is measured", culprit,
                        name);
    if (measuring->output != NULL && strcmp(measuring->output, name) != 0)
        return complain(EXIT_USAGE,
                        "--output is '%s', and --resume goes on with '%s': leave it out",
                        measuring->output, name);
    return EXIT_FINE;
}

/* Complains when a member of the two objects differs. */
static enum exit_code check_same(const char *name, const char *what, const json_t *then,
                                 const json_t *now)
{
    const json_t *before = json_object_get(then, what), *here = json_object_get(now, what);
    char before_text[RUN_VALUE_TEXT], here_text[RUN_VALUE_TEXT];

    if (run_same_value(before, here))
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "'%s' can't be gone on with here: its %s is %s, and here it is %s: what was "
                    "measured would not fit",
                    name, what, run_value_text(before, before_text),
                    run_value_text(here, here_text));
}

static enum exit_code check_program(const struct records *records)
{
    json_t *now = json_pack("{s:s, s:s}", "version", PACKAGE_VERSION, "build", BUILD_FLAGS);
    enum exit_code code = check_same(records->name, "version", records->run, now);

    if (code == EXIT_FINE)
        code = check_same(records->name, "build", records->run, now);
    json_decref(now);
    return code;
}

/* What bears on every number, and stays when a machine is left alone. */
static enum exit_code check_host(const struct records *records, hwloc_topology_t topology)
{
    const json_t *then = json_object_get(records->run, "host");
    json_t *now = host_describe(topology);
    enum exit_code code = EXIT_FINE;

    for (const char *const *field = run_host_fields; *field != NULL && code == EXIT_FINE; field++)
        code = check_same(records->name, *field, then, now);
    json_decref(now);
    return code;
}

/* What was recorded and what comes of it here, with the options that were given besides. */
static enum exit_code check_plan(const struct records *records, const struct plan *plan)
{
    const json_t *then = json_object_get(records->run, "plan");
    json_t *now = plan_to_json(plan), *value;
    enum exit_code code = EXIT_FINE;
    const char *key;

    json_object_foreach(now, key, value)
    {
        json_t *before = json_object_get(then, key);
        if (code == EXIT_FINE && (before == NULL || !json_equal(before, value)))
            code = complain(EXIT_USAGE,
                            "'%s' was measured with another '%s': leave out the options that say "
                            "otherwise",
                            records->name, key);
    }
    if (code == EXIT_FINE &&
        (uint64_t)json_integer_value(json_object_get(records->run, "seed")) != plan->seed)
        code = complain(EXIT_USAGE, "'%s' was measured with another 'seed': leave out --seed",
                        records->name);
    json_decref(now);
    return code;
}

enum exit_code resume_check(const struct resumption *resumption, const struct plan *plan,
                            hwloc_topology_t topology)
{
    enum exit_code code = check_program(&resumption->records);

    if (code == EXIT_FINE && !machine_is_simulated(&plan->machine))
        code = check_host(&resumption->records, topology);
    return code == EXIT_FINE ? check_plan(&resumption->records, plan) : code;
}

enum exit_code resume_close(struct resumption *resumption)
{
    records_free(&resumption->records);
    return records_close(&resumption->writer);
}
