#!/usr/bin/env bash
# What the documents say is what the program does.
set -u
SOURCES=$(cd "${SOURCES:-.}" && pwd)
. "$(dirname "$0")/harness.sh"

same_table()
{
    diff <(sed -n '/^| lock | family /,/^$/p' "$SOURCES/docs/locks.md" | sed '/^$/d') \
        <("$LOCKBENCH" list --markdown) | sed 's/^/# /' | { ! grep .; }
}
report "docs/locks.md has the catalogue as it is (lockbench list --markdown)" same_table

same_nt_table()
{
    diff <(sed -n '/^| lock | NT /,/^$/p' "$SOURCES/docs/nt.md" | sed '/^$/d') \
        <("$LOCKBENCH" list --family nt --markdown) | sed 's/^/# /' | { ! grep .; }
}
report "docs/nt.md has the comparison as it is (lockbench list --family nt --markdown)" same_nt_table

same_fairness()
{
    diff <(sed -n '/^| lock | promised /,/^$/p' "$SOURCES/docs/nt.md" | sed '/^$/d') \
        "$SOURCES/results/nt/fairness.txt" | sed 's/^/# /' | { ! grep .; }
}
report "docs/nt.md has the fairness that results/nt has" same_fairness

# Where each lock that NT has, but for the wrong one, was measured: both kinds of machine, and the
# fairness.
every_nt_lock_has_samples()
{
    local lock missing=0 results=$SOURCES/results/nt
    for lock in $("$LOCKBENCH" list --family nt | sed '1d; /^signals,/,$d; s/ .*//; /^broken_tts$/d'); do
        if ! grep -qF "| \`$lock\` |" "$results/fairness.txt" ||
            ! cat "$results"/native-*.jsonl | grep -q "^{\"record\":\"sample\",\"lock\":\"$lock\"" ||
            ! cat "$results"/model-*.jsonl | grep -q "^{\"record\":\"sample\",\"lock\":\"$lock\""; then
            echo "# results/nt has no sample of $lock"
            missing=1
        fi
    done
    return $missing
}
report "every lock of the NT family has its samples" every_nt_lock_has_samples

# Likewise the objects of NT that are no locks.
every_nt_signal_has_samples()
{
    local signal missing=0
    for signal in event_sync event_sync_per_object event_notify ksemaphore timer_sync timer_notify file_object; do
        if ! cat "$SOURCES"/results/nt/signals-*.jsonl | grep -q "^{\"record\":\"sample\",\"lock\":\"$signal\""; then
            echo "# results/nt has no sample of $signal"
            missing=1
        fi
    done
    return $missing
}
report "every object of NT that is no lock has its samples" every_nt_signal_has_samples

# names_every_option COMMAND FILE: each long option of the command stands in the file.
names_every_option()
{
    local option missing=0
    for option in $("$LOCKBENCH" "$1" --help | grep -o -- '^ .*--[a-z-]*' | grep -o -- '--[a-z-]*'); do
        if ! grep -q -- "${option//-/\\\\-}" "$2"; then
            echo "# $2 does not name $option of $1"
            missing=1
        fi
    done
    return $missing
}
for command in run check list plot compare export threshold doctor counters topology repetition spin-time; do
    report "the man page names every option of $command" \
        names_every_option "$command" "$SOURCES/docs/lockbench.1"
done

# names_every_document FILE
names_every_document()
{
    local file missing=0
    for file in "$SOURCES"/docs/*.md; do
        if ! grep -q "docs/$(basename "$file")" "$SOURCES/$1"; then
            echo "# $1 does not name docs/$(basename "$file")"
            missing=1
        fi
    done
    return $missing
}
report "the README leads to every document" names_every_document README.md
report "every document is packed and installed" names_every_document docs/docs.am
echo "1..$number"
