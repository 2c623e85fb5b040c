#!/usr/bin/env bash
# Plan files, what --dry-run says of them, and repetitions that grow in number.
set -u

. "$(dirname -- "$0")/harness.sh"
: "${SOURCES:=$(dirname -- "$0")/..}"

dry() { # ARGUMENT...
    call "$LOCKBENCH" run --dry-run "$@"
}

# plan TEXT: writes plan.json.
plan() {
    printf '%s\n' "$1" >plan.json
}

# refuse_plan CULPRIT FIX TEXT: a plan that is refused before anything is measured or written.
refuse_plan() {
    begin "the plan $3 is refused"
    plan "$3"
    call "$LOCKBENCH" run --plan plan.json -O refused.jsonl
    want_code 2
    want_one_error
    want_text "$stderr" "'plan.json'"
    want_text "$stderr" "$1"
    want_text "$stderr" "$2"
    want_missing refused.jsonl
    end
}

# ---------------------------------------------------------------------------------------------
# What would be measured

begin "--dry-run: each cell with its repetitions and window, and the time; nothing is left behind"
dry tas,spin_park:budget=2us -t 1,2 -d 5ms -R 3 --outside 1us
want_code 0
want_empty "$stderr"
want_text "$stdout" "critical 0, outside 1us, 1 line, 0% readers"
want_same "the cells" "$(grep -cE '^  (tas|spin_park:budget=2us) +[12] +3 +5$' "$stdout")" 4
grep -qE '^12 repetitions, about [0-9.]+ s$' "$stdout" || fail "the time should be there"
want_same "the files" "$(find . -name '*.jsonl' -o -name '*.png')" ""
end

begin "--dry-run of a default run writes nothing"
dry
want_code 0
want_same "the files" "$(find . -name '*.jsonl' -o -name '*.png')" ""
end

begin "--dry-run on a model: its window, and no time"
dry mcs -m 'sim:pu:4' -t 1,4 -R 2
want_code 0
want_text "$stdout" "4 repetitions, in virtual time"
end

begin "--dry-run of signals: with their objects"
dry futex -w wait-any --objects 1,8 -d 5ms -R 2
want_code 0
grep -qE '^  futex +2 +8 +2 +5$' "$stdout" || fail "there should be a line for 8 objects"
end

begin "--dry-run --json"
dry tas -t 1 -d 5ms -R 3 --seed 4 --json
want_code 0
for text in '"lock": "tas"' '"threads": 1' '"repetitions": 3' '"window_ns": 5000000' '"turns": 3' '"seed": 4' \
    '"expected_ns": '; do
    want_text "$stdout" "$text"
done
end

begin "--dry-run finds what is wrong as a run does"
dry mcz
want_code 2
want_one_error
end

# ---------------------------------------------------------------------------------------------
# The plans that come with the program

begin "the built-in default plan and default.json have the same cells in the same order"
dry --seed 5 --json
want_code 0
cp "$stdout" built-in
dry --seed 5 --json --plan default
want_code 0
cmp -s built-in "$stdout" || fail "--plan default should be what no argument is"
dry --seed 5 --json --plan "$SOURCES/bench/plans/default.json"
want_code 0
cmp -s built-in "$stdout" || fail "the file in the sources should be the same"
end

for file in "$SOURCES"/bench/plans/*.json; do
    which=$(basename "$file" .json)
    begin "the plan $which is found by its name, has a description, and can be measured"
    dry --plan "$which"
    want_code 0
    want_text "$stdout" "repetitions, about"
    want_text "$file" '"description"'
    end
    begin "the plan $which is named in --help, in docs/plans.md, and packed"
    call "$LOCKBENCH" run --help
    want_text "$stdout" "$which"
    want_text "$SOURCES/docs/plans.md" "\`$which\`"
    want_text "$SOURCES/bench/bench.am" "bench/plans/$which.json"
    end
done

refuse "a plan with a misspelt name" 2 "'scalng'" "did you mean 'scaling'?" "$LOCKBENCH" run --plan scalng
refuse "a plan with a name like no other" 2 "'xyzzyxyzzy'" "uncontended" "$LOCKBENCH" run --plan xyzzyxyzzy
refuse "a plan without a name" 2 "''" "scaling" "$LOCKBENCH" run --plan ''
refuse "a plan that is not there" 2 "'nowhere.json'" "No such file" "$LOCKBENCH" run --plan nowhere.json
refuse "a plan that is a directory" 2 "'./'" "directory" "$LOCKBENCH" run --plan ./

# ---------------------------------------------------------------------------------------------
# Files

begin "a plan is measured as the options say that mean the same"
plan '{"locks": ["tas", "mcs"], "threads": [1, "2"], "workload": {"preset": "light", "lines": 2}, "repetitions": 2,
    "machine": "sim:pu:2", "model": {"remote": "300ns", "jitter": 0}, "duration": "50us", "seed": 9}'
call "$LOCKBENCH" run --plan plan.json -q -O plan.jsonl
want_code 0
call "$LOCKBENCH" run tas mcs -t 1,2 -w light -n 2 -R 2 -m sim:pu:2 --model remote=300ns,jitter=0 -d 50us -s 9 -q \
    -O options.jsonl
want_code 0
cmp -s plan.jsonl options.jsonl || fail "plan.jsonl and options.jsonl should be the same"
end

begin "options change parts of a plan, before and behind --plan"
plan '{"locks": ["tas", "mcs"], "threads": [1, 2], "repetitions": 2, "duration": "50ms"}'
dry --threads 3 --plan plan.json -R 4 ticket --time-budget 10s
want_code 0
want_same "the cells" "$(grep -cE '^  ticket +3 +4 ' "$stdout")" 1
want_no_text "$stdout" mcs
want_text "$stdout" "4 repetitions, about"
end

begin "the plan of a results file is a plan"
call "$LOCKBENCH" run tas,mcs -t 1,2 -d 5ms -R 2 -r 50 --seed 3 -q -O recorded.jsonl
want_code 0
head -1 recorded.jsonl | sed 's/.*"plan":\({.*}\),"host".*/\1/' >recorded.json
dry --plan recorded.json --seed 3 --json
want_code 0
cp "$stdout" again
dry tas,mcs -t 1,2 -d 5ms -R 2 -r 50 --seed 3 --json
cmp -s again "$stdout" || fail "the cells should be the same"
end

begin "a plan is read from a pipe"
plan '{"locks": ["tas"], "threads": [1], "repetitions": 1}'
call sh -c '"$LOCKBENCH" run --dry-run --plan /dev/stdin <plan.json'
want_code 0
end

refuse_plan "'thread'" "did you mean 'threads'?" '{"locks": ["tas"], "thread": [1]}'
refuse_plan "'frobnication'" "docs/plans.md" '{"frobnication": 1}'
refuse_plan "'criticl' is no key of a workload" "'critical'" '{"workload": {"criticl": "0"}}'
refuse_plan "line 2, column" "docs/plans.md" '{"locks": ["tas"'
refuse_plan "line 2, column" "duplicate" '{"threads": [1],
"threads": [2]}'
refuse_plan "line 1, column 19" "docs/plans.md" '{"repetitions": NaN}'
refuse_plan "line 1" "too big" '{"repetitions": 99999999999999999999}'
refuse_plan "a plan is an object" "locks" '[]'
refuse_plan "'repetitions'" "a whole number" '{"repetitions": "10"}'
refuse_plan "'locks'" "a list" '{"locks": {}}'
refuse_plan "'mcz'" "did you mean 'mcs'?" '{"locks": ["mcz"]}'
refuse_plan "--threads can't have 'maxx'" "1,2,4-16:4" '{"threads": ["maxx"]}'
refuse_plan "--duration can't be '5'" "as in 100ms" '{"duration": "5"}'
refuse_plan "the placement 'near'" "compact" '{"placement": "near"}'
refuse_plan "time_budget" "give one of them" '{"duration": "5ms", "time_budget": "10s"}'
refuse "a plan with more repetitions than can be" 2 "11000000 repetitions" "--threads" \
    "$LOCKBENCH" run --dry-run tas -t 1-1100 -R 10000
printf '\0\1\2\377' >plan.json
refuse "a plan of binary rubbish" 2 "'plan.json', line 1" "docs/plans.md" "$LOCKBENCH" run --plan plan.json
: >plan.json
refuse "an empty plan" 2 "'plan.json', line 1" "docs/plans.md" "$LOCKBENCH" run --plan plan.json

begin "every prefix of a plan is refused with one line, or is that plan"
cp "$SOURCES/bench/plans/default.json" whole.json
for ((length = 0; length < $(wc -c <whole.json) - 2; length += 13)); do
    head -c $length whole.json >plan.json
    dry --plan plan.json
    want_code 2
    want_one_error
    want_text "$stderr" "'plan.json', line"
    [ -z "$problem" ] || break
done
end

# ---------------------------------------------------------------------------------------------
# --until

until_run() { # FILE ARGUMENT...
    rm -f "$1"
    call "$LOCKBENCH" run tas mcs -m 'sim:pu:4' -t 1,4 -d 100us -O "$@"
}

# The number that stands for the key in the line of that cell.
ending() { # FILE LOCK THREADS KEY
    sed -n 's/^{"record":"until","lock":"'"$2"'","threads":'"$3"',.*"'"$4"'":"\{0,1\}\([^",}]*\).*/\1/p' "$1"
}

begin "--until: cells of different numbers of repetitions, each ended by its interval"
until_run until.jsonl -R 6 --until 1%
want_code 0
want_text "$stdout" "--until 1%: reached in 4 of 4 cells."
want_text "$stdout" "6 or more repetitions"
want_same "the endings" "$(grep -c '^{"record":"until".*"ended":"interval"' until.jsonl)" 4
for lock in tas mcs; do
    for threads in 1 4; do
        n=$(ending until.jsonl $lock $threads repetitions)
        [ "$n" -ge 6 ] || fail "6 repetitions are the least"
        want_same "the samples of $lock with $threads threads" \
            "$(grep -c "^{\"record\":\"sample\",\"lock\":\"$lock\".*\"threads\":$threads," until.jsonl)" "$n"
    done
done
[ "$(count_records until.jsonl sample)" -gt 24 ] || fail "some cell should have more than 6"
end

begin "--until that the least repetitions reach: no more are made"
until_run wide.jsonl -R 7 --until 100%
want_code 0
want_same "the samples" "$(count_records wide.jsonl sample)" 28
end

begin "--until that can't be reached ends with 100 repetitions, and says so"
rm -f narrow.jsonl
call "$LOCKBENCH" run tas -m 'sim:pu:4' -t 4 -d 20us -R 2 --until 0.0001% -O narrow.jsonl
want_code 0
want_same "the samples" "$(count_records narrow.jsonl sample)" 100
want_same "what ended it" "$(ending narrow.jsonl tas 4 ended)" repetitions
want_text "$stdout" "reached in 0 of 1 cells"
want_text "$stdout" "after 100 repetitions, as many as there may be"
end

begin "--until with a budget ends with the time, and says so"
rm -f time.jsonl
call "$LOCKBENCH" run tas -t 2 -d 5ms -R 2 --until 0.0001% --time-budget 1s -O time.jsonl
want_code 0
want_same "what ended it" "$(ending time.jsonl tas 2 ended)" time
want_same "the repetitions that it says" "$(ending time.jsonl tas 2 repetitions)" "$(count_records time.jsonl sample)"
want_text "$stdout" "when the time was up"
end

begin "--until: the same seed, the same bytes; a record less, and gone on with, the same again"
until_run until-again.jsonl -R 6 --until 1% -q
cmp -s until.jsonl until-again.jsonl || fail "both runs should give the same file"
for lines in 3 20 27 30 $(($(wc -l <until.jsonl) - 4)) $(($(wc -l <until.jsonl) - 2)); do
    head -n "$lines" until.jsonl >until-cut.jsonl
    call "$LOCKBENCH" run --resume until-cut.jsonl -q
    want_code 0
    cmp -s until-cut.jsonl until.jsonl || fail "cut to $lines lines, it should become the same again"
    [ -z "$problem" ] || break
done
call "$LOCKBENCH" run --resume until-cut.jsonl
want_code 0
want_text "$stderr" "is complete"
end

begin "--until in a plan, with a budget and a duration; and what --dry-run says of it"
plan '{"locks": ["tas"], "threads": [1], "until": "3%", "time_budget": "20s", "duration": "5ms"}'
dry --plan plan.json
want_code 0
want_text "$stdout" "until within 3%"
want_text "$stdout" "at least about"
end

for value in 2 0% -1% '' 101% nan% 2%%; do
    refuse "--until '$value'" 2 "--until can't be '$value'" "as in 2%" "$LOCKBENCH" run tas --until "$value"
done
refuse "--until and signals" 2 "--until" "--workload signal" "$LOCKBENCH" run -q -w signal --until 2%

echo "1..$number"
