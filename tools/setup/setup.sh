#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Provides what Heddle is built with. Idempotent; costs two short commands when nothing is to do.
#
# On Debian: installs the packages below, and unpacks what Bazel would otherwise download into
# .deps/, with .deps/local.bazelrc pointing Bazel there. Elsewhere the tools must be on PATH already
# and Bazel downloads what WORKSPACE names.
set -euo pipefail

readonly packages=(
  bazel-bootstrap bazel-platforms bazel-rules-cc bazel-rules-java bazel-rules-proto bazel-skylib
  clang-22 clang-format-22 clang-tidy-22 g++ libclang-rt-22-dev lld-22 llvm-22
  libdw-dev libvalijson-dev nlohmann-json3-dev relacy-dev
)
# Source package, repository name, SHA-256 of the upstream tarball in it.
readonly sources=(
  "abseil com_google_absl abfe2897f3a30edaa74bc34365afe3c2a3cd012091a97dc7e008f7016adcd5fe"
  "googletest com_google_googletest 81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2"
  "benchmark com_github_google_benchmark 6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7"
)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly root deps="$root/.deps"

say() { printf 'heddle: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 3
}

# Prints one line per package that is installed: its name and version.
installed() {
  dpkg-query -W -f='${db:Status-Status} ${Package} ${Version}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p' || true
}

fingerprint() {
  { printf '%s\n' "$root" && installed && cat "$root/tools/setup/setup.sh" "$root"/third_party/*.BUILD; } |
    cksum
}

install_packages() {
  local have missing=() package
  have=" $(installed | cut -d' ' -f1 | tr '\n' ' ') "
  for package in "${packages[@]}"; do
    [[ $have == *" $package "* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; } ||
      fail "packages are missing; as root, run: $line"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  local log="$deps/apt.log"
  if ! {
    "${as_root[@]}" apt-get -q update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    fail "could not install them (all output: $log); as root, run: $line"
  fi
}

# Writes a copy of the machine's Debian sources in which every entry is for source packages.
write_source_list() {
  local file found=0
  mkdir -p "$1"
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -e $file ]] && grep -qi debian "$file" || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$1/${file##*/}"
    found=1
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -e $file ]] && grep -q '^deb .*debian' "$file" || continue
    sed -n '/debian/s/^deb /deb-src /p' "$file" >"$1/${file##*/}"
    found=1
  done
  ((found)) || fail "no Debian archive is configured for apt"
}

# Fetches the source tarballs with apt, which checks them against the archive's signed indexes, from a
# private copy of apt's configuration: the machine's own is left alone and root is not needed.
fetch_sources() {
  local apt="$deps/apt" archives="$deps/archives" entry package name sum tarball
  local options=(
    -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources"
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=
  )
  mkdir -p "$archives"
  for entry in "${sources[@]}"; do
    read -r package name sum <<<"$entry"
    tarball=$(find_tarball "$archives" "$package")
    if [[ -z $tarball ]]; then
      if [[ ! -d $apt/sources ]]; then
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
        write_source_list "$apt/sources"
        apt-get "${options[@]}" update >"$deps/apt.log" 2>&1 || true
      fi
      say "fetching the source of $package"
      (cd "$archives" && apt-get "${options[@]}" source --download-only "$package") >>"$deps/apt.log" 2>&1 || {
        tail -n 5 "$deps/apt.log" >&2
        rm -rf "$apt"
        fail "could not fetch it (all output: $deps/apt.log)"
      }
      tarball=$(find_tarball "$archives" "$package")
    fi
    if ! printf '%s  %s\n' "$sum" "$tarball" | sha256sum --check --status; then
      rm -f "$tarball"
      fail "$tarball is not the expected version of $package (Debian 12 has it); removed"
    fi
    rm -rf "${deps:?}/$name"
    mkdir "$deps/$name"
    tar -xzf "$tarball" -C "$deps/$name" --strip-components=1
  done
  rm -rf "$apt"
}

find_tarball() { find "$1" -name "$2_*.orig.tar.gz" -print -quit; }

# Copies rather than links: Bazel's sandbox then sees plain files inside the repository.
copy_packaged() {
  local share=/usr/share/bazel name
  for name in rules_cc rules_java rules_proto bazel_skylib platforms remote_coverage_tools relacy nlohmann_json; do
    rm -rf "${deps:?}/$name"
  done
  cp -rL "$share/rules/cc" "$deps/rules_cc"
  cp -rL "$share/rules/java" "$deps/rules_java"
  cp -rL "$share/rules/proto" "$deps/rules_proto"
  cp -rL "$share/tools/skylib" "$deps/bazel_skylib"
  cp -rL "$share/tools/platforms" "$deps/platforms"

  # This rules_cc is newer than the Bazel it comes with, which has no use_cpp_toolchain().
  sed -i -e 's/, "use_cpp_toolchain"//' \
    -e 's|use_cpp_toolchain()|["@bazel_tools//tools/cpp:toolchain_type"]|' \
    "$deps"/rules_cc/cc/private/rules_impl/{cc_flags_supplier,compiler_flag}.bzl

  local cpu
  for cpu in wasm32 wasm64; do
    grep -q "\"$cpu\"" "$deps/platforms/cpu/BUILD" ||
      printf 'constraint_value(name = "%s", constraint_setting = ":cpu")\n' "$cpu" >>"$deps/platforms/cpu/BUILD"
  done

  # Every test names these; only `bazel coverage` runs them.
  mkdir "$deps/remote_coverage_tools"
  cat >"$deps/remote_coverage_tools/BUILD" <<'EOF'
[filegroup(name = n, visibility = ["//visibility:public"]) for n in ["coverage_report_generator", "lcov_merger"]]
EOF

  mkdir -p "$deps/relacy" "$deps/nlohmann_json/include"
  cp -rL /usr/include/relacy "$deps/relacy/relacy"
  cp -rL /usr/include/nlohmann "$deps/nlohmann_json/include/nlohmann"
  cp "$root/third_party/relacy.BUILD" "$deps/relacy/BUILD.bazel"
  cp "$root/third_party/nlohmann_json.BUILD" "$deps/nlohmann_json/BUILD.bazel"
}

write_bazelrc() {
  local directory name
  for directory in "$deps"/*/; do
    name=$(basename "$directory")
    [[ $name != archives ]] || continue
    [[ -e $directory/WORKSPACE ]] || printf 'workspace(name = "%s")\n' "$name" >"$directory/WORKSPACE"
    printf 'common --override_repository=%s=%s\n' "$name" "${directory%/}"
  done >"$deps/local.bazelrc.new"
  mv "$deps/local.bazelrc.new" "$deps/local.bazelrc"
}

main() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    local tool
    for tool in bazel clang-22 ld.lld-22; do
      command -v "$tool" >/dev/null || fail "$tool is not on PATH, and this is not a Debian where it could be installed"
    done
    return 0
  fi
  [[ -e $deps/stamp && $(<"$deps/stamp") == "$(fingerprint)" ]] && return 0

  mkdir -p "$deps"
  exec 9>"$deps/lock"
  flock --nonblock 9 || {
    say "waiting for another set-up to finish"
    flock 9
  }
  [[ -e $deps/stamp && $(<"$deps/stamp") == "$(fingerprint)" ]] && return 0
  install_packages
  fetch_sources
  copy_packaged
  write_bazelrc
  fingerprint >"$deps/stamp"
}

main
