#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# file_lock_mutants_test.sh FAULT_TEST HEADER...: which mutants of the file locks the sweeps over real processes and
# files find, and by which; --table prints it as Markdown.
set -euo pipefail

# Mutant, the lock and the sweep that finds it. `-`: nothing does, for the reason behind it.
readonly table='
exclusive_is_shared 0.AProcessStoppedAtAnyStep
no_recheck 2.AProcessStoppedAtAnyStep
no_reopen 2.AProcessStoppedAtAnyStep hangs
unlock_before_remove 2.AProcessStoppedAtAnyStep
claim_by_rename 3.AProcessStoppedAtAnyStep
keep_private_name 3.DeathAtEveryStep
live_is_stale 3.AProcessStoppedAtAnyStep
no_litter_removal 3.AFailedCallIsTold
no_reverify 3.NorDoesOneStoppedWhileItTakesOver
no_takeover_lock 3.NorDoesOneStoppedWhileItTakesOver
takeover_by_unlink 3.NorDoesOneStoppedWhileItTakesOver
write_after_link 3.DeathAtEveryStep
judges_other_hosts - all processes are of one host
pid_alone - no process id comes again while it runs
remove_any_file - nobody else puts a file in the lock'\''s place
shared_is_exclusive - nobody reads
unlock_any_file - nobody else puts a file in the lock'\''s place
unreadable_is_stale - no lock file is unreadable
'
if [[ ${1:-} == --table ]]; then
  printf '| mutant | found by |\n|---|---|\n'
  while read -r mutant sweep note; do
    [[ -n $mutant ]] || continue
    [[ $sweep != - ]] || sweep=no
    printf '| %s | %s%s |\n' "$mutant" "${sweep#*.}" "${note:+, $note}"
  done <<<"$table"
  exit
fi

fault_test=$1
shift
unset XML_OUTPUT_FILE TEST_TOTAL_SHARDS
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
failures=0
fail() {
  printf 'file_lock_mutants_test: %s\n' "$*" >&2
  failures=$((failures + 1))
}

listed=$(awk 'NF { print $1 }' <<<"$table" | sort)
known=$(grep -oh 'mutant<P>("[a-z_]*")' "$@" | cut -d'"' -f2 | sort -u)
[[ $listed == "$known" ]] || fail "the mutants of the headers are not those listed:" \
  "$(diff <(printf '%s\n' "$known") <(printf '%s\n' "$listed") || true)"

# Its exit status, or that it does not end.
run() {
  local mutant=$1 sweep=$2 seconds=$3 status=0
  HEDDLE_MUTANT=$mutant timeout --signal=KILL "$seconds" "$fault_test" \
    --gtest_filter="FileLockFaultTest/$sweep*" >"$temporary/output" 2>&1 || status=$?
  [[ $status != 137 ]] || status=hangs
  echo "$status"
}

while read -r mutant sweep note; do
  [[ -n $mutant ]] || continue
  expected=1 seconds=60
  if [[ $sweep == - ]]; then
    expected=0 sweep=''
  elif [[ $note == hangs ]]; then
    expected=hangs seconds=5
  fi
  status=$(run "$mutant" "$sweep" "$seconds")
  [[ $status == "$expected" ]] ||
    fail "$mutant: expected status $expected, got $status" "$(cat "$temporary/output")"
  # Without it the same sweep passes: it is the mutant that is found.
  if [[ $expected != 0 ]]; then
    status=$(run '' "$sweep" 60)
    [[ $status == 0 ]] || fail "without $mutant: status $status" "$(cat "$temporary/output")"
    grep -q '\[  PASSED  \] 1 test' "$temporary/output" || fail "$sweep names no one sweep"
  fi
done <<<"$table"
exit $((failures > 0))
