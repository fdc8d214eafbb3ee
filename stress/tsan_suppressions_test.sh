#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tsan_suppressions_test.sh SCRIPT FILE
set -euo pipefail

script=$1
fail() {
  printf 'tsan_suppressions_test: %s\n' "$@" >&2
  exit 1
}

"$script" "$2" >/dev/null || fail "the project's own file is refused"
given=$TEST_TMPDIR/given.txt

printf '# The library fences by asm.\nrace:std::foo\n\n# So does this one, elsewhere.\nrace:std::bar\n' >"$given"
"$script" "$given" >"$TEST_TMPDIR/made.cc" || fail "entries with reasons are refused"
grep -qF '"race:std::foo\n"' "$TEST_TMPDIR/made.cc" || fail "an entry is lost" "$(cat "$TEST_TMPDIR/made.cc")"
grep -qF '"race:std::bar\n"' "$TEST_TMPDIR/made.cc" || fail "an entry is lost" "$(cat "$TEST_TMPDIR/made.cc")"

refused() {
  printf '%b' "$1" >"$given"
  if "$script" "$given" >/dev/null 2>"$TEST_TMPDIR/said"; then fail "taken: $1"; fi
  grep -qF "$2" "$TEST_TMPDIR/said" || fail "says nothing of '$2':" "$(cat "$TEST_TMPDIR/said")"
}
refused 'race:std::foo\n' 'given.txt:1: race:std::foo: the reason is missing'
refused '# The library fences by asm.\nrace:std::foo\nrace:std::bar\n' 'given.txt:3: race:std::bar: the reason is missing'
refused '# The library fences by asm.\n\nrace:std::foo\n' 'given.txt:3: race:std::foo: the reason is missing'
refused '#\nrace:std::foo\n' 'given.txt:2: race:std::foo: the reason is missing'
refused '# The library fences by asm.\nraces:std::foo\n' 'no suppression of ThreadSanitizer'
