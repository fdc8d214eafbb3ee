# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# memcached. One key an operation: what most clients do. 50 keys a get, in the binary protocol: few
# system calls, so the locks are most of what it does.
packages=(memcached libmemcached-tools)
loads=(get_and_set multiget)
# pause_threads(), when the hash table grows.
known='waits for a condition with M[0-9]+ while it holds M[0-9]+'

prepare() { :; }

memcached_says() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf '%s\r\n' "$2" >&3
  [[ $2 == shutdown ]] || { read -r -t 5 line <&3 && [[ $line == VERSION* ]]; }
}

run_load() {
  local load=$1 port options=(-T 2 -c 32) user=() rate
  shift
  [[ $load != multiget ]] || options=(-T 1 -c 16 -d 50 -B)
  ((EUID != 0)) || user=(-u root)
  port=$(free_port)
  "$@" memcached "${user[@]}" -A -l 127.0.0.1 -p "$port" -U 0 -t 4 -m 256 -c 256 >&2 &
  server=$!
  wait_until memcached_says "$port" version || return 1
  # Enough for each thread of the server to meet nearly all of the locks.
  local slap=(timeout 120 memcaslap -s "127.0.0.1:$port" -w 1k -X 100 "${options[@]}") before
  "${slap[@]}" -x 400000 >&2
  before=$(cpu_time)
  rate=$("${slap[@]}" -t "${duration}s" | sed -nE 's/.* TPS: ([0-9]+).*/\1/p')
  rate="$rate $(($(cpu_time) - before))"
  memcached_says "$port" shutdown
  wait_for_server || return 1
  echo "$rate"
}
