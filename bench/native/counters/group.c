#include "bench/native/counters/group.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_event(const struct perf_event_attr *attributes, int leader)
{
    struct perf_event_attr copy = *attributes;

    copy.size = sizeof copy;
    copy.read_format =
        PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return (int)syscall(SYS_perf_event_open, &copy, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

void counter_group_open(struct counter_group *group, const struct perf_event_attr *attributes,
                        unsigned count)
{
    *group = (struct counter_group){.count = count, .leader = -1};
    for (unsigned i = 0; i < count; i++) {
        int leader = group->leader < 0 ? -1 : group->files[group->leader];
        group->files[i] = open_event(&attributes[i], leader);
        group->errors[i] = group->files[i] < 0 ? errno : 0;
        if (group->files[i] < 0)
            continue;
        group->open++;
        if (group->leader < 0)
            group->leader = (int)i;
    }
}

void counter_group_close(struct counter_group *group)
{
    for (unsigned i = 0; i < group->count; i++) {
        if (group->files[i] >= 0)
            close(group->files[i]);
        group->files[i] = -1;
    }
    group->open = 0;
}

bool counter_group_read(struct counter_group *group, struct counter_reading *reading)
{
    uint64_t buffer[3 + COUNTER_GROUP_MOST];

    group->read_error = ENOENT;
    if (group->open == 0)
        return false;
    ssize_t bytes = read(group->files[group->leader], buffer, sizeof buffer);
    group->read_error = bytes < 0 ? errno : EIO;
    if (bytes < 0 || !counter_group_parse(group, buffer, (size_t)bytes / sizeof *buffer, reading))
        return false;
    group->read_error = 0;
    return true;
}

/* The kernel writes: how many, time enabled, time running, a value for each. */
bool counter_group_parse(const struct counter_group *group, const uint64_t *buffer, size_t words,
                         struct counter_reading *reading)
{
    unsigned next = 3;

    if (words < 3 || buffer[0] != group->open || words != 3 + group->open)
        return false;
    *reading = (struct counter_reading){.enabled_ns = buffer[1], .running_ns = buffer[2]};
    for (unsigned i = 0; i < group->count; i++)
        reading->values[i] = group->errors[i] == 0 ? buffer[next++] : 0;
    return true;
}

enum counter_verdict counter_between(const struct counter_reading *before,
                                     const struct counter_reading *after, unsigned number,
                                     double *count)
{
    uint64_t enabled = after->enabled_ns - before->enabled_ns;
    uint64_t running = after->running_ns - before->running_ns;
    double value = (double)(after->values[number] - before->values[number]);

    if (enabled > 0 && running == 0)
        return COUNTER_UNCOUNTED;
    *count = running >= enabled ? value : value * ((double)enabled / (double)running);
    return running >= enabled ? COUNTER_EXACT : COUNTER_SCALED;
}
