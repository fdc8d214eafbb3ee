# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Redis with threads for its sockets, writing a snapshot and its log beside the load.
packages=(redis-server redis-tools)
loads=(get_and_set)

prepare() { :; }

ask_redis() { redis-cli -s "$data/socket" "$@"; }

run_load() {
  local rate before
  shift
  rm -rf "${data:?}"/*
  "$@" redis-server --port 0 --unixsocket "$data/socket" --dir "$data" --io-threads 2 \
    --io-threads-do-reads yes --save "" --appendonly no >&2 &
  server=$!
  wait_until ask_redis ping || return 1
  ask_redis bgsave >&2
  before=$(cpu_time)
  # The same number of each: the rate of both is the harmonic mean of the two.
  rate=$(timeout 120 redis-benchmark -s "$data/socket" -t set,get -n $((duration * 10000)) -c 50 \
    -P 16 --threads 2 --csv | sed -nE 's/^"[SG]ET","([0-9.]+)".*/\1/p' |
    awk '{ inverse += 1 / $1 } END { if (NR == 2) printf "%.0f\n", NR / inverse }')
  rate="$rate $(($(cpu_time) - before))"
  ask_redis bgrewriteaof >&2
  wait_until redis_is_idle || return 1
  ask_redis shutdown nosave >&2
  wait_for_server || return 1
  echo "$rate"
}

redis_is_idle() {
  ask_redis info persistence | tr -d '\r' >"$data/persistence"
  grep -qx rdb_bgsave_in_progress:0 "$data/persistence" &&
    grep -qx aof_rewrite_in_progress:0 "$data/persistence"
}
