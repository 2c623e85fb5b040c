#!/usr/bin/env bash
# The figures beyond throughput and fairness: what they draw, of what, and what they say of what is missing.
#
# shellcheck disable=SC2016
set -u
sources=$(realpath -- "${SOURCES:-$(dirname "$0")/..}")
. "$(dirname "$0")/harness.sh"

have_gnuplot=no
! have gnuplot || have_gnuplot=yes

# A picture is gnuplot's work: a sanitizer of ours sees it begin and end, and what is written for it.
formats='png svg pdf dumb dat'
[ -z "$sanitizer" ] || formats='png dat'

# draws_all NAME TEXT ARGUMENT...: every format of a figure, with the text where texts can be read; nothing is said
# but where.
draws_all() {
    local format what=$1 text=$2
    shift 2
    for format in $formats; do
        if [ $have_gnuplot = no ] && [ $format != dat ]; then
            skip "$what, as $format" "there is no gnuplot"
            continue
        fi
        begin "$what, as $format"
        call "$LOCKBENCH" plot "$@" --format $format --output picture.$format
        want_code 0
        want_empty "$stdout"
        want_same "standard error" "$(cat "$stderr")" "lockbench: drawn: picture.$format"
        want_picture $format picture.$format "$text"
        rm -f picture.$format
        end
    done
}

# of_curve NAME: the lines of a curve of the data on standard output.
of_curve() {
    awk -v name="\"$1\" lock" 'index($0, "\"") == 1 { of = index($0, name) == 1; next } of && NF' "$stdout"
}

# What one field of a record says, all records below each other.
numbers_of() { # FILE LOCK THREADS FIELD
    grep "^{\"record\":\"sample\",\"lock\":\"$2\"" "$1" | grep "\"threads\":$3," |
        sed "s/.*\"$4\":\([0-9.e+-]*\)[,}].*/\1/"
}

"$LOCKBENCH" run tas,ticket,spin_park,null -t 1,2 -d 50ms -R 1 --counters none -q -O native.jsonl >"$work/ignored" 2>&1
"$LOCKBENCH" run tas,ticket,mcs -m 'sim:core:4 pu:1' -t 1,2,4 -d 300us -R 1 -q -O model.jsonl >"$work/ignored" 2>&1

# ---------------------------------------------------------------------------------------------
# cost

begin "plot --figure cost: CPU time, and context switches per acquisition, as the records have them"
call "$LOCKBENCH" plot model.jsonl --figure cost --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the curves" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ' ')" "tas ticket mcs "
want_same "the first line" "$(head -1 "$stdout")" '"tas" lock variant cpu_ns switches voluntary involuntary'
for lock in tas ticket mcs; do
    for threads in 1 2 4; do
        cpu_ns=$(numbers_of model.jsonl $lock $threads cpu_ns)
        all=$(grep "\"lock\":\"$lock\"" model.jsonl | grep "\"threads\":$threads," |
            sed 's/.*"acquisitions":\[\([0-9,]*\)\].*/\1/' | tr , '\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
        voluntary=$(numbers_of model.jsonl $lock $threads voluntary_switches)
        involuntary=$(numbers_of model.jsonl $lock $threads involuntary_switches)
        of_curve $lock | awk -v threads=$threads -v cpu_ns="$cpu_ns" -v all="$all" -v voluntary="$voluntary" \
            -v involuntary="$involuntary" '
            function near(a, b) { return a - b <= 1e-5 * b && b - a <= 1e-5 * b }
            $1 == threads { fine = near($4, cpu_ns) && near($6, voluntary / all) && near($7, involuntary / all) &&
                                near($5, (voluntary + involuntary) / all) }
            END { exit !fine }' || fail "the numbers of $lock with $threads threads should be those of the record"
    done
done
end

draws_all "plot --figure cost" ticket native.jsonl --figure cost
draws_all "plot --figure cost of a model" mcs model.jsonl --figure cost

begin "plot --figure cost of samples without CPU time: says why there is nothing"
sed 's/"cpu_ns":[0-9][0-9.e+-]*/"cpu_ns":null/; s/"unmeasured":{/&"cpu_ns":"made up",/' model.jsonl >costless.jsonl
call "$LOCKBENCH" plot costless.jsonl --figure cost --format dat --output -
want_code 2
want_one_error
want_text "$stderr" "'costless.jsonl' has no cpu_ns"
want_text "$stderr" "made up"
end

# ---------------------------------------------------------------------------------------------
# traffic of hardware and of a model

# Records as they are where the processor counts: each with its own numbers.
sed -E -e '/"record":"sample"/ {
    s/"traffic":null/"traffic":{"transactions":7.5,"reads":3.5,"ownership":2.5,"upgrades":1.5,"invalidated":2.25,"by_distance":{"core":7.5},"by_line":null}/
    s/("unmeasured":\{[^}]*)"traffic":"[^"]*"/\1"traffic.by_line":"counters do not tell lines apart"/
}' -e '/"lock":"null"/ { s/"transactions":7.5/"transactions":0.5/; s/"invalidated":2.25/"invalidated":0.25/ }' \
    native.jsonl >hardware.jsonl
{ cat hardware.jsonl && grep '"record":"sample"' model.jsonl; } >both.jsonl

begin "plot --figure traffic of hardware and a model: a lock is one lock, the machines are variants"
call "$LOCKBENCH" plot hardware.jsonl model.jsonl --figure traffic --format dat --output -
want_code 0
want_same "standard error" "$(sed 's/workloads: .*//' "$stderr")" \
    "lockbench: 'hardware.jsonl' and 'model.jsonl' are of different machines or "
want_same "tas by hardware" "$(of_curve "tas (hardware, native)" | tr '\n' ';')" "1 0 0 7 2;2 0 0 7 2;"
want_same "ticket by hardware" "$(of_curve "ticket (hardware, native)" | tr '\n' ';')" "1 1 0 7 2;2 1 0 7 2;"
want_same "the model's locks and variants" \
    "$(for lock in tas ticket mcs; do of_curve "$lock (model, model)" | awk '{ print $2, $3 }' | uniq; done | tr '\n' ';')" \
    "0 1;1 1;3 1;"
end

begin "plot --figure traffic of one file with both"
call "$LOCKBENCH" plot both.jsonl --figure traffic --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the curves" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | sort | tr '\n' ';')" \
    "mcs (model);spin_park (native);tas (model);tas (native);ticket (model);ticket (native);"
end

draws_all "plot --figure traffic of hardware and a model" "ticket (model)" both.jsonl --figure traffic

name="hardware and model have the lock's colour, and dashes of their own"
if [ $have_gnuplot = no ]; then
    skip "$name" "there is no gnuplot"
else
    begin "$name"
    call "$LOCKBENCH" plot both.jsonl --figure traffic --format svg --output -
    want_code 0
    # The paths of curves: a colour that is not grey, with dashes or without, in either panel.
    grep -o "stroke='rgb([^)]*)'[^>]*" "$stdout" | sed "s/^stroke='\(rgb([^)]*)\)'/\1/" >strokes
    want_same "the colour of ticket" "$(grep -c 'rgb(230, 159,   0)' strokes)" 4
    want_same "the colour of ticket, dashed" "$(grep 'rgb(230, 159,   0)' strokes | grep -c dasharray)" 2
    want_text "$stdout" "different machines"
    end
fi

begin "plot --figure traffic says which file has none, and why"
call "$LOCKBENCH" plot native.jsonl model.jsonl --figure traffic --format dat --output -
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 2
want_text "$stderr" "'native.jsonl' has no traffic to draw"
want_text "$stderr" "$(sed -n '/"lock":"tas"/ { s/.*"unmeasured":{.*"traffic":"\([^"]*\)".*/\1/p; q; }' native.jsonl)"
want_no_text "$stderr" "'model.jsonl' has no traffic"
end

begin "plot --figure traffic of one file with both says which machine has none"
{ cat native.jsonl && grep '"record":"sample"' model.jsonl; } >half.jsonl
call "$LOCKBENCH" plot half.jsonl --figure traffic --format dat --output -
want_code 0
want_same "the number of lines on standard error" "$(wc -l <"$stderr")" 1
want_text "$stderr" "'half.jsonl' has no traffic to draw; "
want_text "$stderr" " on native: "
end

# ---------------------------------------------------------------------------------------------
# rw

rw_run() { # FILE ARGUMENT...
    "$LOCKBENCH" run seqlock,rw_ticket,mcs -m 'sim:core:4 pu:1' -d 200us -q -O "$@" >"$work/ignored" 2>&1
}
rw_run shares.jsonl --readers 100,0,50,99 -t 1,2,4 -R 6
rw_run few-threads.jsonl --readers 0,100 -t 1,2 -R 1
rw_run one-share.jsonl --readers 50 -t 1,2 -R 1

begin "plot --figure rw: a curve a lock, against the shares, at the most threads"
call "$LOCKBENCH" plot shares.jsonl --figure rw --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the first line" "$(head -1 "$stdout")" '"seqlock" lock variant threads throughput low high read_scaling'
want_same "the curves" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ' ')" "seqlock rw_ticket mcs "
want_same "the shares, and the rest before the numbers" "$(of_curve rw_ticket | cut -d' ' -f1-4 | tr '\n' ';')" \
    "0 1 0 4;50 1 0 4;99 1 0 4;100 1 0 4;"
cp "$stdout" drawn.dat
call "$LOCKBENCH" export --cells shares.jsonl
awk -F, -v OFS=' ' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["threads"] == 4 { print $at["lock"], $at["workload.readers"], $at["throughput"], $at["interval.low"],
        $at["interval.high"], $at["read_scaling"] == "" ? "NaN" : $at["read_scaling"] }' "$stdout" | sort >exported
[ "$(wc -l <exported)" = 12 ] || fail "12 cells should have been exported"
awk '/^"/ { split($1, part, "\""); lock = part[2]; next } NF { print lock, $1, $5, $6, $7, $8 }' drawn.dat | sort >drawn
paste -d' ' exported drawn | awk '
    function near(a, b) { return a == b || (a != "NaN" && b != "NaN" && a - b <= 1e-5 * b && b - a <= 1e-5 * b) }
    !($1 == $7 && $2 == $8 && near($3, $9) && near($4, $10) && near($5, $11) && near($6, $12)) { wrong = 1 }
    END { exit wrong }' || fail "the numbers should be those of export --cells"
want_same "read scaling without readers" "$(awk '$2 == 0 { print $6 }' drawn | uniq)" NaN
end

begin "plot --figure rw --threads: of another number, and of those that there are"
call "$LOCKBENCH" plot shares.jsonl --figure rw --threads 2 --format dat --output -
want_code 0
want_same "the threads" "$(awk '!/^"/ && NF { print $4 }' "$stdout" | sort -u)" 2
end
refuse "plot --figure rw --threads of a number that is not there" 2 "--threads 3" "without it, 4 are drawn" \
    "$LOCKBENCH" plot shares.jsonl --figure rw --threads 3
for threads in 0 -1 x 4x '' 99999; do
    refuse "plot --threads '$threads'" 2 "--threads can't be '$threads'" "a number of threads" \
        "$LOCKBENCH" plot shares.jsonl --figure rw --threads "$threads"
done
refuse "plot --threads of a figure of all" 2 "--threads is for figures of one number" "leave it out" \
    "$LOCKBENCH" plot shares.jsonl --figure cost --threads 2
refuse "plot --figure rw of one share" 2 "'one-share.jsonl'" "--readers 0,50,90,99,100" \
    "$LOCKBENCH" plot one-share.jsonl --figure rw

begin "plot --figure latency --threads"
call "$LOCKBENCH" plot one-share.jsonl --figure latency --threads 1 --format dat --output -
want_code 0
want_same "the threads" "$(awk '!/^"/ && NF { print $1 }' "$stdout" | sort -u)" 1
end

begin "plot --figure rw of two files: of the most threads of both, and which has none"
call "$LOCKBENCH" plot shares.jsonl few-threads.jsonl --figure rw --format dat --output -
want_code 0
want_text "$stderr" "'few-threads.jsonl' has nothing of 4 threads to draw"
want_text "$stderr" "--threads N"
want_same "the curves" "$(grep -c '^"' "$stdout")" 3
call "$LOCKBENCH" plot shares.jsonl few-threads.jsonl --figure rw --threads 2 --format dat --output -
want_code 0
want_no_text "$stderr" "has nothing"
want_same "the curves" "$(grep -c '^"' "$stdout")" 6
want_same "mcs of the second file" "$(of_curve "mcs (few-threads)" | cut -d' ' -f1-4 | tr '\n' ';')" "0 2 0 2;100 2 0 2;"
end

begin "plot --figure rw of one file with two workloads: a curve for each"
rw_run longer.jsonl --readers 0,50 -t 1,4 -R 1 -c 1us
{ cat shares.jsonl && grep '"record":"sample"' longer.jsonl; } >two-workloads.jsonl
call "$LOCKBENCH" plot two-workloads.jsonl --figure rw --format dat --output -
want_code 0
want_same "the curves of mcs" "$(sed -n 's/^"\(mcs[^"]*\)".*/\1/p' "$stdout" | sort | tr '\n' ';')" \
    "mcs (critical 0, outside exp:50ns, 1 line, several shares of readers);mcs (critical 1us, outside exp:50ns, 1 line, several shares of readers);"
end

draws_all "plot --figure rw" rw_ticket shares.jsonl --figure rw
rw_run no-scaling.jsonl --readers 0,100 -t 2 -R 1
draws_all "plot --figure rw without a cell of 1 thread" mcs no-scaling.jsonl --figure rw

name="plot --figure rw says of how many threads it is, and of which shares"
if [ $have_gnuplot = no ]; then
    skip "$name" "there is no gnuplot"
else
    begin "$name"
    call "$LOCKBENCH" plot shares.jsonl --figure rw --format svg --output -
    want_code 0
    want_text "$stdout" "% of the acquisitions of 4 threads"
    want_text "$stdout" "0%, 50%, 99% readers"
    want_no_text "$stdout" "different workloads"
    want_no_text "$stdout" "CPUs"
    call "$LOCKBENCH" plot shares.jsonl --figure rw --format dumb
    want_text "$stdout" "4 threads"
    end
fi

# ---------------------------------------------------------------------------------------------
# curves

begin "a file with two workloads: each curve with its own"
"$LOCKBENCH" run tas -m 'sim:core:4 pu:1' -t 1,2 -d 300us -R 1 -c 1us -q -O critical.jsonl >"$work/ignored" 2>&1
{ cat model.jsonl && grep '"record":"sample"' critical.jsonl; } >workloads.jsonl
call "$LOCKBENCH" plot workloads.jsonl --format dat --output -
want_code 0
want_same "the curves of tas" "$(sed -n 's/^"\(tas[^"]*\)".*/\1/p' "$stdout" | sort | tr '\n' ';')" \
    "tas (critical 0, outside exp:50ns, 1 line, 0% readers);tas (critical 1us, outside exp:50ns, 1 line, 0% readers);"
if [ $have_gnuplot = yes ]; then
    call "$LOCKBENCH" plot workloads.jsonl --format svg --output -
    want_text "$stdout" "different workloads"
fi
end

begin "a lock with a quote in its name, from a file of somebody else"
sed 's/"lock":"tas"/"lock":"t\\"a\\ns"/' model.jsonl >quoted.jsonl
call "$LOCKBENCH" plot quoted.jsonl --format dat --output -
want_code 0
want_text "$stdout" '"t_a_s" lock'
if [ $have_gnuplot = yes ]; then
    call "$LOCKBENCH" plot quoted.jsonl --format svg --output -
    want_code 0
    want_picture svg "$stdout" t_a_s
fi
end

# ---------------------------------------------------------------------------------------------
# threshold, budget, collapse

"$LOCKBENCH" run -l spin_park:budget=0,spin_park:budget=2us,spin_park:budget=inf -m 'sim:core:2 pu:1' -t 1,2,4 -c 1us \
    -d 10ms -R 1 -q -O budgets.jsonl >"$work/ignored" 2>&1

# budget_ratio FIELD BUDGET THREADS: of a record to that of sleeping at once.
budget_ratio() {
    awk -v a="$(numbers_of budgets.jsonl "spin_park:budget=$2" "$3" "$1")" \
        -v b="$(numbers_of budgets.jsonl spin_park:budget=0 "$3" "$1")" 'BEGIN { printf "%.4f", a / b }'
}

begin "plot --figure threshold: a map for either number of threads, the best budget with 1, and its plateau"
call "$LOCKBENCH" plot budgets.jsonl --figure threshold --format dat --output -
want_code 0
want_empty "$stderr"
want_same "the maps" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ';')" \
    "spin_park, no more threads than CPUs;spin_park, more threads than CPUs;"
want_same "the fields of the second map" \
    "$(awk '/^"spin_park, more/ { of = 1; next } of && NF == 5 { printf "%s ", $4 } of && /^x/ { exit }' "$stdout")" "0 2us inf "
best=$(awk '/^"spin_park, more/ { of = 1 } of && NF == 4 && $1 == 0 { print $4; exit }' "$stdout")
want_same "the value of the best" \
    "$(awk -v best="$best" '/^"spin_park, more/ { of = 1; next } of && NF == 5 && $2 == best { print $5; exit }' "$stdout")" 1
end

begin "plot --figure budget: throughput and CPU time relative to sleeping at once, and what a sleep costs"
call "$LOCKBENCH" plot budgets.jsonl --figure budget --format dat --output -
want_code 0
want_same "the curve of more threads than CPUs" \
    "$(awk '/^"spin_park, threads > CPUs"/ { of = 1; next } of && NF { printf "%d %d %.4f %.4f;", $1, $2, $3, $4 }' "$stdout")" \
    "0 4900 1.0000 1.0000;2000 4900 $(budget_ratio throughput 2us 4) $(budget_ratio cpu_ns 2us 4);-1 4900 $(budget_ratio throughput inf 4) $(budget_ratio cpu_ns inf 4);"
end

begin "plot --figure collapse: throughput relative to as many threads as CPUs"
call "$LOCKBENCH" plot budgets.jsonl --figure collapse --format dat --output -
want_code 0
relative=$(awk -v a="$(numbers_of budgets.jsonl spin_park:budget=inf 4 throughput)" \
    -v b="$(numbers_of budgets.jsonl spin_park:budget=inf 2 throughput)" 'BEGIN { printf "%.4f", a / b }')
want_same "the point of two threads a CPU" \
    "$(awk '/^"spin_park:budget=inf"/ { of = 1; next } of && $1 == 2 { printf "%d %.4f", $2, $3; exit }' "$stdout")" "4 $relative"
end

begin "plot --figure collapse of any locks, with the part of the holds that lost their CPU"
rm -f crowd.jsonl
"$LOCKBENCH" run ttas,spin_park -w oversubscribed -m 'sim:core:2 pu:1' -d 40ms -R 1 -q -O crowd.jsonl >"$work/ignored" 2>&1
call "$LOCKBENCH" plot crowd.jsonl --figure collapse --format dat --output -
want_code 0
want_same "the numbers of threads" \
    "$(awk '/^"ttas"/ { of = 1; next } NF == 0 { of = 0 } of { printf "%s:%d ", $1, $2 }' "$stdout")" "1:2 1.5:3 2:4 4:8 "
want_same "the part of ttas with two threads a CPU" \
    "$(awk '/^"ttas"/ { of = 1; next } of && $1 == 2 { printf "%.6f", $6; exit }' "$stdout")" \
    "$(numbers_of crowd.jsonl ttas 4 holder_preempted | awk '{ printf "%.6f", $1 }')"
sed 's/"holder_preempted":[0-9][0-9.e-]*/"holder_preempted":null/' crowd.jsonl >unseen.jsonl
call "$LOCKBENCH" plot unseen.jsonl --figure collapse --format dat --output -
want_same "the parts where none was seen" "$(awk 'NF == 6 && $1 ~ /^[0-9]/ { print $6 }' "$stdout" | sort -u)" NaN
end

begin "plot --figure collapse: means are over the same workloads, and budgets go up"
rm -f works.jsonl
"$LOCKBENCH" threshold spin_park -m 'sim:core:2 pu:1' -t 2,4 -c 1us,10us --outside 1us --budgets 0,2us,9us,inf -R 1 -q \
    -O works.jsonl >"$work/ignored" 2>&1
call "$LOCKBENCH" plot works.jsonl --figure collapse --format dat --output -
want_same "all of them" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ' ')" \
    "spin_park:budget=0 spin_park:budget=2us spin_park:budget=9us spin_park:budget=inf "
grep -v '"lock":"spin_park:budget=9us".*"threads":4,.*"critical":"10us"' works.jsonl >fewer.jsonl
want_same "a sample less" "$(($(wc -l <works.jsonl) - $(wc -l <fewer.jsonl)))" 1
call "$LOCKBENCH" plot fewer.jsonl --figure collapse --format dat --output -
want_same "those with both workloads" "$(sed -n 's/^"\([^"]*\)".*/\1/p' "$stdout" | tr '\n' ' ')" \
    "spin_park:budget=0 spin_park:budget=2us spin_park:budget=inf "
end

draws_all "plot --figure collapse of any locks" 'spin_park' crowd.jsonl --figure collapse
draws_all "plot --figure collapse where no holder was watched" 'spin_park' unseen.jsonl --figure collapse
draws_all "plot --figure threshold" 'more threads than CPUs' budgets.jsonl --figure threshold
draws_all "plot --figure budget" 'spin_park, threads' budgets.jsonl --figure budget
draws_all "plot --figure collapse" 'spin_park:budget=inf' budgets.jsonl --figure collapse

refuse "plot --figure threshold of locks without a budget" 2 "nothing to draw" "budget=" \
    "$LOCKBENCH" plot model.jsonl --figure threshold --format dat --output -
grep -v '"lock":"spin_park:budget=0"' budgets.jsonl >sleepless.jsonl
refuse "plot --figure budget without a budget of 0" 2 "nothing to draw" "budget=0" \
    "$LOCKBENCH" plot sleepless.jsonl --figure budget --format dat --output -

# ---------------------------------------------------------------------------------------------
# core-latency

# make_matrix CPUS: what `lockbench topology --json` writes on a machine of so many CPUs: two to a core, four to a
# cache, two packages; numbered as the first threads of all cores, then the second.
make_matrix() {
    awk -v n="$1" 'BEGIN {
        printf "{\"host\": {\"cpu_model\": \"Made up <%d> & {x}_y\"}, \"cpus\": [", n
        for (i = 0; i < n; i++)
            printf "%s%d", i ? ", " : "", i % 2 ? n / 2 + int(i / 2) : i / 2
        printf "], \"latency_ns\": ["
        for (i = 0; i < n; i++) {
            printf "%s[", i ? ", " : ""
            for (j = 0; j < n; j++) {
                ns = int(i / 2) == int(j / 2) ? 8 : int(i / 4) == int(j / 4) ? 23 : int(2 * i / n) == int(2 * j / n) ? 51 : 135
                printf "%s%s", j ? ", " : "", i == j ? "null" : ns + (i + 2 * j) % 7 / 8
            }
            printf "]"
        }
        printf "]}\n"
    }'
}

for cpus in 2 16 128; do
    make_matrix $cpus >cpus-$cpus.json
    draws_all "plot --figure core-latency of $cpus CPUs" "$([ $cpus = 2 ] && echo 8 || echo 13)" cpus-$cpus.json --figure core-latency
    begin "plot --figure core-latency of $cpus CPUs: each pair with its CPUs and its time"
    call "$LOCKBENCH" plot cpus-$cpus.json --figure core-latency --format dat --output -
    want_code 0
    want_empty "$stderr"
    want_same "the number of lines" "$(wc -l <"$stdout")" $((cpus * cpus + 1))
    want_same "the first line" "$(head -1 "$stdout")" "row column from to ns"
    want_same "the second pair" "$(sed -n 3p "$stdout")" "0 1 0 $((cpus / 2)) 8.25"
    want_same "the pairs that were not measured" "$(grep -c NaN "$stdout")" $cpus
    end
done

if [ $have_gnuplot = no ]; then
    for name in "the map of 16 CPUs has numbers in its cells" "the map of 128 CPUs has none" \
        "the map as characters: numbers where they fit" "the map of what was measured here"; do
        skip "$name" "there is no gnuplot"
    done
else
    texts_of() { # FILE: what is written in an SVG
        sed -n 's/.*<text[^>]*>\(.*\)/\1/p' "$1" | sed 's/<[^>]*>//g'
    }

    begin "the map of 16 CPUs has numbers in its cells"
    call "$LOCKBENCH" plot cpus-16.json --figure core-latency --format svg
    want_code 0
    want_same "the cells with 135 and 136" "$(texts_of cpus-16.core-latency.svg | grep -cxE '13[56]')" 128
    want_text cpus-16.core-latency.svg 'Made up &lt;16> &amp; {x}_y'
    end

    begin "the map of 128 CPUs has none"
    call "$LOCKBENCH" plot cpus-128.json --figure core-latency --format svg
    want_code 0
    want_same "the cells with 135 and 136" "$(texts_of cpus-128.core-latency.svg | grep -cxE '13[56]')" 0
    end

    begin "the map as characters: numbers where they fit"
    call "$LOCKBENCH" plot cpus-16.json --figure core-latency --format dumb
    want_code 0
    want_same "the second row" "$(sed -n 4p "$stdout" | tr -s ' ')" \
        " 0 - 8 24 24 51 51 52 51 135 136 136 135 135 136 135 135"
    call "$LOCKBENCH" plot cpus-128.json --figure core-latency --format dumb
    want_code 0
    want_same "the longest line" "$(awk 'length > most { most = length } END { print most <= 80 }' "$stdout")" 1
    want_text "$stdout" "one CPU of each 2"
    end

    name="the map of what was measured here"
    "$LOCKBENCH" topology --json --quiet >here.json 2>"$work/ignored"
    if ! grep -q '"latency_ns": \[' here.json; then
        skip "$name" "there is one CPU only"
    else
        begin "$name"
        call "$LOCKBENCH" plot here.json --figure core-latency
        want_code 0
        want_picture png here.core-latency.png
        want_picture svg here.core-latency.svg CPU
        end
    fi
fi

# refuse_matrix NAME: what stands in the file wrong.json can't be drawn.
refuse_matrix() {
    refuse "plot --figure core-latency of $1" 2 "'wrong.json'" "topology --json" \
        "$LOCKBENCH" plot wrong.json --figure core-latency --output picture.png --format png
}
echo '{"cpus": [0], "latency_ns": null}' >wrong.json
refuse_matrix "a machine of one CPU"
echo '{"cpus": [0, 1], "latency_ns": [[null, 5]]}' >wrong.json
refuse_matrix "a matrix that lacks a row"
echo '{"cpus": [0, 1], "latency_ns": [[null, 5], [5]]}' >wrong.json
refuse_matrix "a matrix that lacks a cell"
echo '{"cpus": [0, 1], "latency_ns": [[null, 5], [-5, null]]}' >wrong.json
refuse_matrix "a time below 0"
echo '{"cpus": [0, 1], "latency_ns": [[null, "5"], [5, null]]}' >wrong.json
refuse_matrix "a time that is no number"
echo '{"cpus": [0, 1], "latency_ns": [[null, null], [null, null]]}' >wrong.json
refuse_matrix "nothing that was measured"
echo '{"cpus": ["0", 1], "latency_ns": [[null, 5], [5, null]]}' >wrong.json
refuse_matrix "a CPU without a number"
echo '[1, 2]' >wrong.json
refuse_matrix "a list"
head -c 100 cpus-16.json >wrong.json
refuse_matrix "a file that was cut"
cp model.jsonl wrong.json
refuse_matrix "results"
refuse "plot --figure core-latency of no file" 2 "'nowhere.json'" "" \
    "$LOCKBENCH" plot nowhere.json --figure core-latency
refuse "plot --figure core-latency of two files" 2 "'cpus-16.json'" "one file" \
    "$LOCKBENCH" plot cpus-2.json cpus-16.json --figure core-latency
refuse "plot --figure core-latency over its file" 2 "'cpus-2.json'" "name another output" \
    "$LOCKBENCH" plot cpus-2.json --figure core-latency --format dat --output cpus-2.json
refuse "plot --figure throughput of a matrix" 2 "'cpus-16.json'" "" "$LOCKBENCH" plot cpus-16.json
begin "what is refused leaves no picture"
want_missing picture.png
end

# ---------------------------------------------------------------------------------------------
# names of files

refuse "plot --output of another format" 2 "'x.png'" "leave out its ending" \
    "$LOCKBENCH" plot model.jsonl --output x.png --format svg
refuse "plot --output of a format that is not among those named" 2 "'x.png'" "svg,pdf" \
    "$LOCKBENCH" plot model.jsonl --output x.png --format svg,pdf
begin "what is refused leaves no picture"
for ending in png svg pdf; do
    want_missing x.$ending
done
end

begin "plot --output with a dot in a folder's name, and with an ending that is no format's"
mkdir folder.png
call "$LOCKBENCH" plot model.jsonl --output folder.png/x --format dat
want_code 0
want_text folder.png/x '"tas"'
call "$LOCKBENCH" plot model.jsonl --output x.txt --format dat
want_code 0
want_text x.txt '"tas"'
end

begin "run without --output beside a run of the same second: both have their results"
mkdir same-second
now=$(date +%s)
for ((second = 0; second <= patience; second++)); do
    echo taken >"same-second/$(date -d "@$((now + second))" +lockbench-%Y%m%d-%H%M%S.jsonl)"
done
(cd same-second && exec "$LOCKBENCH" run tas -m 'sim:core:2 pu:1' -t 2 -d 100us -R 1 >"$stdout" 2>"$stderr")
code=$?
want_code 0
saved=$(sed -n 's/^lockbench: saved: //p' "$stderr")
case $saved in
*-2.jsonl) ;;
*) fail "the results' name should end with -2.jsonl: $saved" ;;
esac
want_same "the number of samples" "$(count_records "same-second/$saved" sample)" 1
want_same "the file of the other" "$(cat "same-second/${saved%-2.jsonl}.jsonl")" taken
end

# ---------------------------------------------------------------------------------------------
# p-values of scripts/aa-test

for folder in native model; do
    for format in png svg pdf dumb; do
        name="the p-values of results/aa/$folder as $format"
        if [ $have_gnuplot = no ]; then
            skip "$name" "there is no gnuplot"
            continue
        elif [ -n "$sanitizer" ]; then
            skip "$name" "nothing of a program with a sanitizer is in them"
            continue
        fi
        begin "$name"
        call sh -c 'gnuplot -c "$0" "$1/a-b.csv" "$1/a-slower.csv" "$2" "a <b> & {c}_d" >"p-values.$2"' \
            "$sources/scripts/p-values.gp" "$sources/results/aa/$folder" $format
        want_code 0
        want_empty "$stderr"
        case $format in
        png | pdf) want_picture $format p-values.$format ;;
        svg | dumb)
            sed -i 's/&lt;/</; s/&amp;/\&/' p-values.$format
            want_text p-values.$format 'a <b> & {c}_d'
            # The same counts and the same margin as the test itself found.
            result=$(sed -n 's/ have p / with p /; s/; by/, by/; s/ by 10%//; /^A and B\|^B slowed/p' \
                "$sources/results/aa/$folder/result.txt")
            want_text p-values.$format "$(head -1 <<<"$result")"
            want_text p-values.$format "$(tail -1 <<<"$result")"
            ;;
        esac
        end
    done
done

begin "no temporary file is left"
want_same "what is in TMPDIR" "$(ls -A "$TMPDIR")" ""
end
echo "1..$number"
