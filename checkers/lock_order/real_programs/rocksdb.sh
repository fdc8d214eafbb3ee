# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# RocksDB: its own benchmark, in whose process the database is.
packages=(rocksdb-tools)
loads=(fillrandom readwhilewriting)

bench_rocksdb() {
  "$@" --threads=4 --num=200000 --compression_type=none
}

prepare() {
  bench_rocksdb db_bench "--db=$data/filled" --benchmarks=fillrandom
}

run_load() {
  local load=$1 options=(--benchmarks="$1")
  shift
  if [[ $load == readwhilewriting ]]; then
    options+=("--db=$data/filled" --use_existing_db=1 "--duration=$seconds")
  else
    options+=("--db=$data/new" "--duration=$seconds")
  fi
  bench_rocksdb timeout 180 "$@" db_bench "${options[@]}" >"$data/output" || return 1
  cat "$data/output" >&2
  rm -rf "$data/new"
  tr '\r' '\n' <"$data/output" |
    sed -nE "s/^$load +:.* ([0-9]+) ops\/sec.*/\1/p"
}
