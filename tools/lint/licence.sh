#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/files.sh"

readonly line='SPDX-License-Identifier: Apache-2.0'
missing=$(our_files '*.h' '*.hpp' '*.cc' '*.c' '*.bzl' '*.sh' '*.py' 'BUILD.bazel' 'WORKSPACE' heddle |
  xargs -0 --no-run-if-empty grep --files-without-match -e "^\(//\|#\) $line\$" -e "^/\* $line \*/\$") || true
if [[ -n $missing ]]; then
  printf 'These files lack the line "%s" as a comment:\n%s\n' "$line" "$missing" >&2
  exit 1
fi
