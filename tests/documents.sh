#!/usr/bin/env bash
# What the documents say is what the program does.
set -u
: "${LOCKBENCH:=./lockbench}" "${SOURCES:=.}"
tests=0

report()
{
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@"; then echo "ok $tests - $name"; else echo "not ok $tests - $name"; fi
}

same_table()
{
    diff <(sed -n '/^| lock | family /,/^$/p' "$SOURCES/docs/locks.md" | sed '/^$/d') \
        <("$LOCKBENCH" list --markdown) | sed 's/^/# /' | { ! grep .; }
}
report "docs/locks.md has the catalogue as it is (lockbench list --markdown)" same_table

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
for command in run check list plot compare export topology repetition; do
    report "the man page names every option of $command" \
        names_every_option "$command" "$SOURCES/docs/lockbench.1"
done

every_file_is_linked()
{
    local file missing=0
    for file in "$SOURCES"/docs/*.md; do
        if ! grep -q "docs/$(basename "$file")" "$SOURCES/README.md"; then
            echo "# README.md does not name docs/$(basename "$file")"
            missing=1
        fi
    done
    return $missing
}
report "the README leads to every document" every_file_is_linked

every_file_is_packed()
{
    local file missing=0
    for file in "$SOURCES"/docs/*.md; do
        if ! grep -q "docs/$(basename "$file")" "$SOURCES/docs/docs.am"; then
            echo "# docs/docs.am does not pack docs/$(basename "$file")"
            missing=1
        fi
    done
    return $missing
}
report "every document is packed and installed" every_file_is_packed
echo "1..$tests"
