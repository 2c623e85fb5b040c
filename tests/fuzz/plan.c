/* Plan files: what is taken is a plan that can be recorded, and comes back as it was. */
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

#include "bench/dry_run.h"
#include "bench/plan_file.h"

FUZZ_QUIETLY

static bool make(struct measuring *measuring, struct plan *plan)
{
    *plan = (struct plan){0};
    return measuring_read_names(measuring) == EXIT_FINE &&
           measuring_plan(measuring, 4, 4, plan) == EXIT_FINE;
}

static void require_same_again(const struct plan *plan)
{
    struct measuring measuring = measuring_default();
    struct plan again;
    json_t *recorded = plan_to_json(plan);

    /* Names of files pass through JSON elsewhere, too; here they are JSON already. */
    fuzz_require(recorded != NULL);
    fuzz_require(plan_object_read(recorded, "a record", &measuring) == EXIT_FINE);
    fuzz_require(make(&measuring, &again));
    json_t *repeated = plan_to_json(&again);
    fuzz_require(json_equal(recorded, repeated));
    json_decref(recorded);
    json_decref(repeated);
    free(again.threads);
    free(again.objects);
    measuring_free(&measuring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct measuring measuring = measuring_default();
    struct plan plan = {0};
    char name[32];
    int fd = fuzz_file(data, size, name);

    if (plan_file_read(name, &measuring) == EXIT_FINE && make(&measuring, &plan)) {
        size_t count;
        struct turn *turns = plan_turns(&plan, &count);
        fuzz_require(turns != NULL && count == plan_cells(&plan) * plan.repetitions);
        json_decref(dry_run_to_json(&plan, turns, count));
        free(turns);
        require_same_again(&plan);
    }
    free(plan.threads);
    free(plan.objects);
    measuring_free(&measuring);
    close(fd);
    return 0;
}
