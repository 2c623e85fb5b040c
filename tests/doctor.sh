#!/usr/bin/env bash
# The command line of `lockbench doctor` and `lockbench counters`: what a machine tells, whatever it is.
#
# shellcheck disable=SC2016
set -u
. "$(realpath -- "${SOURCES:-.}")/tests/harness.sh"

# Others may keep this machine busy, or measure: whether it is fit is not ours to decide.
want_verdict() {
    case $code in
    0 | 1) ;;
    *) fail "the exit code should be 0 or 1" ;;
    esac
}

lines_of() { # GRADE
    grep -c "^$1 " "$stdout"
}

begin "doctor: a line for each check, then the verdict"
call "$LOCKBENCH" doctor
want_verdict
want_empty "$stderr"
for check in build alone cpus pinning quota busy 'lost time' steal load virtual governor turbo smt isolated numa \
    clock clocks 'timer slack' 'real time' counters addresses memory mitigations disk gnuplot; do
    grep -qE "^(ok  |note|warn|bad )  $check  " "$stdout" || fail "there should be a check '$check'"
done
want_same "the number of checks" \
    "$(($(lines_of ok) + $(lines_of note) + $(lines_of warn) + $(lines_of bad)))" 25
want_same "the number of advices to the number of warnings and worse, at least" \
    "$(($(grep -c '^ *-> ' "$stdout") >= $(lines_of warn) + $(lines_of bad)))" 1
want_same "the last line" "$(tail -1 "$stdout" | sed 's/^.*: //')" \
    "$(lines_of bad) bad, $(lines_of warn) warning$([ "$(lines_of warn)" -eq 1 ] || echo s)"
[ "$(lines_of bad)" -eq 0 ] || want_same "the exit code when something is bad" "$code" 1
[ "$(lines_of bad)" -gt 0 ] || want_same "the exit code when nothing is bad" "$code" 0
want_no_text "$stdout" $'\033'
end

begin "doctor --quiet: only what is not ok"
call "$LOCKBENCH" doctor --quiet
want_verdict
want_empty "$stderr"
want_same "lines that are ok, or notes" "$(grep -cE '^(ok|note) ' "$stdout")" 0
end

begin "doctor --json"
call "$LOCKBENCH" doctor --json
want_verdict
want_text "$stdout" '"fit": '
want_same "the number of checks" "$(grep -c '"check": ' "$stdout")" 25
want_same "the number of grades that there are" \
    "$(grep -cE '"grade": "(ok|note|warn|bad)"' "$stdout")" 25
want_same "fit, or not" "$(grep -c '"fit": true' "$stdout")" "$((1 - code))"
end

# Pinned to its first allowed CPU, whichever that is.
first_cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
begin "doctor on one CPU"
call taskset -c "$first_cpu" "$LOCKBENCH" doctor
want_verdict
grep -q '^warn  cpus  *1 CPU is allowed' "$stdout" || fail "it should say that there is one CPU"
grep -qE '^note  clocks  *(not known: .*one CPU|not looked at)' "$stdout" ||
    fail "it should have no clocks to compare"
end

begin "doctor without gnuplot"
call env PATH="$work" "$LOCKBENCH" doctor
want_verdict
grep -q '^warn  gnuplot  *not there' "$stdout" || fail "it should miss gnuplot"
want_text "$stdout" "gnuplot-nox"
end

begin "doctor where addresses are not random"
if have setarch && setarch -R true 2>>"$work/ignored"; then
    call setarch -R "$LOCKBENCH" doctor
    want_verdict
    grep -q '^warn  addresses ' "$stdout" || fail "it should say so"
    want_text "$stdout" "without 'setarch -R'"
    end
else
    skip "$name" "setarch -R can't be had here"
fi

begin "doctor while another measures: says so, and does not disturb it"
exec 9>>/tmp/lockbench.lock
if flock -w 60 9; then
    call "$LOCKBENCH" doctor
    want_code 1
    grep -q '^bad   alone  *another lockbench measures' "$stdout" || fail "it should say so"
    for check in busy clocks; do
        grep -q "^note  $check  *not looked at" "$stdout" || fail "the CPUs should not be looked at"
    done
    end
else
    skip "$name" "another lockbench measured for a minute"
fi
exec 9>&-

begin "doctor as an ordinary user in a folder that is not theirs"
if [ "$(id -u)" -eq 0 ] && have setpriv; then
    mkdir "$work/closed"
    chmod 755 "$work" "$work/closed"
    cp "$LOCKBENCH" "$work/program"
    cd "$work/closed" || exit 99
    call setpriv --reuid=65534 --regid=65534 --clear-groups "$work/program" doctor
    cd "$work" || exit 99
    want_verdict
    grep -q "^warn  disk  *the current folder can't be written to" "$stdout" || fail "it should say so"
    want_text "$stdout" "--output"
    end
else
    skip "$name" "only root can become somebody else"
fi

# Without /proc and /sys there is nothing to read; what can be had without is said all the same.
begin "doctor without /sys"
if unshare --mount sh -c 'mount -t tmpfs none /sys' 2>>"$work/ignored"; then
    call unshare --mount sh -c 'mount -t tmpfs none /sys && exec "$LOCKBENCH" doctor'
    want_verdict
    grep -q '^note  governor  *not known' "$stdout" || fail "the governor should not be known"
    end
else
    skip "$name" "a mount of one's own can't be had here"
fi

# A folder with less than a megabyte.
begin "run says what is bad before it measures, and with --quiet it does not"
small='mount -t tmpfs -o size=512k none "$0" && cd "$0" && exec "$LOCKBENCH" run tas -t 1 -d 5ms -R 1 "$@"'
mkdir "$work/small"
if unshare --mount sh -c 'mount -t tmpfs none "$0"' "$work/small" 2>>"$work/ignored"; then
    unshare --mount sh -c "$small" "$work/small" -O "$work/small.jsonl" >"$stdout" 2>"$stderr"
    code=$?
    want_code 0
    want_text "$stderr" "lockbench: unfit to measure on: disk: "
    want_same "lines about the disk" "$(grep -c ' disk: ' "$stderr")" 1
    want_verified_samples "$work/small.jsonl" 1
    unshare --mount sh -c "$small" "$work/small" -O "$work/quiet.jsonl" --quiet >"$stdout" 2>"$stderr"
    code=$?
    want_code 0
    want_empty "$stderr"
    end
else
    skip "$name" "a mount of one's own can't be had here"
fi

begin "counters: every event is tried, and what does not count says why"
call "$LOCKBENCH" counters
want_code 0
want_empty "$stderr"
for event in context_switches migrations page_faults; do
    grep -qE "^  (yes|no ) +$event +[^ ]" "$stdout" || fail "there should be a line on $event"
done
want_same "lines without a count or a reason" "$(grep -cE '^  (yes|no ) +[^ ]+ *$' "$stdout")" 0
if grep -q "can't be counted here" "$stdout"; then
    want_text "$stdout" "--machine 'sim:"
else
    want_text "$stdout" "-> transactions"
fi
end

begin "counters --json"
call "$LOCKBENCH" counters --json
want_code 0
want_text "$stdout" '"software": ['
want_text "$stdout" '"hardware": ['
want_same "events that neither count nor have a reason" \
    "$(grep -A2 '"counts": false' "$stdout" | grep -c '"reason": null')" 0
end

begin "counters names the events of a processor that is not there, and does not claim that they count"
if "$LOCKBENCH" counters | grep -q '^names  *libpfm4$' && [ "$(uname -m)" = x86_64 ]; then
    call env LIBPFM_FORCE_PMU=skx "$LOCKBENCH" counters
    want_code 0
    want_text "$stdout" "(skx)"
    want_text "$stdout" "OFFCORE_REQUESTS:DEMAND_RFO"
    end
else
    skip "$name" "there is no libpfm4 that knows this processor"
fi

# For somebody whom perf_event_paranoid keeps from the kernel, its events would all be 0.
begin "counters as an ordinary user: no false 0"
if [ "$(id -u)" -eq 0 ] && have setpriv && [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -ge 2 ]; then
    chmod 755 "$work"
    cp -f "$LOCKBENCH" "$work/program"
    call setpriv --reuid=65534 --regid=65534 --clear-groups "$work/program" counters
    want_code 0
    grep -qE '^  no   context_switches .*perf_event_paranoid' "$stdout" || fail "switches should not be counted"
    end
else
    skip "$name" "only root can become somebody else, and perf_event_paranoid has to be 2"
fi

# in_samples EXPRESSION FILE: how many samples match it.
in_samples() {
    grep '"record":"sample"' "$2" | grep -cE "$1"
}

begin "the record says what was counted, or why not"
call "$LOCKBENCH" run ttas,mcs_park -t 2 -d 10ms -R 2 -O counted.jsonl --quiet
want_code 0
want_text counted.jsonl '"counters":"auto"'
grep '"lock":"ttas"' counted.jsonl >spinning.jsonl
grep '"lock":"mcs_park"' counted.jsonl >sleeping.jsonl
want_same "samples of a spinning lock with events" "$(in_samples '"events":\{"context_switches":' spinning.jsonl)" 2
want_same "samples of a sleeping lock with events" "$(in_samples '"events":null' sleeping.jsonl)" 2
want_same "their reason" "$(in_samples '"events":"counting makes each context switch dearer' sleeping.jsonl)" 2
want_same "samples with traffic, or a reason for its absence" \
    "$(in_samples '"traffic":(\{"transactions"|null.*"traffic":"[a-z])' spinning.jsonl)" 2
call "$LOCKBENCH" run mcs_park -t 2 -d 10ms -R 1 -O all.jsonl --quiet --counters all
want_code 0
want_same "samples with events" "$(in_samples '"events":\{"context_switches":' all.jsonl)" 1
call "$LOCKBENCH" run ttas -t 2 -d 10ms -R 1 -O none.jsonl --quiet --counters none
want_code 0
want_same "samples with events" "$(in_samples '"events":null.*"events":"not asked for' none.jsonl)" 1
call "$LOCKBENCH" run ttas -t 3 -d 10ms -R 1 -O processes.jsonl --quiet --processes each
want_code 0
want_same "samples of processes with events" "$(in_samples '"events":\{"context_switches":' processes.jsonl)" 1
end

refuse "--counters with a wrong name" 2 "'some'" "auto, all, none" "$LOCKBENCH" run tas --counters some
refuse "--counters on a simulated machine" 2 "--counters" "real cores" \
    "$LOCKBENCH" run tas --machine 'sim:pu:2' --counters all
refuse "--counters of signals" 2 "--counters" "leave" "$LOCKBENCH" run futex --workload signal --counters all

for tested in doctor counters; do
    refuse "$tested with an argument" 2 "'now'" "takes no argument" "$LOCKBENCH" $tested now
    refuse "$tested with a wrong option" 2 "'--jsn'" "--json" "$LOCKBENCH" $tested --jsn
done
echo "1..$number"
