#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The verdict matrix for the other detectors: builds every program of rows.json with clang, runs it
# under ThreadSanitizer, libclang_rt.dyndd (preloaded) and Helgrind, and prints a Markdown table.
#
#   checkers/lock_order/matrix/peers.sh [PATTERN]     rows whose name contains PATTERN
#
# CC, CXX: the compilers (clang-22, clang++-22). BUILD: where the programs are built (a new
# temporary directory by default).
set -u
here=$(cd "$(dirname "$0")" && pwd)
pattern=${1:-}
cc=${CC:-clang-22}
cxx=${CXX:-clang++-22}
build=${BUILD:-$(mktemp -d)}
dyndd=$("$cc" -print-runtime-dir)/libclang_rt.dyndd-x86_64.so
[ -f "$dyndd" ] || dyndd=$("$cc" -print-file-name=lib/linux/libclang_rt.dyndd-x86_64.so)
mkdir -p "$build/plain" "$build/tsan"

# row, program, truth, arguments: one line an entry, separated by bars. The layout of rows.json is
# fixed: three lines an entry. Those with steps are about files of the analyzer's own.
entries() {
  sed -n -e '/"row":.*"arguments":/{N;N;s/\n/ /g;p}' "$here/rows.json" |
    sed -E 's/.*"row": "([^"]*)", "program": "([^"]*)", "arguments": \[([^]]*)\].*"findings": \[([^]]*)\].*/\1|\2|\4|\3/' |
    sed 's/"//g'
}

# compile DIRECTORY PROGRAM FLAGS...
compile() {
  local directory=$1 program=$2 source compiler
  shift 2
  source=$(ls "$here/programs/$program".c* 2>/dev/null) || return 1  # in a folder: needs Abseil
  [ "$directory/$program" -nt "$source" ] && return 0
  case $source in
    *.cc) compiler="$cxx -std=c++20" ;;
    *) compiler="$cc -std=gnu11" ;;
  esac
  $compiler -O2 -g1 -pthread -I "$here/../../.." "$@" "$source" -o "$directory/$program"
}

# The last run's output, and its status: 124 when it had to be ended.
run() {
  output=$(cd "$build" && timeout -s KILL "$@" 2>&1 </dev/null)
  status=$?
}

# judge TRUTH FOUND: compares what is true with whether the tool said anything about locks.
judge() {
  if [ "$status" = 137 ] && [ -z "$2" ]; then
    case $1 in
      *deadlock*) echo "**hangs silently**" ;;
      *) echo "**over the time limit**" ;;
    esac
  elif [ "$status" = 139 ] || [ "$status" = 134 ] || { [ -z "$2" ] && grep -q 'CHECK failed' <<<"$output"; }; then
    echo "**dies**"
  elif [ -n "$1" ] && [ -z "$2" ]; then
    echo "**missed**"
  elif [ -z "$1" ] && [ -n "$2" ]; then
    echo "**false alarm**"
  else
    echo "right"
  fi
}

sanitizer_findings() {
  grep -o -E 'WARNING: (ThreadSanitizer: )?(lock-order-inversion|double lock|unlock of an unlocked|unlock by another|destroy of a locked|signal-unsafe call|thread .* finished with)' <<<"$output"
}

helgrind_findings() {
  grep -o -E 'lock order "[^"]*" violated|Exiting thread still holds|unlocked a not-locked lock|unlocked lock at .* currently held|destroy of a locked|memory .* still .*lock|different mutex|Attempt to re-lock' <<<"$output"
}

"$cc" -O2 -g1 -fPIC -shared "$here/programs/plugin/plugin.c" -o "$build/plain/libmatrix_plugin.so"
"$cc" -O2 -g1 -fPIC -shared -fsanitize=thread "$here/programs/plugin/plugin.c" -o "$build/tsan/libmatrix_plugin.so"

echo "| row | program | truth | TSan | dyndd | Helgrind |"
echo "|---|---|---|---|---|---|"
while IFS='|' read -r row program findings arguments; do
  [[ $row == *"$pattern"* ]] || continue
  arguments=${arguments//,/}
  compile "$build/plain" "$program" || continue
  compile "$build/tsan" "$program" -fsanitize=thread || continue
  # shellcheck disable=SC2086
  run 10 env TSAN_OPTIONS=detect_deadlocks=1:second_deadlock_stack=1:atexit_sleep_ms=0 "tsan/$program" $arguments
  of_tsan=$(judge "$findings" "$(sanitizer_findings)")
  # shellcheck disable=SC2086
  run 10 env LD_PRELOAD="$dyndd" "plain/$program" $arguments
  of_dyndd=$(judge "$findings" "$(sanitizer_findings)")
  # shellcheck disable=SC2086
  run 60 valgrind -q --tool=helgrind --fair-sched=try "plain/$program" $arguments
  of_helgrind=$(judge "$findings" "$(helgrind_findings)")
  echo "| $row | $program${arguments:+ $arguments} | ${findings:-silent} | $of_tsan | $of_dyndd | $of_helgrind |"
done < <(entries)
