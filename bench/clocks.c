#include "bench/clocks.h"

#include <stdio.h>
#include <string.h>

static const char *const verdicts[] = {
    [CLOCKS_AGREE] = "agree",
    [CLOCKS_DIFFER] = "differ",
    [CLOCKS_UNCHECKED] = "unchecked",
};

json_t *clocks_to_json(const struct clock_check *check)
{
    return json_pack("{s:s, s:I, s:s}", "verdict", verdicts[check->verdict], "within_ns",
                     (json_int_t)check->within_ns, "reason", check->reason);
}

bool clocks_from_json(const json_t *object, struct clock_check *check)
{
    const char *verdict, *reason;
    json_int_t within_ns;

    if (json_unpack((json_t *)object, "{s:s, s:I, s:s}", "verdict", &verdict, "within_ns",
                    &within_ns, "reason", &reason) != 0 ||
        within_ns < 0)
        return false;
    *check = (struct clock_check){.within_ns = (uint64_t)within_ns};
    snprintf(check->reason, sizeof check->reason, "%s", reason);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        check->verdict = (enum clock_verdict)i;
        if (strcmp(verdict, verdicts[i]) == 0)
            return true;
    }
    return false;
}
