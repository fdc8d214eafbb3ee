#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Real programs under the lock-order analyzer: Debian's packages of them, each under a load, in turn
# bare and watched. Prints a Markdown table and what was found. See docs/lock_order_real_programs.md.
#
# Exit status: 0 every program ran to its end and nothing was found, 1 something was found or a
# program failed, 2 wrong usage, 3 what is needed could not be installed or built.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: run.sh [NAME...] [OPTION...]

NAME: memcached, mariadb, rocksdb, redis; all of them by default.

  --alternations=N  pairs of runs, one bare and one watched (default: 5)
  --seconds=S       of load in each run (default: 5)
  --out=DIR         keep the reports, the graphs and the programs' output there
  --no-install      the packages are there

HEDDLE=COMMAND is used instead of building the heddle command.
EOF
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$here/common.sh"

names=()
alternations=5
seconds=5
out=
install=1
for argument; do
  case $argument in
    -h | --help)
      usage
      exit 0
      ;;
    --alternations=*) alternations=${argument#*=} ;;
    --seconds=*) seconds=${argument#*=} ;;
    --out=*) out=${argument#*=} ;;
    --no-install) install=0 ;;
    -*) die 2 "unknown option $argument" ;;
    *)
      [[ $argument =~ ^[a-z]+$ && $argument != common && $argument != run && -f $here/$argument.sh ]] ||
        die 2 "unknown program $argument"
      names+=("$argument")
      ;;
  esac
done
for number in "$alternations" "$seconds"; do
  [[ $number =~ ^[1-9][0-9]{0,3}$ ]] || die 2 "not a number from 1 to 9999: $number"
done
((${#names[@]})) || names=(memcached mariadb rocksdb redis)
readonly alternations seconds

if ((install)); then
  packages=()
  for name in "${names[@]}"; do
    mapfile -t -O "${#packages[@]}" packages < <(packages_of "$name")
  done
  install_packages "${packages[@]}"
fi
find_heddle

work=$(mktemp -d "${TMPDIR:-/tmp}/heddle_real_programs.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
if [[ -n $out ]]; then
  mkdir -p "$out" || exit 3
  out=$(readlink -f "$out")
else
  out=$work/out
  mkdir "$out"
fi
readonly work out

echo "| program | load | bare, 1/s | watched, 1/s | ratio | CPU ratio | acquisitions/s | slow per million | locks | chains | graph, KB | findings |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|"
failed=0
for name in "${names[@]}"; do
  # In a shell of its own: each script defines the same functions.
  (measure_program "$name") || failed=1
done
exit "$failed"
