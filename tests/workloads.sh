#!/usr/bin/env bash
# Workloads beyond one lock with equal threads, on real cores and on a model: what is taken, what is
# refused with which words, what is recorded, and that cells of different workloads are told apart.
#
# LOCKBENCH is the program, SOURCES the root of the sources. The output is TAP.
set -u

SOURCES=$(realpath -- "${SOURCES:-$(dirname -- "$0")/..}") || exit 99
. "$(dirname -- "$0")/harness.sh"

model='sim:pack:2 core:2 pu:2'

# run_to FILE ARGUMENT...: a short run.
run_to() {
    rm -f "$1"
    call "$LOCKBENCH" run -d 5ms -R 2 --quiet -O "$1" "${@:2}"
}

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
want_text plain.jsonl '"lock_opportunity_jain":0'
end

begin "without a busy time under the lock, the opportunity is null, and it is said why"
run_to plain.jsonl tas -t 1
want_code 0
want_text plain.jsonl '"lock_opportunity":null,"lock_opportunity_jain":null'
want_text plain.jsonl '"lock_opportunity":"no busy time under the lock was asked for"'
end

begin "what real cores can't tell of the opportunity is null, and it is said why"
run_to shared.jsonl rw_ticket -t 1 -c 500ns -r 50
want_code 0
want_text shared.jsonl '"lock_opportunity":"readers have the lock at the same time'
run_to shared.jsonl mcs_park -t 2 -c 500ns --placement "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)"
want_code 0
want_text shared.jsonl '"lock_opportunity":"threads share CPUs'
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

echo "1..$number"
