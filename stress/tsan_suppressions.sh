#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tsan_suppressions.sh FILE: the entries of tsan_suppressions.txt as the C++ that ThreadSanitizer's runtime asks for them.
# Refuses an entry whose reason is missing: a comment in the line above, that is no other entry's.
set -euo pipefail

awk -v file="$1" '
  function refuse(why) {
    printf "%s:%d: %s: %s\n", file, NR, $0, why > "/dev/stderr"
    failed = 1
    exit 1
  }
  /^[[:space:]]*$/ { reason = 0; next }
  /^#/ { reason = $0 ~ /^#.*[[:alpha:]].*[[:space:]].*[[:alpha:]]/; next }
  !/^(race|race_top|deadlock|thread|mutex|signal|called_from_lib):[^"\\]+$/ { refuse("no suppression of ThreadSanitizer'\''s") }
  !reason { refuse("the reason is missing: a comment in the line above") }
  { entries = entries "    \"" $0 "\\n\"\n"; reason = 0 }
  END {
    if (failed) exit 1
    print "// Made from " file "."
    print "extern \"C\" const char* __tsan_default_suppressions();"
    print "extern \"C\" const char* __tsan_default_suppressions() {\n  return\n" entries "    \"\";\n}"
  }' "$1"
