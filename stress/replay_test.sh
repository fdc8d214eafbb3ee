#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# replay_test.sh STRESS EXPLORER: what fails on real threads fails in the explorer too, when that follows the recorded
# order, or one of few that are close to it; and not when it follows none.
set -euo pipefail

stress=$1 explorer=$2
unset XML_OUTPUT_FILE TEST_UNDECLARED_OUTPUTS_DIR TEST_TOTAL_SHARDS
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
fail() {
  printf 'replay_test: %s\n' "$@" >&2
  exit 1
}

"$stress" --time=20 --counterexamples="$temporary" >"$temporary/found"
: >"$temporary/empty"
for name in comes_last buffered crossed dies; do
  schedule=$temporary/replay-$name.stress.schedule
  [[ -s $schedule ]] || fail "$name has left no schedule" "$(cat "$temporary/found")"
  "$explorer" "=replay/$name" --schedule="$schedule" --schedules=50 >"$temporary/followed" ||
    fail "$name is not reproduced" "$(cat "$schedule" "$temporary/followed")"
  if "$explorer" "=replay/$name" --schedule="$temporary/empty" --schedules=50 >"$temporary/followed"; then
    fail "$name fails without its schedule" "$(cat "$temporary/followed")"
  fi
done

printf '0 load 0\n' >"$temporary/cut"
"$explorer" "=replay/buffered" --schedule="$temporary/cut" >"$temporary/refused" && fail "a schedule that is cut off is taken"
grep -q "line 1: '0 load 0' is no THREAD OPERATION RESULT PLACE" "$temporary/refused" ||
  fail "no word about a schedule that is cut off" "$(cat "$temporary/refused")"
