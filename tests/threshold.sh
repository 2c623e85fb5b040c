#!/usr/bin/env bash
# How long a waiter should spin: the machine's profile, and `budget=auto`, which is taken from it.
#
# shellcheck disable=SC2016
set -u
. "$(realpath -- "${SOURCES:-.}")/tests/harness.sh"

# A configuration of this test's own, never the user's.
export XDG_CONFIG_HOME=$work/config
profile=$XDG_CONFIG_HOME/lockbench/profile.json
model='sim:core:2 pu:1'

# Others may keep this machine busy: whether it is fit is not ours to decide.
want_verdict() {
    case $code in
    0 | 1) ;;
    *) fail "the exit code should be 0 or 1" ;;
    esac
}

# Changes the profile by a sed expression, which has to change something.
change_profile() {
    cp "$profile" "$work/before"
    sed -i "$1" "$profile"
    ! cmp -s "$profile" "$work/before" || fail "the profile should be changed by $1"
}

# ---------------------------------------------------------------------------------------------
# Without a profile

refuse "budget=auto without a profile" 2 "there is no '$profile'" "lockbench doctor --save" \
    "$LOCKBENCH" run spin_park:budget=auto --output none.jsonl
begin "nothing is written when budget=auto can't be told"
want_missing none.jsonl
end
refuse "budget=auto without a home" 2 "there is no place for a profile" "set HOME or XDG_CONFIG_HOME" \
    env -u HOME -u XDG_CONFIG_HOME "$LOCKBENCH" run spin_park:budget=auto
refuse "a budget that is no time" 2 "can't be 'automatic'" "or auto" \
    "$LOCKBENCH" run spin_park:budget=automatic
refuse "auto for what is no budget" 2 "can't be 'auto'" "as in 20us" \
    "$LOCKBENCH" run ttas_backoff:min=auto
refuse "budget=auto twice" 2 "is given twice" "spin_park" \
    "$LOCKBENCH" run spin_park:budget=auto:budget=1us
refuse "budget=auto in check" 2 "spin_park:budget=auto" "give a time here" \
    "$LOCKBENCH" check spin_park:budget=auto
cat >request <<'END'
{"lock": "spin_park:budget=auto", "threads": 1, "cpus": [0], "warmup_ns": 1, "window_ns": 1, "drain_ns": 1,
 "workload": {"critical": "0", "outside": "0", "lines": 1, "readers": 0}, "silence_ns": 1, "seed": 1,
 "through_vtable": false}
END
refuse "budget=auto in a repetition" 2 "spin_park:budget=auto" "give a time here" \
    bash -c '"$LOCKBENCH" repetition <request'

# ---------------------------------------------------------------------------------------------
# doctor --save

begin "doctor --save writes the profile and shows the costs"
call "$LOCKBENCH" doctor --save
if [ "$code" = 3 ] && grep -q "C can't be measured" "$stderr"; then
    skip "$name" "the clocks of this machine's CPUs differ: $(head -1 "$stderr")"
    echo "1..$number"
    exit 0
fi
want_verdict
[ -s "$profile" ] || fail "there should be $profile"
for title in relax 'context switch' 'hand-off by spinning' "the waker's system call" \
    'sleep and wake, same CPU' 'sleep and wake, other core ' 'C, what sleeping costs a wait'; do
    grep -qE "^$title .* ([0-9.]+ (ns|us|ms)  \[[0-9.]+, [0-9.]+\]|-     not measured: .+)$" "$stdout" ||
        fail "there should be a line '$title' with an interval or a reason"
done
want_text "$stderr" "lockbench: saved: $profile"
grep -qE '^lockbench: budget=auto is [0-9.a-z]+ with up to [0-9]+ threads?, [0-9.a-z]+ with more: calibration$' \
    "$stderr" || fail "it should say what budget=auto is"
want_same "files in the profile's folder" "$(ls "$(dirname "$profile")")" profile.json
modelled=$(sed -n 's/^as a model: --model //p' "$stdout")
missing=$(sed -n -e 's/^\(relax\|yield\|context switch\|the waker.s\|sleep and wake, other core  \).* not measured: //p' "$stdout")
end

if [ -z "$modelled" ] && [ -n "$missing" ]; then
    skip "doctor --save says what model costs the same" "$missing"
else
    begin "doctor --save says what model costs the same"
    run_to modelled.jsonl spin_park -m 'sim:core:2 pu:1' --model "$modelled" -t 4 -d 200us
    want_code 0
    want_verified_samples modelled.jsonl 2
    end
fi

begin "doctor --save --json has the calibration and says nothing"
call "$LOCKBENCH" doctor --save --json --quiet
want_verdict
want_empty "$stderr"
want_text "$stdout" "\"profile\": \"$profile\""
for item in relax yield switch spin wake_call wake_same wake_busy wake_shallow wake_deep cpu_time cost; do
    grep -qE "^    \"$item\": (\{|null)" "$stdout" || fail "there should be '$item'"
done
end

begin "doctor without --save writes none"
mv "$profile" "$work/kept"
call "$LOCKBENCH" doctor --quiet
want_verdict
want_missing "$profile"
mv "$work/kept" "$profile"
end

refuse_to_save() { # NAME CULPRIT ENVIRONMENT...
    begin "$1"
    call env "${@:3}" "$LOCKBENCH" doctor --save --quiet
    want_code 3
    want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
    want_text "$stderr" "$2"
    end
}
: >"$work/file"
refuse_to_save "doctor --save where the folder can't be made" "can't be made: Not a directory" \
    XDG_CONFIG_HOME="$work/file"
# Each measures the costs first, and ends in the same place: where the profile is written.
why_once=
[ -z "$sanitizer" ] || why_once="a sanitizer sees this way of ending in the test before"
if [ -n "$why_once" ]; then
    skip "doctor --save without a home" "$why_once"
else
    refuse_to_save "doctor --save without a home" "set HOME or XDG_CONFIG_HOME" -u XDG_CONFIG_HOME -u HOME
fi

begin "doctor --save on a full disk leaves the old profile"
cp "$profile" "$work/before"
call bash -c 'trap "" XFSZ; { ulimit -f 0; "$LOCKBENCH" doctor --save --quiet 2>&1; echo "code $?"; } | cat'
want_text "$stdout" "can't be written: File too large"
want_text "$stdout" "code 3"
cmp -s "$profile" "$work/before" || fail "the profile should be as it was"
want_same "files in the profile's folder" "$(ls "$(dirname "$profile")")" profile.json
end

# ---------------------------------------------------------------------------------------------
# With a profile. Its budgets are made such that they are known.

sed -i '/"fitting": {/,/}/s/"ns": [0-9]*/"ns": 4200/; /"crowded": {/,/}/s/"ns": [0-9]*/"ns": 0/' "$profile"
cpus=$("$LOCKBENCH" topology --json --no-latency | sed -n 's/^    "cpus": \([0-9]*\),*$/\1/p')
more=$((cpus + 1))

begin "budget=auto is the profile's, for each number of threads its own"
call "$LOCKBENCH" run spin_park:budget=auto mcs_park:budget=auto --threads "1,$more" --repetitions 1 --duration 5ms \
    --output auto.jsonl
want_code 0
want_same "lines that say what it is" "$(grep -c '^lockbench: budget=auto is ' "$stderr")" 1
grep -qE "^lockbench: budget=auto is 4200ns with up to $cpus threads?, 0 with more: profile of 20..-..-..$" "$stderr" ||
    fail "it should say what budget=auto is and where it came from"
want_verified_samples auto.jsonl 4
want_same "samples of one thread with the first budget" \
    "$(grep '"record":"sample"' auto.jsonl | grep '"threads":1,' | grep -c '"budget_ns":4200,')" 2
want_same "samples of more threads with the second one" \
    "$(grep '"record":"sample"' auto.jsonl | grep "\"threads\":$more," | grep -c '"budget_ns":0,')" 2
want_same "the locks" "$(locks_of auto.jsonl | tr '\n' ' ')" "mcs_park:budget=auto spin_park:budget=auto "
want_text auto.jsonl '"auto_budgets":{"fitting_ns":4200,"crowded_ns":0,"from":"profile of '
end

begin "budget=auto is a lock's own where the profile has it"
cp "$profile" "$work/of-any"
sed -i 's/"locks": {}/"locks": {"mcs_park": {"fitting": {"ns": 7000, "interval_ns": [1, 9000]}, "crowded": {"ns": "inf", "interval_ns": [1, "inf"]}}}/' "$profile"
call "$LOCKBENCH" run spin_park:budget=auto mcs_park:budget=auto --threads "1,$more" --repetitions 1 --duration 5ms \
    --output own.jsonl
want_code 0
want_text "$stderr" "lockbench: budget=auto of spin_park is 4200ns with up to $cpus thread"
want_text "$stderr" "lockbench: budget=auto of mcs_park is 7us with up to $cpus thread"
want_same "the budgets of mcs_park" \
    "$(sed -n '/"lock":"mcs_park/ s/.*"threads":\([0-9]*\).*"budget_ns":\([^,]*\).*/\1 \2/p' own.jsonl | sort -n | tr '\n' ';')" \
    "1 7000;$more \"inf\";"
want_text own.jsonl '"locks":{"mcs_park":{"fitting_ns":7000,"crowded_ns":"inf"}}'
cp "$work/of-any" "$profile"
end

begin "budget=auto, and not a word with --quiet"
call "$LOCKBENCH" run push_lock:budget=auto --threads 1 --repetitions 1 --duration 5ms --quiet --output quiet.jsonl
want_code 0
want_empty "$stderr"
want_text quiet.jsonl '"budget_ns":4200'
end

begin "samples of locks without budget=auto have no budget"
call "$LOCKBENCH" run spin_park mcs:budget=1us --threads 1 --dry-run
want_code 2
call "$LOCKBENCH" run spin_park:budget=4200ns --threads 1 --repetitions 1 --duration 5ms --output plain.jsonl
want_code 0
want_no_text plain.jsonl budget_ns
want_no_text plain.jsonl auto_budgets
want_no_text "$stderr" 'budget=auto'
end

begin "a run is gone on with by the budgets it began with"
sed -n '/"record":"sample"/{/"threads":1,/!b;p;q}; /"record":"sample"/!p' auto.jsonl >cut.jsonl
change_profile 's/"ns": 4200/"ns": 9900/'
call "$LOCKBENCH" run --resume cut.jsonl
want_code 0
grep -q '^lockbench: budget=auto is 4200ns with' "$stderr" || fail "it should be that of the file"
want_verified_samples cut.jsonl 4
want_same "samples with another budget" "$(grep -c '"budget_ns":9900' cut.jsonl)" 0
cp "$work/before" "$profile"
end

begin "two runs with budget=auto compare"
call "$LOCKBENCH" compare auto.jsonl cut.jsonl
want_code 0
want_text "$stdout" "spin_park:budget=auto"
end

# ignored NAME SED CULPRIT: a profile that was changed so is not used.
ignored() {
    begin "$1"
    change_profile "$2"
    call "$LOCKBENCH" run spin_park:budget=auto --output ignored.jsonl
    want_code 2
    want_one_error
    want_text "$stderr" "$3"
    want_text "$stderr" "lockbench doctor --save"
    want_missing ignored.jsonl
    cp "$work/before" "$profile"
    end
}
ignored "a profile of another processor" 's/"cpu_model": ".*"/"cpu_model": "Z80"/' \
    "is another machine's: its cpu_model is Z80, and here it is "
ignored "a profile of another kernel" 's/"kernel": ".*"/"kernel": "Minix 1.0"/' "its kernel is Minix 1.0"
ignored "a profile of a newer lockbench" 's/"schema": 1/"schema": 2/' "is of schema 2, and this lockbench reads 1"
ignored "a profile that was cut" '10,$d' "is damaged: line "
ignored "a profile with an absurd budget" 's/"ns": 4200/"ns": 1e300/' "out of its range"
ignored "a profile with a number that is none" 's/"ns": 4200/"ns": NaN/' "is damaged: line "
ignored "a profile that is something else" 's/"record": "profile"/"record": "run"/' "is no profile"

if [ "$cpus" -gt 1 ]; then
    first_cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
    refuse "a profile of more CPUs than are allowed" 2 "another machine's: its cpus is $cpus, and here it is 1" \
        "doctor --save" taskset -c "$first_cpu" "$LOCKBENCH" run spin_park:budget=auto
else
    skip "a profile of more CPUs than are allowed" "there is one CPU"
fi

# ---------------------------------------------------------------------------------------------
# On a model, which is calibrated at once

begin "budget=auto on a model is the model's own, and needs no profile"
call env XDG_CONFIG_HOME="$work/nowhere" "$LOCKBENCH" run spin_park:budget=auto --machine "$model" --threads 1,2,4 \
    --repetitions 1 --model wake=10us,jitter=0 --output model.jsonl
want_code 0
# The wake-up, two system calls and a switch; and besides a few accesses to memory.
budget=$(sed -n 's/.*"threads":2,.*"budget_ns":\([0-9]*\),.*/\1/p' model.jsonl)
[ "${budget:-0}" -ge 11900 ] && [ "${budget:-0}" -le 12100 ] || fail "the budget '$budget' should be about 11.9us"
want_same "the budget of more threads" "$(sed -n 's/.*"threads":4,.*"budget_ns":\([0-9]*\),.*/\1/p' model.jsonl)" 1900
want_text "$stderr" "calibration of the model"
end

# The same turns, drawn from the same seed: what differs is the name alone.
counts_of() { # FILE THREADS
    sed -n "/\"threads\":$2,/s/.*\"acquisitions\":\(\[[0-9,]*\]\).*/\1/p" "$1"
}
begin "budget=auto is measured as the budget that it says it is"
call "$LOCKBENCH" run "spin_park:budget=${budget}ns" --machine "$model" --threads 1,2,4 --repetitions 1 \
    --model wake=10us,jitter=0 --output fitting.jsonl
call "$LOCKBENCH" run spin_park:budget=1900ns --machine "$model" --threads 1,2,4 --repetitions 1 \
    --model wake=10us,jitter=0 --output crowded.jsonl
want_code 0
want_same "acquisitions of 2 threads" "$(counts_of model.jsonl 2)" "$(counts_of fitting.jsonl 2)"
want_same "acquisitions of 4 threads" "$(counts_of model.jsonl 4)" "$(counts_of crowded.jsonl 4)"
[ "$(counts_of fitting.jsonl 4)" != "$(counts_of crowded.jsonl 4)" ] || fail "the two budgets should differ"
end

begin "budget=auto on a model gives the same file twice"
call "$LOCKBENCH" run spin_park:budget=auto --machine "$model" --threads 1,2,4 --repetitions 1 \
    --model wake=10us,jitter=0 --output again.jsonl
want_code 0
cmp -s model.jsonl again.jsonl || fail "the files should be the same"
end

begin "budget=auto on a model of one CPU is none at all"
call "$LOCKBENCH" run spin_park:budget=auto --machine 'sim:core:1 pu:1' --threads 2 --repetitions 1 \
    --output one.jsonl
want_code 0
want_text one.jsonl '"budget_ns":0,'
want_text "$stderr" "budget=auto is 0 with up to 1 thread, 0 with more"
end

# ---------------------------------------------------------------------------------------------
# How long glibc's adaptive mutex spins

refuse "spin-time without CPUs" 2 "two CPUs" "as in 0 1" "$LOCKBENCH" spin-time
refuse "spin-time with one CPU" 2 "two CPUs" "as in 0 1" "$LOCKBENCH" spin-time 0
refuse "spin-time with no number" 2 "'zero' is no number of a CPU" "" "$LOCKBENCH" spin-time zero 1
refuse "spin-time on one CPU alone" 3 "one CPU is allowed" "" "$LOCKBENCH" spin-time 0 0
refuse "spin-time on a CPU that there is not" 3 "can't be" "" "$LOCKBENCH" spin-time 0 65535

# spun COUNT: its median with that count, in whole nanoseconds.
spun() {
    GLIBC_TUNABLES=glibc.pthread.mutex_spin_count=$1 "$LOCKBENCH" spin-time "${pair[@]}" |
        sed -n 's/^{"median_ns":\([0-9]*\).*,"waits":61}$/\1/p'
}
mapfile -t pair < <("$LOCKBENCH" topology --json --no-latency | tr -d ' \n' |
    sed 's/.*"cpus":\[\([0-9,]*\)\].*/\1/' | tr ',' '\n' | head -2)
call "$LOCKBENCH" spin-time "${pair[0]}" "${pair[1]:-${pair[0]}}"
if [ "$code" = 0 ] && getconf GNU_LIBC_VERSION >"$work/ignored" 2>&1; then
    begin "more turns of the adaptive mutex spin longer, in an order of magnitude that noise does not reach"
    command="spin-time with counts 0 and 30000"
    none=$(spun 0)
    many=$(spun 30000)
    [ "${many:-0}" -gt $((20 * ${none:-999999999})) ] || fail "30000 turns spin '$many' ns, and none '$none' ns"
    end
else
    skip "more turns of the adaptive mutex spin longer" "it can't be measured here: $(head -1 "$stderr")"
fi

# ---------------------------------------------------------------------------------------------
# lockbench threshold: bad input

# refuse_threshold NAME CULPRIT FIX ARGUMENT...
refuse_threshold() {
    refuse "threshold: $1" 2 "$2" "$3" "$LOCKBENCH" threshold "${@:4}" --output refused.jsonl
}
refuse_threshold "one budget" "--budgets can't be '1us'" "at least two" --budgets 1us
refuse_threshold "budgets that go down" "'0' behind a longer one" "they go up" --budgets 1us,0
refuse_threshold "a budget twice" "'1us' behind a longer one" "they go up" --budgets 1us,1us
refuse_threshold "a budget that is no time" "can't have 'long'" "as in 0,1us,10us,inf" --budgets 0,long
refuse_threshold "a critical section that is none" "--critical can't have '5x'" "such as 100ns" --critical 5x
refuse_threshold "a critical section twice" "--critical has '1us' twice" "" --critical 1us,10us,1us
refuse_threshold "outside work that is none" "--outside can't have ''" "such as 100ns" --outside ,
refuse_threshold "no threads" "--threads can't have '0'" "such as 1,2,4" --threads 0
refuse_threshold "no time" "--time-budget can't be '0'" "from 1s to 60min" --time-budget 0
refuse_threshold "a time on a model" "--time-budget is for real time" "measured to the end" \
    --time-budget 1min --machine "$model"
refuse_threshold "a lock without a budget" "tas has no budget" "the locks that have one are mcs_yield, mcs_park, spin_park" tas
refuse_threshold "a lock with its budget" "spin_park:budget=1us has a budget already" "--budgets" spin_park:budget=1us
refuse_threshold "a lock that there is not" "no lock is named 'spin_prak'" "spin_park" spin_prak
refuse_threshold "a model that is none" "--machine can't be 'moon'" "sim:TOPOLOGY" --machine moon
begin "threshold: what was refused wrote nothing"
want_missing refused.jsonl
end
refuse "threshold: results on standard output" 2 "--output needs a file" "standard output is for" \
    "$LOCKBENCH" threshold --output -
refuse "threshold: a file that can't be made" 3 "'nowhere/x.jsonl' can't be written" "No such file" \
    "$LOCKBENCH" threshold --machine "$model" --output nowhere/x.jsonl
begin "threshold: a file that is there is left alone"
echo mine >mine.jsonl
call "$LOCKBENCH" threshold --machine "$model" --output mine.jsonl
want_code 2
want_one_error
want_same "the file" "$(cat mine.jsonl)" mine
end

# ---------------------------------------------------------------------------------------------
# lockbench threshold on a model, which is the same each time

few=(--critical 1us,10us --outside 1us)
on_model=(threshold spin_park --machine "$model" -t 1,2,4 "${few[@]}")

cp "$profile" "$work/before"
begin "threshold on a model: what is advised, with intervals; records; figures; no profile"
call "$LOCKBENCH" "${on_model[@]}" --output model-a.jsonl
want_code 0
want_text "$stdout" "On this machine sleeping and being woken costs C = "
want_text "$stdout" "No more threads than CPUs: "
want_text "$stdout" "More threads than CPUs: "
grep -qE '^  spin_park +[0-9a-z. ]+ \[[^]]+\] +[0-9a-z. ]+ \[[^]]+\]$' "$stdout" ||
    fail "both budgets of spin_park should have intervals"
want_text "$stdout" "a model has no C library"
want_no_text "$stdout" "It ended"
want_text "$stderr" "lockbench: saved: model-a.jsonl"
for figure in threshold budget collapse; do
    want_same "the begin of $figure.png" "$(first_bytes model-a.$figure.png)" '211PNG'
    want_text model-a.$figure.svg "<svg"
done
cmp -s "$profile" "$work/before" || fail "the profile should be as it was"
want_same "samples of one thread that sleeps at once" \
    "$(grep '"record":"sample"' model-a.jsonl | grep '"threads":1,' | grep -c '"lock":"spin_park:budget=0"')" 6
want_same "samples of one thread with another budget" \
    "$(grep '"record":"sample"' model-a.jsonl | grep '"threads":1,' | grep -vc '"lock":"spin_park:budget=0"')" 0
end

begin "threshold on a model is the same twice; --quiet leaves the advice, --json has every cell"
call "$LOCKBENCH" "${on_model[@]}" --output model-b.jsonl --quiet
want_code 0
want_empty "$stderr"
want_text "$stdout" "More threads than CPUs: "
want_same "the other aims" "$(grep -c '^For the least CPU time instead: [0-9]' "$stdout") $(grep -c '^For the lowest p99 of the acquire latency instead: [0-9]' "$stdout")" "2 2"
want_text "$stdout" "Waiting with a budget of C costs "
cmp -s model-a.jsonl model-b.jsonl || fail "the records should be the same"
call "$LOCKBENCH" "${on_model[@]}" --output model-c.jsonl --json --quiet
want_code 0
want_empty "$stderr"
want_text "$stdout" '"end": "whole"'
want_text "$stdout" '"groups_looked_at": 6'
want_same "what one who knows would pay" "$(grep -c '"against_oracle": {' "$stdout")" 8
want_same "cells" "$(grep -c '"budgets_ns": \[' "$stdout")" 6
# Throughput and CPU time at least.
[ "$(grep -c '"plateau_low_ns": {' "$stdout")" -ge 12 ] || fail "each cell should have its plateaus"
end

begin "threshold with four budgets measures them all"
call "$LOCKBENCH" threshold spin_park --machine "$model" -t 2 --critical 1us --outside 1us --budgets 0,1us,30us,inf \
    --output four.jsonl
want_code 0
want_same "the budgets" "$(locks_of four.jsonl | wc -l)" 4
want_text "$stdout" "No more threads than CPUs: for critical sections"
end

begin "threshold with two budgets says that none will be advised"
call "$LOCKBENCH" threshold spin_park --machine "$model" -t 2 --critical 1us --outside 1us --budgets 0,inf \
    --output two.jsonl
want_code 0
want_text "$stderr" "without 0, inf, and two --budgets in between no budget will be advised"
want_text "$stdout" "no cell has budgets of 0 and inf"
end

begin "threshold: what never sleeps is said in words"
call "$LOCKBENCH" threshold spin_park --machine "$model" --model wake=1ms -t 2 --critical 10us --outside exp:10us \
    --budgets 0,100ns,200ns,inf --output ever.jsonl
want_code 0
tr '\n' ' ' <"$stdout" | tr -s ' ' | grep -q 'spin for ever, a budget of inf' || fail "it should say to spin for ever"
want_no_text "$stdout" "up to inf"
end

begin "threshold on a model of one CPU: spinning never pays"
call "$LOCKBENCH" threshold spin_park --machine 'sim:core:1 pu:1' "${few[@]}" --output one-model.jsonl
want_code 0
want_text "$stdout" "With one CPU spinning never pays"
want_no_text "$stdout" "spin for up to"
end

# ---------------------------------------------------------------------------------------------
# lockbench threshold on this machine

small=(threshold spin_park -t "1,2,$((2 * cpus))" --critical 1us --outside exp:200ns --budgets 0,1us,30us,inf)

begin "threshold here: advice, records, and a profile that budget=auto takes"
call "$LOCKBENCH" "${small[@]}" --repetitions 2 --output here.jsonl
want_code 0
want_text "$stdout" "More threads than CPUs: "
# Of an unfit window there is another one, up to nine of each cell.
want_same "cells with their repetitions" \
    "$(sed -n '/"record":"sample"/ s/.*"lock":"\([^"]*\)".*"threads":\([0-9]*\).*/\1 \2/p' here.jsonl | sort | uniq -c |
        awk '$1 >= 2 && $1 <= 9' | wc -l)" "$((2 * 4 + 1))"
grep -q '^{"record":"run".*"calibration":{.*"cost":{' here.jsonl || fail "the first record should have the costs"
if [ "$cpus" -gt 1 ]; then
    want_text "$stderr" "lockbench: saved for budget=auto: $profile"
    want_text "$profile" '"source": "threshold"'
    call "$LOCKBENCH" run spin_park:budget=auto --threads 1 --repetitions 1 --duration 5ms --output auto-2.jsonl
    want_code 0
fi
end

begin "threshold with too little time says what could be said, and what not; the profile stays"
cp "$profile" "$work/before"
call "$LOCKBENCH" threshold --time-budget 3s --output short.jsonl
want_code 0
want_text "$stdout" "costs C = "
want_text "$stdout" "Not said:"
want_text "$stdout" "combinations of lock, threads, and work had been looked"
cmp -s "$profile" "$work/before" || fail "the profile should be as it was"
end

begin "threshold on one CPU: said, and measured"
call taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" "$LOCKBENCH" threshold spin_park --critical 1us \
    --outside exp:200ns --budgets 0,1us,30us,inf --repetitions 1 --output one-cpu.jsonl
want_code 0
want_text "$stdout" "With one CPU spinning never pays"
want_no_text "$stdout" "spin for up to"
want_text "$stdout" "not measured: one CPU is allowed"
[ "$(count_records one-cpu.jsonl sample)" -gt 8 ] || fail "there should be samples"
end

# no_profile NAME CULPRIT ENVIRONMENT...: all but the profile is there.
no_profile() {
    begin "$1"
    rm -f homeless.*
    call env "${@:3}" "$LOCKBENCH" "${small[@]}" --repetitions 1 --output homeless.jsonl --quiet
    want_code 3
    want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
    want_text "$stderr" "$2"
    want_text "$stdout" "More threads than CPUs: "
    want_same "the begin of the figure" "$(first_bytes homeless.threshold.png)" '211PNG'
    end
}
if [ "$cpus" -gt 1 ]; then
    no_profile "threshold where no profile can be made" "can't be made: Not a directory" XDG_CONFIG_HOME="$work/file"
    if [ -n "$why_once" ]; then
        skip "threshold without a home" "$why_once"
    else
        no_profile "threshold without a home" "set HOME or XDG_CONFIG_HOME" -u XDG_CONFIG_HOME -u HOME
    fi
fi

begin "threshold, interrupted: saved, and said as far as it goes"
start "${small[@]}" --repetitions 1000 --output interrupted.jsonl
wait_until has_lines interrupted.jsonl 12
kill -INT -- "-$group"
wait_for_end
want_code 130
want_text "$stderr" "lockbench: interrupted; saved so far: interrupted.jsonl"
want_text "$stdout" "costs C = "
want_text "$stdout" "  spin_park "
[ "$(count_records interrupted.jsonl sample)" -ge 11 ] || fail "the samples should be there"
want_missing interrupted.threshold.png
end

begin "threshold, interrupted while it finds the costs: nothing is left"
start "${small[@]}" --output early.jsonl
wait_until test -e early.jsonl
kill -INT -- "-$group"
wait_for_end
want_code 130
want_missing early.jsonl
end

begin "threshold, killed: the records are whole, and export reads them"
start "${small[@]}" --repetitions 1000 --output killed.jsonl
wait_until has_lines killed.jsonl 8
kill -KILL -- "-$group"
wait_for_end
want_code 137
call "$LOCKBENCH" export killed.jsonl
want_code 0
[ "$(wc -l <"$stdout")" -ge 7 ] || fail "the samples should be there"
end

begin "threshold on a full disk: what was measured is said and whole"
# A file size in blocks of 1 KiB instead of a small disk.
call bash -c 'trap "" XFSZ; { ulimit -f 64; "$LOCKBENCH" "$@" 2>&1; echo "code $?"; } | cat' - "${small[@]}" \
    --repetitions 1000 --output full.jsonl
want_text "$stdout" "can't be written: File too large"
want_text "$stdout" "code 3"
want_text "$stdout" "  spin_park "
want_no_text "$stdout" "saved: full.jsonl"
call "$LOCKBENCH" export full.jsonl
want_code 0
end

echo "1..$number"
