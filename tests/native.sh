#!/usr/bin/env bash
# Runs on real cores as a person starts them: each option measures what it says, in threads and in processes,
# and whoever interrupts or kills a run finds whole records. What is refused, listed and plotted is in
# command_line.sh. Nothing here depends on how fast the machine is; the time limits only turn a hang into a
# failure.
#
# LOCKBENCH is the program. The output is TAP.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck disable=SC2016
set -u

. "$(dirname -- "$0")/native_harness.sh"

# ---------------------------------------------------------------------------------------------
# run: the good case

begin "a run: every cell measured, verified, recorded"
run_to good.jsonl tas,ticket -t 1,2
want_code 0
want_empty "$stderr"
want_whole_records good.jsonl
want_verified_samples good.jsonl 8
want_same "the number of run records" "$(count_records good.jsonl run)" 1
head -1 good.jsonl | grep -q '^{"record":"run","schema":1,' ||
    fail "the first record should be the run, of schema 1"
# On a busy machine a window may pass without an acquisition, and then fairness is null.
for key in throughput elapsed_ns jain rsd gini theil top_half; do
    want_same "the number of samples with $key" \
        "$(grep -cE "\"record\":\"sample\".*\"$key\":([0-9.e+-]+|null)[,}]" good.jsonl)" 8
done
want_no_text good.jsonl '"throughput":null'
want_same "the number of distinct cells" "$(cells good.jsonl | sort -u | wc -l)" 8
end

begin "a run: a count of acquisitions for each thread"
awk '/^\{"record":"sample"/ {
         match($0, /"threads":[0-9]+/)
         threads = substr($0, RSTART + 10, RLENGTH - 10)
         match($0, /"acquisitions":\[[^]]*\]/)
         if (split(substr($0, RSTART + 16, RLENGTH - 17), counts, ",") != threads) wrong = 1
         for (i in counts) if (counts[i] !~ /^[0-9]+$/) wrong = 1
         seen++
     }
     END { exit wrong || !seen }' good.jsonl || fail "a sample of good.jsonl has another number"
end

begin "a run: its table"
run_to table.jsonl tas,ticket -t 1,2
want_text "$stdout" "1 thread"
want_text "$stdout" "2 threads"
want_text "$stdout" "M/s    95% interval  jain    p99 burst cpu ns"
want_same "the number of rows" "$(grep -cE '^ +(tas|ticket) +[0-9]' "$stdout")" 4
want_no_text "$stdout" ": acquire"
want_no_text "$stdout" "WRONG"
end

begin "--table fairness"
run_to fairness.jsonl tas,ticket -t 1,2 --table fairness
want_text "$stdout" "M/s  jain   rsd  gini theil  half lwss  mttr max gap"
want_same "the number of rows" "$(grep -cE '^ +(tas|ticket) +[0-9]' "$stdout")" 4
want_same "the number of rows of a thread alone, which is fair" \
    "$(sed -n '/^1 thread$/,/^2 threads$/p' "$stdout" |
        grep -cE '^ +(tas|ticket) +[0-9.]+ 1\.000 0\.000 0\.000 0\.000 0\.500 ')" 2
want_no_text "$stdout" "WRONG"
end

begin "a run without --quiet says where it saved, in one line"
call "${short_run[@]}" -O loud.jsonl
want_code 0
want_same "standard error" "$(cat "$stderr")" "lockbench: saved: loud.jsonl"
end

begin "a results file is named by itself when no name is given"
mkdir unnamed
call sh -c 'cd unnamed && "$LOCKBENCH" run tas -t 1 -d 5ms -R 1'
want_code 0
saved=$(sed -n 's/^lockbench: saved: //p' "$stderr")
case $saved in lockbench-*.jsonl) ;; *) fail "the name should be lockbench-....jsonl" ;; esac
want_whole_records "unnamed/$saved"
end

begin "--output - : nothing but records on standard output"
call "${short_run[@]}" -O -
want_code 0
want_empty "$stderr"
want_whole_records "$stdout"
want_verified_samples "$stdout" 2
end

begin "--output /dev/stdout: a pipe may be there already"
call bash -c 'set -o pipefail; "$LOCKBENCH" run tas -t 1 -d 5ms -R 2 -q -O /dev/stdout | cat'
want_code 0
want_same "the number of samples" "$(count_records "$stdout" sample)" 2
end

begin "--json: one object on standard output"
run_to json.jsonl tas -t 1,2 --json
want_code 0
want_empty "$stderr"
want_same "the first line" "$(head -1 "$stdout")" "{"
want_same "the last line" "$(tail -1 "$stdout")" "}"
want_same "the number of objects" "$(grep -c '^{' "$stdout")" 1
want_same "the number of cells" "$(grep -c '"lock": "tas"' "$stdout")" 2
[ "$have_python" = no ] || python3 -m json.tool "$stdout" >"$work/ignored" 2>&1 ||
    fail "it should be JSON"
end

begin "locks may be given as words, and by --locks, and in both ways"
run_to words.jsonl tas ticket --locks mcs -t 1
want_code 0
want_same "the locks" "$(locks_of words.jsonl | tr '\n' ' ')" "mcs tas ticket "
end

begin "an alias is recorded under the lock's own name"
run_to alias.jsonl qspin -t 1
want_code 0
want_same "the locks" "$(locks_of alias.jsonl)" mcs
end

begin "a lock that is given twice is measured once"
run_to twice.jsonl mcs,qspin,mcs -t 1
want_code 0
want_verified_samples twice.jsonl 2
end

begin "a number of threads that is given twice is measured once"
run_to twice.jsonl tas -t 1,1
want_code 0
want_verified_samples twice.jsonl 2
end

begin "the same seed gives the same order"
run_to seed-a.jsonl tas,ticket -t 1,2 -R 3 --seed 1
run_to seed-b.jsonl tas,ticket -t 1,2 -R 3 --seed 1
want_code 0
want_same "the number of cells" "$(cells seed-a.jsonl | wc -l)" 12
want_same "the order" "$(cells seed-b.jsonl)" "$(cells seed-a.jsonl)"
end

begin "another seed gives another order"
run_to seed-c.jsonl tas,ticket -t 1,2 -R 3 --seed 2
want_code 0
want_same "the cells, sorted" "$(cells seed-c.jsonl | sort)" "$(cells seed-a.jsonl | sort)"
[ "$(cells seed-c.jsonl)" != "$(cells seed-a.jsonl)" ] || fail "the order should be another one"
end

begin "the seed is recorded"
run_to seed.jsonl tas -t 1 --seed 9223372036854775807
want_code 0
head -1 seed.jsonl | grep -q '"seed":9223372036854775807[,}]' || fail "it should be in the run record"
end

name="a broken lock is caught"
if [ -n "$why_uncaught" ]; then
    skip "$name" "$why_uncaught"
else
    begin "$name"
    run_to broken.jsonl broken_tts -t 2 -d 100ms -R 3
    want_code 1
    want_whole_records broken.jsonl
    [ "$(count_records broken.jsonl violation)" -gt 0 ] || fail "there should be a violation record"
    want_text broken.jsonl '"verified":false'
    want_text "$stdout" "WRONG"
    end
fi

begin "@all is every lock but the broken ones"
run_to all.jsonl @all -t 1 -d 1ms -R 1
want_code 0
"$LOCKBENCH" list | listed_locks | grep -v broken | sort >catalogue
[ -s catalogue ] || fail "list should list locks"
want_same "the locks" "$(locks_of all.jsonl)" "$(cat catalogue)"
want_no_text all.jsonl broken_tts
end

begin "a family"
run_to family.jsonl @queue -t 1 -d 1ms -R 1
want_code 0
want_same "the locks" "$(locks_of family.jsonl)" \
    "$("$LOCKBENCH" list --family queue | listed_locks | sort)"
end

begin "null is not verified, and the record says why"
run_to null.jsonl null -t 1
want_code 0
want_same "the samples with \"verified\":null" "$(grep -c '"verified":null' null.jsonl)" 2
want_same "the samples that say why" \
    "$(grep -c '"unmeasured":{[^}]*"verified":"[^"]' null.jsonl)" 2
end

begin "parameters are recorded"
run_to parameters.jsonl spin_park:budget=20us,spin_park:budget=0,spin_park:budget=inf,spin_park -t 2
want_code 0
want_verified_samples parameters.jsonl 8
want_same "the locks" "$(locks_of parameters.jsonl | tr '\n' ' ')" \
    "spin_park spin_park:budget=0 spin_park:budget=20us spin_park:budget=inf "
end

begin "a time is recorded in the largest unit that fits"
run_to units.jsonl spin_park:budget=20000ns,spin_park:budget=0.5ms -t 1
want_code 0
want_same "the locks" "$(locks_of units.jsonl | tr '\n' ' ')" \
    "spin_park:budget=20us spin_park:budget=500us "
end

begin "--dispatch vtable"
run_to vtable.jsonl tas,mcs,rw_ticket --dispatch vtable -t 1,2
want_code 0
want_verified_samples vtable.jsonl 12
want_text vtable.jsonl '"dispatch":"vtable"'
end

begin "who had the lock after whom"
run_to owners.jsonl tas,mcs,mcs_park,rw_ticket -t 2 --passes owners
want_verified_samples owners.jsonl 8
# On a busy machine a pass may go by in which a thread never ran.
[ "$(grep -c '"mttr":[0-9.]*,"max_gap":[0-9]' owners.jsonl)" -ge 1 ] ||
    fail "the sequence of owners should be seen in most samples"
want_same "the samples with the sequence of owners, or why there is none" \
    "$(grep -cE '"max_gap":([0-9]|null.*"max_gap":"no )' owners.jsonl)" 8
want_same "the samples that say how much of it was noted" \
    "$(grep -cE '"owners":\{"noted":[0-9]+,"windows":[0-9]+\}' owners.jsonl)" 8
end

begin "--passes none"
run_to no_passes.jsonl mcs -t 2 --passes none
want_verified_samples no_passes.jsonl 2
want_same "the samples that say why there is no sequence of owners" \
    "$(grep -c '"mttr":null.*"mttr":"not asked for: --passes' no_passes.jsonl)" 2
end

begin "no sequence of owners where all only read"
run_to readers.jsonl rw_ticket -t 2 --readers 100
want_same "the samples that say so" "$(grep -c '"max_gap":null.*"max_gap":"no exclusive acquisition' readers.jsonl)" 2
end

# On a busy machine a pass may go by in which no thread runs.
nothing_to_look_at='_ns":null.*_ns":"there was no acquisition to look at"'

begin "how long acquires, holds and hand-offs took"
run_to latency.jsonl tas,ticket,mcs_park -t 1,2 --passes latency --latency-stride 5
want_code 0
want_verified_samples latency.jsonl 12
want_text latency.jsonl '"latency_stride":5'
want_text latency.jsonl '"latency_ns":{"count":'
want_same "the samples with acquire times of every fifth turn" \
    "$(grep -cE "\"latency_ns\":\{\"count\":[1-9][^}]*\},\"stride\":5|$nothing_to_look_at" latency.jsonl)" 12
want_same "the samples with hold times" \
    "$(grep -cE "\"hold_ns\":\{\"count\":[1-9][^}]*\},\"over_25us\":[0-9]+,\"stride\":5|$nothing_to_look_at" latency.jsonl)" 12
want_same "the samples of one thread, which say why there is no hand-off" \
    "$(grep -c '"handoff_ns":null.*"handoff_ns":"one thread hands over to nobody"' latency.jsonl)" 6
want_same "the samples that say why there are no readers' times" \
    "$(grep -c '"latency_shared_ns":null.*"latency_shared_ns":"no thread reads"' latency.jsonl)" 12
want_same "the samples that say why there is no sequence of owners" \
    "$(grep -c '"mttr":"not asked for: --passes without owners"' latency.jsonl)" 12
end

begin "the part of the holds in which the holder lost its CPU"
run_to preempted.jsonl ticket,null -t 1,2 --latency-stride 5
want_code 0
want_same "the samples with a part of their holds, or a reason why not" \
    "$(grep '"lock":"ticket"' preempted.jsonl | grep -cE '"holder_preempted":[01]([.][0-9]+)?(e-[0-9]+)?,|"holder_preempted":[0-9.]+e-[0-9]+,|"holder_preempted":null.*"holder_preempted":"')" 4
want_same "the samples of a lock that nobody owns" \
    "$(grep -c '"holder_preempted":null.*"holder_preempted":"nobody owns' preempted.jsonl)" 4
want_same "the samples that say why the time is not known" "$(grep -c '"holder_off_cpu":null.*"holder_off_cpu":"' preempted.jsonl)" 8
GLIBC_TUNABLES=glibc.pthread.rseq=0 run_to unseen.jsonl ticket -t 2
want_code 0
want_same "the samples where the kernel is not asked" \
    "$(grep -cE '"holder_preempted":null.*"holder_preempted":"(no restartable|built with a C library|there was no acq)' unseen.jsonl)" 2
run_to unobserved.jsonl ticket -t 2 --passes owners
want_same "the samples without the pass" "$(grep -c '"holder_preempted":"not asked for: --passes without latency"' unobserved.jsonl)" 2
end

begin "--workload oversubscribed: its numbers of threads, and those that are given instead"
threads_of() { awk '$1 == "ttas" { printf "%s ", $2 }' "$stdout"; }
call "$LOCKBENCH" run ttas -w oversubscribed -m 'sim:core:5 pu:1' --dry-run
want_same "its own" "$(threads_of)" "5 8 10 20 "
want_text "$stdout" "critical 1us, outside exp:2us"
call "$LOCKBENCH" run ttas -w oversubscribed -m 'sim:core:5 pu:1' --dry-run -t 1,max,1.5x,2.3x
want_same "those that are given" "$(threads_of)" "1 5 8 12 "
call "$LOCKBENCH" run ttas -w oversubscribed -w light -m 'sim:core:4 pu:1' --dry-run
want_same "those of a workload after it" "$(threads_of)" "1 2 4 8 "
end
for threads in 1.5.2x x .x 0x 1e1x -2x 100000x; do
    refuse_run "--threads can't have '$threads'" "a list such as" tas --threads "$threads"
done

begin "the collapse as a table, as JSON and as CSV"
run_crowd() { # OPTION...
    rm -f crowd.jsonl
    call "$LOCKBENCH" run ttas,ticket,null -w oversubscribed -t 2,4 -m 'sim:core:2 pu:1' -d 30ms -R 1 -q -O crowd.jsonl "$@"
    want_code 0
}
run_crowd
throughput_at() {
    grep '"lock":"ttas"' crowd.jsonl | grep "\"threads\":$1," | sed -n 's/.*"throughput":\([0-9.]*\).*/\1/p'
}
relative=$(awk -v a="$(throughput_at 4)" -v b="$(throughput_at 2)" 'BEGIN { printf "%.3f", a / b }')
want_same "the columns" "$(grep -c '^  lock  *M/s  *95%  *interval  *rel  *jain  *invol  *lost$' "$stdout")" 2
want_same "the relative throughput of four threads" \
    "$(awk '/^4 threads/ { of = 1 } of && $1 == "ttas" { print $5; exit }' "$stdout")" "$relative"
want_same "the holders of a lock that is none" "$(awk '$1 == "null" { print $8; exit }' "$stdout")" "-"
want_text "$stdout" "rel: throughput relative to as many threads as CPUs, 2."
want_same "columns wider than a terminal" "$(grep -c '^.\{81,\}' "$stdout")" 0
"$LOCKBENCH" export --cells crowd.jsonl >crowd.csv
want_same "the relative throughput as CSV" \
    "$(sed 's/"[^"]*"/x/g' crowd.csv | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        $at["lock"] == "ttas" && $at["threads"] == 4 { printf "%.3f", $at["relative_throughput"] }')" "$relative"
want_same "a preempted holder and involuntary switches as CSV" \
    "$(sed 's/"[^"]*"/x/g' crowd.csv | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        $at["lock"] == "ttas" { printf "%d%d%d ", ($at["holder_preempted"] > 0), ($at["holder_off_cpu"] > 0), ($at["involuntary_per_acquisition"] > 0) }')" "000 111 "
run_crowd --json
tr -d ' \n' <"$stdout" >crowd.json
for field in relative_throughput involuntary_per_acquisition voluntary_per_acquisition holder_preempted holder_off_cpu; do
    want_same "$field in the summary" "$(grep -o "\"$field\":" crowd.json | wc -l)" 6
done
run_crowd --table throughput
want_text "$stdout" "cpu ns"
end

# Each hand-over of mcs_park at once is a call to sleep and one to wake, of each that does not come to a free lock.
begin "futex calls of one acquisition"
# A holder of tas that lost its CPU to others may keep all out for more than a time slice: of a window without an
# acquisition nothing is known.
run_to calls.jsonl mcs_park:budget=0,tas,pthread_mutex -t 4 -d 300ms --json
want_same "calls of waiters that sleep at once" \
    "$(awk '/"lock":"mcs_park/ && match($0, /"futex_calls":[0-9.]*/) {
        calls = substr($0, RSTART + 14, RLENGTH - 14); n += calls > 0.5 && calls < 3 } END { print n + 0 }' calls.jsonl)" 2
want_same "calls of waiters that never sleep" "$(grep -cE '"lock":"tas".*"futex_calls":0.0,' calls.jsonl)" 2
want_same "calls of a library" \
    "$(grep -c '"futex_calls":null.*"futex_calls":"this lock is of a library, whose futex calls are not seen"' calls.jsonl)" 2
want_same "cells of the summary with the calls" "$(grep -c '"futex_calls": ' "$stdout")" 3
end

begin "acquire and hold times of readers stand apart"
run_to shared.jsonl rw_ticket,ticket -t 2 --readers 50 --processes each --latency-stride 3
want_verified_samples shared.jsonl 4
grep '"lock":"rw_ticket"' shared.jsonl >readers.jsonl
grep '"lock":"ticket"' shared.jsonl >exclusive.jsonl
want_same "the samples of a lock with readers" \
    "$(grep -cE "\"latency_shared_ns\":\{\"count\":[1-9][^}]*\},\"stride\":3|$nothing_to_look_at" readers.jsonl)" 2
want_same "the samples of a lock without" \
    "$(grep -c '"latency_shared_ns":"this lock knows no readers' exclusive.jsonl)" 2
end

begin "no times without their pass"
run_to no_latency.jsonl mcs -t 2 --passes owners --table latency
want_text "$stdout" "nothing was timed: not asked for: --passes without latency"
want_same "the samples that say why" \
    "$(grep -c '"latency_ns":null.*"latency_ns":"not asked for: --passes without latency"' no_latency.jsonl)" 2
end

# column NAME FILE: the numbers of a column of tidy CSV, added up.
column() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
                          NR > 1 && at > 0 { sum += $at; found = 1 }
                          END { if (found) print sum }' "$2"
}

begin "percentiles of all repetitions together, in the table and as JSON"
run_sim() { # FILE OPTION...
    rm -f "$1"
    call "$LOCKBENCH" run ticket -t 2 -d 200us -R 3 --machine 'sim:core:2 pu:1' -c 30us -O "$@"
}
run_sim simulated.jsonl --quiet
want_code 0
want_no_text "$stdout" ": acquire"
p99=$(awk '$1 == "ticket" { print $6 }' "$stdout")
run_sim simulated.jsonl --quiet --table latency
want_code 0
want_text "$stdout" "2 threads: acquire"
want_same "the p99 of the acquire times in either table" \
    "$(awk '/: acquire$/ { times = 1 } times && $1 == "ticket" { print $4; exit }' "$stdout")" "$p99"
want_text "$stdout" "No interval with fewer than 6"
want_text "$stdout" "2 threads: hold"
want_text "$stdout" "2 threads: handoff"
want_no_text "$stdout" "shared"
grep -qE '^  ticket +30\.[0-9]us .* +30\.[0-9]us  100%$' "$stdout" || fail "all holds should be over 25 us"
run_sim simulated.jsonl --quiet --json
want_code 0
tr -d ' \n' <"$stdout" >merged.json
"$LOCKBENCH" export simulated.jsonl >simulated.csv
for time in latency_ns hold_ns handoff_ns; do
    want_same "the number of times in all repetitions of $time" \
        "$(sed -n "s/.*\"$time\":{\"count\":\([0-9]*\).*/\1/p" merged.json)" "$(column "$time.count" simulated.csv)"
done
want_text merged.json '"latency_shared_ns":null'
want_no_text merged.json '"histogram"'
want_no_text simulated.csv histogram
want_same "holds over 25 us" "$(column hold_ns.over_25us simulated.csv)" "$(column hold_ns.count simulated.csv)"
end

# The clocks of two CPUs can't be compared on one.
begin "no hand-off is timed where the clocks can't be compared"
call taskset -c "${allowed%%[-,]*}" "$LOCKBENCH" run ticket -t 2 -d 5ms -R 1 --quiet -O one_cpu.jsonl
want_code 0
want_text one_cpu.jsonl '"handoff_ns":null'
want_text one_cpu.jsonl '"handoff_ns":"all threads are on one CPU: there is no other clock to compare with"'
grep -qE "\"latency_ns\":\{\"count\"|$nothing_to_look_at" one_cpu.jsonl || fail "there should be acquire times"
end

begin "no sequence of owners where nobody owns the lock"
run_to no_owners.jsonl null -t 2
want_same "the samples that say so" "$(grep -c '"mttr":"nobody owns a lock that is none"' no_owners.jsonl)" 2
end

for irql in apc-sigmask apc-guard; do
    begin "--irql $irql"
    run_to irql.jsonl tas,mcs,rw_ticket,pthread_mutex --irql $irql -t 1,2 --readers 20
    want_code 0
    want_verified_samples irql.jsonl 16
    want_same "the samples with the irql and its cost" \
        "$(grep '"record":"sample"' irql.jsonl | grep "\"irql\":\"$irql\"" | grep -c '"irql_ns":[0-9]')" 16
    want_text "$stdout" "0% readers, irql $irql"
    grep -aqE "^  irql $irql: [0-9.]+ ns a pair of raise and lower, included in the figures\.\$" "$stdout" ||
        fail "the cost should stand below the table"
    end
done

begin "--irql and --dispatch vtable, with a preset behind it"
run_to irql.jsonl tas,rw_ticket --irql apc-guard --dispatch vtable -w read-mostly -t 2
want_code 0
want_verified_samples irql.jsonl 4
want_same "the samples with the irql and the preset's readers" \
    "$(grep '"record":"sample"' irql.jsonl | grep -c '"readers":95,"irql":"apc-guard"')" 4
end

begin "without --irql: no cost, and why"
want_no_text vtable.jsonl '"irql":'
want_text vtable.jsonl '"irql_ns":null'
want_text vtable.jsonl '"irql_ns":"no irql was raised"'
end

for nested in 2 16; do
    begin "--nested $nested"
    run_to nested.jsonl tas,mcs,rw_ticket,pthread_mutex --nested $nested -t 1,2 --readers 20
    want_code 0
    want_same "the number of samples" "$(count_records nested.jsonl sample)" 16
    want_same "the verified ones" "$(grep -c '"verified":true' nested.jsonl)" 16
    want_same "the number of violations" "$(count_records nested.jsonl violation)" 0
    want_same "the samples that say it" \
        "$(grep '"record":"sample"' nested.jsonl | grep -c "\"nested\":$nested,\"nested_order\":\"ranked\"")" 16
    want_text nested.jsonl '"dispatch":"vtable"'
    want_text "$stdout" ", $nested nested locks"
    end
done

begin "--nested 1 is one lock"
run_to nested.jsonl tas --nested 1 -t 1
want_code 0
want_verified_samples nested.jsonl 2
want_no_text nested.jsonl '"nested":'
want_text nested.jsonl '"dispatch":"inline"'
end

begin "--nested and --irql, with the words under the lock"
run_to nested.jsonl mcs,ticket --nested 3 --irql apc-guard --lines 0 -t 1,2
want_code 0
want_verified_samples nested.jsonl 8
want_same "the samples that say both" \
    "$(grep '"record":"sample"' nested.jsonl | grep -c '"irql":"apc-guard","nested":3,')" 8
end

# Nobody hangs, whatever the threads do to each other: the wrong order is seen in the first turn.
begin "--nested-order mixed: caught, with the thread and the ranks"
run_to nested.jsonl mcs,spin_park,pthread_mutex --nested 3 --nested-order mixed -t 2,3
want_code 1
want_same "the number of samples" "$(count_records nested.jsonl sample)" 12
want_same "the number of violations" "$(count_records nested.jsonl violation)" 12
want_same "the violations of the order" "$(grep '"record":"violation"' nested.jsonl | grep '"kind":"order"' |
    grep -c 'thread 1 asked for the lock of rank 1 while it held that of rank 2, .* in all: 1"')" 12
want_text "$stdout" "mcs, 2 threads: order, in 2 repetitions"
want_text "$stdout" "3 nested locks in mixed orders"
end

begin "--nested-order mixed on one thread breaks no order"
run_to nested.jsonl tas --nested 2 --nested-order mixed -t 1
want_code 0
want_verified_samples nested.jsonl 2
want_text nested.jsonl '"nested":2,"nested_order":"mixed"'
end

# Real-time threads that spin, as many as CPUs, must not keep the run from its end.
throttle=$(cat /proc/sys/kernel/sched_rt_runtime_us 2>>"$work/ignored")
if ! have chrt || ! chrt -f 2 true 2>>"$work/ignored" || [ "${throttle:--1}" -lt 0 ]; then
    skip "--irql dispatch-fifo" "real-time threads are not permitted here"
else
    for irql in dispatch-fifo dispatch-fifo-held; do
        begin "--irql $irql"
        rm -f irql.jsonl
        call "$LOCKBENCH" run ticket,mcs_yield,spin_park,pthread_mutex --irql $irql -t max -d 50ms -R 2 -q \
            -O irql.jsonl
        want_code 0
        want_same "the number of samples" "$(count_records irql.jsonl sample)" 8
        want_same "the samples with the irql and its cost" \
            "$(grep '"record":"sample"' irql.jsonl | grep "\"irql\":\"$irql\"" | grep -c '"irql_ns":[0-9]')" 8
        want_same "the number of violations" "$(count_records irql.jsonl violation)" 0
        end
        refuse_run "can't have" "don't take turns" ticket --irql $irql -t 2x
    done
fi

# Who may use real-time threads gives that up.
unprivileged=()
! have chrt || ! chrt -f 2 true 2>>"$work/ignored" ||
    unprivileged=(setpriv --inh-caps=-sys_nice --bounding-set=-sys_nice prlimit --rtprio=0)
if ! have chrt || ! "${unprivileged[@]}" true 2>>"$work/ignored" ||
    "${unprivileged[@]}" chrt -f 2 true 2>>"$work/ignored"; then
    skip "--irql dispatch-fifo without permission" "the permission can't be given up here"
else
    for irql in dispatch-fifo dispatch-fifo-held; do
        refuse "--irql $irql without permission" 3 "--irql $irql" "CAP_SYS_NICE" \
            "${unprivileged[@]}" "$LOCKBENCH" run tas --irql $irql -t 1 -d 5ms -R 1 -O refused.jsonl
        begin "--irql $irql without permission leaves no file"
        want_missing refused.jsonl
        end
    done
fi

begin "--readers with several shares: a cell for each"
run_to shares.jsonl rw_ticket,tas --readers 0,50,100,50 -t 1,2
want_code 0
want_verified_samples shares.jsonl 24
want_text shares.jsonl '"readers":[0,50,100]'
for share in 0 50 100; do
    want_same "the samples with $share% readers" \
        "$(grep '"record":"sample"' shares.jsonl | grep -c "\"readers\":$share[,}]")" 8
done
end

begin "--readers with several shares can be gone on with"
head -n 20 shares.jsonl >shares-cut.jsonl
call "$LOCKBENCH" run --resume shares-cut.jsonl --quiet
want_code 0
want_verified_samples shares-cut.jsonl 24
end

begin "the share of readers stands over its block, and read scaling in it"
rm -f scaling.jsonl
call "$LOCKBENCH" run seqlock,rw_ticket -m 'sim:pack:1 core:8 pu:1' -t 1,8 -r 0,100 -R 1 --quiet -O scaling.jsonl
want_code 0
want_text "$stdout" "8 threads, 100% readers"
want_text "$stdout" "jain rscale    p99 burst cpu ns"
want_same "the rows wider than 80 columns" "$(grep -E '^  (lock|seqlock|rw_ticket) ' "$stdout" | grep -c '.\{81\}')" 0
want_same "the p99 where all only read" \
    "$(awk '/^8 threads, 100% readers/ { all = 1 } all && $1 == "seqlock" { print $7; exit }' "$stdout")" -
end

# scaling_of LOCK THREADS READERS: as exported, as a whole number.
scaling_of() {
    awk -F, -v lock="$1" -v threads="$2" -v readers="$3" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["lock"] == lock && $at["threads"] == threads && $at["workload.readers"] == readers {
            print $at["read_scaling"] == "" ? "none" : int($at["read_scaling"] + 0.5) }' "$stdout"
}
begin "read scaling: readers that write nothing keep theirs near 1, those on one line do not"
call "$LOCKBENCH" export --cells scaling.jsonl
want_code 0
want_same "of seqlock" "$(scaling_of seqlock 8 100)" 1
want_same "of rw_ticket, whether above 5" "$([ "$(scaling_of rw_ticket 8 100)" -gt 5 ] && echo yes)" yes
want_same "without readers" "$(scaling_of seqlock 8 0)" none
end

begin "what stands below the table says of which share of readers it is"
rm -f noted.jsonl
call "$LOCKBENCH" run broken_tts -m 'sim:core:4 pu:1' -t 2 -r 0,50 -R 1 -d 200us --quiet -O noted.jsonl
want_code 1
want_text "$stdout" "  broken_tts, 2 threads, 0% readers: exclusion, in "
want_text "$stdout" "  broken_tts, 2 threads, 50% readers: exclusion, in "
rm -f noted.jsonl
call "$LOCKBENCH" run tas -m 'sim:core:4 pu:1' -t 2 -r 0,50 -R 1 -d 20us --until 0.001% --quiet -O noted.jsonl
want_code 0
want_text "$stdout" "  tas, 2 threads, 50% readers: not within 0.001% "
# A run that is gone on with, whose first sample says that it had a part of the CPU only.
rm -f noted.jsonl
call "$LOCKBENCH" run tas -t 1 -r 0,100 -R 1 -d 20ms --counters none --quiet -O noted.jsonl
want_code 0
sed -i '/"record":"sample"/ { s/"cpu_ns":[0-9.e+-]*/"cpu_ns":1e-3/; s/,"unfit":\[[^]]*\]//; }' noted.jsonl
share=$(sed -n '/"record":"sample"/ { s/.*"readers":\([0-9]*\).*/\1/p; q; }' noted.jsonl)
sed -i '$d' noted.jsonl
call "$LOCKBENCH" run --resume noted.jsonl --quiet
want_code 0
want_text "$stdout" "  tas, 1 thread, $share% readers: had 0% of the CPUs' time"
end

begin "--trace is of one share of readers"
call "$LOCKBENCH" run rw_ticket -m 'sim:pack:1 core:2 pu:1' -t 2 -r 0,50 --trace shares.json -O traced.jsonl
want_code 2
want_one_error
want_text "$stderr" "one share of readers"
end

begin "--readers 50"
run_to readers.jsonl rw_ticket,pthread_rwlock,tas --readers 50 -t 1,2
want_code 0
want_verified_samples readers.jsonl 12
want_text readers.jsonl '"readers":50'
end

begin "readers that read again"
run_to retries.jsonl seqlock,rw_ticket --readers 50 --critical 500ns -t 2 --lines 2
want_code 0
want_verified_samples retries.jsonl 4
want_same "retries as a number" "$(grep -c '"record":"sample","lock":"seqlock".*"retries":[0-9]' retries.jsonl)" 2
want_same "retries as null" \
    "$(grep -c '"lock":"rw_ticket".*"retries":null.*"retries":"the readers of this lock' retries.jsonl)" 2
end

for lines in 0 1 3; do
    begin "readers beside a writer, --lines $lines"
    run_to published.jsonl rcu_memb,rcu_mb,rcu_qsbr,rcu_bp --readers 70 -t 1,2,4 --lines $lines
    want_code 0
    want_verified_samples published.jsonl 24
    end
done

begin "locks whose releases wait for readers are not nested"
call "$LOCKBENCH" run rcu_qsbr --nested 2 -O nested-rcu.jsonl
want_code 2
want_one_error
want_text "$stderr" "no lock is left for --nested"
end

for lines in 0 1 64; do
    begin "--lines $lines"
    run_to lines.jsonl tas,rw_ticket,seqlock --lines $lines --readers 20 -t 1,2
    want_code 0
    want_verified_samples lines.jsonl 12
    want_text lines.jsonl "\"lines\":$lines"
    end
done

for workload in saturated moderate light read-mostly oversubscribed; do
    begin "--workload $workload"
    run_to workload.jsonl tas --workload $workload -t 1,2
    want_code 0
    want_verified_samples workload.jsonl 4
    end
done

# run_signals WORKLOAD PRIMITIVES CELLS ARGUMENT...: two samples a cell, with the quantiles that count.
run_signals() {
    begin "--workload $1 of $2"
    run_to signals.jsonl "$2" --workload "$1" -d 20ms "${@:4}"
    want_code 0
    want_empty "$stderr"
    want_whole_records signals.jsonl
    want_verified_samples signals.jsonl $((2 * $3))
    want_same "the number of samples with a distribution" "$(grep -c \
        '"latency_ns":{"count":[0-9]*,"min":[0-9]*,"p50":[0-9]*,"p90":[0-9]*,"p99":[0-9]*,"p99.9":[0-9]*,"max":[0-9]*}' \
        signals.jsonl)" $((2 * $3))
    want_same "the samples without acquisitions" "$(grep -c '"acquisitions":null' signals.jsonl)" $((2 * $3))
    want_text "$stdout" "primitive"
    for primitive in ${2//,/ }; do
        grep -qE "^  $primitive +[0-9.]+[num]?s" "$stdout" || fail "the table should have $primitive"
    done
    end
}
run_signals signal futex,eventfd,event_sync 3
run_signals broadcast event_notify,pipe 4 -t 2,4
run_signals wait-any event_sync,eventfd 4 --objects 1,64
run_signals wait-all event_sync_per_object,pthread_cond 4 --objects 2-3
run_signals timer timer_sync,timerfd 2
run_signals handoff posix_sem,mcs,spin_park 3

begin "--workload wait-any: each number of objects is a cell, and a test of signalled ones is measured too"
run_to objects.jsonl futex -w wait-any --objects 1,2,1 -d 20ms
want_code 0
want_same "the samples of 1 object" "$(grep -c '"objects":1[,}].*"test_ns":{"count"' objects.jsonl)" 2
want_same "the samples of 2 objects" "$(grep -c '"objects":2[,}].*"test_ns":{"count"' objects.jsonl)" 2
want_text objects.jsonl '"objects":[1,2]'
end

begin "--workload signal without names: all that can, and what is left out is said"
rm -f signals.jsonl
call "$LOCKBENCH" run -w signal -d 10ms -R 1 -O signals.jsonl
want_code 0
want_text signals.jsonl '"lock":"posix_sem"'
[ -e /dev/ntsync ] || want_text "$stderr" "left out: ntsync"
[ ! -e signals.png ] || fail "there should be no picture"
end

begin "--workload signal --json"
run_to signals.jsonl futex,eventfd -w signal -d 10ms --json
want_code 0
want_same "the number of cells" "$(grep -c '"to_futex": [0-9]' "$stdout")" 2
[ "$have_python" = no ] || python3 -m json.tool "$stdout" >"$work/ignored" 2>&1 ||
    fail "it should be JSON"
end

refuse "plot of signals" 2 "'signals.jsonl'" "locks" "$LOCKBENCH" plot signals.jsonl

begin "names may come before the workload that they belong to"
run_to signals.jsonl --locks eventfd futex -w signal -d 10ms
want_code 0
want_same "the primitives" "$(locks_of signals.jsonl | tr '\n' ' ')" "eventfd futex "
end

for delay in 0 100ns exp:200ns uniform:50ns-150ns bimodal:100ns-2us:5%; do
    begin "--critical and --outside $delay"
    run_to delay.jsonl tas --critical $delay --outside $delay -t 2
    want_code 0
    want_verified_samples delay.jsonl 2
    want_text delay.jsonl "\"critical\":\"$delay\",\"outside\":\"$delay\""
    end
done

for placement in compact scatter cores "$first_cpu"; do
    begin "--placement $placement"
    run_to placement.jsonl tas --placement "$placement" -t 1,2
    want_code 0
    want_verified_samples placement.jsonl 4
    want_text placement.jsonl "\"placement\":\"$placement\""
    end
done

# ---------------------------------------------------------------------------------------------
# run: threads of several processes

# What is in shared memory of ours; the unit tests, which may run meanwhile, have names of their own.
want_no_shared_memory() {
    want_same "what is in /dev/shm" \
        "$(find /dev/shm -maxdepth 1 -name 'lockbench*' ! -name 'lockbench-test*')" ""
}

begin "--processes 2: verified across processes"
run_to processes.jsonl ticket mcs spin_park --processes 2 -t 2 -d 50ms
want_code 0
want_empty "$stderr"
want_verified_samples processes.jsonl 6
want_same "the samples that say so" "$(grep -c '"record":"sample".*"processes":2[,}]' processes.jsonl)" 6
head -1 processes.jsonl | grep -q '"processes":2[,}]' || fail "the plan should say so"
want_text "$stdout" "2 threads of 2 processes"
want_text "$stdout" "The threads are those of several processes (--processes)"
# Counts, CPU time and switches are of both.
want_same "the samples with switches" \
    "$(grep -cE '"voluntary_switches":[0-9]+,"involuntary_switches":[0-9]+' processes.jsonl)" 6
want_same "the samples with both threads back" "$(grep -c '"threads_back":2' processes.jsonl)" 6
want_no_shared_memory
end

begin "--processes each: a process for every thread, whatever their number"
run_to each.jsonl tas mcs_park --processes each -t 1-3
want_code 0
want_verified_samples each.jsonl 12
want_same "the samples that say so" "$(grep -c '"record":"sample".*"processes":"each"' each.jsonl)" 12
want_text "$stdout" "1 thread"
want_text "$stdout" "3 threads of 3 processes"
end

# The thread sanitizer sees one process only: of a lock that goes through another one on its way
# from thread to thread, it misses the middle.
name="--processes 2 of three threads, through the vtable, with readers and --lines 0"
if [ "$sanitizer" = tsan ]; then
    skip "$name" "the thread sanitizer does not see what other processes do"
else
    begin "$name"
    run_to processes-mixed.jsonl rw_ticket ttas --processes 2 -t 3 --readers 50 --lines 0 --dispatch vtable
    want_code 0
    want_verified_samples processes-mixed.jsonl 4
    want_same "the samples with three counts" \
        "$(grep -cE '"acquisitions":\[[0-9]+,[0-9]+,[0-9]+\]' processes-mixed.jsonl)" 4
    end
fi

begin "--processes 1 is what goes without saying"
run_to one-process.jsonl tas --processes 1 -t 2
want_code 0
want_same "the samples that say so" "$(grep -c '"record":"sample".*"processes":1[,}]' one-process.jsonl)" 2
want_no_text "$stdout" processes
end

begin "locks for the threads of one process are named and left out"
rm -f left-out.jsonl
call "$LOCKBENCH" run tas pthread_mutex @c-library --processes 2 -t 2 -d 5ms -R 1 -O left-out.jsonl
want_code 0
want_text "$stderr" "left out, because they are for the threads of one process: pthread_mutex, "
want_same "the locks" "$(locks_of left-out.jsonl)" tas
end

begin "cells with other numbers of processes are not one cell"
run_to processes-one.jsonl tas -t 2 -d 5ms
run_to processes-two.jsonl tas -t 2 -d 5ms --processes 2
{ cat processes-one.jsonl; grep '^{"record":"sample"' processes-two.jsonl; } >processes-both.jsonl
call "$LOCKBENCH" plot processes-both.jsonl --format dat --output -
want_code 0
want_same "the curves" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ';')" \
    "tas (1 process);tas (2 processes);"
end

# The processes of a run that have its threads: those that its child forked.
worker_processes() { # RUN
    cat /proc/[0-9]*/stat 2>>"$work/ignored" | sed 's/^\([0-9]*\) (.*) /\1 /' |
        awk -v run="$1" '{ parent[$1] = $3; state[$1] = $2 }
             END { for (p in parent) if (parent[parent[p]] == run && state[p] != "Z") print p }'
}

child_of() { # RUN
    awk '{ sub(/.*\) /, ""); if ($2 == run) print FILENAME }' run="$1" /proc/[0-9]*/stat 2>>"$work/ignored" |
        tr -dc '0-9\n' | head -1
}

has_child() { # RUN
    [ -n "$(child_of "$1")" ]
}

has_workers() { # RUN COUNT
    [ "$(worker_processes "$1" | wc -l)" = "$2" ]
}

begin "kill -9 of a worker process: one line, exit code 3, nothing is left, what was measured is saved"
start run ticket --processes 2 -t 2 -d 1s -R 20 --quiet -O worker-killed.jsonl
wait_until has_lines worker-killed.jsonl 2
wait_until has_workers "$group" 2
{ kill -KILL "$(worker_processes "$group" | head -1)"; } 2>>"$work/ignored"
wait_for_end
want_code 3
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
grep -qE 'worker process [12] of 2 was killed from outside \(signal 9\)' "$stderr" ||
    fail "the line should say which process was killed, and how"
want_whole_records worker-killed.jsonl
[ "$(count_records worker-killed.jsonl sample)" -ge 1 ] || fail "what was measured should be saved"
want_same "the number of violations" "$(count_records worker-killed.jsonl violation)" 0
want_no_shared_memory
end

begin "kill -9 of the process that leads the worker processes: they end, too"
start run tas --processes 2 -t 2 -d 1s -R 20 --quiet -O leader-killed.jsonl
wait_until has_workers "$group" 2
worker=$(worker_processes "$group" | head -1)
kill -KILL "$(sed 's/^[0-9]* (.*) . \([0-9]*\) .*/\1/' "/proc/$worker/stat")"
wait_for_end
want_code 3
want_text "$stderr" "killed from outside"
want_no_shared_memory
end

begin "a worker process that is stopped: measured once more, no hang of the lock"
start run tas --processes 2 -t 2 -d 2s -R 1 --quiet -O worker-stopped.jsonl
wait_until has_workers "$group" 2
kill -STOP "$(worker_processes "$group" | head -1)"
wait_for_end
want_code 0
want_verified_samples worker-stopped.jsonl 1
end

begin "a repetition's process that is stopped: measured once more, no hang of the lock"
start run tas -t 2 -d 2s -R 1 --quiet -O stopped.jsonl
wait_until has_child "$group"
kill -STOP "$(child_of "$group")"
wait_for_end
want_code 0
want_verified_samples stopped.jsonl 1
end

if ! have taskset; then
    skip "one allowed CPU" "there is no taskset"
    skip "--threads 2x under taskset" "there is no taskset"
else
    begin "one allowed CPU"
    rm -f one.jsonl
    call taskset -c "$first_cpu" "$LOCKBENCH" run tas -t 1,2 -d 5ms -R 2 -q -O one.jsonl
    want_code 0
    want_verified_samples one.jsonl 4
    want_same "the samples on that CPU" "$(grep -c "\"cpus\":\\[$first_cpu\\]" one.jsonl)" 4
    end

    begin "--threads 2x is twice the allowed CPUs, max as many"
    rm -f one.jsonl
    call taskset -c "$first_cpu" "$LOCKBENCH" run tas -t max,2x -d 5ms -R 1 -q -O one.jsonl
    want_code 0
    want_same "the cells, sorted" "$(cells one.jsonl | awk '{ print $2 }' | sort | tr '\n' ' ')" \
        '"threads":1 "threads":2 '
    end
fi

begin "a range of threads, with a step"
run_to range.jsonl tas -t 1-5:2 -d 1ms -R 1
want_code 0
want_same "the cells, sorted" "$(cells range.jsonl | awk '{ print $2 }' | sort | tr '\n' ' ')" \
    '"threads":1 "threads":3 "threads":5 '
end

begin "a name of a file that is not UTF-8"
odd=$(printf 'caf\351.jsonl')
run_to "$odd" tas -t 1
want_code 0
want_verified_samples "$odd" 2
want_whole_records "$odd"
end

# A file that is opened may get the number of a standard stream that is closed, and then the
# table and the messages, too.
begin "a closed standard output: the results stay clean"
call sh -c 'exec "$LOCKBENCH" run tas -t 1 -d 5ms -R 2 -O closed-output.jsonl >&-'
[ "$code" = 0 ] || want_code 3
want_whole_records closed-output.jsonl
want_verified_samples closed-output.jsonl 2
end

begin "closed standard streams, all three: the results stay clean"
call sh -c 'exec "$LOCKBENCH" run tas -t 1 -d 5ms -R 2 -O closed-all.jsonl <&- >&- 2>&-'
[ "$code" = 0 ] || want_code 3
want_whole_records closed-all.jsonl
want_verified_samples closed-all.jsonl 2
end

# ---------------------------------------------------------------------------------------------
# run: interrupted, killed

long_run=(run tas -t 1 -d 50ms -R 1000 --quiet)

interrupt() { # NAME SIGNAL group|process
    begin "$1"
    rm -f interrupted.jsonl
    start "${long_run[@]}" -O interrupted.jsonl
    wait_until has_lines interrupted.jsonl 3
    if [ "$3" = group ]; then
        kill "-$2" -- "-$group"
    else
        kill "-$2" "$group"
    fi
    wait_for_end
    want_code 130
    want_empty "$stderr"
    want_whole_records interrupted.jsonl
    want_same "the number of violations" "$(count_records interrupted.jsonl violation)" 0
    grep -qE '^ +tas +[0-9]' "$stdout" || fail "the table should be on standard output"
    end
}

interrupt "Ctrl-C, which goes to the whole group" INT group
interrupt "SIGINT to the program alone" INT process
interrupt "SIGTERM" TERM process
interrupt "SIGHUP" HUP process

begin "an interrupted run says what is saved"
start run tas -t 1 -d 50ms -R 1000 -O interrupted-loud.jsonl
wait_until has_lines interrupted-loud.jsonl 3
kill -TERM "$group"
wait_for_end
want_code 130
want_text "$stderr" "interrupted; saved so far: interrupted-loud.jsonl"
end

# `timeout`, `kill` on a job and a terminal that goes away signal the group, and so reach the
# process of the repetition, perhaps before the program knows. The lock is not to blame.
for signal in TERM HUP; do
    begin "SIG$signal to the process of a repetition is not taken for a crash of the lock"
    start run tas -t 1 -d 300ms -R 4 --quiet -O not-crashed.jsonl
    has_child() { [ "$(group_members "$group" | wc -l)" -gt 1 ]; }
    wait_until has_lines not-crashed.jsonl 2
    wait_until has_child
    # shellcheck disable=SC2046
    kill "-$signal" $(group_members "$group" | grep -vx "$group") 2>>"$work/ignored"
    wait_for_end
    want_same "the number of violations" "$(count_records not-crashed.jsonl violation)" 0
    end
    rm -f not-crashed.jsonl
done

begin "under nohup, a run survives the end of the session"
printf -v command '%s ' nohup "$LOCKBENCH" run tas -t 1 -d 50ms -R 10
setsid nohup "$LOCKBENCH" run tas -t 1 -d 50ms -R 10 --quiet -O nohup.jsonl >"$stdout" 2>"$stderr" &
group=$!
wait_until has_lines nohup.jsonl 3
kill -HUP -- "-$group"
wait_for_end
want_code 0
want_verified_samples nohup.jsonl 10
end

begin "kill -9: the measuring process ends too, and the file can be read"
start "${long_run[@]}" -O killed.jsonl
wait_until has_lines killed.jsonl 3
{
    kill -KILL "$group"
    wait "$group" # here the shell itself has a word to say
    code=$?
} 2>>"$work/ignored"
want_code 137
wait_for_end
want_same "the number of cut lines" "$(head -n -1 killed.jsonl | grep -vc '^{"record":".*}$')" 0
call "$LOCKBENCH" plot killed.jsonl --format dat --output -
want_code 0
want_text "$stdout" '"tas"'
end

begin "a run waits for another to end, says so, and can be interrupted"
start "${long_run[@]}" -O holder.jsonl
wait_until has_lines holder.jsonl 3
"$LOCKBENCH" run tas -t 1 -d 5ms -R 1 -O waiter.jsonl >waiter.out 2>waiter.err &
waiter=$!
wait_until has_text waiter.err "another lockbench measures on this machine"
kill -TERM "$waiter"
wait "$waiter"
want_same "the exit code of the one that waited" "$?" 130
[ ! -e waiter.jsonl ] || fail "the one that waited should leave no file without a record"
kill -TERM "$group"
wait_for_end
end

# The thread is in its long turn when the stop signal comes: that is no hang.
begin "a long turn is not taken for a hang"
call "$LOCKBENCH" run tas -t 2 -c 400ms -d 5ms -R 1 -q -O long-turn.jsonl
want_code 0
end

# ---------------------------------------------------------------------------------------------
# run: a machine that does not let threads be bound

name="threads that can't be bound"
cat >unbound.c <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
    (void)thread;
    (void)size;
    (void)set;
    return EPERM;
}
END
# shellcheck disable=SC2086
if [ -n "$sanitizer" ]; then
    skip "$name" "the program is built with $sanitizer, which does not bear LD_PRELOAD"
elif ! ${CC:-cc} -shared -fPIC -o unbound.so unbound.c 2>"$work/ignored"; then
    skip "$name" "there is no working compiler"
else
    refuse "$name" 3 "thread 0 can't be bound to CPU $first_cpu" "Operation not permitted" \
        env LD_PRELOAD="$work/unbound.so" "${short_run[@]}" --placement "$first_cpu" -q -O unbound.jsonl
fi

begin "no temporary file is left"
want_same "what is in TMPDIR" "$(ls -A "$TMPDIR")" ""
end

echo "1..$number"
