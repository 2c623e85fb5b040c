#!/usr/bin/env bash
# What a person sees of the simulated machine: what it takes, what it refuses and with which words, that
# a seed gives the same file whatever is around it, what it leaves behind when it is interrupted or the
# disk is full, and what is drawn of it. Nothing here depends on how fast the machine is; the time
# limits only turn a hang into a failure.
#
# LOCKBENCH is the program, SOURCES the root of the sources. The output is TAP.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck disable=SC2016
set -u

SOURCES=$(realpath -- "${SOURCES:-$(dirname -- "$0")/..}") || exit 99
. "$(dirname -- "$0")/harness.sh"
patience=60

want_same_bytes() { # FILE FILE
    { [ -s "$1" ] && cmp -s "$1" "$2"; } || fail "$1 and $2 should be the same, byte for byte"
}

# refuse_run CODE CULPRIT FIX ARGUMENT...: refused before anything is simulated or written. Were it
# taken, it would be a short run.
refuse_run() {
    begin "run $(printf '%q ' "${@:4}")is refused"
    rm -f refused.jsonl
    call "$LOCKBENCH" run -t 2 -d 1ms -R 1 -O refused.jsonl "${@:4}"
    want_code "$1"
    want_one_error
    want_text "$stderr" "$2"
    want_text "$stderr" "$3"
    want_missing refused.jsonl
    end
}

# Most of what is simulated here is simulated on this one.
model='sim:pack:2 core:2 pu:2'

# run_to FILE ARGUMENT...: a short run on the model.
run_to() {
    rm -f "$1"
    call "$LOCKBENCH" run -m "$model" -d 1ms -R 2 --quiet -O "$1" "${@:2}"
}

# ---------------------------------------------------------------------------------------------
# Looking into files, without a JSON program, which need not be there.

json_program=
if python3 -c 'import json' 2>"$work/ignored"; then
    json_program=python3
elif jq -n . >"$work/ignored" 2>&1; then
    json_program=jq
fi

# One JSON value, or one a line. Python takes NaN and Infinity, which are not JSON.
json_is_valid() { # FILE whole|lines
    if [ $json_program = jq ]; then
        jq -e -s 'length > 0' "$1" >"$work/ignored" 2>&1
        return
    fi
    python3 -c '
import json, sys
def refuse(word): raise ValueError(word)
with open(sys.argv[1]) as file:
    for text in [file.read()] if sys.argv[2] == "whole" else file:
        json.loads(text, parse_constant=refuse)
' "$1" "$2" 2>"$work/ignored"
}

# Every line is a record, the last one too.
want_whole_records() { # FILE
    [ -e "$1" ] || { fail "there should be a file $1"; return; }
    want_same "the number of lines of $1 that are no record" \
        "$(grep -avc '^{"record":".*}$' "$1")" 0
    [ -z "$(tail -c 1 "$1")" ] || fail "$1 should end with a whole line"
    [ -z "$json_program" ] || json_is_valid "$1" lines || fail "$1 should be JSON lines"
}

planned_threads() {
    sed -n '1s/.*"threads":\[\([0-9,]*\)\].*/\1/p' "$1"
}

# The CPUs of each sample, without the brackets.
sample_cpus() {
    sed -n 's/^{"record":"sample".*"cpus":\[\([0-9,]*\)\].*/\1/p' "$1"
}

# ---------------------------------------------------------------------------------------------
# A program in the background, in a process group of its own as under a shell. GNU env gives it
# back the signals that the shell takes from what is in the background.

# The process that simulates: the group's, without its leader.
children() {
    group_members "$group" | grep -vx "$group"
}

has_child() {
    [ -n "$(children)" ]
}

# ---------------------------------------------------------------------------------------------
# The machine on which this runs, which should not matter

allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
first_cpu=${allowed%%[-,]*}

have_gnuplot=no
! have gnuplot || have_gnuplot=yes

# ---------------------------------------------------------------------------------------------
# The same seed, the same file

varied=('tas,mcs,mcs_park,rw_ticket,spin_park:budget=2us' -t '1,3,8,20' -r 30 -n 2 -c exp:100ns
    -o uniform:50ns-150ns --model 'slice=50us,remote=300ns,jitter=30' -p scatter)

begin "the same seed gives the same file"
run_to first.jsonl "${varied[@]}"
want_code 0
want_empty "$stderr"
want_whole_records first.jsonl
want_verified_samples first.jsonl 40
run_to second.jsonl "${varied[@]}"
want_code 0
want_same_bytes first.jsonl second.jsonl
end

begin "--quiet, --json, --draw and the name of the output change nothing in the file"
mkdir elsewhere
for option in --quiet --json; do
    rm -f elsewhere/other.jsonl
    call "$LOCKBENCH" run -m "$model" -d 1ms -R 2 -O elsewhere/other.jsonl "${varied[@]}" $option
    want_code 0
    want_same_bytes first.jsonl elsewhere/other.jsonl
done
[ $have_gnuplot = no ] || { run_to drawn.jsonl "${varied[@]}" --draw && want_same_bytes first.jsonl drawn.jsonl; }
end

begin "another folder, another environment, another time zone: the same file"
cd elsewhere || exit 99
call env -i PATH="$PATH" TZ=Asia/Tokyo HOME=/nowhere PADDING="$(printf '%05000d' 0)" \
    HWLOC_SYNTHETIC='pack:1 core:1 pu:1' "$LOCKBENCH" run -m "$model" -d 1ms -R 2 --quiet \
    -O "$work/environment.jsonl" "${varied[@]}"
cd "$work" || exit 99
want_code 0
want_same_bytes first.jsonl environment.jsonl
end

begin "--output - : nothing but the records, the same ones"
call "$LOCKBENCH" run -m "$model" -d 1ms -R 2 -O - "${varied[@]}"
want_code 0
want_empty "$stderr"
cmp -s first.jsonl "$stdout" || fail "standard output should be what the file was"
end

begin "@all, twice"
run_to all-first.jsonl @all -t 2,20 -R 1 -d 200us
want_code 0
run_to all-second.jsonl @all -t 2,20 -R 1 -d 200us
want_same_bytes all-first.jsonl all-second.jsonl
end

begin "another seed gives another file"
run_to seed.jsonl "${varied[@]}" -s 2
want_code 0
! cmp -s first.jsonl seed.jsonl || fail "first.jsonl and seed.jsonl should differ"
want_verified_samples seed.jsonl 40
for key in throughput operations transactions cpu_ns; do
    field="s/.*\"record\":\"sample\".*\"$key\":\([^,]*\).*/\1/p"
    [ "$(sed -n "$field" first.jsonl | sort)" != "$(sed -n "$field" seed.jsonl | sort)" ] ||
        fail "$key should differ in some sample"
done
end

begin "the seed is 1 unless it is given"
run_to seed.jsonl "${varied[@]}" -s 1
want_code 0
want_same_bytes first.jsonl seed.jsonl
head -1 seed.jsonl | grep -q '"seed":1,' || fail "the run record should have it"
end

begin "each repetition draws from a seed of its own"
run_to seeds.jsonl tas -t 2 -R 5
want_same "the number of seeds" \
    "$(sed -n 's/^{"record":"sample".*"seed":\([0-9]*\).*/\1/p' seeds.jsonl | sort -u | wc -l)" 5
end

begin "nothing of the host or of the moment is in the file"
for key in host time cpu_model microcode kernel load governor turbo allowed_cpus steal_ns migrations pinned; do
    want_no_text first.jsonl "\"$key\":"
done
for text in "$(uname -n)" "$(uname -r)" "$work" "$LOCKBENCH" "$(date +%Y-)" \
    "$(sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo)"; do
    [ -z "$text" ] || want_no_text first.jsonl "$text"
done
end

# ---------------------------------------------------------------------------------------------
# What is recorded

want_in_every_sample() { # FILE TEXT...: extended regular expressions
    local text all

    all=$(count_records "$1" sample)
    for text in "${@:2}"; do
        want_same "the number of samples of $1 with $text" \
            "$(grep '^{"record":"sample"' "$1" | grep -cE -e "$text")" "$all"
    done
}

figures='-?[0-9][0-9.e+-]*'
begin "every sample has its machine and all of its traffic"
want_in_every_sample first.jsonl '"machine":"sim:pack:2 core:2 pu:2"' '"verified":true' \
    '"threads_back":[0-9]+' '"elapsed_ns":1000000,' '"operations":[1-9][0-9]*' "\"jain\":$figures" \
    "\"cpu_ns\":$figures"
for key in transactions reads ownership upgrades invalidated; do
    want_in_every_sample first.jsonl "\"traffic\":\{[^{}]*\"$key\":$figures"
done
for key in core cache package remote memory; do
    want_in_every_sample first.jsonl "\"by_distance\":\{[^}]*\"$key\":$figures"
done
want_in_every_sample first.jsonl '"by_line":\[(\{"line":"[^"]*","share":[0-9.e-]*\},?)*\]'
end

begin "every sample has lwss, mttr and max_gap, or says why not"
want_in_every_sample first.jsonl "\"lwss\":(\{\"window\":[0-9]+,\"mean\":$figures,\"median\":$figures\}|null.*\"lwss\":\"[^\"])" \
    "\"mttr\":($figures|null.*\"mttr\":\"[^\"])" "\"max_gap\":($figures|null.*\"max_gap\":\"[^\"])"
# In so short a window not all of twenty threads, but all of two, have their turns.
run_to owners.jsonl tas,mcs,ticket -t 2
want_in_every_sample owners.jsonl "\"lwss\":\{\"window\":[0-9]+,\"mean\":$figures,\"median\":$figures\}" \
    "\"mttr\":$figures" "\"max_gap\":$figures"
end

begin "the traffic adds up, and the owners are possible"
run_to sums.jsonl tas,ttas,mcs,ticket,mcs_park -t 2,8
want_verified_samples sums.jsonl 20
awk '
    function get(name,   at) {
        if (!match($0, "\"" name "\":[-0-9.e+]+")) { print "no " name; exit wrong = 1 }
        return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
    }
    function near(a, b, what) {
        if (a - b > 1e-6 || b - a > 1e-6) { print NR ": " what ": " a " and " b; wrong = 1 }
    }
    /^\{"record":"sample"/ {
        all = get("transactions")
        near(all, get("reads") + get("ownership") + get("upgrades"), "kinds")
        near(all, get("core") + get("cache") + get("package") + get("remote") + get("memory"), "distances")
        shares = 0
        for (rest = $0; match(rest, /"share":[-0-9.e+]+/); rest = substr(rest, RSTART + RLENGTH))
            shares += substr(rest, RSTART + 8, RLENGTH - 8)
        near(shares, 1, "shares")
        threads = get("threads")
        if (get("mean") < 1 || get("mttr") < 1 || get("mttr") > get("max_gap")) { print NR ": owners"; wrong = 1 }
        match($0, /"lwss":\{[^}]*\}/)
        lwss = substr($0, RSTART, RLENGTH); sub(/.*"mean":/, "", lwss)
        if (lwss + 0 < 1 || lwss + 0 > threads) { print NR ": lwss"; wrong = 1 }
        seen++
    }
    END { exit wrong || seen != 20 }' sums.jsonl >"$stdout" || fail "a sample of sums.jsonl is impossible"
end

begin "one thread alone moves no line"
run_to alone.jsonl tas,mcs,ticket -t 1
want_verified_samples alone.jsonl 6
want_in_every_sample alone.jsonl '"traffic":\{"transactions":0.0,' '"invalidated":0.0' '"by_line":\[\]'
end

begin "a window without an acquisition: what there is none of is null, with its reason"
run_to none.jsonl tas -t 2 -c 10ms -R 1
want_code 0
want_whole_records none.jsonl
want_in_every_sample none.jsonl '"acquisitions":\[0,0\]'
for key in traffic lwss mttr max_gap cpu_ns jain; do
    want_in_every_sample none.jsonl "\"$key\":null" "\"unmeasured\":\{.*\"$key\":\"[^\"]"
done
end

# A take-over that ends behind the window belongs to no run of it.
begin "a run of one owner has one acquisition at least, or there is none"
run_to bursts.jsonl eresource_starve_exclusive -m 'sim:pack:2 core:32 pu:1' -t 64 -w read-mostly -d 1ms -R 3
want_code 0
want_in_every_sample bursts.jsonl '"burst":(null|\{"mean":[1-9])'
end

begin "the run record has the model's parameters, all of them, as they were given"
for setting in hit:1 atomic:5 core:8 cache:23 package:50 remote:300 memory:100 relax:12 clock:20 syscall:200 \
    interrupt:1500 switch:1500 wake:3000 slice:50000 jitter:30 stall:100 stall-every:1000; do
    head -1 first.jsonl | grep -qE "\"model\":\{[^}]*\"${setting%:*}\":${setting#*:}[,}]" ||
        fail "plan.model should have $setting"
done
head -1 first.jsonl | grep -q '"machine":"sim:pack:2 core:2 pu:2"' || fail "the plan should have the machine"
head -1 first.jsonl | grep -q '^{"record":"run","schema":1,' || fail "its schema should be 1"
end

# The words of the recorded command hold no quote here, so that they can be told apart without a JSON
# program.
want_repeatable() { # FILE
    local words

    mapfile -t words < <(sed -n '1s/.*"command":\["\([^]]*\)"\].*/\1/p' "$1" | sed 's/","/\n/g')
    want_same "the first recorded word" "${words[0]-}" lockbench
    rm -f repeated.jsonl
    call "$LOCKBENCH" "${words[@]:1}" --quiet --output repeated.jsonl
    want_code 0
    want_same_bytes "$1" repeated.jsonl
}

begin "the recorded command gives the same file"
want_repeatable first.jsonl
end

begin "the recorded command gives the same file: @all, and what was left out stays out"
want_repeatable all-first.jsonl
end

begin "the recorded command gives the same file: a preset, max, an alias, fractions of times"
run_to preset.jsonl qspin,spin_park:budget=0,spin_park:budget=inf -w read-mostly -t max,2x,1-3 -d 1.5ms \
    -s 9223372036854775807 --model jitter=0,stall-every=0,hit=2ns,slice=0.1ms -p 0,5,2-3
want_code 0
want_repeatable preset.jsonl
end

begin "the recorded command gives the same file: without --duration"
rm -f plain.jsonl
call "$LOCKBENCH" run tas,mcs -m 'sim:pack:1 core:2 pu:1' -t 1,2 -R 2 --quiet -O plain.jsonl
want_code 0
head -1 plain.jsonl | grep -q '"window_ns":null' || fail "window_ns should be null"
want_repeatable plain.jsonl
end

begin "the command is the same however it was asked for"
run_to asked.jsonl tas ticket --locks mcs -t 2
rm -f differently.jsonl
call "$LOCKBENCH" run -O differently.jsonl --repetitions=2 --locks=mcs,tas,ticket,tas --threads=2,2 --duration=1000us \
    --seed=1 --machine="$model" --critical 0ns
want_code 0
want_same_bytes asked.jsonl differently.jsonl
end

# ---------------------------------------------------------------------------------------------
# What is shown

begin "the table says that it is a model, and of what"
run_to table.jsonl tas,ticket -t 2,20
want_code 0
grep -q 'model.*sim:pack:2 core:2 pu:2' "$stdout" || fail "it should name the model"
want_text "$stdout" "virtual time"
want_text "$stdout" "8 CPUs"
want_text "$stdout" "20 threads, more than there are CPUs"
want_no_text "$stdout" "something else ran there"
want_no_text "$stdout" "WRONG"
want_same "the number of rows" "$(grep -cE '^ +(tas|ticket) +[0-9]' "$stdout")" 4
end

begin "without --quiet: where it is saved, in one line"
rm -f loud.jsonl
call "$LOCKBENCH" run tas -m "$model" -t 2 -d 1ms -R 1 -O loud.jsonl
want_code 0
want_same "standard error" "$(cat "$stderr")" "lockbench: saved: loud.jsonl"
end

name="--json prints JSON"
if [ -z "$json_program" ]; then
    skip "$name" "there is neither python3 nor jq"
else
    begin "$name"
    run_to json.jsonl tas,mcs -t 1,2 --json
    want_code 0
    want_empty "$stderr"
    json_is_valid "$stdout" whole || fail "it should be JSON"
    end
fi

begin "@all: the locks of real cores are named and left out, the others measured"
rm -f all.jsonl
call "$LOCKBENCH" run @all -m "$model" -t 2 -d 1ms -R 1 -O all.jsonl
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 2
want_text "$stderr" "on real cores only"
sed -n 's/.*on real cores only: //p' "$stderr" | sed 's/, /\n/g' | sort >left-out
grep -qx pthread_mutex left-out || fail "pthread_mutex should be named"
"$LOCKBENCH" list | sed '1d; /^signals,/,$d' | sed -n 's/^  \([^ ]*\).*/\1/p' | grep -v broken | sort >catalogue
locks_of all.jsonl | sort - left-out >both
want_same "what was measured or left out" "$(cat both)" "$(cat catalogue)"
want_no_text all.jsonl pthread
want_same "what was verified but null" "$(grep -c '"verified":true' all.jsonl)" \
    "$(($(count_records all.jsonl sample) - 1))"
end

begin "a lock of real cores beside others is named and left out"
rm -f one-left.jsonl
call "$LOCKBENCH" run tas,pthread_mutex -m "$model" -t 2 -d 1ms -R 1 -O one-left.jsonl
want_code 0
want_text "$stderr" "pthread_mutex"
want_same "the locks" "$(locks_of one-left.jsonl)" tas
want_no_text one-left.jsonl pthread
end

refuse_run 2 "pthread_mutex" "real cores only" pthread_mutex -m "$model"
refuse_run 2 "pthread_mutex, pthread_spin" "real cores only" pthread_mutex,pthread_spin -m "$model"
refuse_run 2 "pthread_rwlock" "real cores only" @c-library -m "$model"
refuse_run 2 "'mcz'" "did you mean 'mcs'?" mcz -m "$model"

begin "a broken lock is caught, with its violations and exit code 1"
run_to broken.jsonl broken_tts -t 4 -R 1
want_code 1
want_text "$stdout" "WRONG"
want_text broken.jsonl '"verified":false'
want_text broken.jsonl '"kind":"exclusion"'
want_text broken.jsonl '"machine":"sim:'
end

# ---------------------------------------------------------------------------------------------
# --machine: what is refused

for machine in '' nativ Native simm:pack:2 'simm:pack:2 core:2 pu:1' sim sim: SIM:pack:1 'pack:2 core:2 pu:1' ' sim:x'; do
    refuse_run 2 "'$machine'" "sim:TOPOLOGY" tas -m "$machine"
done
for topology in ' ' pack pack:0 pack:-1 'pack:a pu:1' 'foo:2 pu:2' core:2 'pack:2 pu:2 core:2' 'pack:2,core:2' \
    'pack:2 core:2 pu:1 garbage' 'pack:99999999999999999999 pu:1' 'pack:2 core:2 pu:-3' $'pack:2 \377 pu:1'; do
    refuse_run 2 "'$topology'" "pack:2 core:32 pu:1" tas -m "sim:$topology"
done
refuse_run 2 "1025 CPUs" "at most 1024" tas -m 'sim:pack:1025 pu:1'
refuse_run 2 "2048 CPUs" "at most 1024" tas -m 'sim:pack:2 core:1024 pu:1'
# Far too many are refused without being made.
patience=5
refuse_run 2 "'pack:1 core:100000 pu:1'" "1024" tas -m 'sim:pack:1 core:100000 pu:1'
patience=60

begin "1024 CPUs are simulated"
rm -f large.jsonl
call "$LOCKBENCH" run mcs -m 'sim:pack:4 core:256 pu:1' -t 4 -p scatter -d 1ms -R 1 -q -O large.jsonl
want_code 0
want_verified_samples large.jsonl 1
want_same "the CPUs" "$(sample_cpus large.jsonl)" "0,256,512,768"
end

for threads in 4097 5000 513x 99999999999999999999 0; do
    refuse_run 2 "'$threads'" "at most 4096 threads" tas -m "$model" -t "$threads"
done
refuse_run 2 "'0.5us'" "from 1us" tas -m "$model" -d 0.5us

# ---------------------------------------------------------------------------------------------
# --machine: files of lstopo

fixture=$SOURCES/tests/fixtures/two_sockets.xml
cp "$fixture" server.xml || exit 99
cp "$fixture" without-ending
cp "$fixture" 'my server.xml'
mkdir folder.xml
: >empty.xml
echo "Dear diary," >text.xml
echo '{"cpus": [0, 1]}' >other.xml
head -c 3000 /dev/zero >zeros.xml
echo '<?xml version="1.0"?><!DOCTYPE topology SYSTEM "hwloc2.dtd"><topology version="2.0"></topology>' >hollow.xml
echo '<html><body>404</body></html>' >page.xml

begin "a topology of lstopo, of two packages"
run_to xml.jsonl tas,mcs -t 2,max -m sim:server.xml
want_code 0
want_empty "$stderr"
want_verified_samples xml.jsonl 8
want_text "$stdout" "sim:server.xml"
want_text "$stdout" "32 CPUs"
want_in_every_sample xml.jsonl '"machine":"sim:server.xml"'
want_same "the numbers of threads" "$(planned_threads xml.jsonl)" 2,32
want_repeatable xml.jsonl
end

begin "such a topology and the synthetic string of it cost the same"
samples() { grep '"record":"sample"' "$1" | sed 's/"machine":"[^"]*"//'; }
run_to as-text.jsonl tas,mcs -t 2,max -m 'sim:pack:2 [numa] l3:2 core:4 pu:2(indexes=2*16:1*2)'
want_code 0
want_same "the samples" "$(samples as-text.jsonl)" "$(samples xml.jsonl)"
end

for file in ./server.xml without-ending "$work/server.xml" 'my server.xml'; do
    begin "a topology by another name: ${file##*/}"
    run_to named.jsonl tas -t 2 -m "sim:$file"
    want_code 0
    want_empty "$stderr"
    want_verified_samples named.jsonl 2
    end
done

begin "a name of a topology that is not UTF-8: taken, or refused by that name"
odd=$(printf 'caf\351.xml')
cp server.xml "$odd"
run_to odd.jsonl tas -t 2 -m "sim:$odd"
if [ "$code" = 0 ]; then
    want_verified_samples odd.jsonl 2
else
    want_code 2
    want_one_error
    want_text "$stderr" "$odd"
    want_missing odd.jsonl
fi
end

for file in missing.xml no/such; do
    refuse_run 2 "'$file'" "No such file or directory" tas -m "sim:$file"
done
for file in folder.xml . /dev/null; do
    refuse_run 2 "'$file'" "no file" tas -m "sim:$file"
done
for file in empty.xml text.xml other.xml zeros.xml hollow.xml page.xml; do
    refuse_run 2 "'$file'" "lstopo FILE.xml" tas -m "sim:$file"
done
bytes=$(wc -c <server.xml)
for part in 1 10 40 100 300 1000 2500 $((bytes / 2)) $((bytes * 3 / 4)) $((bytes - 300)) $((bytes - 12)); do
    head -c "$part" server.xml >cut.xml
    [ "$part" -lt "$bytes" ] || continue
    refuse_run 2 "'cut.xml'" "lstopo FILE.xml" tas -m sim:cut.xml
done
name="a topology that may not be read"
cp server.xml secret.xml
chmod a-r secret.xml
if [ -r secret.xml ]; then
    skip "$name" "root reads everything"
else
    refuse "$name" 2 "'secret.xml'" "Permission denied" "$LOCKBENCH" run tas -m sim:secret.xml -t 2 -d 1ms -R 1
fi

# ---------------------------------------------------------------------------------------------
# --model

for setting in remot=300ns:remote pacakge=1ns:package jiter=1:jitter stal-every=5:stall-every Slice=1ms:slice; do
    refuse_run 2 "'${setting%%=*}'" "did you mean '${setting##*:}'?" tas -m "$model" --model "${setting%:*}"
done
refuse_run 2 "'xyzzyxyzzy'" "stall-every" tas -m "$model" --model xyzzyxyzzy=5ns
refuse_run 2 "''" "package" tas -m "$model" --model =5ns
for list in '' remote ',' 'remote=3ns,' ',remote=3ns' 'remote=3ns,,hit=2ns'; do
    refuse_run 2 "--model can't have '" "remote=300ns,jitter=0" tas -m "$model" --model "$list"
done
for value in '' -1ns 5 2s 1h 99999999999999999999ns 1.5ns nan inf 1e3ns '5 ns' 5nsx +5ns 0x5ns '3ns remote=4ns' =3ns; do
    refuse_run 2 "remote can't be '$value'" "with its unit, as in 60ns" tas -m "$model" --model "remote=$value"
done
for name in hit relax slice; do
    refuse_run 2 "$name can't be '0ns'" "from 1ns" tas -m "$model" --model "$name=0ns"
done
for value in 91 -1 '' 5% 10ns 1.5; do
    refuse_run 2 "jitter can't be '$value'" "from 0 to 90" tas -m "$model" --model "jitter=$value"
done
for value in -1 1000000001 '' 10ns; do
    refuse_run 2 "stall-every can't be '$value'" "from 0 to 1000000000" tas -m "$model" --model "stall-every=$value"
done
refuse_run 2 "jitter can't be '91'" "from 0 to 90" tas -m "$model" --model remote=300ns,jitter=91
refuse_run 2 "remote" "twice" tas -m "$model" --model remote=300ns,remote=200ns

begin "the model's ends: no jitter and no stall, much of both, transfers that cost nothing"
for list in jitter=0,stall=0,stall-every=0 jitter=90,stall=10us,stall-every=1 \
    core=0,cache=0,package=0,remote=0,memory=0,atomic=0,clock=0 wake=0,switch=0,syscall=0,slice=10us; do
    run_to ends.jsonl tas,mcs_park,ticket -t 2,12 -R 1 --model "$list"
    want_code 0
    want_verified_samples ends.jsonl 6
done
end

begin "what --model changes shows"
run_to near.jsonl mcs -t 8 --model remote=50ns,jitter=0
run_to far.jsonl mcs -t 8 --model remote=900ns,jitter=0
awk '/"record":"sample"/ { match($0, /"throughput":[0-9.e+]+/); all[FILENAME] += substr($0, RSTART + 13, RLENGTH - 13) }
     END { exit !(all["near.jsonl"] > 2 * all["far.jsonl"]) }' near.jsonl far.jsonl ||
    fail "a far package should cost throughput"
end

# However slow a machine is, its locks are not to blame.
for list in remote=1s package=500ms hit=500ms; do
    begin "--model $list: refused, or no verdict against a good lock"
    run_to slow.jsonl tas,mcs -t 4 -R 1 -p scatter --model "$list"
    [ "$code" = 2 ] || want_code 0
    want_no_text "$stdout" "WRONG"
    end
done

# ---------------------------------------------------------------------------------------------
# --latencies

two='sim:pack:1 core:2 pu:1'
echo '{"cpus": [0, 1], "latency_ns": [[null, 700], [600, null]]}' >latencies.json
echo '{"cpus": [1, 0], "latency_ns": [[null, 600], [700, null]]}' >swapped.json

begin "--latencies are used and recorded, and the recorded command gives the same file"
run_to without.jsonl mcs -m "$two" -t 2
run_to with.jsonl mcs -m "$two" -t 2 --latencies latencies.json
want_code 0
want_empty "$stderr"
want_verified_samples with.jsonl 2
head -1 with.jsonl | grep -qE '"latency_ns":\[\[null,700(\.0)?\],\[600(\.0)?,null\]\]' ||
    fail "the run record should have the matrix"
head -1 without.jsonl >without_run.jsonl
want_no_text without_run.jsonl '"latency_ns"'
awk '/"record":"sample"/ { match($0, /"throughput":[0-9.e+]+/); all[FILENAME] += substr($0, RSTART + 13, RLENGTH - 13) }
     END { exit !(all["without.jsonl"] > 2 * all["with.jsonl"]) }' without.jsonl with.jsonl ||
    fail "ten times the latency should cost throughput"
want_repeatable with.jsonl
end

begin "--latencies: rows and columns go by the numbers of their CPUs"
run_to swapped.jsonl mcs -m "$two" -t 2 --latencies swapped.json
want_code 0
want_same "the samples" "$(samples swapped.jsonl)" "$(samples with.jsonl)"
end

begin "--latencies: what was not measured is taken from the model"
echo '{"cpus": [0, 1], "latency_ns": [[null, null], [null, null]]}' >unmeasured.json
run_to unmeasured.jsonl mcs -m "$two" -t 2 --latencies unmeasured.json
want_code 0
want_same "the samples" "$(samples unmeasured.jsonl)" "$(samples without.jsonl)"
end

refuse_run 2 "'missing.json'" "No such file or directory" tas -m "$two" --latencies missing.json
refuse_run 2 "''" "No such file or directory" tas -m "$two" --latencies ''
refuse_run 2 "'folder.xml'" "directory" tas -m "$two" --latencies folder.xml
for file in text.xml empty.xml zeros.xml server.xml; do
    refuse_run 2 "'$file'" "not JSON" tas -m "$two" --latencies "$file"
done

# refuse_latencies CULPRIT TEXT
refuse_latencies() {
    printf '%s\n' "$2" >bad.json
    begin "--latencies $2: refused"
    rm -f refused.jsonl
    call "$LOCKBENCH" run tas -m "$two" -t 2 -d 1ms -R 1 -O refused.jsonl --latencies bad.json
    want_code 2
    want_one_error
    want_text "$stderr" "'bad.json'"
    want_text "$stderr" "$1"
    want_missing refused.jsonl
    end
}

for text in '{}' '[1]' '{"cpus": [0, 1]}' '{"cpus": [0, 1], "latency_ns": null}' '{"latency_ns": [[null, 1], [1, null]]}' \
    '{"cpus": 2, "latency_ns": [[null, 1], [1, null]]}' '{"cpus": [0, 1], "latency_ns": 5}'; do
    refuse_latencies "topology --json" "$text"
done
refuse_latencies "not JSON" '{"cpus": [0, 1], "latency_ns": [[null, 1], [1, null]]'
refuse_latencies "not JSON" '{"cpus": [0, 1], "latency_ns": [[null, 1], [1, null]]} more'
refuse_latencies "not JSON" '{"cpus": [0, 1], "latency_ns": [[null, NaN], [1, null]]}'
refuse_latencies "3 CPUs" '{"cpus": [0, 1, 2], "latency_ns": [[null, 1, 1], [1, null, 1], [1, 1, null]]}'
refuse_latencies "1 CPU" '{"cpus": [0], "latency_ns": [[null]]}'
for cpus in '[0, 2]' '[0, 0]' '["0", "1"]' '[0.0, 1.0]' '[false, 1]' '[null, 1]'; do
    refuse_latencies "CPU" "{\"cpus\": $cpus, \"latency_ns\": [[null, 1], [1, null]]}"
done
for value in -50 0 1e300 1e10 '"50"' true '[50]' '{}'; do
    refuse_latencies "a latency must be" "{\"cpus\": [0, 1], \"latency_ns\": [[null, $value], [60, null]]}"
done
# Rows that are too few, too short, too long, too many, or none.
for rows in '[]' '[[null, 50]]' '[[null], [60, null]]' '[[null, 50], [60]]' '[1, 2]' '[{"a": 1}, [60, null]]' \
    '["ab", "cd"]' '[null, null]' '[[null, 50, 70], [60, null, 80]]' '[[null, 50], [60, null], [70, 80]]'; do
    refuse_latencies "latenc" "{\"cpus\": [0, 1], \"latency_ns\": $rows}"
done

begin "--latencies of a second: refused, or no verdict against a good lock"
echo '{"cpus": [0, 1], "latency_ns": [[null, 1e9], [1e9, null]]}' >second.json
run_to second.jsonl tas -m "$two" -t 2 -R 1 --latencies second.json
[ "$code" = 2 ] || want_code 0
want_no_text "$stdout" "WRONG"
end

begin "--latencies with a name that is not UTF-8: taken, or refused by that name"
odd=$(printf 'caf\351.json')
cp latencies.json "$odd"
run_to odd-latencies.jsonl mcs -m "$two" -t 2 --latencies "$odd"
if [ "$code" = 0 ]; then
    want_same "the samples" "$(samples odd-latencies.jsonl)" "$(samples with.jsonl)"
else
    want_code 2
    want_one_error
    want_text "$stderr" "$odd"
    want_missing odd-latencies.jsonl
fi
end

name="--latencies takes what lockbench topology --json measures"
if ! have taskset || ! taskset -c 0,1 true 2>>"$work/ignored"; then
    skip "$name" "the CPUs 0 and 1 are not to be had"
else
    begin "$name"
    call taskset -c 0,1 "$LOCKBENCH" topology --json --quiet
    want_code 0
    cp "$stdout" measured.json
    run_to measured.jsonl tas -m "$two" -t 2 --latencies measured.json
    want_code 0
    want_verified_samples measured.jsonl 2
    end
fi

# ---------------------------------------------------------------------------------------------
# What belongs to one kind of machine only

for machine in '' '-m native'; do
    # shellcheck disable=SC2086
    for list in jitter=0 remote=300ns remote=135ns jitter=10; do
        refuse_run 2 "--model" "--machine sim:TOPOLOGY" tas --model "$list" $machine
    done
    # shellcheck disable=SC2086
    refuse_run 2 "--latencies" "--machine sim:TOPOLOGY" tas --latencies latencies.json $machine
    # shellcheck disable=SC2086
    refuse_run 2 "--trace" "--machine sim:TOPOLOGY" tas --trace native-trace.json $machine
done
begin "a trace that is refused is not made"
want_missing native-trace.json
end
refuse "--time-budget on a model" 2 "--time-budget" "--duration" \
    "$LOCKBENCH" run tas -m "$model" -b 2s -t 2 -R 1 -O refused.jsonl
refuse_run 2 "--time-budget" "--duration" tas -m "$model" -b 2s
begin "nested locks: the same bytes for the same seed, and a line for each lock"
run_to nested.jsonl mcs,rw_ticket,spin_park -m "$model" -t 1,4,12 --nested 3 --readers 20 -R 1
want_code 0
want_verified_samples nested.jsonl 9
mv nested.jsonl nested-first.jsonl
run_to nested.jsonl mcs,rw_ticket,spin_park -m "$model" -t 1,4,12 --nested 3 --readers 20 -R 1
want_same_bytes nested.jsonl nested-first.jsonl
want_text nested.jsonl '"--nested","3","--nested-order","ranked"'
for lock in 0 1 2; do
    want_text nested.jsonl "{\"line\":\"lock $lock+0\","
done
end

begin "nested locks in mixed orders: caught, and nobody is in a deadlock"
run_to nested.jsonl mcs,rw_ticket,spin_park -m "$model" -t 2,8 --nested 2 --nested-order mixed -R 2
want_code 1
want_same "the number of samples" "$(count_records nested.jsonl sample)" 12
want_same "the number of violations" "$(count_records nested.jsonl violation)" 12
want_same "the violations of the order" "$(grep '"record":"violation"' nested.jsonl | grep '"kind":"order"' |
    grep -c 'thread 1 asked for the lock of rank 0 while it held that of rank 1, ')" 12
end

refuse_run 2 "--irql" "real cores" tas -m "$model" --irql apc-guard
refuse_run 2 "--dispatch" "real cores" tas -m "$model" --dispatch vtable
begin "what is refused leaves no file"
want_missing refused.jsonl
end

# ---------------------------------------------------------------------------------------------
# --threads and --placement count the model's CPUs

begin "--threads max and 2x count the model's CPUs"
run_to counted.jsonl tas -t max,2x -R 1
want_code 0
want_same "the numbers of threads" "$(planned_threads counted.jsonl)" 8,16
want_verified_samples counted.jsonl 2
end

begin "without --threads: powers of two to the model's CPUs, and twice as many"
run_to default.jsonl tas -R 1 -m 'sim:core:3 pu:2' --model slice=50us
want_code 0
want_same "the numbers of threads" "$(planned_threads default.jsonl)" 1,2,4,6,12
end

begin "--placement compact, scatter, cores on a model"
for expected in compact:0,1,2,3 scatter:0,4,2,6 cores:0,2,4,6; do
    run_to placed.jsonl tas -t 4 -R 1 -p "${expected%%:*}"
    want_code 0
    want_same "the CPUs of ${expected%%:*}" "$(sample_cpus placed.jsonl)" "${expected#*:}"
    want_verified_samples placed.jsonl 1
    want_text placed.jsonl "\"placement\":\"${expected%%:*}\""
done
end

begin "--placement with a list, in its order; more threads begin again at the first"
run_to placed.jsonl tas -t 2,7 -R 1 -p 7,0,4-5
want_code 0
want_same "the CPUs" "$(sample_cpus placed.jsonl | sort)" "$(printf '7,0\n7,0,4,5')"
want_verified_samples placed.jsonl 2
end

begin "--placement knows the CPUs by the numbers that the file gives them"
run_to placed.jsonl tas -t 2 -R 1 -m sim:server.xml -p 16,31
want_code 0
want_same "the CPUs" "$(sample_cpus placed.jsonl)" "16,31"
run_to placed.jsonl tas -t 4 -R 1 -m sim:server.xml
want_same "the CPUs of compact" "$(sample_cpus placed.jsonl)" "0,16,1,17"
end

begin "near threads cost less than far ones"
run_to near.jsonl mcs -t 2 -p 0,2
run_to far.jsonl mcs -t 2 -p 0,4
want_in_every_sample near.jsonl '"remote":0.0,'
want_in_every_sample far.jsonl '"package":0.0,' '"remote":[1-9]'
end

refuse_run 2 "CPU 8" "there are 0-7" tas -m "$model" -p 0,8
refuse_run 2 "CPU 9999" "there are 0-7" tas -m "$model" -p 9999
refuse_run 2 "CPU 32" "there are 0-31" tas -m sim:server.xml -p 32
for placement in compat '' 0- -1 0,,1; do
    refuse_run 2 "'$placement'" "compact" tas -m "$model" -p "$placement"
done

name="with one CPU of the real machine, the same file"
if ! have taskset; then
    skip "$name" "there is no taskset"
else
    begin "$name"
    rm -f bound.jsonl
    call taskset -c "$first_cpu" "$LOCKBENCH" run -m "$model" -d 1ms -R 2 --quiet -O bound.jsonl "${varied[@]}"
    want_code 0
    want_same_bytes first.jsonl bound.jsonl
    end
fi

# ---------------------------------------------------------------------------------------------
# --trace

# A holder that is preempted, sleepers and readers: every kind of event, and few of them.
traced=(rw_ticket -m "$two" -t 3 -d 1ms -R 2 -c 1us -o 500ns -r 40 --model slice=20us -q)

begin "--trace writes a trace, and changes nothing in the results"
rm -f traced.jsonl untraced.jsonl
call "$LOCKBENCH" run "${traced[@]}" -O untraced.jsonl
want_code 0
call "$LOCKBENCH" run "${traced[@]}" -O traced.jsonl --trace trace.json
want_code 0
want_empty "$stderr"
want_same_bytes untraced.jsonl traced.jsonl
[ -s trace.json ] || fail "there should be a trace"
call "$LOCKBENCH" run "${traced[@]}" -O - --trace trace-again.json
want_same_bytes trace.json trace-again.json
end

begin "--trace says where the trace is, and says nothing with --quiet"
call "$LOCKBENCH" run tas -m "$two" -t 2 -d 100us -R 1 -O said.jsonl --trace said.json
want_code 0
want_same "standard error" "$(cat "$stderr")" "lockbench: saved: said.jsonl
lockbench: traced: said.json"
call "$LOCKBENCH" run tas -m "$two" -t 2 -d 100us -R 1 -O unsaid.jsonl --trace unsaid.json --quiet
want_code 0
want_empty "$stderr"
end

begin "the trace has each kind of event"
want_text trace.json '"traceEvents":['
for text in '"name":"process_name"' '"name":"thread_name"' '"name":"thread 2"' '"cat":"run","name":"thread 0"' \
    '"cat":"line","name":"read lock+0"' '"cat":"line","name":"own ' '"cat":"line","name":"upgrade ' \
    '"args":{"line":"lock+0","distance":"package"}' '"distance":"memory"' \
    '"cat":"lock","name":"acquire"' '"cat":"lock","name":"hold"' \
    '"cat":"lock","name":"acquire shared"' '"cat":"lock","name":"hold shared"'; do
    want_text trace.json "$text"
done
want_text trace.json "rw_ticket"
end

# For jq and Python alike: one line an event that lasts, with its row, start and end in picoseconds, and name.
spans_of() { # FILE
    if [ $json_program = jq ]; then
        jq -r '.traceEvents[] | select(.ph == "X") | [.pid, .tid, (.ts * 1e6 | round), ((.ts + .dur) * 1e6 | round),
                .name] | @tsv' "$1"
    else
        python3 -c '
import json, sys
for event in json.load(open(sys.argv[1]))["traceEvents"]:
    if event["ph"] == "X":
        print(event["pid"], event["tid"], round(event["ts"] * 1e6), round((event["ts"] + event["dur"]) * 1e6),
              event["name"], sep="\t")
' "$1"
    fi
}

# Of the spans of one row each lies within the ones that are open, or begins after they end.
want_nested() { # FILE
    spans_of "$1" | sort -k1,1n -k2,2n -k3,3n -k4,4nr >spans
    [ "$(wc -l <spans)" -gt 100 ] || fail "$1 should have more than a hundred spans"
    awk '$1 != pid || $2 != tid { pid = $1; tid = $2; open = 0 }
         {
             while (open > 0 && ends[open] <= $3) open--
             if ($4 < $3 || $3 < 0 || (open > 0 && $4 > ends[open])) { print; exit 1 }
             ends[++open] = $4
         }' spans >"$stdout" || fail "$1 has a span that overlaps another one of its row"
}

# A thread that is put aside does not get its core back at once.
want_whole_runs() { # FILE
    spans_of "$1" | grep "$(printf '\t')thread [0-9]*$" | sort -k1,1n -k2,2n -k3,3n >runs
    [ "$(wc -l <runs)" -gt 20 ] || fail "$1 should have more than twenty runs of threads"
    awk -F '\t' '$1 == pid && $2 == tid && $3 == end && $5 == name { print; exit 1 }
        { pid = $1; tid = $2; end = $4; name = $5 }' runs >"$stdout" ||
        fail "$1 has a thread whose time on its core is cut in two"
}

if [ -z "$json_program" ]; then
    for name in "the trace is JSON" "spans of one row are nested" "the trace's end" "nested, whole: other locks"; do
        skip "$name" "there is neither python3 nor jq"
    done
else
    begin "the trace is JSON"
    json_is_valid trace.json whole || fail "it should be JSON"
    end

    begin "spans of one row are nested"
    want_nested trace.json
    end

    begin "nothing of the trace is after its end, which is after the window"
    last=$(cut -f4 spans | sort -n | tail -1)
    [ "$last" -ge 1200000000 ] || fail "the last span should end after the window, not at $last ps"
    marked=$(sed -n 's/.*"name":"end of the trace".*"ts":\([0-9]*\).*/\1/p' trace.json)
    [ -z "$marked" ] || [ "$marked" -ge 1200 ] || fail "what marks the end of the trace is at $marked us"
    end

    begin "spans of one row are nested, those of threads whole: a lock that sleeps, one that spins, few CPUs"
    for lock in mcs_park ticket spin_park; do
        rm -f other-trace.json
        run_to other-trace.jsonl $lock -m "$two" -t 5 -R 1 -c 2us --model slice=30us --trace other-trace.json
        want_code 0
        json_is_valid other-trace.json whole || fail "it should be JSON"
        want_nested other-trace.json
        want_whole_runs other-trace.json
    done
    end
fi

one_trace=(-m "$two" -t 2)
refuse_run 2 "--trace" "2 and 1" tas,mcs "${one_trace[@]}" --trace none.json
refuse_run 2 "--trace" "1 and 2" tas "${one_trace[@]}" -t 1,2 --trace none.json
refuse_run 2 "--trace" "one lock" @queue "${one_trace[@]}" --trace none.json
begin "a trace of several is not made"
want_missing none.json
end

begin "--trace of one lock, besides one that only real cores run"
run_to both.jsonl tas,pthread_mutex -m "$two" -t 2 -R 1 --trace left.json
want_code 0
[ -s left.json ] || fail "there should be a trace"
end

echo precious >existing.json
refuse_run 2 "'existing.json'" "exists" tas "${one_trace[@]}" --trace existing.json
begin "an existing trace is left as it is"
want_same "the file" "$(cat existing.json)" precious
end
refuse_run 2 "refused.jsonl" "trace" tas "${one_trace[@]}" --trace refused.jsonl
refuse_run 3 "'nowhere/trace.json'" "No such file or directory" tas "${one_trace[@]}" --trace nowhere/trace.json
refuse_run 3 "''" "No such file or directory" tas "${one_trace[@]}" --trace ''
refuse_run 3 "'folder.xml'" "directory" tas "${one_trace[@]}" --trace folder.xml

# What is not a file may be there already, and a disk may be full only in the end.
begin "--trace /dev/full: exit code 3, and the disk is named, not a file that exists"
run_to full-trace.jsonl tas "${one_trace[@]}" -R 1 --trace /dev/full
want_code 3
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'/dev/full'"
want_text "$stderr" "No space left on device"
end

begin "--trace with a name that is not UTF-8: taken, or refused by that name"
odd=$(printf 'trac\351.json')
run_to odd-trace.jsonl tas "${one_trace[@]}" -R 1 --trace "$odd"
if [ "$code" = 0 ]; then
    [ -s "$odd" ] || fail "there should be a trace"
else
    want_code 2
    want_one_error
    want_text "$stderr" "$odd"
    want_missing odd-trace.jsonl
fi
end

begin "--trace - makes no file of that name"
run_to dash.jsonl tas "${one_trace[@]}" -R 1 --trace -
want_missing ./-
rm -f ./-
end

begin "a trace that can't grow: exit code 3, one line, and why"
rm -f small-trace.json small.jsonl
call bash -c 'trap "" XFSZ; ulimit -f 32
    exec "$LOCKBENCH" run tas -m "sim:core:2 pu:1" -t 2 -d 1ms -R 1 -q -O small.jsonl --trace small-trace.json'
want_code 3
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'small-trace.json'"
want_text "$stderr" "File too large"
end

# ---------------------------------------------------------------------------------------------
# The example of the manual

begin "the command that docs/simulating.md gives for a trace works"
line=$(sed -n "s/^ *lockbench \(run ticket .*--trace ticket.json\)$/\1/p" "$SOURCES/docs/simulating.md")
[ -n "$line" ] || fail "there should be one"
call bash -c "\"\$LOCKBENCH\" $line -q -O example.jsonl"
want_code 0
[ -s ticket.json ] || fail "there should be a trace"
end

# ---------------------------------------------------------------------------------------------
# Where the results go

model_run=("$LOCKBENCH" run tas -m "$model" -t 2 -d 1ms -R 2)

refuse "results to a full disk" 3 "'/dev/full'" "No space left on device" "${model_run[@]}" -O /dev/full
refuse "results to a folder that does not exist" 3 "'nowhere/x.jsonl'" "No such file or directory" \
    "${model_run[@]}" -O nowhere/x.jsonl
refuse "results that exist" 2 "'first.jsonl' exists already" "name another output" "${model_run[@]}" -O first.jsonl
refuse "results to standard output that is full" 3 "standard output" "No space left on device" \
    bash -c '"$LOCKBENCH" run tas -m "sim:core:2 pu:1" -t 2 -d 1ms -R 2 -q -O - >/dev/full'

begin "a full standard output: exit code 3, the results are saved"
rm -f full-output.jsonl
call bash -c '"$LOCKBENCH" run tas -m "sim:core:2 pu:1" -t 2 -d 1ms -R 2 -q -O full-output.jsonl >/dev/full'
want_code 3
want_one_error
want_text "$stderr" "No space left on device"
want_verified_samples full-output.jsonl 2
end

for streams in '>&-' '<&- >&- 2>&-'; do
    begin "closed standard streams ($streams): the results stay clean"
    rm -f closed.jsonl
    call sh -c 'exec "$LOCKBENCH" run tas -m "sim:core:2 pu:1" -t 2 -d 1ms -R 2 -q -O closed.jsonl '"$streams"
    [ "$code" = 0 ] || want_code 3
    want_whole_records closed.jsonl
    want_verified_samples closed.jsonl 2
    end
done

begin "a file that may not grow: what was simulated is saved and whole"
rm -f limited.jsonl
call bash -c 'trap "" XFSZ; ulimit -f 16
    exec "$LOCKBENCH" run tas -m "sim:core:2 pu:1" -t 2 -d 1ms -R 100 -q -O limited.jsonl'
want_code 3
want_whole_records limited.jsonl
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "$(wc -l <limited.jsonl) whole record"
end

# ---------------------------------------------------------------------------------------------
# Interrupted, killed

long_run=(run tas -m "$two" -t 2 -d 5ms -R 10000 --quiet)
endless_run=(run tas -m "$two" -t 2 -d 3600s -R 2 --quiet)

for signal in INT TERM; do
    begin "SIG$signal to the group of a long plan: what was simulated is saved"
    rm -f interrupted.jsonl
    start "${long_run[@]}" -O interrupted.jsonl
    wait_until has_lines interrupted.jsonl 3
    kill "-$signal" -- "-$group"
    wait_for_end
    want_code 130
    want_empty "$stderr"
    want_whole_records interrupted.jsonl
    want_verified_samples interrupted.jsonl "$(($(wc -l <interrupted.jsonl) - 1))"
    grep -qE '^ +tas +[0-9]' "$stdout" || fail "the table should be on standard output"
    want_text "$stdout" "ended early"
    end
done

begin "SIGINT within one long simulation: it ends at once, and nobody is left"
rm -f endless.jsonl
start "${endless_run[@]}" -O endless.jsonl
wait_until has_child
kill -INT -- "-$group" 2>>"$work/ignored"
wait_for_end
want_code 130
want_empty "$stderr"
want_no_text endless.jsonl '"record":"violation"'
end

begin "kill -9 of the process that simulates is reported, and not taken for a fault of the lock"
rm -f shot.jsonl
start "${endless_run[@]}" -O shot.jsonl
wait_until has_child
# shellcheck disable=SC2046
kill -KILL $(children) 2>>"$work/ignored"
wait_for_end
want_code 3
want_one_error
want_text "$stderr" "tas with 2 threads"
want_text "$stderr" "killed from outside"
want_no_text shot.jsonl '"record":"violation"'
end

begin "kill -9 of the program: the process that simulates ends too, and the file can be read"
rm -f killed.jsonl
start "${long_run[@]}" -O killed.jsonl
wait_until has_lines killed.jsonl 3
{
    kill -KILL "$group"
    wait "$group" # here the shell itself has a word to say
} 2>>"$work/ignored"
wait_for_end
call "$LOCKBENCH" plot killed.jsonl --figure traffic --format dat --output -
want_code 0
want_text "$stdout" '"tas"'
end

begin "a simulation does not wait for somebody who measures, nor keep anybody waiting"
exec 9>>"$work/ignored"
if : >>/tmp/lockbench.lock; then exec 9</tmp/lockbench.lock; fi 2>>"$work/ignored"
! have flock || flock -n 9
printf -v command '%q ' "${model_run[@]}"
rm -f unwaiting.jsonl
timeout 60 "${model_run[@]}" -O unwaiting.jsonl >"$stdout" 2>"$stderr"
code=$?
exec 9>&-
want_code 0
want_same "standard error" "$(cat "$stderr")" "lockbench: saved: unwaiting.jsonl"
end

# ---------------------------------------------------------------------------------------------
# repetition, which reads its request from standard input

request='{"machine":"sim:core:2 pu:1","lock":"tas","threads":2,"cpus":[0,1],"workload":{"critical":"0","outside":"0","lines":1,"readers":0},"warmup_ns":20000,"window_ns":100000,"drain_ns":1000000000,"silence_ns":1000000000,"seed":1,"through_vtable":false}'

begin "repetition with a good request"
echo "$request" >request
call "$LOCKBENCH" repetition <request
want_code 0
want_empty "$stderr"
want_text "$stdout" '"verified":true'
want_text "$stdout" '"traffic":{'
end

# refuse_request OLD NEW TEXT: the good request with a part replaced. Without that part it stays good,
# and the test fails.
refuse_request() {
    printf '%s\n' "${request/"$1"/"$2"}" >request
    refuse "repetition with $2 in the place of $1" 2 "$3" "" "$LOCKBENCH" repetition <request
}

refuse_request '"sim:core:2 pu:1"' '"sim:"' "'sim:'"
refuse_request '"sim:core:2 pu:1"' '"simm:core:2"' "'simm:core:2'"
refuse_request '"sim:core:2 pu:1"' 5 "the request is wrong"
refuse_request '"lock":"tas"' '"lock":"pthread_mutex"' "real cores only"
refuse_request '"seed":1' '"seed":1,"model":{}' "the request is wrong"
refuse_request '"seed":1' '"seed":1,"model":5' "the request is wrong"
refuse_request '"seed":1' '"seed":1,"trace":5' "the request is wrong"

begin "repetition with a CPU that the model has not: said, not sought for ever"
printf '%s\n' "${request/'[0,1]'/'[0,7]'}" >request
call "$LOCKBENCH" repetition <request
[ "$code" = 2 ] || want_code 3
grep -aqE '\b7\b' "$stdout" "$stderr" || fail "CPU 7 should be named"
end

begin "repetition with a topology that is none: said once"
printf '%s\n' "${request/core:2 pu:1/core:x}" >request
call "$LOCKBENCH" repetition <request
[ "$code" = 2 ] || want_code 3
want_text "$stderr" "'core:x'"
end

# ---------------------------------------------------------------------------------------------
# plot

rm -f native.jsonl model.jsonl
"$LOCKBENCH" run tas,ticket -t 1,2 -d 5ms -R 1 --counters none -q -O native.jsonl >"$work/ignored" 2>&1
"$LOCKBENCH" run tas,ticket -m "$model" -t 1,2,4 -d 1ms -R 1 -q -O model.jsonl >"$work/ignored" 2>&1
{ cat native.jsonl && grep '"record":"sample"' model.jsonl; } >together.jsonl
run_to other-model.jsonl tas,ticket -m 'sim:core:4 pu:1' -t 2,4 -R 1

curves() {
    sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | sort | tr '\n' ';'
}

declare -A columns=([throughput]="throughput low high jain" [fairness]="jain max_gap rsd gini theil top_half burst lwss mttr"
    [traffic]="transactions invalidated")
for figure in throughput fairness traffic; do
    begin "plot --figure $figure of a model's results: a curve for each lock"
    call "$LOCKBENCH" plot model.jsonl --figure $figure --format dat --output -
    want_code 0
    want_empty "$stderr"
    want_same "the curves" "$(curves)" "tas;ticket;"
    want_same "the numbers of threads" "$(sed -n 's/^\([0-9][0-9]*\) .*/\1/p' "$stdout" | tr '\n' ' ')" "1 2 4 1 2 4 "
    want_same "the first line" "$(head -1 "$stdout")" "\"tas\" lock variant ${columns[$figure]}"
    want_same "the numbers in a line" "$(awk '/^[0-9]/ { print NF }' "$stdout" | sort -u)" \
        "$(wc -w <<<"threads lock variant ${columns[$figure]}")"
    end

    begin "plot --figure $figure of native and model results: the curves say which"
    call "$LOCKBENCH" plot native.jsonl model.jsonl --figure $figure --format dat --output -
    want_code 0
    lines=1
    [ $figure != traffic ] || lines=2 # real cores have none here, which is said
    want_same "the number of lines on standard error" "$(wc -l <"$stderr")" $lines
    want_text "$stderr" "different machines"
    expected="tas (model, model);tas (native, native);ticket (model, model);ticket (native, native);"
    [ $figure != traffic ] || expected="tas (model, model);ticket (model, model);"
    want_same "the curves" "$(curves)" "$expected"
    end
done

begin "plot --figure latency: percentiles and spread, writers and readers apart"
run_to readers.jsonl rw_ticket,ticket -m 'sim:core:4 pu:1' -t 2,4,8 -R 2 --readers 50
call "$LOCKBENCH" plot readers.jsonl --figure latency --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the blocks" "$(curves)" \
    "rw_ticket;rw_ticket;rw_ticket, shared;rw_ticket, shared;ticket;ticket;"
want_same "the most threads that have a CPU each" "$(sed -n 's/^\([0-9][0-9]*\) .*/\1/p' "$stdout" | sort -u)" 4
# Each percentile curve goes up from 1, and ends at the number of times and the longest of them.
awk '/^"/ { percentiles = / inverse ns$/; first = 1; next }
     /^[0-9]/ && percentiles {
         bad = bad || (first ? $5 != 1 : $5 < x || $6 < y)
         first = 0; x = $5; y = $6; last = $5
     }
     /^$/ && percentiles && !first { ends = ends " " last; first = 1 }
     END { print ends > "ends"; exit bad }' "$stdout" || fail "the percentiles should go up from 1"
times_of() { # LOCK FIELD: how many there are at 4 threads
    grep "\"lock\":\"$1\".*\"threads\":4," readers.jsonl | grep -o "\"$2\":{\"count\":[0-9]*" |
        awk -F: '{ all += $3 } END { print all }'
}
want_same "the numbers of times" "$(cat ends)" \
    " $(times_of rw_ticket latency_ns) $(times_of rw_ticket latency_shared_ns) $(times_of ticket latency_ns)"
want_same "the largest part of each spread" \
    "$(awk '/^"/ { spread = / ns density$/ } /^[0-9]/ && spread && $6 == 1' "$stdout" | wc -l)" 3
end

for figure in hold handoff; do
    begin "plot --figure $figure: its own times"
    call "$LOCKBENCH" plot readers.jsonl --figure $figure --format dat --output -
    want_code 0
    want_empty "$stderr"
    # Where a curve of percentiles ends: the number of times.
    want_same "the number of times of ticket" \
        "$(awk '/^"/ { ours = /^"ticket" .* inverse ns$/ } ours && /^[0-9]/ { last = $5 } END { print last }' "$stdout")" \
        "$(times_of ticket "${figure}_ns")"
    end
done

begin "plot --figure latency of two files: one without the number of threads that is drawn is left out, which is said"
run_to fewer.jsonl ticket -m 'sim:core:4 pu:1' -t 1,2 -R 2 --readers 50
call "$LOCKBENCH" plot readers.jsonl fewer.jsonl --figure latency --format dat --output -
want_code 0
want_same "standard error" "$(cat "$stderr")" \
    "lockbench: 'fewer.jsonl' has nothing of 4 threads to draw on sim:core:4 pu:1: --threads N draws another number"
want_no_text "$stdout" fewer
want_text "$stdout" "ticket (readers)"
end

begin "plot of one file with both: native and model"
call "$LOCKBENCH" plot together.jsonl --format dat --output -
want_code 0
want_same "the curves" "$(curves)" "tas (model);tas (native);ticket (model);ticket (native);"
end

begin "plot of two models: each by its topology"
call "$LOCKBENCH" plot model.jsonl other-model.jsonl --figure traffic --format dat --output -
want_code 0
want_text "$stdout" '"tas (model, sim:pack:2 core:2 pu:2)"'
want_text "$stdout" '"tas (other-model, sim:core:4 pu:1)"'
end

# A picture is gnuplot's work: a sanitizer of ours sees it begin and end, and what is written for it.
formats='png svg dumb dat'
[ -z "$sanitizer" ] || formats='png dat'
for figure in throughput fairness traffic latency hold handoff; do
    for format in $formats; do
        name="plot --figure $figure --format $format, of a model, and of a model and real cores"
        if [ $have_gnuplot = no ] && [ $format != dat ]; then
            skip "$name" "there is no gnuplot"
            continue
        fi
        begin "$name"
        call "$LOCKBENCH" plot model.jsonl --figure $figure --format $format --output one.$format
        want_code 0
        want_empty "$stdout"
        want_same "standard error" "$(cat "$stderr")" "lockbench: drawn: one.$format"
        want_picture $format one.$format tas
        [ $format != dat ] || want_same "the beginning of one.dat" "$(first_bytes one.dat)" '"tas'
        call "$LOCKBENCH" plot model.jsonl native.jsonl --figure $figure --format $format --output two.$format
        want_code 0
        want_picture $format two.$format tas
        [ $format != dat ] || want_same "the beginning of two.dat" "$(first_bytes two.dat)" '"tas'
        want_text "$stderr" "lockbench: drawn: two.$format"
        [ $format = png ] || want_text two.$format "(model, model)"
        end
    done
done

name="a figure says that it is of a model, and is named after what it shows"
if [ $have_gnuplot = no ]; then
    skip "$name" "there is no gnuplot"
else
    begin "$name"
    call "$LOCKBENCH" plot model.jsonl --figure traffic
    want_code 0
    want_picture png model.traffic.png
    want_picture svg model.traffic.svg tas
    want_missing model.png
    want_text model.traffic.svg "model of pack:2 core:2 pu:2"
    end
fi

refuse "plot --figure traffic of native results only" 2 "has no traffic" "--counters none" \
    "$LOCKBENCH" plot native.jsonl --figure traffic --format dat --output no-traffic.dat
refuse "plot --figure traffic of native results only, drawn" 2 "has no traffic" "--counters none" \
    "$LOCKBENCH" plot native.jsonl --figure traffic
begin "what is refused leaves no picture"
for file in no-traffic.dat native.traffic.png native.traffic.svg native.png; do
    want_missing $file
done
end

run_to untimed.jsonl tas -m native -t 1 -R 1 --passes owners
refuse "plot --figure latency of results without times" 2 "has no latency_ns" "--passes without latency" \
    "$LOCKBENCH" plot untimed.jsonl --figure latency --format dat --output -

begin "plot --figure fairness of native results without a longest wait draws what there is"
sed 's|"max_gap":[0-9][0-9.e+]*|"max_gap":null|' native.jsonl >no-wait.jsonl
call "$LOCKBENCH" plot no-wait.jsonl --figure fairness --format dat --output -
want_code 0
want_same "the curves" "$(curves)" "tas;ticket;"
if [ $have_gnuplot = yes ]; then
    call "$LOCKBENCH" plot no-wait.jsonl --figure fairness --format svg --output native-fairness.svg
    want_code 0
    want_same "standard error" "$(cat "$stderr")" "lockbench: drawn: native-fairness.svg"
    [ "$code" != 0 ] || want_picture svg native-fairness.svg tas
fi
end

for figure in trafic Traffic '' throughput,traffic fair; do
    refuse "plot --figure '$figure'" 2 "--figure can't be '$figure'" "throughput, fairness, cost, traffic, threshold, budget, collapse, core-latency" \
        "$LOCKBENCH" plot model.jsonl --figure "$figure" --format dat --output -
done
begin "plot of a model's results to a full disk"
call "$LOCKBENCH" plot model.jsonl --figure traffic --format dat --output /dev/full
want_code 3
want_one_error
want_text "$stderr" "No space left on device"
end

begin "plot of a model's results that were cut: the last record is left out, with a warning"
head -c -30 model.jsonl >cut-model.jsonl
call "$LOCKBENCH" plot cut-model.jsonl --figure traffic --format dat --output -
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'cut-model.jsonl' was cut off"
end

begin "no temporary file is left"
want_same "what is in TMPDIR" "$(ls -A "$TMPDIR")" ""
end

echo "1..$number"
