# What the tests of the command line share; sourced by them, not run. Goes to a new folder, in which they leave
# what they like.
#
# What stands in single quotes is for the shell that it is given to.
# shellcheck shell=bash disable=SC2016
LOCKBENCH=$(realpath -- "${LOCKBENCH:-./lockbench}") || exit 99
export LOCKBENCH
[ -x "$LOCKBENCH" ] || { echo "Bail out! $LOCKBENCH is not a program"; exit 99; }
export LC_ALL=C

# Of a sanitizer's build: asan, tsan. What of a test is about another program than ours, or goes the same way
# through ours many times over, is left to the builds without.
# shellcheck disable=SC2034
sanitizer=$(grep -aoE '__(asan|tsan|msan|ubsan)_' "$LOCKBENCH" | head -1 | tr -d _)

work=$(mktemp -d) || exit 99
group= # the process group of a program in the background, as long as there is one
clean_up() {
    [ -z "$group" ] || kill -KILL -- "-$group" 2>>"$work/ignored"
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The program's own temporary files are to be found afterwards.
mkdir "$work/temporary" "$work/captured"
export TMPDIR=$work/temporary
cd "$work" || exit 99
exec </dev/null

stdout=$work/captured/stdout
stderr=$work/captured/stderr

# ---------------------------------------------------------------------------------------------
# A test is `begin NAME`, then calls and checks, then `end`. The first check that fails is shown.

number=0
patience=120 # seconds until a call is a hang

begin() {
    name=$1
    problem=
    command=
    code=-
    : >"$stdout"
    : >"$stderr"
}

fail() {
    [ -n "$problem" ] || problem=$1
}

end() {
    number=$((number + 1))
    if [ -z "$problem" ]; then
        echo "ok $number - $name"
        return
    fi
    echo "not ok $number - $name"
    {
        printf 'problem: %s\ncommand: %s\nexit code: %s\n' "$problem" "$command" "$code"
        echo "standard output:"
        head -c 2000 "$stdout" | head -20
        echo
        echo "standard error:"
        head -c 2000 "$stderr" | head -20
    } | tr -cd '\n\t\40-\176' | sed 's/^/# /'
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# report NAME CONDITION...: one test, which passes when the condition does. Of one that fails, the files out and err
# of this folder are shown, where a script leaves what was said there.
report() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
        return
    fi
    echo "not ok $number - $name"
    cat out err 2>>"$work/ignored" | sed 's/^/# /'
}

# Another test, or a person, may be measuring on this machine or keep it busy; that is no finding.
forget_waiting() {
    local lines

    # Nearly always there is nothing to forget, and to see that takes no process.
    mapfile -t lines <"$stderr"
    case "${lines[*]}" in
    *'another lockbench measures on this machine'* | *'unfit to measure on: '*) ;;
    *) return ;;
    esac
    grep -av -e '^lockbench: another lockbench measures on this machine' \
        -e '^lockbench: unfit to measure on: ' "$stderr" >"$stderr.rest"
    mv "$stderr.rest" "$stderr"
}

call() {
    printf -v command '%q ' "$@"
    { timeout --kill-after=10 "$patience" "$@" >"$stdout" 2>"$stderr"; } 2>>"$work/ignored"
    code=$?
    forget_waiting
}

want_code() {
    [ "$code" = "$1" ] || fail "the exit code should be $1"
}

want_empty() {
    [ ! -s "$1" ] || fail "there should be nothing in $(basename "$1")"
}

want_text() { # FILE TEXT
    grep -aqF -e "$2" "$1" || fail "$(basename "$1") should have: $2"
}

want_no_text() { # FILE TEXT
    ! grep -aqF -e "$2" "$1" || fail "$(basename "$1") should not have: $2"
}

want_same() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] || fail "$1 should be '$3' and is '$2'"
}

want_missing() {
    [ ! -e "$1" ] || fail "there should be no file $1"
}

# An error is one line on standard error, and nothing on standard output, where a program may wait
# for data.
want_one_error() {
    local lines

    want_empty "$stdout"
    mapfile lines <"$stderr"
    want_same "the number of lines on standard error" "${#lines[@]}" 1
    [[ ${lines[0]-} == "lockbench: "* ]] || fail "the line should begin with 'lockbench: '"
    [[ ${lines[0]-} == *$'\n' ]] || fail "the line should end"
}

# refuse NAME CODE CULPRIT FIX COMMAND...
refuse() {
    begin "$1"
    call "${@:5}"
    want_code "$2"
    want_one_error
    want_text "$stderr" "$3"
    want_text "$stderr" "$4"
    end
}

have() {
    command -v "$1" >"$work/ignored" 2>&1
}

count_records() { # FILE KIND
    grep -c "^{\"record\":\"$2\"" "$1"
}

want_verified_samples() { # FILE COUNT
    want_same "the number of samples in $1" "$(count_records "$1" sample)" "$2"
    want_same "the number of verified samples in $1" \
        "$(grep '^{"record":"sample"' "$1" | grep -c '"verified":true')" "$2"
    want_same "the number of violations in $1" "$(count_records "$1" violation)" 0
}

locks_of() {
    sed -n 's/^{"record":"sample".*"lock":"\([^"]*\)".*/\1/p' "$1" | sort -u
}

start() { # ARGUMENT...
    printf -v command '%q ' "$LOCKBENCH" "$@"
    setsid env --default-signal=INT,TERM,HUP "$LOCKBENCH" "$@" >"$stdout" 2>"$stderr" &
    group=$!
}

# The processes of a group with their states; those that ended and were not yet fetched are none.
group_members() {
    cat /proc/[0-9]*/stat 2>>"$work/ignored" |
        sed 's/^\([0-9]*\) (.*) /\1 /' |
        awk -v group="$1" '$4 == group && $2 != "Z" { print $1 }'
}

is_group_gone() {
    [ -z "$(group_members "$1")" ]
}

has_lines() { # FILE COUNT
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

wait_until() { # CONDITION...
    local tries=0

    until "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ]; then
            fail "waited a minute in vain for: $*"
            return
        fi
        sleep 0.05
    done
}

# Waits for all processes of what was started, and takes its exit code.
wait_for_end() {
    wait_until is_group_gone "$group"
    {
        kill -KILL -- "-$group"
        wait "$group"
        code=$?
    } 2>>"$work/ignored"
    group=
    forget_waiting
}

first_bytes() {
    head -c 4 "$1" | od -An -c | tr -d ' \n'
}

# run_to FILE ARGUMENT...: a short run.
run_to() {
    rm -f "$1"
    call "$LOCKBENCH" run -d 5ms -R 2 --quiet -O "$1" "${@:2}"
}

# want_picture FORMAT FILE [TEXT]: with the text, where texts can be read.
want_picture() {
    local text=${3:-}

    [ -s "$2" ] || fail "there should be a picture in $2"
    case $1 in
    png) want_same "the beginning of $2" "$(first_bytes "$2")" '211PNG' ;;
    pdf) want_same "the beginning of $2" "$(first_bytes "$2")" '%PDF' ;;
    svg)
        want_same "the beginning of $2" "$(first_bytes "$2")" '<?xm'
        want_text "$2" '</svg>'
        want_text "$2" "$text"
        ;;
    dumb)
        want_text "$2" "$text"
        want_no_text "$2" $'\f'
        ;;
    dat) want_text "$2" "$text" ;;
    esac
}
