#!/usr/bin/env bash
# Workloads beyond one lock with equal threads, on real cores and on a model: what is taken, what is
# refused with which words, what is recorded, and that cells of different workloads are told apart.
#
# LOCKBENCH is the program, SOURCES the root of the sources. The output is TAP.
set -u

SOURCES=$(realpath -- "${SOURCES:-$(dirname -- "$0")/..}") || exit 99
. "$(dirname -- "$0")/harness.sh"

model='sim:pack:2 core:2 pu:2'

# refuse_run CULPRIT FIX ARGUMENT...: refused before anything is measured or written, on both kinds
# of machine. Were it taken, it would be a short run.
refuse_run() {
    local machine
    for machine in native "$model"; do
        begin "run $(printf '%q ' "${@:3}")is refused on $machine"
        rm -f refused.jsonl
        call "$LOCKBENCH" run -t 2 -d 1ms -R 1 -O refused.jsonl -m "$machine" "${@:3}"
        want_code 2
        want_one_error
        want_text "$stderr" "$1"
        want_text "$stderr" "$2"
        want_missing refused.jsonl
        end
    done
}

# on_both NAME ARGUMENT...: the run on real cores and on the model, with all samples verified; then
# `machine` is that of the last one, and its file on.jsonl.
on_both() { # COUNT ARGUMENT...
    for machine in native "$model"; do
        if [ "$machine" != native ] && [ "$sanitizer" = tsan ]; then
            skip "run $(printf '%q ' "${@:2}")on $machine" "the model has one thread, in which nothing races"
            continue
        fi
        begin "run $(printf '%q ' "${@:2}")on $machine"
        run_to on.jsonl -m "$machine" "${@:2}"
        want_code 0
        want_verified_samples on.jsonl "$1"
        check_both
        end
    done
}

# ---------------------------------------------------------------------------------------------
# Hogs

for hogs in '' 1 1: :1us -1:1us 0:1us 1:fast 5000:1us 1:2s; do
    refuse_run "--hogs can't be '$hogs'" "as in 1:10us" tas --hogs "$hogs"
done

check_both() {
    want_same "the samples with hogs" "$(grep -c '"workload":{[^}]*"hogs":"1:exp:5us"' on.jsonl)" 9
    want_same "the samples with a busy time of the hogs" \
        "$(grep '^{"record":"sample"' on.jsonl | grep -c '"hog_critical_ns":')" 8
    want_text "$stdout" "1 hog for exp:5us"
    want_text "$stdout" "opp jain"
}
on_both 8 mcs,tas -t 1,2 -c 500ns --hogs 1:exp:5us

begin "without hogs the table has no such column, and the records no such fields"
run_to plain.jsonl -m "$model" tas -t 2 -c 500ns
want_code 0
want_no_text "$stdout" "opp jain"
want_no_text plain.jsonl '"hogs"'
want_no_text plain.jsonl '"hog_critical_ns"'
end

begin "what can't be told of the opportunity is null, and it is said why"
want_text plain.jsonl '"lock_opportunity":null,"lock_opportunity_jain":null'
want_text plain.jsonl '"lock_opportunity":"no hogs were asked for"'
run_to shared.jsonl rw_ticket -t 1 --hogs 1:500ns -r 50
want_code 0
want_text shared.jsonl '"lock_opportunity":"readers have the lock at the same time'
run_to raised.jsonl tas -t 1 --hogs 1:500ns --irql apc-guard
want_code 0
want_text raised.jsonl '"lock_opportunity":"loops that raise an irql'
end

begin "--hogs 0 takes those of a plan away"
call "$LOCKBENCH" run --dry-run --plan hogs --hogs 0
want_code 0
want_no_text "$stdout" "hog"
call "$LOCKBENCH" run --dry-run --plan hogs
want_text "$stdout" "1 hog for 10us"
end

# ---------------------------------------------------------------------------------------------
# Bursts

for outside in burst burst: burst:8 burst:8: burst:1:1us burst:3:1us burst:256:1us burst:8:fast; do
    refuse_run "--outside can't be '$outside'" "a power of two from 2 to 128" tas --outside "$outside"
done

check_both() {
    want_same "the records of bursts" "$(grep -c '"outside":"burst:8:exp:2us"' on.jsonl)" 9
    want_text "$stdout" "outside burst:8:exp:2us"
}
on_both 8 mcs,tas -t 1,2 --outside burst:8:exp:2us

# ---------------------------------------------------------------------------------------------
# Lines of the threads' own

for lines in -1 5000 1.5 ''; do
    refuse_run "--own-lines can't be '$lines'" "from 0 to 4096" tas --own-lines "$lines"
done

check_both() {
    want_same "the records of own lines" "$(grep -c '"own_lines":3' on.jsonl)" 13
    want_text "$stdout" "3 own lines"
}
on_both 12 mcs,tas,rw_ticket -t 1,2 --own-lines 3 -r 20

begin "--own-lines: what the passes would find is null, and it is said why"
run_to own.jsonl mcs -t 1 --own-lines 3
want_text own.jsonl '"mttr":"passes write no lines of the threads'
end

# ---------------------------------------------------------------------------------------------
# Several locks

for locks in 0 -1 1025 1.5 64:zipf ''; do
    refuse_run "--locks-per-run can't be '$locks'" "from 1 to 1024" tas --locks-per-run "$locks"
done
for choice in zip zipf: zipf:0 zipf:-1 zipf:11 ''; do
    refuse_run "--choice can't be '$choice'" "zipf:0.8" tas --locks-per-run 4 --choice "$choice"
done
refuse_run "--choice is of one of several locks" "add --locks-per-run 2" tas --choice zipf
refuse_run "--nested several" "leave one of them out" tas --locks-per-run 4 --nested 2
refuse_run "--locks-per-run 1024 with --lines 4096" "at most 262144 lines" tas --locks-per-run 1024 --lines 4096
begin "--locks-per-run with an --irql at each acquisition is refused"
call "$LOCKBENCH" run tas -t 1 --locks-per-run 4 --irql apc-guard
want_code 2
want_one_error
want_text "$stderr" "does not go with --irql apc-guard"
end

check_both() {
    want_same "the records of several locks" \
        "$(grep -c '"locks_per_run":16,"choice":"zipf:0.8"' on.jsonl)" 17
    want_same "the samples without bursts" "$(grep -c '"burst":null' on.jsonl)" 16
    want_text on.jsonl '"burst":"it is that of one lock, and each turn took one of several"'
    want_text "$stdout" "one of 16 locks, zipf:0.8"
}
on_both 16 mcs,tas,rw_ticket,spin_park -t 1,2 --locks-per-run 16 --choice zipf:0.8 --lines 2 -r 20
check_both() {
    want_text on.jsonl '"locks_per_run":1024,"choice":"uniform"'
}
on_both 2 mcs -t 2 --locks-per-run 1024 --lines 0 --hogs 1:1us

begin "--locks-per-run 1 is one lock"
run_to one.jsonl tas --locks-per-run 1 -t 1
want_verified_samples one.jsonl 2
want_no_text one.jsonl '"locks_per_run"'
end

begin "several locks of several processes, with lines of their own and of the threads"
run_to split.jsonl mcs,spin_park -t 4 -P 2 --locks-per-run 8 --lines 3 --own-lines 2 -r 10
want_code 0
want_verified_samples split.jsonl 4
end

begin "through vtables, too"
run_to vtable.jsonl mcs,rw_ticket -t 2 --dispatch vtable --locks-per-run 8 --own-lines 2 -r 10
want_code 0
want_verified_samples vtable.jsonl 4
run_to nested.jsonl mcs,rw_ticket -t 2 --nested 3 --hogs 1:1us --own-lines 2 -r 10
want_code 0
want_verified_samples nested.jsonl 4
end

begin "the hottest lock's line is the first of all on the model"
run_to hot.jsonl -m "$model" ticket -t 4 --locks-per-run 64 --choice zipf:2 --lines 0
want_code 0
want_text hot.jsonl '"by_line":[{"line":"locks+0"'
end

# ---------------------------------------------------------------------------------------------
# Memory

for memory in '' same same-line,apart huge,huge node: node:-1 node:x usual,huge; do
    refuse_run "--memory can't be '$memory'" "node:N" tas --memory "$memory"
done
for memory in huge node:0; do
    begin "--memory $memory is refused on a model"
    call "$LOCKBENCH" run tas -t 2 -m "$model" --memory $memory
    want_code 2
    want_one_error
    want_text "$stderr" "is for real cores"
    end
done
refuse "--memory with a node that is not there" 2 "'node:60000'" "the NUMA nodes here are" \
    "$LOCKBENCH" run tas -t 1 --memory node:60000

for memory in same-line apart; do
    check_both() {
        want_same "the records of the memory" "$(grep -c "\"memory\":\"$memory\"" on.jsonl)" 13
        want_text "$stdout" "memory $memory"
        [ "$machine" != native ] || want_same "the samples that say what came of it" \
            "$(grep -c "\"same_line\":$([ $memory = apart ] && echo false || echo true)" on.jsonl)" 12
    }
    on_both 12 mcs,tas,ticket -t 1,2 --memory $memory --lines 2
done

begin "a pair that has no room on its lock's line is said not to be there"
run_to crowded.jsonl eresource,tas -t 2 --memory same-line --lines 1
want_code 0
want_verified_samples crowded.jsonl 4
end

begin "the pages lie on the node that was asked for"
node=$(sed 's/[-,].*//' /sys/devices/system/node/online 2>>"$work/ignored")
run_to node.jsonl mcs -t 2 --memory "node:${node:-0}"
if [ "$code" = 3 ] && grep -q "can't be bound to NUMA node" "$stderr"; then
    skip "$name" "$(cat "$stderr")"
else
    want_code 0
    want_verified_samples node.jsonl 2
    want_same "the samples on that node" "$(grep -c "\"nodes\":\[${node:-0}\]" node.jsonl)" 2
    end
fi

begin "huge pages, or a word on why there are none"
run_to huge.jsonl mcs -t 2 --memory huge,same-line --locks-per-run 8
if [ "$code" = 3 ]; then
    want_text "$stderr" "there is no huge page"
else
    want_code 0
    want_verified_samples huge.jsonl 2
    want_same "the samples on huge pages" "$(grep -cE '"pages":"(hugetlb|transparent huge)"' huge.jsonl)" 2
fi
end

# ---------------------------------------------------------------------------------------------
# Cells that differ in these are other cells

# apart NAME OPTION VALUE: samples with the option are no cell of those without, a run with it is not
# gone on with without it, and the recorded plan measures the same.
apart() {
    begin "--$1 tells cells apart"
    run_to base.jsonl -m "$model" mcs -t 4 -s 1
    run_to other.jsonl -m "$model" mcs -t 4 -s 1 "--$1" "$2"
    call "$LOCKBENCH" compare base.jsonl other.jsonl
    want_text "$stderr" "no cell"
    end

    begin "--$1: --resume refuses another one"
    cp other.jsonl resumed.jsonl
    call "$LOCKBENCH" run --resume resumed.jsonl "--$1" "$3"
    want_code 2
    want_text "$stderr" "was measured with another 'workload'"
    cmp -s other.jsonl resumed.jsonl || fail "the file should be untouched"
    end

    begin "--$1: --resume goes on with the same"
    head -2 other.jsonl >resumed.jsonl
    call "$LOCKBENCH" run --resume resumed.jsonl --quiet
    want_code 0
    cmp -s other.jsonl resumed.jsonl || fail "the file should be as that of the whole run"
    end

    begin "--$1: the recorded command line and the recorded plan give the same file"
    head -1 other.jsonl | sed 's/.*"plan":\(.*\)}$/\1/' >plan.json
    run_to again.jsonl --plan plan.json -s 1
    want_code 0
    cmp -s other.jsonl again.jsonl || fail "the plan should give the same file"
    head -1 other.jsonl | sed 's/.*"command":\[\([^]]*\)\].*/\1/; s/","/\n/g; s/"//g' | tail -n +3 >words
    mapfile -t words <words
    rm -f again.jsonl
    call "$LOCKBENCH" run "${words[@]}" --quiet -O again.jsonl
    want_code 0
    cmp -s other.jsonl again.jsonl || fail "the command line should give the same file"
    end
}

apart hogs 1:5us 2:5us
apart outside burst:4:1us 1us
apart own-lines 3 4
apart memory same-line apart
apart locks-per-run 4 8

echo "1..$number"
