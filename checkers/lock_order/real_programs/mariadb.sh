# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# MariaDB: transactions of sysbench.
packages=(mariadb-server mariadb-client sysbench)
loads=(oltp_read_write)

mariadb_user() { ((EUID != 0)) || echo --user=root; }

serve_mariadb() {
  local user=()
  mapfile -t user < <(mariadb_user)
  "$@" /usr/sbin/mariadbd --no-defaults "${user[@]}" "--datadir=$data/db" "--socket=$data/socket" \
    "--pid-file=$data/pid" "--tmpdir=$data" --skip-networking --innodb-buffer-pool-size=128M \
    --innodb-flush-log-at-trx-commit=2 >&2 &
  server=$!
  wait_until mariadb-admin --no-defaults "--socket=$data/socket" --user=root ping
}

stop_mariadb() {
  mariadb-admin --no-defaults "--socket=$data/socket" --user=root shutdown >&2 && wait_for_server
}

bench_mariadb() {
  timeout 120 sysbench oltp_read_write --db-driver=mysql "--mysql-socket=$data/socket" \
    --mysql-user=root --tables=4 --table-size=5000 --threads=8 "$@"
}

prepare() {
  local user=()
  mapfile -t user < <(mariadb_user)
  mariadb-install-db --no-defaults "${user[@]}" --auth-root-authentication-method=normal \
    --skip-test-db "--datadir=$data/db"
  serve_mariadb || return 1
  mariadb --no-defaults "--socket=$data/socket" --user=root -e 'create database sbtest'
  bench_mariadb prepare
  stop_mariadb
}

run_load() {
  local rate before
  shift
  serve_mariadb "$@" || return 1
  bench_mariadb --time=1 run >&2
  before=$(cpu_time)
  rate=$(bench_mariadb "--time=$duration" run |
    sed -nE 's/.*transactions: .*\(([0-9.]+) per sec.*/\1/p')
  rate="$rate $(($(cpu_time) - before))"
  stop_mariadb || return 1
  echo "$rate"
}
