#!/usr/bin/env bash
# What a person sees of the program: what it takes, what it refuses and with which words, what it lists
# and plots. Runs themselves are in native.sh. Nothing here depends on how fast the machine is; the time
# limits only turn a hang into a failure.
#
# LOCKBENCH is the program. The output is TAP.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck disable=SC2016
set -u

. "$(dirname -- "$0")/native_harness.sh"

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

# The test ends at the first word that is not refused as it should be, so that this one is shown. There are
# thousands of words: looking at what is said takes no processes. They all go the same way through the program,
# so that a sanitizer need not see more than a few of each option.
refuse_misspellings() { # COMMAND OPTION VALUE
    local word words arguments said

    begin "$1 --$2, misspelt in every way: refused, and --$2 offered"
    mapfile -t words < <(misspellings "$2")
    [ -z "$sanitizer" ] || words=("${words[@]:0:3}")
    for word in "${words[@]}"; do
        arguments=("$1" "--$word" tas)
        [ -z "$3" ] || arguments=("$1" tas "--$word" 1)
        printf -v command '%q ' "$LOCKBENCH" "${arguments[@]}"
        timeout "$patience" "$LOCKBENCH" "${arguments[@]}" >"$stdout" 2>"$stderr"
        code=$?
        want_code 2
        want_one_error
        read -r said <"$stderr"
        [[ $said == *"'--$word'"*"did you mean '--$2'?"* ]] || fail "standard error should name '--$word' and --$2"
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
# plot: what it refuses

run_to good.jsonl tas,ticket -t 1,2
run_to alias.jsonl qspin -t 1

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
