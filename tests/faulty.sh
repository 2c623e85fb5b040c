#!/usr/bin/env bash
# Locks that go wrong cost one process each: they are named, the run goes on, what was measured is
# kept. FAULTY_LOCKBENCH is the program with the locks of tests/faulty_locks/ in its catalogue.
set -u

LOCKBENCH=${FAULTY_LOCKBENCH:-./tests/faulty_lockbench}
. "$(dirname "$0")/harness.sh"

# caught MACHINE LOCK KIND [OPTION...]: a run of that lock beside a good one ends with 1 and a violation
# of that kind.
caught()
{
    local machine=$1 lock=$2 kind=$3 results=${1%%:*}-$2${4:-}.jsonl code
    local name="$lock on ${machine%%:*}${4:+, ${*:4}}"
    timeout 120 "$LOCKBENCH" run "$lock,ttas" -m "$machine" -t 2 -d 10ms -R 1 -s 7 -O "$results" "${@:4}" > out 2> err
    code=$?
    report "$name: exit code 1" test "$code" -eq 1
    report "$name: recorded as $kind, with threads and seed" grep -q \
        "\"record\":\"violation\",\"lock\":\"$lock\".*\"threads\":2,.*\"seed\":[0-9].*\"kind\":\"$kind\"" \
        "$results"
    report "$name: shown to the person" grep -q "^  $lock, 2 threads: $kind" out
    report "$name: the other lock is measured all the same" test \
        "$(grep -c '"record":"sample","lock":"ttas".*"verified":true' "$results")" -eq 1
}

model='sim:pack:1 core:2 pu:1'
caught native hangs hang
caught native loses_one hang
caught native crashes crash
caught native refuses error
caught native stays_held idle
caught native refuses error --irql apc-guard
# A lock that ends or holds up one process of several.
caught native hangs hang --processes 2
caught native loses_one hang --processes 2
caught native crashes crash --processes 2
caught native refuses error --processes each
caught native stays_held idle --processes 2
# On the model, threads that try for ever never stand still: a hang. Who waits for a line that nobody
# will write is in a deadlock.
caught "$model" hangs hang
caught "$model" waits deadlock
# For ten seconds and more of CPU time there is nothing that the address sanitizer could see, and the thread
# sanitizer holds back a signal until the program next calls something, which this one never does.
if grep -aq -e __tsan_ -e __asan_ "$LOCKBENCH"; then
    skip "loops on sim" "under a sanitizer the watchdog's signal comes late, or finds nothing new"
else
    caught "$model" loops hang
    report "loops on sim: its process is ended, and why is said" grep -q \
        'does the lock wait in a loop of its own' sim-loops.jsonl
fi
caught "$model" loses_one hang
caught "$model" crashes crash
caught "$model" refuses error
caught "$model" stays_held idle
report "waits on sim: every thread's place is recorded" grep -q \
    '"positions":\[{"thread":0,"cpu":0,"at":"faulty.h:[0-9]*, waits for lock+0 to be 0"' \
    sim-waits.jsonl

# Its readers have to be in the middle of reading when a writer comes, on real cores as well.
reading=(--readers 50 --critical 2us)
caught "$model" never_again exclusion "${reading[@]}"
# Of a window that is a time slice long, a busy machine may give each thread half, one after the other.
long=(-d 500ms "${reading[@]}")
if [ "$(nproc)" -ge 2 ]; then
    caught native never_again exclusion "${long[@]}"
    caught native never_again exclusion --dispatch vtable "${long[@]}"
    caught native hasty exclusion "${long[@]}"
    caught native hasty exclusion --dispatch vtable "${long[@]}"
else
    skip "never_again and hasty on native" "one CPU: a writer never comes while a reader reads"
fi

# miscarries WORKLOAD PRIMITIVE KIND [OPTION...]: the same for signals, beside a good primitive.
miscarries()
{
    local workload=$1 signal=$2 kind=$3 results=$1-$2.jsonl code name="$2, $1"
    timeout 120 "$LOCKBENCH" run "$signal,futex" -w "$workload" -d 300ms -R 1 -s 7 -O "$results" "${@:4}" > out 2> err
    code=$?
    report "$name: exit code 1" test "$code" -eq 1
    report "$name: recorded as $kind" grep -q \
        "\"record\":\"violation\",\"lock\":\"$signal\".*\"kind\":\"$kind\"" "$results"
    report "$name: shown to the person" grep -q "^  $signal, [12] threads*: $kind" out
    report "$name: the other primitive is measured all the same" test \
        "$(grep -c '"record":"sample","lock":"futex".*"verified":true' "$results")" -eq 1
}
miscarries signal loses hang
miscarries handoff loses hang
miscarries signal early early
miscarries signal repeats repeated
miscarries signal fails error
miscarries broadcast forgets dropped -t 2
miscarries wait-any misnames index --objects 3
miscarries wait-all takes_some hang --objects 3
miscarries timer early early
miscarries handoff hangs hang
miscarries handoff refuses error
# stopped MACHINE LOCK [OPTION...]: whose process is stopped is measured once more. A process that stands still
# holds up the others, at a barrier or before the lock, and that is no hang of the lock.
stopped()
{
    local name="$2 on ${1%%:*}${3:+, ${*:3}}" results=${1%%:*}-$2${3:-}.jsonl
    touch stop-here
    timeout 120 "$LOCKBENCH" run "$2" -m "$1" -t 2 -d 10ms -R 1 -s 7 -O "$results" "${@:3}" > out 2> err
    report "$name: exit code 0" test $? -eq 0
    report "$name: it was stopped" test ! -e stop-here
    report "$name: one sample, verified" test "$(grep -c '"record":"sample".*"verified":true' "$results")" -eq 1
    report "$name: no violation" test "$(grep -c '"record":"violation"' "$results")" -eq 0
}
for lock in stops_at_start stops_inside stops_at_end; do
    stopped native "$lock"
    stopped native "$lock" --processes 2
done
stopped "$model" stops_inside

# counted MACHINE [OPTION...]: what a lock counts about itself is in the sample, whole; one that counts nothing says so.
counted()
{
    local results=${1%%:*}-counts$#.jsonl sample
    timeout 120 "$LOCKBENCH" run counts,ttas -m "$@" -t 2 -d 10ms -R 1 -s 7 -O "$results" > out 2> err
    report "counts on ${1%%:*}: exit code 0" test $? -eq 0
    sample=$(grep '"record":"sample","lock":"counts"' "$results")
    acquisitions=$(sed -n 's/.*"lock_stats":{"acquisitions":\([0-9]*\),"releases":[0-9]*}.*/\1/p' <<< "$sample")
    releases=$(sed -n 's/.*"lock_stats":{"acquisitions":[0-9]*,"releases":\([0-9]*\)}.*/\1/p' <<< "$sample")
    window=$(sed -n 's/.*"acquisitions":\[\([0-9]*\),\([0-9]*\)\].*/\1 + \2/p' <<< "$sample")
    report "counts on ${1%%:*}: every release is counted" test "${acquisitions:--1}" -eq "${releases:--2}"
    # On a busy machine there may be none in the window; but each thread makes one turn at least.
    report "counts on ${1%%:*}: no fewer than those of the window, and some" \
        test "${acquisitions:-0}" -ge $((window)) -a "${acquisitions:-0}" -ge 2
    report "ttas on ${1%%:*}: counts nothing, and says so" grep -q \
        '"record":"sample","lock":"ttas".*"lock_stats":null.*"lock_stats":"this lock counts nothing"' "$results"
}
counted native
counted "$model"
# Of nested locks it is the sum: as many times as there are locks.
for machine in native "$model"; do
    counted "$machine" --nested 3
    report "nested counts on ${machine%%:*}: three for each turn" test $((acquisitions % 3)) -eq 0 -a \
        "$acquisitions" -ge $((3 * (window)))
    caught "$machine" refuses error --nested 2
    caught "$machine" stays_held idle --nested 2
done
report "loses_one on native: nothing is counted while a thread is out" grep -q \
    '"lock_stats":null.*"lock_stats":"not every thread came back' native-loses_one.jsonl

# One thread alone can't see broken_tts go wrong, nor two on one CPU in so short a time; and the thread
# sanitizer looks up where the race is before it leaves it unreported, for longer than a window.
why_uncaught=
[ "$(nproc)" -ge 2 ] || why_uncaught="one CPU: two threads never meet"
! grep -aq __tsan_ "$LOCKBENCH" || why_uncaught="the thread sanitizer spends the window on the race"
if [ -z "$why_uncaught" ]; then
    timeout 120 "$LOCKBENCH" run broken_tts -t 2 -d 300ms -R 2 -O broken.jsonl > out 2> err
    report "broken_tts: exit code 1" test $? -eq 1
    report "broken_tts: a lost count is recorded" grep -q '"kind":"total"' broken.jsonl
    timeout 120 "$LOCKBENCH" run broken_tts -t 2 -d 300ms -R 2 --processes 2 -O broken-2.jsonl > out 2> err
    report "broken_tts across processes: exit code 1" test $? -eq 1
    report "broken_tts across processes: a lost count is recorded" \
        grep -q '"kind":"total"' broken-2.jsonl
    timeout 120 "$LOCKBENCH" run broken_tts -w handoff -d 300ms -R 2 -O handed.jsonl > out 2> err
    report "broken_tts, handoff: exit code 1" test $? -eq 1
    report "broken_tts, handoff: a lost count is recorded" grep -q '"kind":"total"' handed.jsonl
else
    skip "broken_tts is caught" "$why_uncaught"
fi
echo "1..$number"
