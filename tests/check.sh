#!/usr/bin/env bash
# The command line of `lockbench check`: verdicts, exit codes, replays, plugins, bad input.
set -u

sources=$(cd "${SOURCES:-.}" && pwd)
. "$(dirname "$0")/harness.sh"

# check CODE ARGUMENT...: runs the command and compares its exit code.
check()
{
    local code=$1
    shift
    timeout 120 "$LOCKBENCH" check "$@" > out 2> err
    [ $? -eq "$code" ]
}

# refused NAME CULPRIT FIX ARGUMENT...: exit code 2 and one line that names both.
refused()
{
    local name=$1 culprit=$2 fix=$3
    shift 3
    report "$name: exit code 2" check 2 "$@"
    report "$name: one line" test "$(wc -l < err)" -eq 1
    report "$name: the culprit and the fix" grep -q -- "$culprit.*$fix" err
}

report "right locks: exit code 0" check 0 tas ticket mcs rw_ticket
report "right locks: every client is explored" test "$(grep -c 'all explored$' out)" -eq 26
report "right locks: nothing is said on standard error" test ! -s err
report "a client by name" check 0 mcs --client reuse
report "a client by name: only that" test "$(wc -l < out)" -eq 2
report "JSON" check 0 mcs --json
report "JSON: verdicts and executions" test "$(grep -c '"verdict": "all"' out)" -eq 6
report "an alias is that lock" check 0 qspin --client 2x2
report "an alias is shown by the lock's own name" grep -q '^mcs ' out

report "broken_tts: exit code 1" check 1 broken_tts
report "broken_tts: the property" grep -q 'WRONG: no data race$' out
report "broken_tts: a listing with places" grep -q 'broken_tts.h:[0-9]* store *relaxed *lock+0' out
report "broken_tts: how to play it again" grep -q -- '--replay check-broken_tts-2x2.json' err
cp out found
report "the replay: exit code 1" check 1 --replay check-broken_tts-2x2.json
sed '1,2d' found > expected
report "the replay: the same listing" cmp -s expected out
report "a second finding has a name of its own" check 1 broken_tts
report "a second finding: the first is still there" test -f check-broken_tts-2x2-2.json

report "a bound that is too small: exit code 1" check 1 mcs --client 2x2 --bound 5
report "a bound that is too small: says so" grep -q 'bounded at 5, no violation found' out
report "a deep client's bound is no failure" check 0 tas --client 3x2 --bound 3
report "a lock that promises nothing is left out" check 2 null
report "foreign locks are left out and named" check 0 pthread_mutex tas --client 2x2
report "foreign locks: named" grep -q 'pthread_mutex is left out: it runs on real cores only' err

report "mutation of ticket: all orders are noticed" check 0 ticket --mutate
report "mutation of ticket: the score is the last line" \
    test "$(tail -n 1 out)" = "3 of 3 weakened orders noticed (100%), 0 more explained"
report "mutation of a wrong lock: exit code 1" check 1 broken_tts --mutate

refused "an unknown lock" "'mcss'" "did you mean 'mcs'" mcss
refused "an unknown client" "'2x3'" "there are 2x2" tas --client 2x3
refused "an unknown option" "'--mutated'" "'--mutate'" --mutated
refused "a bound of nothing" "'0'" "whole number" tas --bound 0
refused "a client that fits no lock" "'downgrade'" "fits none" tas --client downgrade
refused "a replay that is not there" "'nowhere.json'" "No such file" --replay nowhere.json
echo '{' > half.json
refused "a replay that is cut off" "'half.json'" "can't be read" --replay half.json
echo '{"lock": "mcs", "client": "2x2"}' > none.json
refused "a file that is no replay" "'none.json'" "is none" --replay none.json
sed 's/"version":"[^"]*"/"version":"0.0.9"/' check-broken_tts-2x2.json > old.json
refused "a replay of another version" "0.0.9" "check again" --replay old.json
sed 's/"lock":"[^"]*"/"lock":"tas"/' check-broken_tts-2x2.json > other.json
refused "a replay of another lock" "'other.json'" "does not lead to a violation" --replay other.json
sed 's/"client":"[^"]*"/"client":"5x5"/' check-broken_tts-2x2.json > client.json
refused "a replay of an unknown client" "'client.json'" "client" --replay client.json
refused "mutation and a client" "--mutate" "--client" tas --mutate --client 2x2
refused "a replay and mutation" "--replay" "--mutate" --replay old.json --mutate
refused "a replay and a lock" "--replay" "name none" tas --replay old.json
refused "a plugin that is not there" "nowhere.so" "No such file" --plugin nowhere.so
echo "no object" > text.so
refused "a plugin that is none" "text.so" "" --plugin text.so

# A lock from outside, right and wrong, built as the documentation says.
lock()
{
    cat << END
#include <locks/plugin.h>
struct home { WORD(uint32_t) held; };
static inline void home_init(struct home *lock) { word_init(&lock->held, 0); }
static inline void home_acquire(struct home *lock) { word_retry_exchange(&lock->held, 1, 0, $1); }
static inline bool home_try_acquire(struct home *lock) { return word_exchange(&lock->held, 1, acquire) == 0; }
static inline void home_release(struct home *lock) { word_store(&lock->held, 0, release); }
static inline bool home_is_idle(struct home *lock) { return word_load(&lock->held, relaxed) == 0; }
LOCK_ENTRY_INIT(home, struct home)
LOCK_ENTRIES(home, struct home)
static const struct lock_ops home_ops = {.name = "home", .traits = LOCK_UNFAIR | LOCK_SPINS,
    .size = sizeof(struct home), .init = home_entry_init, LOCK_ENTRIES_OF(home)};
LOCK_PLUGIN(home_ops)
END
}
why=
command -v gcc > /dev/null || why="there is no gcc to build a plugin with"
! grep -aq -e __asan_ -e __tsan_ "$LOCKBENCH" || why="a plugin without the sanitizer does not fit the program"
if [ -z "$why" ]; then
    lock acquire > right.c
    lock relaxed > wrong.c
    for name in right wrong; do
        gcc -std=gnu11 -DMACHINE_VIRTUAL -shared -fPIC -I"$sources" $name.c -o $name.so
    done
    gcc -std=gnu11 -D_GNU_SOURCE -shared -fPIC -I"$sources" right.c -o native.so
    report "a right plugin: exit code 0" check 0 home --plugin ./right.so
    report "a right plugin: explored" test "$(grep -c 'all explored$' out)" -eq 5
    report "a wrong plugin: exit code 1" check 1 --plugin wrong.so
    report "a wrong plugin: its own source is named" grep -q 'wrong.c:4 retry_exchange' out
    report "a right plugin's orders: all noticed" check 0 --plugin right.so --mutate
    report "a plugin under a client that does not fit: exit code 2" check 2 --plugin right.so -c reuse
    refused "a plugin and another lock's name" "'home'" "not 'mcs'" mcs --plugin right.so
    sed 's/.init = home_entry_init, //' right.c > lacking.c
    sed 's/word_retry_exchange(.*); }/for (volatile bool ever = true; ever;); (void)lock; }/' right.c > loops.c
    for name in lacking loops; do
        gcc -std=gnu11 -DMACHINE_VIRTUAL -shared -fPIC -I"$sources" $name.c -o $name.so
    done
    refused "a plugin without an init" "lacking.so" "no .init" --plugin lacking.so
    report "a plugin that computes for ever is ended: exit code 1" check 1 --plugin loops.so
    report "a plugin that computes for ever: what to do is said" grep -q 'use word_await_equal' err
    report "so it is when its orders are weakened" check 1 --plugin loops.so --mutate
    refused "a plugin for real cores" "native.so" "DMACHINE_VIRTUAL" --plugin native.so
else
    skip "a lock from outside" "$why"
fi
echo "1..$number"
