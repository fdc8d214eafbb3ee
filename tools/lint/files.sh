# SPDX-License-Identifier: Apache-2.0
# Sourced by the tree tests, which run with Bazel's runfiles as the working directory.

# A source file seen through the runfiles leads to the tree it belongs to.
cd "$(dirname "$(readlink -f WORKSPACE)")"

# our_files PATTERN... prints, NUL-separated, the files of the tree whose names match a pattern.
our_files() {
  local names=() pattern
  for pattern; do names+=(-o -name "$pattern"); done
  find . \( -name .git -o -name .deps -o -name out -o -name 'bazel-*' \) -prune -o \
    -type f \( "${names[@]:1}" \) -print0
}
