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
    options+=("--db=$data/filled" --use_existing_db=1 "--duration=$duration")
  else
    options+=("--db=$data/new" "--duration=$duration")
  fi
  # The whole process, and the analyzer's too.
  {
    TIMEFORMAT='%U %S'
    time bench_rocksdb timeout 180 "$@" db_bench "${options[@]}" >"$data/output" 2>&3 || return 1
  } 3>&2 2>"$data/cpu"
  cat "$data/output" >&2
  rm -rf "$data/new"
  tr '\r' '\n' <"$data/output" | sed -nE "s/^$load +:.* ([0-9]+) ops\/sec.*/\1/p" | tr '\n' ' '
  awk '{ print ($1 + $2) * 100 }' "$data/cpu"
}
