#!/usr/bin/env bash
# What a person sees of `lockbench compare` and `lockbench export`: tables, verdicts, exit codes, notes, refusals.
# The results are made by hand, so that what changed is known; the last ones are of a simulated machine.
#
# LOCKBENCH is the program, SOURCES the root of the sources. The output is TAP.
set -u

SOURCES=$(realpath -- "${SOURCES:-$(dirname -- "$0")/..}") || exit 99
. "$(dirname -- "$0")/harness.sh"
patience=60

# run_record [HOST_FIELDS]
run_record() {
    printf '{"record":"run","schema":1,"plan":{"locks":["tas","mcs"]},"host":{"cpu_model":"X","cpus":2%s}}\n' "${1-}"
}

# samples LOCK THREADS COUNT FROM STEP [SECOND [SECONDS]]: a cell's samples, with throughputs FROM, FROM + STEP, ...
# (the least, the largest, the second, the second largest, ..., so that they do not drift)
# and, with a second, ended then and every so many seconds (2). $fields stand in each as well.
fields=
drifting=0
samples() {
    local i time step
    for ((i = 0; i < $3; i++)); do
        time=
        [ -z "${6-}" ] || printf -v time ',"time":"2026-01-01T00:%02d:%02d.000Z"' \
            $((($6 + i * ${7:-2}) / 60)) $((($6 + i * ${7:-2}) % 60))
        step=$((i % 2 == 0 || drifting ? i / (2 - drifting) : $3 - 1 - i / 2))
        printf '{"record":"sample","lock":"%s","machine":"native","threads":%d,"placement":"compact","workload":%s,' \
            "$1" "$2" '{"critical":"0","outside":"exp:50ns","lines":1,"readers":0}'
        printf '"repetition":%d,"throughput":%d.5,"acquisitions":[1,2],"jain":0.9,"traffic":null%s%s}\n' \
            "$i" $(($4 + step * $5)) "$time" "$fields"
    done
}

# base.jsonl and new.jsonl were measured by turns: mcs with two threads lost a tenth, with one nothing changed.
{
    run_record
    samples mcs 1 10 1000000 1000 0
    samples mcs 2 10 2000000 1000 0
} >base.jsonl
{
    run_record
    samples mcs 1 10 1000500 1000 1
    samples mcs 2 10 1800000 1000 1
} >new.jsonl
# Here it gained a half.
{
    run_record
    samples mcs 1 10 1000500 1000 1
    samples mcs 2 10 3000000 1000 1
} >better.jsonl

# Of mcs with one thread, three windows were stolen from, and are wild; of mcs with two, all.
{
    run_record
    fields=',"elapsed_ns":1000000,"cpus":[0,1],"validity":{"steal_ns":20000000}'
    samples mcs 1 3 9000000 1000 0 3
    samples mcs 2 10 2000000 1000 0
    fields=
    samples mcs 1 7 1000000 1000 1 3
} >stolen.jsonl
# ---------------------------------------------------------------------------------------------
# What it finds

begin "compare shows both sides, the ratio and the verdict, and has nothing to note"
call "$LOCKBENCH" compare base.jsonl new.jsonl
want_code 0
want_empty "$stderr"
want_text "$stdout" "BASE base.jsonl, NEW new.jsonl"
want_text "$stdout" "1 thread; critical 0, outside exp:50ns, 1 line, 0% readers; compact; native"
grep -Eq '^  mcs +1\.00 +1\.00\.\.1\.01 +1\.01 +1\.00\.\.1\.01 +1\.000 .* ~$' "$stdout" ||
    fail "mcs with one thread should be as before"
grep -Eq '^  mcs +2\.00 .* +1\.80 .* 0\.900 +0\.8..\.\.0\.9.. +<0\.0001 slower$' "$stdout" ||
    fail "mcs with two threads should be slower"
want_text "$stdout" "Geometric mean of NEW/BASE over 2 cells: 0.949 (throughput, more is better)"
end

begin "--threshold: slower by more than that is exit code 1, and is named"
call "$LOCKBENCH" compare base.jsonl new.jsonl --threshold 5%
want_code 1
want_text "$stdout" "SLOWER"
want_same "standard error" "$(cat "$stderr")" \
    "lockbench: 1 cell is significantly slower by more than 5%: mcs with 2 threads"
end

begin "--threshold: slower by less is fine"
call "$LOCKBENCH" compare base.jsonl new.jsonl --threshold 12.5%
want_code 0
want_text "$stdout" "slower"
want_empty "$stderr"
end

begin "--threshold 0%: what is not significant is no finding, and what got faster is none"
call "$LOCKBENCH" compare base.jsonl better.jsonl --threshold 0%
want_code 0
want_text "$stdout" "faster"
want_no_text "$stdout" "SLOWER"
end

drifting=1
{ run_record; samples mcs 1 10 1000000 10000 0; samples mcs 2 10 2000000 20000 0; } >drifted.jsonl
{ run_record; samples mcs 1 10 1000000 10000 1; samples mcs 2 10 2000000 20000 1; } >alongside.jsonl
{ run_record; samples mcs 1 10 1000000 10000 30; samples mcs 2 10 2000000 20000 30; } >afterwards.jsonl
drifting=0
begin "a machine that drifted is told of, and what that means for the two files"
call "$LOCKBENCH" compare drifted.jsonl afterwards.jsonl
want_code 0
want_text "$stderr" "'drifted.jsonl' was measured on a machine that drifted: throughput rises over the run, by 4.9"
want_text "$stderr" "from the first half to the second (p < 0.0001): a difference as large may be that"
want_text "$stderr" "'drifted.jsonl' and 'afterwards.jsonl' were measured one after the other"
call "$LOCKBENCH" compare drifted.jsonl alongside.jsonl --json
want_code 0
want_text "$stderr" "'alongside.jsonl' was measured on a machine that drifted"
want_text "$stderr" "the files were measured alternating, so that it met them alike"
want_text "$stdout" '"drifts": ['
want_text "$stdout" '"found": true'
end

begin "unfit windows are left out and counted; where no window is fit, all count"
call "$LOCKBENCH" compare base.jsonl stolen.jsonl
want_code 0
want_text "$stderr" "'stolen.jsonl': 13 of 20 windows are unfit (steal 13): left out"
want_text "$stderr" "'stolen.jsonl': 1 cell has no fit window: there all of them count"
grep -Eq '^  mcs +1\.00 +1\.00\.\.1\.01 +1\.00 +1\.00\.\.1\.01 ' "$stdout" || fail "mcs with one thread should be of 7"
grep -Eq '^  mcs +2\.00 .* 2\.00 .* 1\.000 .* ~$' "$stdout" || fail "mcs with two threads should be of 10"
call "$LOCKBENCH" compare base.jsonl stolen.jsonl --csv --quiet
grep -Eq ',7,3,0,' "$stdout" || fail "there should be 7 samples and 3 that are unfit"
end

begin "--all-windows counts them as well"
call "$LOCKBENCH" compare base.jsonl stolen.jsonl --all-windows
want_code 0
want_text "$stderr" "'stolen.jsonl': 13 of 20 windows are unfit (steal 13): they count all the same"
call "$LOCKBENCH" compare base.jsonl stolen.jsonl --all-windows --csv --quiet
grep -Eq ',10,3,0,' "$stdout" || fail "there should be 10 samples, 3 of them unfit"
end

begin "export says why a window is unfit, and leaves it out of medians"
call "$LOCKBENCH" export stolen.jsonl
want_code 0
want_same "the column" "$(sed -n 2p "$stdout" | grep -o '[^,]*$')" steal
call "$LOCKBENCH" export stolen.jsonl --cells
want_text "$stdout" ",7,3,0,1000000.5,1006000.5,"
end

begin "more files are each compared with the first"
call "$LOCKBENCH" compare base.jsonl new.jsonl better.jsonl -t 5%
want_code 1
want_same "the number of blocks" "$(grep -c '^BASE base.jsonl, NEW ' "$stdout")" 2
want_text "$stdout" "BASE base.jsonl, NEW better.jsonl"
want_same "the number of cells" "$(grep -c '^  mcs ' "$stdout")" 4
end

begin "--markdown"
call "$LOCKBENCH" compare base.jsonl new.jsonl --markdown
want_code 0
want_text "$stdout" "| \`mcs\` | 2.00 |"
want_same "the number of tables" "$(grep -c '^|---' "$stdout")" 2
end

begin "--csv: a row a cell, the intervals in two columns"
call "$LOCKBENCH" compare base.jsonl new.jsonl --csv
want_code 0
want_same "the number of lines" "$(wc -l <"$stdout")" 3
want_text "$stdout" "file,lock,machine,threads,"
want_text "$stdout" "ratio,interval.low,interval.high,cliffs_delta,p_raw,"
grep -Eq '^new.jsonl,mcs,native,2,.*,throughput,2004500\.5,2001000\.5,2008000\.5,10,' "$stdout" ||
    fail "the median and its interval should be there"
end

begin "--json has the cells and what sums them up"
call "$LOCKBENCH" compare base.jsonl new.jsonl --json --threshold 5%
want_code 1
for text in '"cells": [' '"lock": "mcs"' '"threads": 2' '"base": 2004500.5' '"new": 1804500.5' \
    '"significant": true' '"beyond_threshold": true' '"geometric_mean": [' '"threshold": 0.05' '"only_in_new": []'; do
    want_text "$stdout" "$text"
done
end

begin "--measure compares another field"
sed 's/"jain":0.9/"jain":0.5/' new.jsonl >unfair.jsonl
call "$LOCKBENCH" compare base.jsonl unfair.jsonl --measure jain --threshold 5%
want_code 1
want_text "$stderr" "2 cells are significantly worse by more than 5%"
want_text "$stdout" "WORSE"
want_text "$stdout" "over 2 cells: 0.556 (jain, more is better)"
end

begin "--measure of what is worked out from the acquisitions on reading"
sed 's/"acquisitions":\[1,2\]/"acquisitions":[1,7]/' new.jsonl >uneven.jsonl
for measure in rsd gini theil top_half; do
    call "$LOCKBENCH" compare base.jsonl uneven.jsonl --measure "$measure" --threshold 5%
    want_code 1
    want_text "$stdout" "($measure, less is better)"
    want_text "$stdout" "WORSE"
done
end

refuse "--measure that no sample has" 2 "'latency_ns.p99'" "docs/records.md" \
    "$LOCKBENCH" compare base.jsonl new.jsonl --measure latency_ns.p99

if have python3; then
    begin "--json and --csv are what other programs read"
    "$LOCKBENCH" compare base.jsonl new.jsonl --json >c.json
    "$LOCKBENCH" compare base.jsonl new.jsonl --csv >c.csv
    call python3 -c '
import csv, json
cells = json.load(open("c.json"))["cells"]
rows = list(csv.DictReader(open("c.csv", newline="")))
assert len(cells) == len(rows) == 2
for cell, row in zip(cells, rows):
    assert abs(float(row["ratio"]) - cell["ratio"]) < 1e-9 and float(row["interval.high"]) == cell["interval"][1]
    assert cell["p"] >= cell["p_raw"] and row["significant"] == str(cell["significant"]).lower()
'
    want_code 0
    end
else
    skip "--json and --csv are what other programs read" "there is no python3"
fi

# ---------------------------------------------------------------------------------------------
# What it says of results that are not as they should be

{ run_record; samples mcs 1 10 1000500 1000 30; samples mcs 2 10 2000000 1000 30; } >later.jsonl
begin "files that were measured one after the other"
call "$LOCKBENCH" compare base.jsonl later.jsonl
want_code 0
want_text "$stderr" "'base.jsonl' and 'later.jsonl' were measured one after the other, not alternating"
end

begin "--quiet says nothing of it"
call "$LOCKBENCH" compare base.jsonl later.jsonl --quiet
want_code 0
want_empty "$stderr"
end

{ run_record; samples mcs 1 10 1000500 1000; samples mcs 2 10 2000000 1000; } >timeless.jsonl
begin "samples that don't say when they were measured"
call "$LOCKBENCH" compare base.jsonl timeless.jsonl
want_code 0
want_text "$stderr" "do not show that they were measured alternating"
end

{ run_record; samples mcs 1 1 1000000 0 1; samples mcs 2 1 100000 0 1; } >once.jsonl
begin "one repetition: no verdict, no interval, and how many are needed"
call "$LOCKBENCH" compare once.jsonl base.jsonl --threshold 5%
want_code 0
want_text "$stderr" \
    "in 2 of 2 cells the repetitions are too few (1 and 10) for any difference to be significant"
want_text "$stderr" "at least 5 in each file are needed"
want_text "$stdout" "No interval of a median with fewer than 6 repetitions"
want_no_text "$stdout" "faster"
end

{ run_record; samples mcs 2 10 2000000 1000 1; samples tas 2 10 2000000 1000 1; } >others.jsonl
begin "cells that only one file has are named"
call "$LOCKBENCH" compare base.jsonl others.jsonl
want_code 0
want_text "$stderr" "1 cell of 'base.jsonl' is not in 'others.jsonl': mcs with 1 thread"
want_text "$stderr" "1 cell of 'others.jsonl' is not in 'base.jsonl': tas with 2 threads"
want_same "the number of cells" "$(grep -c '^  mcs ' "$stdout")" 1
end

{
    cat new.jsonl
    printf '{"record":"violation","lock":"mcs","machine":"native","threads":2,"placement":"compact",'
    printf '"workload":{"critical":"0","outside":"exp:50ns","lines":1,"readers":0},"kind":"total","detail":"lost"}\n'
} >wrong.jsonl
begin "a lock that was caught"
call "$LOCKBENCH" compare base.jsonl wrong.jsonl
want_code 0
want_text "$stderr" "'wrong.jsonl' has 1 violation: what such a lock achieved is worth nothing"
end

begin "a file and itself: nothing changed"
call "$LOCKBENCH" compare base.jsonl base.jsonl --threshold 0%
want_code 0
want_text "$stderr" "are the same file"
want_same "the number of cells without a difference" "$(grep -c ' 1\.000 .* ~$' "$stdout")" 2
end

head -c $(($(wc -c <new.jsonl) - 40)) new.jsonl >cut.jsonl
begin "a file that was cut off"
call "$LOCKBENCH" compare base.jsonl cut.jsonl
want_code 0
want_text "$stderr" "'cut.jsonl' was cut off"
want_text "$stdout" "Geometric mean of NEW/BASE over 2 cells"
end

cat base.jsonl new.jsonl >both.jsonl
begin "files put one after another are one"
call "$LOCKBENCH" compare base.jsonl both.jsonl --json
want_code 0
want_text "$stdout" '"new_samples": 20'
end

# ---------------------------------------------------------------------------------------------
# Different machines

{ run_record ',"kernel":"6.1"'; samples mcs 2 10 2000000 1000 1; } >elsewhere.jsonl
refuse "files of different machines" 2 "'base.jsonl' and 'elsewhere.jsonl' are of different machines" \
    "--different-machines" "$LOCKBENCH" compare base.jsonl elsewhere.jsonl
refuse "what differs is named" 2 "kernel: unknown, 6.1" "--different-machines" \
    "$LOCKBENCH" compare base.jsonl elsewhere.jsonl
begin "--different-machines compares them, and says so"
call "$LOCKBENCH" compare base.jsonl elsewhere.jsonl --different-machines
want_code 0
want_text "$stderr" "are of different machines: kernel: unknown, 6.1"
want_text "$stdout" "over 1 cell"
end
cat base.jsonl elsewhere.jsonl >mixed.jsonl
refuse "a file of two machines" 2 "different machines" "--different-machines" \
    "$LOCKBENCH" compare base.jsonl mixed.jsonl
refuse "two files of two machines each" 2 "different machines" "--different-machines" \
    "$LOCKBENCH" compare mixed.jsonl mixed.jsonl

# ---------------------------------------------------------------------------------------------
# What it refuses

run_record >nothing.jsonl
: >empty
head -c 200 /dev/urandom >binary
{ run_record; samples pthread_mutex 1 10 1000000 1000; } >other-lock.jsonl
for bad in 5 0.05 5%% -5% 101% '' %; do
    refuse "--threshold '$bad'" 2 "'$bad'" "such as 5%" "$LOCKBENCH" compare base.jsonl new.jsonl --threshold "$bad"
done
refuse "compare without a file" 2 "two results files" "BASE NEW" "$LOCKBENCH" compare
refuse "compare with one file" 2 "two results files" "BASE NEW" "$LOCKBENCH" compare base.jsonl
refuse "compare with a missing file" 2 "'missing'" "No such file" "$LOCKBENCH" compare base.jsonl missing
refuse "compare with a missing base" 2 "'missing'" "No such file" "$LOCKBENCH" compare missing base.jsonl
refuse "compare with an empty file" 2 "'empty'" "empty" "$LOCKBENCH" compare base.jsonl empty
refuse "compare with a binary file" 2 "'binary'" "not a results file" "$LOCKBENCH" compare binary base.jsonl
refuse "compare with a file without samples" 2 "'nothing.jsonl' has no samples" "finished run" \
    "$LOCKBENCH" compare base.jsonl nothing.jsonl
refuse "compare with a file of other cells" 2 "no cell in common" "same locks" \
    "$LOCKBENCH" compare base.jsonl other-lock.jsonl
refuse "two formats" 2 "--csv and --json" "choose one" "$LOCKBENCH" compare base.jsonl new.jsonl --csv --json
refuse "an unknown option" 2 "'--treshold'" "--threshold" "$LOCKBENCH" compare base.jsonl new.jsonl --treshold 5%
if [ -e /dev/full ]; then
    begin "compare to a full disk"
    call sh -c '"$LOCKBENCH" compare base.jsonl new.jsonl --json >/dev/full'
    want_code 3
    want_text "$stderr" "standard output can't be written"
    end
fi

# ---------------------------------------------------------------------------------------------
# export

# What the records of an older program lack, from their acquisitions: 1 and 2.
of_one_and_two=0.333333333333,0.166666666667,0.0566330122651,0.666666666667
begin "export: a row a sample, in the words of the records"
call "$LOCKBENCH" export base.jsonl --csv
want_code 0
want_empty "$stderr"
want_same "the first line" "$(head -1 "$stdout")" "lock,machine,threads,placement,workload.critical,workload.outside,\
workload.lines,workload.readers,repetition,throughput,acquisitions,jain,traffic,time,rsd,gini,theil,top_half,unfit"
want_same "the second line" "$(sed -n 2p "$stdout")" \
    "mcs,native,1,compact,0,exp:50ns,1,0,0,1000000.5,1 2,0.9,,2026-01-01T00:00:00.000Z,$of_one_and_two,"
want_same "the number of lines" "$(wc -l <"$stdout")" 21
end

begin "export --cells: medians with their interval"
call "$LOCKBENCH" export base.jsonl --cells
want_code 0
want_same "the number of lines" "$(wc -l <"$stdout")" 3
want_text "$stdout" "samples,unfit,violations,interval.low,interval.high,throughput,jain"
want_text "$stdout" ",10,0,0,1001000.5,1008000.5,1004500.5,0.9"
end

begin "export of several files says which is which"
call "$LOCKBENCH" export base.jsonl new.jsonl --cells
want_code 0
want_same "the files" "$(cut -d, -f1 "$stdout" | tr '\n' ' ')" "file base.jsonl base.jsonl new.jsonl new.jsonl "
end

{ run_record; samples 'a,"b"' 1 1 5 0; } >odd.jsonl
begin "export quotes what has to be quoted"
sed -i 's/"lock":"a,"b""/"lock":"a,\\"b\\""/' odd.jsonl
call "$LOCKBENCH" export odd.jsonl
want_code 0
want_same "the second line" "$(sed -n 2p "$stdout")" \
    '"a,""b""",native,1,compact,0,exp:50ns,1,0,0,5.5,1 2,0.9,,'"$of_one_and_two,"
end

begin "export to a file"
call "$LOCKBENCH" export base.jsonl -O base.csv
want_code 0
want_empty "$stdout"
want_same "the number of lines" "$(wc -l <base.csv)" 21
end

if have gnuplot; then
    begin "gnuplot reads it by the names of its columns"
    call gnuplot -e "set datafile separator comma; stats 'base.csv' using 'throughput' nooutput; \
        print sprintf('%d %.1f', STATS_records, STATS_max)"
    want_code 0
    want_text "$stderr" "20 2009000.5"
    end
else
    skip "gnuplot reads it by the names of its columns" "there is no gnuplot"
fi
if have python3; then
    begin "other programs read it"
    call python3 -c '
import csv
rows = list(csv.DictReader(open("base.csv", newline=""), strict=True))
assert len(rows) == 20 and all(None not in row and None not in row.values() for row in rows)
assert max(float(row["throughput"]) for row in rows) == 2009000.5
'
    want_code 0
    end
else
    skip "other programs read it" "there is no python3"
fi

cp base.jsonl kept.jsonl
refuse "export over the results" 2 "'./base.jsonl' is a results file" "another output" \
    "$LOCKBENCH" export base.jsonl -O ./base.jsonl
begin "the results are still there"
call cmp base.jsonl kept.jsonl
want_code 0
end
refuse "export without a file" 2 "export needs" "FILE" "$LOCKBENCH" export
refuse "export of a missing file" 2 "'missing'" "No such file" "$LOCKBENCH" export missing
refuse "export of an empty file" 2 "'empty'" "empty" "$LOCKBENCH" export empty
refuse "export of a binary file" 2 "'binary'" "not a results file" "$LOCKBENCH" export binary
refuse "export of a file without samples" 2 "'nothing.jsonl' has no samples" "finished run" \
    "$LOCKBENCH" export nothing.jsonl
refuse "export of one file twice" 2 "'base.jsonl'" "twice" "$LOCKBENCH" export base.jsonl base.jsonl
refuse "export into a folder that does not exist" 3 "'nowhere/x.csv'" "No such file" \
    "$LOCKBENCH" export base.jsonl -O nowhere/x.csv
[ ! -e /dev/full ] || refuse "export to a full disk" 3 "'/dev/full'" "No space left" \
    "$LOCKBENCH" export base.jsonl -O /dev/full

# ---------------------------------------------------------------------------------------------
# A simulated machine, where the same seed gives the same file

model() { # FILE ARGUMENT...
    "$LOCKBENCH" run mcs tas --machine 'sim:core:4 pu:1' --threads 2,4 --duration 50us --repetitions 6 --quiet \
        --output "$@" >"$work/ignored"
}
model one.jsonl --seed 1
model two.jsonl --seed 2
model slow.jsonl --seed 1 --model atomic=50ns
begin "two seeds of a model: no difference, and no word about drift"
call "$LOCKBENCH" compare one.jsonl two.jsonl --threshold 5%
want_code 0
want_no_text "$stderr" "alternating"
want_text "$stdout" "over 4 cells"
end
refuse "two models" 2 "atomic: 5, 50" "--different-machines" "$LOCKBENCH" compare one.jsonl slow.jsonl
begin "a slower model, when told to, is slower"
call "$LOCKBENCH" compare one.jsonl slow.jsonl --different-machines --threshold 5%
want_code 1
want_text "$stderr" "significantly slower by more than 5%"
end
begin "traffic has its columns"
call "$LOCKBENCH" export one.jsonl --cells
want_code 0
want_text "$stdout" ",traffic.transactions,"
want_no_text "$stdout" ",traffic,"
end

echo "1..$number"
