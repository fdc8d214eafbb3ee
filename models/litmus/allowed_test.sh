#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# allowed_test.sh EXPLORER [--update]: compares allowed_*.inc with what the explorer finds.
set -euo pipefail

explorer=$1
here=models/litmus
[[ ${2:-} != --update ]] || here=$BUILD_WORKSPACE_DIRECTORY/models/litmus
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
status=0
for model in rc11 sc; do
  env -u XML_OUTPUT_FILE -u TEST_UNDECLARED_OUTPUTS_DIR -u TEST_TOTAL_SHARDS \
    HEDDLE_OUTCOMES="$temporary/$model" "$explorer" --quiet --mode="$model"
  sed 's/\(.*\) \(.*\)/{"\1", 0\2},/' "$temporary/$model" >"$temporary/$model.inc"
  if [[ ${2:-} == --update ]]; then
    cp "$temporary/$model.inc" "$here/allowed_$model.inc"
  else
    [[ -s $temporary/$model.inc ]]
    diff "$temporary/$model.inc" "$here/allowed_$model.inc" || status=1
  fi
done
exit "$status"
