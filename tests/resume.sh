#!/usr/bin/env bash
# A run that ended early is gone on with: killed at any moment, cut anywhere, it ends with every
# repetition of every cell, each once.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck disable=SC2016
set -u

. "$(dirname -- "$0")/harness.sh"

# A sanitizer judges what is done at one moment as at another, and makes each slower.
kills=20
[ -z "$sanitizer" ] || kills=6
seed=${RANDOM_SEED:-$RANDOM}
RANDOM=$seed
echo "# the moments are drawn with RANDOM_SEED=$seed"

resume() { # FILE ARGUMENT...
    call "$LOCKBENCH" run --resume "$1" --quiet "${@:2}"
}

# lock, threads and repetition of each sample, sorted.
turns() {
    awk 'function field(pattern) { match($0, pattern); return substr($0, RSTART, RLENGTH) }
         /^\{"record":"sample"/ {
             print field("\"lock\":\"[^\"]*\""), field("\"threads\":[0-9]+"),
                   field("\"repetition\":[0-9]+")
         }' "$1" | sort
}

want_same_turns() { # FILE FILE
    [ "$(turns "$1")" = "$(turns "$2")" ] || fail "$1 should have the repetitions of $2, each once"
    want_same "the lines of $1 that are no record" "$(grep -avc '^{"record":".*}$' "$1")" 0
    [ -z "$(tail -c 1 "$1")" ] || fail "$1 should end with a whole line"
}

# Whether there is a whole first record, so that there is something to go on with.
has_begun() {
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge 1 ]
}

milliseconds() {
    date +%s%N | sed 's/......$//'
}

# killed_after MILLISECONDS ARGUMENT...: the program alone is killed; its child has to notice.
killed_after() {
    start "${@:2}"
    sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
    { kill -KILL "$group"; } 2>>"$work/ignored"
    wait_for_end
}

# What was written before the kill, up to the last whole line, stands in the file still.
keep_whole_lines() { # FILE
    { [ ! -e "$1" ] || head -n "$(wc -l <"$1")" "$1"; } >before.jsonl
}

want_kept_lines() { # FILE
    cmp -s before.jsonl <(head -c "$(wc -c <before.jsonl)" "$1") || fail "what $1 had should be there still"
}

# ---------------------------------------------------------------------------------------------
# On a model, where the same seed gives the same bytes

simulated=(run tas ticket mcs spin_park -m 'sim:pu:4' -t 1,4 -d 1ms -R 3 --quiet)
begin_ms=$(milliseconds)
call "$LOCKBENCH" "${simulated[@]}" -O whole.jsonl
took=$(($(milliseconds) - begin_ms))
[ "$(turns whole.jsonl | wc -l)" -eq 24 ] || { echo "Bail out! a run of 24 repetitions was expected"; exit 99; }

begin "on a model: killed at $kills random moments, each gone on with to the same bytes as uninterrupted"
for ((i = 0; i < kills; i++)); do
    rm -f killed.jsonl
    killed_after $((RANDOM % (took + 1))) "${simulated[@]}" -O killed.jsonl
    keep_whole_lines killed.jsonl
    if has_begun killed.jsonl; then
        resume killed.jsonl
    else
        rm -f killed.jsonl
        call "$LOCKBENCH" "${simulated[@]}" -O killed.jsonl
    fi
    want_code 0
    want_kept_lines killed.jsonl
    cmp -s killed.jsonl whole.jsonl || fail "killed.jsonl and whole.jsonl should be the same, byte for byte"
    [ -z "$problem" ] || break
done
end

# Of a shorter run, which has all kinds of records too: it is gone on with more than fifty times.
short=(run tas spin_park -m 'sim:pu:4' -t 1,4 -d 100us -R 3 --quiet)
call "$LOCKBENCH" "${short[@]}" -O short.jsonl
[ "$(turns short.jsonl | wc -l)" -eq 12 ] || { echo "Bail out! a run of 12 repetitions was expected"; exit 99; }

begin "on a model: cut at every end of a record, a byte before it and some behind it"
offset=0
while IFS= read -r line; do
    offset=$((offset + ${#line} + 1))
    for cut in $((offset - 2)) $((offset - 1)) "$offset" $((offset + 1)) $((offset + 500)); do
        [ "$offset" -gt $((${#line} + 1)) ] || [ "$cut" -ge $((offset - 1)) ] || continue
        head -c "$cut" short.jsonl >cut.jsonl
        resume cut.jsonl
        want_code 0
        cmp -s cut.jsonl short.jsonl || fail "cut at $cut, the file should become the same as it was"
        [ -z "$problem" ] || break 2
    done
done <short.jsonl
end

begin "a torn record is removed, and that is said"
head -c -100 whole.jsonl >torn.jsonl
resume torn.jsonl
want_code 0
want_text "$stderr" "'torn.jsonl' was cut off in its last record"
grep -qE '^ +mcs +[0-9]' "$stdout" || fail "the table should be on standard output"
end

begin "a bad line within is left out, with a warning, and its repetition measured again"
sed '5s/.*/{"record":"sample","lock":NaN}/' whole.jsonl >bad.jsonl
resume bad.jsonl
want_code 0
want_text "$stderr" "line 5"
want_same_turns <(grep -v NaN bad.jsonl) whole.jsonl
end

begin "--dry-run says what is left, and changes nothing"
head -c -100 whole.jsonl >torn.jsonl
cp torn.jsonl torn-before.jsonl
resume torn.jsonl --dry-run
want_code 0
want_text "$stdout" "1 repetitions"
cmp -s torn.jsonl torn-before.jsonl || fail "the file should be as it was"
end

begin "a complete run: nothing to do, exit code 0, nothing changed"
cp whole.jsonl complete.jsonl
resume complete.jsonl
want_code 0
want_text "$stderr" "'complete.jsonl' is complete"
cmp -s complete.jsonl whole.jsonl || fail "the file should be as it was"
end

begin "a repetition whose process crashed is not measured again"
awk 'NR == 7 { sub(/"record":"sample"/, "\"record\":\"violation\",\"kind\":\"crash\"") } { print }' whole.jsonl >crash.jsonl
resume crash.jsonl
want_code 0
want_text "$stderr" "is complete"
end

begin "a lock that was caught before is not forgotten: exit code 1"
sed '3s/"verified":true/"verified":false/; $d' whole.jsonl >caught.jsonl
resume caught.jsonl
want_code 1
want_same_turns caught.jsonl whole.jsonl
end

begin "the options of the run itself may stand beside --resume"
sed '$d' whole.jsonl >again.jsonl
call "$LOCKBENCH" "${simulated[@]}" -O again.jsonl --resume again.jsonl
want_code 0
cmp -s again.jsonl whole.jsonl || fail "the file should become the same as it was"
end

begin "signals and their objects"
call "$LOCKBENCH" run futex eventfd -w wait-any --objects 1,2 -d 5ms -R 2 -q -O signals.jsonl
want_code 0
sed '$d' signals.jsonl >signals-cut.jsonl
resume signals-cut.jsonl
want_code 0
want_same "the samples" "$(count_records signals-cut.jsonl sample)" 8
end

# ---------------------------------------------------------------------------------------------
# On real cores

native=(run tas mcs -t 1,2 -d 5ms -R 5 --quiet)
call "$LOCKBENCH" "${native[@]}" -O native.jsonl

begin "on real cores: killed at $kills random moments in one chain, then let go on"
rm -f chain.jsonl
for ((i = 0; i < kills; i++)); do
    if has_begun chain.jsonl; then
        killed_after $((RANDOM % 120)) run --resume chain.jsonl --quiet
    else
        rm -f chain.jsonl
        killed_after $((RANDOM % 120)) "${native[@]}" -O chain.jsonl
    fi
    [ ! -e before.jsonl ] || [ "$i" -eq 0 ] || [ ! -s before.jsonl ] || want_kept_lines chain.jsonl
    keep_whole_lines chain.jsonl
done
if has_begun chain.jsonl; then
    resume chain.jsonl
else
    rm -f chain.jsonl
    call "$LOCKBENCH" "${native[@]}" -O chain.jsonl
fi
want_code 0
want_kept_lines chain.jsonl
want_same_turns chain.jsonl native.jsonl
end

begin "on real cores: when it went on is recorded"
sed '$d' native.jsonl >moment.jsonl
resume moment.jsonl
want_code 0
want_same "the records of that" "$(grep -c '^{"record":"resume","command":.*"time":"20' moment.jsonl)" 1
call "$LOCKBENCH" plot moment.jsonl --format dat --output -
want_code 0
end

begin "a run that was interrupted says how to go on, and does"
start run tas -t 1 -d 20ms -R 12 -O interrupted.jsonl
wait_until has_lines interrupted.jsonl 3
kill -INT "$group"
wait_for_end
want_code 130
want_text "$stderr" "--resume interrupted.jsonl"
resume interrupted.jsonl
want_code 0
want_same "the samples" "$(count_records interrupted.jsonl sample)" 12
end

# ---------------------------------------------------------------------------------------------
# What is refused, with one line, and changes nothing

# refuse_resume NAME CULPRIT FIX FILE ARGUMENT...
refuse_resume() {
    [ ! -f "$4" ] || cp "$4" refused-before
    refuse "$1" 2 "$2" "$3" "$LOCKBENCH" run --resume "${@:4}"
    begin "$1: the file is as it was"
    [ ! -f "$4" ] || cmp -s "$4" refused-before || fail "$4 should be as it was"
    end
}

sed '$d' whole.jsonl >part.jsonl
sed '$d' native.jsonl >native-part.jsonl
sed 's/"cpu_model":"[^"]*"/"cpu_model":"Z80"/' native-part.jsonl >host.jsonl
sed 's/"allowed_cpus":"[^"]*"/"allowed_cpus":"0-4710"/' native-part.jsonl >cpus.jsonl
sed 's/"version":"[^"]*"/"version":"0.0.9"/' part.jsonl >version.jsonl
sed 's/"build":"[^"]*"/"build":"cc -O9"/' part.jsonl >build.jsonl
sed '1s/"tas"/"tsa"/' part.jsonl >locks.jsonl
sed '1s/"seed":1,/"seed":-1,/' part.jsonl >seed.jsonl
sed 1d part.jsonl >headless.jsonl
head -c 200 part.jsonl >first.jsonl
: >empty.jsonl
printf '\0\1\2\377\n' >binary.jsonl

refuse_resume "results of another processor" "cpu_model is Z80" "would not fit" host.jsonl
refuse_resume "results of other CPUs" "allowed_cpus is 0-4710" "would not fit" cpus.jsonl
refuse_resume "results of another version" "version is 0.0.9" "would not fit" version.jsonl
refuse_resume "results of another compiler" "build is cc -O9" "would not fit" build.jsonl
refuse_resume "results with a lock that is not known" "'tsa'" "did you mean 'tas'" locks.jsonl
refuse_resume "results with a seed that is none" "'seed.jsonl'" "measure anew" seed.jsonl
refuse_resume "results without their first record" "'headless.jsonl'" "not a results file" headless.jsonl
refuse_resume "results that were cut in their first record" "'first.jsonl'" "measure anew" first.jsonl
refuse_resume "an empty file" "'empty.jsonl'" "empty" empty.jsonl
refuse_resume "binary rubbish" "'binary.jsonl'" "not a results file" binary.jsonl
refuse_resume "a missing file" "'nowhere.jsonl'" "No such file" nowhere.jsonl
refuse_resume "a device" "'/dev/null'" "no regular file" /dev/null
refuse_resume "other threads" "'threads'" "leave out" part.jsonl --threads 1,2
refuse_resume "other locks" "'locks'" "leave out" part.jsonl mcs
refuse_resume "another window" "'w" "leave out" part.jsonl --duration 2ms
refuse_resume "another seed" "'seed'" "leave out" part.jsonl --seed 3
refuse_resume "another machine" "part.jsonl" "sim:TOPOLOGY" part.jsonl --machine native
refuse_resume "another output" "'other.jsonl'" "leave it out" part.jsonl --output other.jsonl
refuse_resume "a plan besides" "--plan" "--resume" part.jsonl --plan default
refuse_resume "a trace" "--trace" "--resume" part.jsonl --trace trace.json
refuse_resume "a budget" "--time-budget" "--resume" part.jsonl --time-budget 10s

begin "results that another process is writing are refused"
start run tas -m 'sim:pu:4' -t 4 -d 10ms -R 10000 --quiet -O busy.jsonl
wait_until has_lines busy.jsonl 2
call "$LOCKBENCH" run --resume busy.jsonl
want_code 2
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'busy.jsonl' is being written by another"
{ kill -KILL "$group"; } 2>>"$work/ignored"
wait_for_end
end

echo "1..$number"
