#!/usr/bin/env bash
# What a person sees of the program: what it takes, what it refuses and with which words, what it
# leaves behind when it is interrupted or the disk is full. Nothing here depends on how fast the
# machine is; the time limits only turn a hang into a failure.
#
# LOCKBENCH is the program. The output is TAP.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck disable=SC2016
set -u

. "$(dirname -- "$0")/harness.sh"

# refuse_run CULPRIT FIX ARGUMENT...: refused before anything is measured or written. Were it taken,
# it would be a short run.
refuse_run() {
    begin "run $(printf '%q ' "${@:3}")is refused"
    rm -f refused.jsonl
    call "$LOCKBENCH" run -t 1 -d 5ms -R 1 -O refused.jsonl "${@:3}"
    want_code 2
    want_one_error
    want_text "$stderr" "$1"
    want_text "$stderr" "$2"
    want_missing refused.jsonl
    end
}

# run_to FILE ARGUMENT...: a short run.
run_to() {
    rm -f "$1"
    call "$LOCKBENCH" run -d 5ms -R 2 --quiet -O "$1" "${@:2}"
}

# ---------------------------------------------------------------------------------------------
# Looking into results files, without a JSON program, which need not be there.

have_python=no
! python3 -c 'import json' 2>"$work/ignored" || have_python=yes

# Python takes NaN and Infinity, which are not JSON.
json_is_valid_to_python() { # FILE
    python3 -c '
import json, sys
def refuse(word): raise ValueError(word)
for line in open(sys.argv[1]): json.loads(line, parse_constant=refuse)
' "$1" 2>"$work/ignored"
}

# Every line is a record, the last one too.
want_whole_records() { # FILE
    [ -e "$1" ] || { fail "there should be a file $1"; return; }
    want_same "the number of lines of $1 that are no record" \
        "$(grep -avc '^{"record":".*}$' "$1")" 0
    [ -z "$(tail -c 1 "$1")" ] || fail "$1 should end with a whole line"
    [ "$have_python" = no ] || json_is_valid_to_python "$1" || fail "$1 should be JSON lines"
}

# lock, threads and repetition of each sample, in the order in which they were measured.
cells() {
    awk 'function field(pattern) { match($0, pattern); return substr($0, RSTART, RLENGTH) }
         /^\{"record":"sample"/ {
             print field("\"lock\":\"[^\"]*\""), field("\"threads\":[0-9]+"),
                   field("\"repetition\":[0-9]+")
         }' "$1"
}

# ---------------------------------------------------------------------------------------------
# A program in the background, in a process group of its own as under a shell. GNU env gives it
# back the signals that the shell takes from what is in the background.

has_text() { # FILE TEXT
    grep -aqF -e "$2" "$1"
}

# ---------------------------------------------------------------------------------------------
# The machine

allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
first_cpu=${allowed%%[-,]*}
case $allowed in
"$first_cpu") second_cpu= ;;
"$first_cpu"-*) second_cpu=$((first_cpu + 1)) ;;
*) second_cpu=${allowed#*,} second_cpu=${second_cpu%%[-,]*} ;;
esac

sanitizer=$(grep -aoE '__(asan|tsan|msan|ubsan)_' "$LOCKBENCH" | head -1 | tr -d _)

have_gnuplot=no
! have gnuplot || have_gnuplot=yes
mkdir path-without-gnuplot

# ---------------------------------------------------------------------------------------------
# Help, and the words that are no command

begin "without arguments: the help text, exit code 2"
call "$LOCKBENCH"
want_code 2
want_text "$stdout" "usage: lockbench"
want_empty "$stderr"
end

begin "--version"
call "$LOCKBENCH" --version
want_code 0
grep -qx 'lockbench [0-9][0-9.]*' "$stdout" || fail "it should be one line, 'lockbench VERSION'"
want_empty "$stderr"
end

for option in --help -h; do
    begin "$option"
    call "$LOCKBENCH" $option
    want_code 0
    want_text "$stdout" "usage: lockbench"
    want_empty "$stderr"
    end
done

commands=$("$LOCKBENCH" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
begin "--help names the commands"
for word in run list plot compare export topology; do
    grep -qx "$word" <<<"$commands" || fail "there should be a command $word"
done
end

for word in $commands; do
    for option in --help -h; do
        begin "$word $option"
        call "$LOCKBENCH" "$word" $option
        want_code 0
        want_text "$stdout" "usage: lockbench $word"
        want_empty "$stderr"
        end
    done
done

refuse "an unknown command" 2 "'rnu'" "did you mean 'run'?" "$LOCKBENCH" rnu
refuse "a command like no other" 2 "'frobnicate'" "--help" "$LOCKBENCH" frobnicate
refuse "an option in the place of a command" 2 "'--frobnicate'" "--help" "$LOCKBENCH" --frobnicate
refuse "an empty command" 2 "''" "--help" "$LOCKBENCH" ""

# ---------------------------------------------------------------------------------------------
# Options: misspelt, abbreviated, without a value

# Each line: a long option, then, if it takes a value, what stands for that.
options_of() {
    "$LOCKBENCH" "$1" --help | sed -n 's/^  \(-., \|    \)--\([a-z-]*\)\( [A-Z]*\)\{0,1\}.*/\2\3/p'
}

# Every word that a dropped letter or two swapped letters make of the name.
misspellings() {
    local name=$1 i

    for ((i = 0; i < ${#name}; i++)); do
        echo "${name:0:i}${name:i+1}"
        [ "${name:i:1}" = "${name:i+1:1}" ] || [ $((i + 1)) -eq ${#name} ] ||
            echo "${name:0:i}${name:i+1:1}${name:i:1}${name:i+2}"
    done | sort -u
}

# The test ends at the first word that is not refused as it should be, so that this one is shown.
refuse_misspellings() { # COMMAND OPTION VALUE
    local word

    begin "$1 --$2, misspelt in every way: refused, and --$2 offered"
    for word in $(misspellings "$2"); do
        if [ -n "$3" ]; then
            call "$LOCKBENCH" "$1" tas "--$word" 1
        else
            call "$LOCKBENCH" "$1" "--$word" tas
        fi
        want_code 2
        want_one_error
        want_text "$stderr" "'--$word'"
        want_text "$stderr" "did you mean '--$2'?"
        [ -z "$problem" ] || break
    done
    end
}

refuse_missing_values() { # COMMAND
    local option value

    begin "$1: every option that lacks its value is refused"
    while read -r option value; do
        [ -n "$value" ] || continue
        call "$LOCKBENCH" "$1" tas "--$option"
        want_code 2
        want_one_error
        want_text "$stderr" "'--$option'"
        want_text "$stderr" "--help"
        [ -z "$problem" ] || break
    done <<<"$(options_of "$1")"
    end
}

refuse_needless_values() { # COMMAND
    local option value

    begin "$1: every option that takes no value refuses one"
    while read -r option value; do
        if [ -n "$value" ] || [ "$option" = help ]; then continue; fi
        call "$LOCKBENCH" "$1" "--$option=1"
        want_code 2
        want_one_error
        want_text "$stderr" "--$option"
        want_text "$stderr" "no value"
        [ -z "$problem" ] || break
    done <<<"$(options_of "$1")"
    end
}

# listed_locks: the names in the table of `list`, where locks stand indented below their families, and
# signals behind them.
listed_locks()
{
    sed '1d; /^signals,/,$d' | sed -n 's/^  \([^ ]*\).*/\1/p'
}

for word in $commands; do
    begin "$word --help lists the options"
    [ -n "$(options_of "$word")" ] || fail "there should be at least --help"
    end
    while read -r option value; do
        refuse_misspellings "$word" "$option" "$value"
    done <<<"$(options_of "$word")"
    refuse_missing_values "$word"
    refuse_needless_values "$word"
done

refuse "a short option without its value" 2 "'-t'" "--help" "$LOCKBENCH" run tas -t
refuse "an unknown short option" 2 "'-z'" "--help" "$LOCKBENCH" run tas -z
refuse "an unknown short option among others" 2 "z" "--help" "$LOCKBENCH" run tas -qz
refuse "a misspelt option with its value behind a sign" 2 "'--thredas=1'" \
    "did you mean '--threads'?" "$LOCKBENCH" run --thredas=1 tas
refuse "an abbreviated option" 2 "'--thr'" "--help" "$LOCKBENCH" run --thr 1 tas
refuse "an abbreviated option behind words" 2 "'--thr'" "--help" "$LOCKBENCH" run tas mcs --thr 1
refuse "an abbreviation of several options" 2 "'--d'" "--help" "$LOCKBENCH" run tas --d 1

# ---------------------------------------------------------------------------------------------
# run: bad input

refuse_run "'mcz'" "did you mean 'mcs'?" mcz
refuse_run "'tiket'" "did you mean 'ticket'?" tiket
refuse_run "'qspni'" "did you mean 'qspin'?" qspni
refuse_run "'xyzzyxyzzy'" "'lockbench list'" xyzzyxyzzy
refuse_run "''" "'lockbench list'" tas,
refuse_run "''" "'lockbench list'" ""
refuse_run "'mcz'" "did you mean 'mcs'?" tas --locks ticket,mcz
refuse_run "'nosuch'" "queue" @nosuch
refuse_run "''" "queue" @

for threads in 0 -1 abc 1- 99999999 10x5 3-1 1-4:0 0x 2.5 '1 2' +1 -x maxx 99999999999999999999 1-4:; do
    refuse_run "--threads can't have '$threads'" "1,2,4-16:4,max,2x" tas --threads "$threads"
done
for threads in '' '1,,2' '1,' ',1'; do
    refuse_run "--threads can't have ''" "1,2,4-16:4,max,2x" tas --threads "$threads"
done
refuse_run "--threads can't have '0'" "1,2,4-16:4,max,2x" tas --threads 1,2,0

for duration in 0 '5 parsecs' 10 -1ms 1e3ms nan inf 0x10ms '' 999us 2000000s .ms 1.2.3ms '5 ms' 5msx +5ms; do
    refuse_run "--duration can't be '$duration'" "as in 100ms" tas --duration "$duration"
done
for budget in 0 1ms 10 -1s ''; do
    refuse_run "--time-budget can't be '$budget'" "as in 100ms" tas --time-budget "$budget"
done
for repetitions in 0 -1 10x '' 1.5 99999999999999999999; do
    refuse_run "--repetitions can't be '$repetitions'" "from 1 to" tas --repetitions "$repetitions"
done
for option in critical outside; do
    for delay in abc exp: exp:-5ns uniform: uniform:100ns uniform:100ns-50ns uniform:-50ns- bimodal:1us-2us:5 2s 10 -1ns ''; do
        refuse_run "--$option can't be '$delay'" "100ns" tas "--$option" "$delay"
    done
done
for lines in -1 5000 1.5 ''; do
    refuse_run "--lines can't be '$lines'" "from 0 to" tas --lines "$lines"
done
for readers in 101 -1 50% ''; do
    refuse_run "--readers can't have '$readers'" "from 0 to 100" tas --readers "$readers"
done
for processes in 0 65 -1 2x all EACH '' 1.5 99999999999999999999; do
    refuse_run "--processes can't be '$processes'" "from 1 to 64, or each" tas --processes "$processes"
done
refuse_run "pthread_mutex, pthread_spin are for the threads of one process" "no lock is left" \
    pthread_mutex pthread_spin --processes 2
refuse_run "--processes is for real cores" "leave out --machine" \
    tas --processes 2 --machine 'sim:core:2 pu:1'
for placement in compat '' 0- -1 0,,1; do
    refuse_run "'$placement'" "compact" tas --placement "$placement"
done
refuse_run "CPU 9999" "$allowed" tas --placement 9999
refuse_run "'heavy'" "saturated" tas --workload heavy
refuse_run "'fast'" "vtable" tas --dispatch fast
for table in fast '' throughput,fairness; do
    refuse_run "--table can't be '$table'" "throughput, fairness, latency or collapse" tas --table "$table"
done
refuse_run "--table" "about signals" futex --workload signal --table fairness
for passes in fast '' owners, ,none all,fast; do
    refuse_run "--passes can't be '$passes'" "there are owners" tas --passes "$passes"
done
for stride in 0 1 4 -3 1048577 three ''; do
    refuse_run "--latency-stride can't be '$stride'" "an odd number" tas --latency-stride "$stride"
done
refuse_run "--latency-stride is for real cores" "every acquisition" tas --latency-stride 5 --machine 'sim:core:2 pu:1'
refuse_run "--latency-stride is of the pass" "--passes" tas --latency-stride 5 --passes owners
refuse_run "--latency-stride is about locks" "signal" futex --workload signal --latency-stride 5
refuse_run "--passes is for real cores" "sees everything" tas --passes all --machine 'sim:core:2 pu:1'
refuse_run "'fast'" "apc-guard" tas --irql fast
refuse_run "''" "dispatch-fifo-held" tas --irql ''
for nested in 0 17 -1 2.5 two ''; do
    refuse_run "'$nested'" "from 1 to 16" tas --nested "$nested"
done
refuse_run "'random'" "ranked or mixed" tas --nested 2 --nested-order random
refuse_run "--nested-order mixed" "--nested 2" tas --nested-order mixed

# What is not a lock. The number of threads is the workload's own.
refuse_signal() { # CULPRIT FIX ARGUMENT...
    refuse "run $(printf '%q ' "${@:3}")is refused" 2 "$1" "$2" \
        "$LOCKBENCH" run -d 5ms -R 1 -O refused.jsonl "${@:3}"
}
refuse_signal "'mcs'" "futex" mcs --workload signal
refuse_signal "'@queue'" "futex" @queue --workload broadcast
refuse_signal "'spin_park:budget=5us'" "futex" spin_park:budget=5us --workload signal
refuse_signal "'eventfd'" "--workload signal" eventfd
refuse_signal "'eventfd'" "--workload signal" --locks tas,eventfd
refuse_signal "'timerfd'" "futex" timerfd --workload signal
refuse_signal "'pipe'" "timerfd" pipe --workload timer
refuse_signal "'xyzzy'" "futex" xyzzy --workload wait-all
refuse_signal "''" "futex" futex, --workload wait-all
refuse_signal "'xyzzy'" "the locks" xyzzy --workload handoff
refuse_signal "'nosuch'" "queue" @nosuch --workload handoff
refuse_signal "'3'" "signal has 2" futex --workload signal --threads 2,3
refuse_signal "'1'" "at least 2" futex --workload broadcast --threads 1,2
for objects in 0 65 1-65 -1 x '' 1,,2; do
    refuse_signal "--objects can't have '" "at most 64 objects" futex --workload wait-any --objects "$objects"
done
refuse_signal "--objects can't have '65'" "at most 64 objects" futex --workload wait-all --objects 1,65
refuse_signal "--objects" "wait-any or wait-all" futex --workload signal --objects 2
refuse_signal "--objects" "wait-any or wait-all" tas --objects 2
refuse_signal "--critical" "signal" futex --workload signal --critical 100ns
refuse_signal "--outside" "signal" futex --workload signal --outside 100ns
refuse_signal "--lines" "signal" futex --workload signal --lines 2
refuse_signal "--readers" "signal" futex --workload signal --readers 2
refuse_signal "--irql" "signal" futex --workload signal --irql apc-guard
refuse_signal "--nested" "signal" futex --workload signal --nested 2
refuse_signal "--processes" "signal" futex --workload signal --processes 2
refuse_signal "--dispatch" "signal" futex --workload signal --dispatch vtable
refuse_signal "--draw" "signal" futex --workload signal --draw
refuse_signal "--machine" "real cores" futex --workload signal --machine 'sim:pack:1 core:2 pu:1'
refuse_signal "--machine" "real cores" mcs --workload handoff --machine 'sim:pack:1 core:2 pu:1'
if [ ! -e /dev/ntsync ]; then
    refuse_signal "'ntsync'" "/dev/ntsync" ntsync --workload signal
fi
for seed in -1 1.5 abc '' 99999999999999999999; do
    refuse_run "--seed can't be '$seed'" "from 0 to" tas --seed "$seed"
done

refuse_run "'budget'" "budget=" spin_park:budget
refuse_run "budget" "20us" spin_park:budget=
refuse_run "'10'" "20us" spin_park:budget=10
refuse_run "'-1us'" "20us" spin_park:budget=-1us
refuse_run "budget" "twice" spin_park:budget=5us:budget=6us
refuse_run "'bugdet'" "it has budget" spin_park:bugdet=5us
refuse_run "'budget'" "it has none" tas:budget=1us
refuse_run "ttas_backoff:min=20us:max=10us" "fit" ttas_backoff:min=20us:max=10us
refuse_run "'spin_park'" "=VALUE" spin_park:
refuse_run "'spin_park'" "=VALUE" spin_park:budget=5us:

name="run --placement with a CPU that is not allowed: refused"
if [ -z "$second_cpu" ]; then
    skip "$name" "one CPU is allowed"
elif ! have taskset; then
    skip "$name" "there is no taskset"
else
    refuse "$name" 2 "CPU $second_cpu" "there are $first_cpu" \
        taskset -c "$first_cpu" "$LOCKBENCH" run tas -d 5ms -R 1 -O refused.jsonl --placement "$second_cpu"
fi

# ---------------------------------------------------------------------------------------------
# run: where the results go

short_run=("$LOCKBENCH" run tas -t 1 -d 5ms -R 2)

refuse "--output in a directory that does not exist" 3 "'nowhere/x.jsonl'" \
    "No such file or directory" "${short_run[@]}" -O nowhere/x.jsonl
refuse "--output with an empty name" 3 "''" "No such file" "${short_run[@]}" -O ""
refuse "--output that is a directory" 3 "'.'" "directory" "${short_run[@]}" -O .
refuse "--output /dev/full" 3 "'/dev/full'" "No space left on device" "${short_run[@]}" -O /dev/full
refuse "--json and --output - at once" 2 "--json" "name a file" "${short_run[@]}" --json -O -

# root may write into any directory of the disk, but nobody makes files there.
mkdir unwritable
chmod a-w unwritable
unwritable=unwritable
[ ! -w "$unwritable" ] || unwritable=/sys
refuse "--output in a directory without write permission" 3 "'$unwritable/x.jsonl'" \
    "ermi" "${short_run[@]}" -O "$unwritable/x.jsonl"

begin "an existing results file is refused and left as it is"
printf 'precious\n\0data' >precious.jsonl
cp precious.jsonl precious.copy
call "${short_run[@]}" -O precious.jsonl
want_code 2
want_one_error
want_text "$stderr" "'precious.jsonl' exists already"
want_text "$stderr" "name another output"
cmp -s precious.jsonl precious.copy || fail "the file should be unchanged"
end

begin "a link to nowhere is no place for results"
ln -s nowhere/x.jsonl dangling.jsonl
call "${short_run[@]}" -O dangling.jsonl
[ "$code" = 2 ] || [ "$code" = 3 ] || fail "the exit code should be 2 or 3"
want_one_error
want_text "$stderr" "'dangling.jsonl'"
end

# How many records a full disk took is said, and it took no part of one. On a machine with very many
# CPUs already the first record may be too long.
want_cut_at_whole_record() { # FILE
    want_code 3
    want_whole_records "$1"
    want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
    want_text "$stderr" "$(wc -l <"$1") whole record"
}

begin "a file that may not grow: what was measured is saved and whole"
call bash -c 'trap "" XFSZ; ulimit -f 64; exec "$LOCKBENCH" run tas -t 1 -d 1ms -R 1000 -q -O limited.jsonl'
want_cut_at_whole_record limited.jsonl
want_text "$stderr" "'limited.jsonl' can't be written: File too large"
end

begin "what stood before in a file that --output - is appended to survives a failure"
head -c 40000 /dev/zero | tr '\0' 'x' >before
echo >>before
cp before appended.jsonl
call bash -c 'trap "" XFSZ; ulimit -f 64; exec "$LOCKBENCH" run tas -t 1 -d 1ms -R 1000 -q -O - >>appended.jsonl'
want_code 3
want_one_error
cmp -s -n "$(wc -c <before)" before appended.jsonl || fail "the first bytes should be the old ones"
tail -c "+$(($(wc -c <before) + 1))" appended.jsonl >appended.records
want_whole_records appended.records
end

# In a namespace of its own, so that nothing stays mounted whatever happens. An ordinary user may
# do this where user namespaces are allowed.
name="a full disk: what was measured is saved and whole"
mkdir disk
namespace=
for candidate in "--mount" "--mount --map-root-user"; do
    # shellcheck disable=SC2086
    [ -n "$namespace" ] || ! unshare $candidate mount -t tmpfs none disk 2>"$work/ignored" ||
        namespace=$candidate
done
if [ -z "$namespace" ]; then
    skip "$name" "a small disk can't be mounted: $(tail -1 "$work/ignored" | tr -d '#')"
else
    begin "$name"
    # shellcheck disable=SC2086
    call unshare $namespace sh -c '
        mount -t tmpfs -o size=64k none disk || exit 99
        "$LOCKBENCH" run tas -t 1 -d 1ms -R 1000 -q -O disk/full.jsonl
        code=$?
        cp disk/full.jsonl full.jsonl
        exit $code'
    want_cut_at_whole_record full.jsonl
    want_text "$stderr" "No space left on device"
    end
fi

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
    "$(grep -cE '^ +(tas|ticket) +[0-9.]+ 1\.000 0\.000 0\.000 0\.000 0\.500 ' "$stdout")" 2
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

# Why a broken lock need not be caught by a run here, or nothing. The thread sanitizer looks up where
# each race is before it leaves it unreported, for longer than a window.
why_uncaught=
[ -n "$second_cpu" ] || why_uncaught="one CPU is allowed, on which it hardly ever breaks"
[ "$sanitizer" != tsan ] || why_uncaught="the thread sanitizer spends the window on the race"

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
run_to calls.jsonl mcs_park:budget=0,tas,pthread_mutex -t 4 --json
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
call "$LOCKBENCH" run broken_tts,tas -m 'sim:core:4 pu:1' -t 2 -r 0,50 -R 1 -d 200us --until 0.001% --quiet -O noted.jsonl
want_code 1
want_text "$stdout" "  broken_tts, 2 threads, 0% readers: exclusion, in "
want_text "$stdout" "  broken_tts, 2 threads, 50% readers: exclusion, in "
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
start run tas --processes 2 -t 2 -d 500ms -R 1 --quiet -O worker-stopped.jsonl
wait_until has_workers "$group" 2
kill -STOP "$(worker_processes "$group" | head -1)"
wait_for_end
want_code 0
want_verified_samples worker-stopped.jsonl 1
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

# ---------------------------------------------------------------------------------------------
# plot: what it refuses

refuse "plot without a file" 2 "plot" "FILE" "$LOCKBENCH" plot
refuse "plot with a missing file" 2 "'missing'" "No such file or directory" "$LOCKBENCH" plot missing
refuse "plot with a directory" 2 "'.'" "directory" "$LOCKBENCH" plot .
: >empty
refuse "plot with an empty file" 2 "'empty'" "empty" "$LOCKBENCH" plot empty
printf '\0\1\2\3\377\376\n\0{"record"\377' >binary
refuse "plot with a binary file" 2 "'binary'" "not a results file" "$LOCKBENCH" plot binary
echo "Dear diary," >text
refuse "plot with a text" 2 "'text'" "not a results file" "$LOCKBENCH" plot text
echo '{"cells":[]}' >other.json
refuse "plot with other JSON" 2 "'other.json'" "not a results file" "$LOCKBENCH" plot other.json
sed 1d good.jsonl >headless.jsonl
refuse "plot with results whose first record is gone" 2 "'headless.jsonl'" "not a results file" \
    "$LOCKBENCH" plot headless.jsonl
sed 's/"schema":1,/"schema":2,/' good.jsonl >newer.jsonl
refuse "plot with results of a newer schema" 2 "'newer.jsonl'" "newer" "$LOCKBENCH" plot newer.jsonl
head -c 100 good.jsonl >cut-first.jsonl
refuse "plot with results that were cut in their first record" 2 "'cut-first.jsonl'" \
    "not a results file" "$LOCKBENCH" plot cut-first.jsonl
refuse "plot with a good and a missing file" 2 "'missing'" "No such file or directory" \
    "$LOCKBENCH" plot good.jsonl missing
for format in gif '' 'dat,gif' 'png,'; do
    refuse "plot --format '$format'" 2 "--format can't have" "png" \
        "$LOCKBENCH" plot good.jsonl --format "$format"
done

head -1 good.jsonl >unsampled.jsonl
for format in png dat; do
    begin "plot of results without a sample to $format: refused, no file is made"
    call "$LOCKBENCH" plot unsampled.jsonl --format $format
    want_code 2
    want_one_error
    want_text "$stderr" "nothing to draw"
    want_missing unsampled.$format
    end
done

begin "plot does not draw over the results"
cp good.jsonl self.jsonl
call "$LOCKBENCH" plot self.jsonl --format dat --output self.jsonl
want_code 2
want_one_error
want_text "$stderr" "'self.jsonl'"
cmp -s good.jsonl self.jsonl || fail "the results should be unchanged"
end

begin "plot of results that were cut in their last record: it is left out, with a warning"
head -c -20 good.jsonl >cut-last.jsonl
call "$LOCKBENCH" plot cut-last.jsonl --format dat --output -
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'cut-last.jsonl' was cut off"
want_text "$stdout" '"tas"'
end

begin "plot of results with a bad line within: it is left out, with a warning"
sed '3s/^.\{40\}//' good.jsonl >bad-line.jsonl
call "$LOCKBENCH" plot bad-line.jsonl --format dat --output -
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'bad-line.jsonl', line 3"
end

refuse "plot to a directory that does not exist" 3 "'nowhere/x.dat'" "No such file or directory" \
    "$LOCKBENCH" plot good.jsonl --format dat --output nowhere/x.dat
refuse "plot to a full disk" 3 "'/dev/full'" "No space left on device" \
    "$LOCKBENCH" plot good.jsonl --format dat --output /dev/full

# ---------------------------------------------------------------------------------------------
# plot: figures

begin "plot --format dat: one curve for each lock, one line for each number of threads"
call env PATH="$work/path-without-gnuplot" "$LOCKBENCH" plot good.jsonl --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the curves" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ' ')" "tas ticket "
want_same "the numbers of threads" \
    "$(sed -n 's/^\([0-9][0-9]*\) .*/\1/p' "$stdout" | tr '\n' ' ')" "1 2 1 2 "
end

begin "plot of two files: each curve with its file's name"
call "$LOCKBENCH" plot good.jsonl alias.jsonl --format dat --output -
want_code 0
want_text "$stdout" '"tas (good)"'
want_text "$stdout" '"mcs (alias)"'
end

begin "plot reads from a pipe"
call sh -c 'cat good.jsonl | "$LOCKBENCH" plot /dev/stdin --format dat --output -'
want_code 0
want_text "$stdout" '"tas"'
end

begin "plot without gnuplot: says what to install, and leaves no half picture"
cp good.jsonl undrawn.jsonl
call env PATH="$work/path-without-gnuplot" "$LOCKBENCH" plot undrawn.jsonl
want_code 3
want_one_error
want_text "$stderr" "gnuplot-nox"
want_text "$stderr" "--format dat"
want_missing undrawn.png
want_missing undrawn.svg
end

begin "plot with a gnuplot that fails: leaves no half picture"
mkdir path-with-bad-gnuplot
printf '#!/bin/sh\necho half a picture\nexit 1\n' >path-with-bad-gnuplot/gnuplot
chmod +x path-with-bad-gnuplot/gnuplot
call env PATH="$work/path-with-bad-gnuplot:/usr/bin:/bin" "$LOCKBENCH" plot undrawn.jsonl --format png
want_code 3
want_one_error
want_text "$stderr" "gnuplot could not draw"
want_missing undrawn.png
end

begin "plot that fails leaves an older picture as it is"
cp good.jsonl older.jsonl
echo "an older picture" >older.png
call env PATH="$work/path-without-gnuplot" "$LOCKBENCH" plot older.jsonl --format png
want_code 3
want_same "the older picture" "$(cat older.png 2>&1)" "an older picture"
end

begin "run --draw without gnuplot: the results are saved and shown all the same"
rm -f undrawn-run.jsonl
call env PATH="$work/path-without-gnuplot" "${short_run[@]}" --draw --quiet -O undrawn-run.jsonl
want_code 3
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "gnuplot-nox"
want_verified_samples undrawn-run.jsonl 2
grep -qE '^ +tas +[0-9]' "$stdout" || fail "the table should be on standard output"
want_missing undrawn-run.png
end

for format in png svg pdf dumb dat; do
    name="plot --format $format draws, and says nothing but where"
    if [ $have_gnuplot = no ] && [ $format != dat ]; then
        skip "$name" "there is no gnuplot"
        continue
    fi
    begin "$name"
    call "$LOCKBENCH" plot good.jsonl --format $format --output picture.$format
    want_code 0
    want_empty "$stdout"
    want_same "standard error" "$(cat "$stderr")" "lockbench: drawn: picture.$format"
    want_picture $format picture.$format tas
    [ $format != dat ] || want_same "the beginning of picture.dat" "$(first_bytes picture.dat)" '"tas'
    end
done

if [ $have_gnuplot = no ]; then
    for name in "plot without --format" "plot --format dumb" "plot to standard output" \
        "plot to a full disk with gnuplot" "plot with odd names" "run --draw"; do
        skip "$name" "there is no gnuplot"
    done
else
    begin "plot without --format draws a PNG and an SVG beside the results"
    cp good.jsonl default.jsonl
    call "$LOCKBENCH" plot default.jsonl --quiet
    want_code 0
    want_empty "$stdout"
    want_empty "$stderr"
    want_picture png default.png
    want_picture svg default.svg tas
    end

    begin "a figure's title says the irql"
    run_to raised.jsonl tas --irql apc-guard -t 1,2
    call "$LOCKBENCH" plot raised.jsonl --format svg
    want_code 0
    want_text raised.svg "irql apc-guard"
    end

    begin "plot --format dumb draws here"
    call "$LOCKBENCH" plot good.jsonl --format dumb
    want_code 0
    want_empty "$stderr"
    want_picture dumb "$stdout" tas
    end

    begin "plot --output - writes the picture to standard output"
    call "$LOCKBENCH" plot good.jsonl --format png --output -
    want_code 0
    want_empty "$stderr"
    want_picture png "$stdout"
    end

    refuse "plot to a full disk with gnuplot" 3 "'/dev/full'" "No space left on device" \
        "$LOCKBENCH" plot good.jsonl --format png --output /dev/full

    # Names and titles reach a script; none of their characters may be taken for a part of it.
    begin "plot with odd names and titles"
    odd="it's \"a\" \$(touch pwned) \`touch pwned\` {x}_^@%d&<.jsonl"
    cp good.jsonl "$odd"
    call "$LOCKBENCH" plot "$odd" alias.jsonl --format svg --quiet --title "$odd \\ 100%"
    want_code 0
    want_empty "$stderr"
    want_picture svg "${odd%.jsonl}.svg" tas
    want_missing pwned
    end

    begin "run --draw: pictures beside the results, and characters here"
    run_to drawn.jsonl tas,ticket -t 1,2 --draw
    want_code 0
    want_empty "$stderr"
    want_picture png drawn.png
    want_picture svg drawn.svg tas
    want_picture dumb "$stdout" tas
    end
fi

begin "no temporary file is left"
want_same "what is in TMPDIR" "$(ls -A "$TMPDIR")" ""
end

# ---------------------------------------------------------------------------------------------
# list

begin "list has each family"
call "$LOCKBENCH" list
want_code 0
want_empty "$stderr"
for family in baseline test-and-set ticket queue reader-writer "sleeping mutex" "C library"; do
    grep -qx "$family" "$stdout" || fail "there should be the family $family"
done
end

begin "list LOCK shows its alias and its source"
call "$LOCKBENCH" list mcs
want_code 0
want_empty "$stderr"
want_text "$stdout" "mcs, also qspin"
want_text "$stdout" "Mellor-Crummey and Scott"
end

begin "list LOCK shows its parameters"
call "$LOCKBENCH" list spin_park
want_code 0
grep -qE 'parameter +budget: .*default' "$stdout" || fail "there should be budget and its default"
end

begin "list --family queue has nothing else"
call "$LOCKBENCH" list --family queue
want_code 0
want_text "$stdout" "mcs"
want_same "the families" "$(grep -v '^  ' "$stdout")" queue
end

begin "list --json"
call "$LOCKBENCH" list --json
want_code 0
want_same "the first line" "$(head -1 "$stdout")" "["
want_same "the last line" "$(tail -1 "$stdout")" "]"
want_same "the number of locks" "$(grep -c '^    "name":' "$stdout")" \
    "$("$LOCKBENCH" list | listed_locks | wc -l)"
[ "$have_python" = no ] || python3 -m json.tool "$stdout" >"$work/ignored" 2>&1 ||
    fail "it should be JSON"
end

begin "list --markdown"
call "$LOCKBENCH" list --markdown
want_code 0
want_same "the number of lines that are no row" "$(grep -vc '^|.*|$' "$stdout")" 0
want_text "$stdout" '| `mcs` | queue |'
end

begin "list --family nt has every lock that NT has, of whatever family"
call "$LOCKBENCH" list --family nt
want_code 0
want_empty "$stderr"
sed '1d; /^signals,/,$d' "$stdout" | cut -d ' ' -f 1 | sort >nt-compared
"$LOCKBENCH" list --family nt --json | sed -n 's/^    "name": "\(.*\)",$/\1/p' | sort >nt-names
want_same "the locks" "$(cat nt-compared)" "$(cat nt-names)"
for lock in broken_tts tas ttas mcs spin_park kmutex eresource; do
    grep -qx "$lock" nt-compared || fail "$lock should be there"
done
! grep -qx ticket nt-compared || fail "NT has no ticket lock"
[ "$(wc -L <"$stdout")" -le 150 ] || fail "it should be at most 150 columns wide"
end

begin "list --json: nt is what NT calls it, or null"
call "$LOCKBENCH" list --json
want_code 0
want_same "those with an entry" "$(grep -c '^    "nt": {$' "$stdout")" "$(wc -l <nt-names)"
want_same "all" "$(grep -c '^    "nt": \({\|null,\)$' "$stdout")" "$(grep -c '^    "name":' "$stdout")"
end

begin "list shows the signals behind the locks, and --signals only them"
call "$LOCKBENCH" list
sed '1,/^signals,/d' "$stdout" | sed 's/^  \([^ ]*\).*/\1/' >signal-names
for signal in event_notify timer_sync timer_notify file_object futex; do
    grep -qx "$signal" signal-names || fail "$signal should be there"
done
call "$LOCKBENCH" list --signals
want_code 0
want_same "the signals" "$(sed 1d "$stdout" | sed 's/^  \([^ ]*\).*/\1/')" "$(cat signal-names)"
call "$LOCKBENCH" list --signals --json
want_same "the signals in JSON" "$(sed -n 's/^    "name": "\(.*\)",$/\1/p' "$stdout")" "$(cat signal-names)"
call "$LOCKBENCH" list --signals --markdown
want_same "the signals in Markdown" "$(sed 1,2d "$stdout" | cut -d '`' -f 2)" "$(cat signal-names)"
end
refuse "list --signals of a family" 2 "--signals" "--family" "$LOCKBENCH" list --signals --family nt

begin "list LOCK says what it is in NT"
call "$LOCKBENCH" list mcs
want_code 0
want_text "$stdout" "KLOCK_QUEUE_HANDLE, at IRQL DISPATCH"
end

# Each on one simulated core, which takes no time to speak of.
begin "run @nt takes every correct lock that NT has"
run_to nt.jsonl @nt --machine sim:pu:1 -t 1 -R 1
want_code 0
want_empty "$stderr"
want_same "the locks" "$(cells nt.jsonl | sed 's/"lock":"\([^"]*\)".*/\1/' | sort)" \
    "$(grep -vx broken_tts nt-names)"
end

refuse_run "'nosuch'" "sleeping-mutex, nt, c-library" @nosuch
refuse "list --family with an unknown family" 2 "'nosuch'" "queue" "$LOCKBENCH" list --family nosuch
refuse "list with an unknown lock" 2 "'mcz'" "did you mean 'mcs'?" "$LOCKBENCH" list mcz
refuse "list to a full disk" 3 "standard output" "No space left on device" \
    bash -c '"$LOCKBENCH" list >/dev/full'
refuse "list --json to a full disk" 3 "standard output" "No space left on device" \
    bash -c '"$LOCKBENCH" list --json >/dev/full'
refuse "--help to a full disk" 3 "standard output" "No space left on device" \
    bash -c '"$LOCKBENCH" --help >/dev/full'

begin "list to a reader that goes away does not complain"
call bash -c '"$LOCKBENCH" list | head -1'
want_code 0
want_empty "$stderr"
# With the pause the reader is gone for sure. Where SIGPIPE is ignored, the program sees an error.
call bash -c '{ sleep 0.2; trap "" PIPE; "$LOCKBENCH" list; echo "exit code $?" >list.code; } | true'
want_empty "$stderr"
want_same "what it ended with" "$(cat list.code)" "exit code 0"
end

# ---------------------------------------------------------------------------------------------
# topology

begin "topology --no-latency"
call "$LOCKBENCH" topology --no-latency
want_code 0
want_empty "$stderr"
want_text "$stdout" "allowed: $allowed"
want_no_text "$stdout" "ns for a cache line"
end

# Of a large machine two CPUs are enough.
name="topology --json, with latencies"
if ! have taskset; then
    skip "$name" "there is no taskset"
else
    begin "$name"
    call taskset -c "$first_cpu${second_cpu:+,$second_cpu}" "$LOCKBENCH" topology --json --quiet
    want_code 0
    want_empty "$stderr"
    want_same "the first line" "$(head -1 "$stdout")" "{"
    want_text "$stdout" '"latency_ns":'
    [ "$have_python" = no ] || python3 -m json.tool "$stdout" >"$work/ignored" 2>&1 ||
        fail "it should be JSON"
    end
fi

begin "topology --json --no-latency: latencies that were not measured are null"
call "$LOCKBENCH" topology --json --no-latency
want_code 0
want_text "$stdout" '"latency_ns": null'
end

refuse "topology with an argument" 2 "'extra'" "no argument" "$LOCKBENCH" topology extra
refuse "topology to a full disk" 3 "standard output" "No space left on device" \
    bash -c '"$LOCKBENCH" topology --no-latency >/dev/full'

# ---------------------------------------------------------------------------------------------
# repetition, which reads its request from standard input

request='{"lock":"tas","threads":1,"cpus":['$first_cpu'],"workload":{"critical":"0","outside":"0","lines":1,"readers":0},"warmup_ns":1000000,"window_ns":1000000,"drain_ns":1000000000,"silence_ns":1000000000,"seed":1,"through_vtable":false}'

if [ -n "$why_uncaught" ]; then
    skip "a lock that was caught weighs more than a picture that can't be drawn" "$why_uncaught"
else
    begin "a lock that was caught weighs more than a picture that can't be drawn"
    call "$LOCKBENCH" run broken_tts -t 2 -d 100ms -R 2 --draw -q -O caught.jsonl
    want_code 1
    end
fi

begin "nothing to draw is no failure of a run"
call "$LOCKBENCH" run null -t 1 -d 5ms -R 1 --draw -q -O undrawable.jsonl
want_code 0
end

# The thread is in its long turn when the stop signal comes: that is no hang.
begin "a long turn is not taken for a hang"
call "$LOCKBENCH" run tas -t 2 -c 400ms -d 5ms -R 1 -q -O long-turn.jsonl
want_code 0
end

refuse "plot of one file twice" 2 "'good.jsonl'" "twice" "$LOCKBENCH" plot good.jsonl good.jsonl
refuse_run "--duration" "--time-budget" tas -d 5ms -b 2s
refuse_run "'1.5ns'" "time" tas -c 1.5ns
refuse_run "'exp:400ms'" "300ms" tas -c exp:400ms
refuse "--draw --output -" 2 "draw" "--output -" "$LOCKBENCH" run tas --draw -O -
refuse "plot --output - with two formats" 2 "--output -" "png,svg" \
    "$LOCKBENCH" plot good.jsonl -f png,svg -O -

begin "repetition with a good request"
echo "$request" >request
call "$LOCKBENCH" repetition <request
want_code 0
want_empty "$stderr"
want_text "$stdout" '"verified":true'
end

refuse_request() { # NAME REQUEST TEXT
    printf '%s\n' "$2" >request
    refuse "repetition with $1" 2 "$3" "" "$LOCKBENCH" repetition <request
}

# change OLD NEW: the good request with a part replaced. Without that part it stays good, and the
# test fails.
change() {
    printf '%s' "${request/"$1"/"$2"}"
}

signal_request=$(sed 's/"lock":"tas","threads":1/"lock":"futex","threads":2,"objects":1/
    s/"workload":{[^}]*}/"workload":{"exchange":"signal"}/' <<<"$request")
begin "repetition with a good request for signals"
echo "$signal_request" >request
call "$LOCKBENCH" repetition <request
want_code 0
want_text "$stdout" '"latency_ns":{"count"'
want_text "$stdout" '"verified":true'
end
refuse_request "another number of threads than signals have" "${signal_request/'"threads":2'/'"threads":1'}" "range"
refuse_request "signals between processes" "${signal_request/'"objects":1'/'"processes":2'}" "one process"
refuse_request "too many objects" "${signal_request/'"objects":1'/'"objects":65'}" "range"
refuse_request "no such workload of signals" "${signal_request/'"signal"'/'"signals"'}" "range"
refuse_request "a lock for signals" "${signal_request/futex/tas}" "'tas'"
refuse_request "signals on a simulated machine" \
    "${signal_request/'"lock"'/'"machine":"sim:pack:1 core:2 pu:1","lock"'}" "real cores"

refuse "repetition with nothing" 2 "standard input" "not JSON" "$LOCKBENCH" repetition
refuse "repetition with an argument" 2 "'extra'" "no argument" "$LOCKBENCH" repetition extra
refuse_request "what is not JSON" "measure tas" "not JSON"
refuse_request "half a request" "${request%?}" "not JSON"
refuse_request "an array" "[1]" "the request is wrong"
refuse_request "an empty object" "{}" "the request is wrong"
for key in '"lock":"tas",' '"threads":1,' '"cpus":['"$first_cpu"'],' '"warmup_ns":1000000,' \
    '"window_ns":1000000,' '"drain_ns":1000000000,' '"silence_ns":1000000000,' '"seed":1,' '"lines":1,' '"critical":"0",'; do
    refuse_request "a request without $key" "$(change "$key" "")" "the request is wrong"
done
refuse_request "an unknown lock" "$(change '"tas"' '"tass"')" "'tass'"
refuse_request "a number for a lock" "$(change '"tas"' 1)" "the request is wrong"
for value in 0 -1 1000000 '"1"' 1.5 null; do
    refuse_request "$value threads" "$(change '"threads":1' "\"threads\":$value")" "the request is wrong"
done
for value in 0 -1 2 '"1"' '"each"' null; do
    refuse_request "$value processes" "$(change '"threads":1' "\"threads\":1,\"processes\":$value")" \
        "the request is wrong"
done
refuse_request "processes for a lock of one process" \
    "$(change '"tas","threads":1' '"pthread_spin","threads":2,"processes":2')" "one process"
for value in '[]' '{}' 0 '"0"' '["x"]' '[null]' '[-1]' '[0.5]' null; do
    refuse_request "the CPUs $value" "$(change "[$first_cpu]" "$value")" "the request is wrong"
done
for value in 0 -1 '"1ms"' 1.5 null; do
    refuse_request "a window of $value" "$(change '"window_ns":1000000' "\"window_ns\":$value")" \
        "the request is wrong"
done
refuse_request "a negative warm-up" "$(change '"warmup_ns":1000000' '"warmup_ns":-1')" \
    "the request is wrong"
refuse_request "a bad critical section" "$(change '"critical":"0"' '"critical":"fast"')" \
    "the request is wrong"
refuse_request "too many lines" "$(change '"lines":1' '"lines":99999')" "the request is wrong"
refuse_request "too many nested locks" "$(change '"readers":0' '"readers":0,"nested":17')" \
    "the request is wrong"
refuse_request "an unknown order" "$(change '"readers":0' '"readers":0,"nested":2,"nested_order":"x"')" \
    "the request is wrong"
refuse_request "an unknown irql" "$(change '"readers":0' '"readers":0,"irql":"high"')" \
    "the request is wrong"
refuse_request "too many readers" "$(change '"readers":0' '"readers":101')" "the request is wrong"
refuse_request "a number for yes or no" "$(change false 0)" "the request is wrong"

echo "1..$number"
