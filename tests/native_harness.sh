# What the tests of runs on real cores share beyond the harness; sourced by them, not run.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck shell=bash disable=SC2016
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

# listed_locks: the names in the table of `list`, where locks stand indented below their families, and
# signals behind them.
listed_locks()
{
    sed '1d; /^signals,/,$d' | sed -n 's/^  \([^ ]*\).*/\1/p'
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

have_gnuplot=no
! have gnuplot || have_gnuplot=yes
mkdir path-without-gnuplot

# Why a broken lock need not be caught by a run here, or nothing. The thread sanitizer looks up where
# each race is before it leaves it unreported, for longer than a window.
why_uncaught=
[ -n "$second_cpu" ] || why_uncaught="one CPU is allowed, on which it hardly ever breaks"
[ "$sanitizer" != tsan ] || why_uncaught="the thread sanitizer spends the window on the race"

short_run=("$LOCKBENCH" run tas -t 1 -d 5ms -R 2)
