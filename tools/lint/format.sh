#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Checks the formatting of all C and C++ files. From the source tree's root, --fix formats them.
set -euo pipefail
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/files.sh"

mode=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
our_files '*.h' '*.hpp' '*.cc' '*.c' |
  xargs -0 --no-run-if-empty --max-args=64 --max-procs=2 clang-format-22 "${mode[@]}" --style=file || {
  echo "To fix: tools/lint/format.sh --fix" >&2
  exit 1
}
