# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the programs' scripts share; sourced by run.sh. A program's script defines
#
#   packages          Debian packages
#   loads             names of its loads
#   known             pattern of the headlines of findings that are there, and judged in the docs
#   prepare           makes data in $data, once
#   run_load LOAD WATCH...
#                     runs the program with the load for $duration s, started by the command WATCH...
#                     (none: bare), to its end, and prints the load's operations per second and the
#                     program's CPU time meanwhile, in hundredths of seconds. Another exit status
#                     than 0: the program or the load failed.

die() {
  local status=$1
  shift
  printf 'real_programs: %s\n' "$*" >&2
  exit "$status"
}

packages_of() {
  (
    # shellcheck source=/dev/null
    source "$here/$1.sh"
    printf '%s\n' "${packages[@]}"
  )
}

# Services that come with the packages are not started.
install_packages() {
  local missing=() package as_root=() policy=/usr/sbin/policy-rc.d made=0 status=0
  for package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      die 3 "as root, run: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  printf 'real_programs: installing %s\n' "${missing[*]}" >&2
  if [[ ! -e $policy ]]; then
    made=1
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
  fi
  local log
  log=$(mktemp)
  {
    "${as_root[@]}" apt-get -q update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q \
        -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || status=1
  ((!made)) || "${as_root[@]}" rm -f "$policy"
  if ((status)); then
    tail -n 5 "$log" >&2
    rm -f "$log"
    die 3 "could not install ${missing[*]}"
  fi
  rm -f "$log"
}

# Sets `heddle` to the command, built now, so that no build runs beside a measurement.
find_heddle() {
  local root
  root=$(readlink -f "$here/../../..")
  if [[ -n ${HEDDLE:-} ]]; then
    heddle=$(command -v "$HEDDLE") || die 3 "$HEDDLE: no such command"
  else
    "$root/heddle" lockorder --help >/dev/null || die 3 "the heddle command could not be built"
    heddle=$root/bazel-bin/tools/heddle/heddle
  fi
  readonly heddle
}

clean_up() {
  local pid
  for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}

# A port of the loopback interface that nobody listens at.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# wait_until COMMAND...: true once the command is, false after half a minute or when the background
# process $server has ended.
wait_until() {
  local i
  for ((i = 0; i < 300; ++i)); do
    ! "$@" >/dev/null 2>&1 || return 0
    kill -0 "$server" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# The server's status, its findings aside, or 1 if it does not end within a minute.
wait_for_server() {
  local i status=0
  for ((i = 0; i < 600; ++i)); do
    if ! kill -0 "$server" 2>/dev/null; then
      wait "$server" || status=$?
      return "$status"
    fi
    sleep 0.1
  done
  echo "the server does not end" >&2
  kill -KILL "$server"
  return 1
}

# The CPU time of the program that $server is or watches.
cpu_time() {
  local pid
  pid=$(pgrep -P "$server") || pid=$server
  awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${pid%%$'\n'*}/stat"
}

# median NUMBER... prints the median and the interval of order statistics that holds it with a
# probability of at least 90% (all of them where there are few).
median() {
  printf '%s\n' "$@" | sort -g | awk '
    { x[NR] = $1 }
    END {
      term = 0.5 ^ NR; below = term; low = 1
      for (k = 1; k <= NR / 2; ++k) {
        if (1 - 2 * below >= 0.9) low = k
        term *= (NR - k + 1) / k; below += term
      }
      m = NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2
      printf "%.4g %.4g %.4g\n", m, x[low], x[NR + 1 - low]
    }'
}

interval() {
  local middle low high
  read -r middle low high < <(median "$@")
  printf '%.2f [%.2f, %.2f]' "$middle" "$low" "$high"
}

# Follows the graph that is being recorded under $1: a line "acquisitions slow" a second goes to $2,
# and what is known of it last to $2.show.
sample_graph() {
  local graph
  while sleep 1; do
    graph=$(find "$1" -path '*/heddle_lockorder.*/graph' 2>/dev/null | head -n 1) || true
    [[ -n $graph ]] || continue
    "$heddle" lockorder show "$graph" 2>/dev/null >"$2.new" || continue
    mv "$2.new" "$2.show"
    sed -nE 's/.*; ([0-9]+) acquisitions, ([0-9]+) slow.*/\1 \2/p' "$2.show" >>"$2"
  done
}

# Its locks, chains and bytes.
graph_size() {
  sed -nE 's/^([0-9]+) locks, ([0-9]+) chains .*; ([0-9]+) bytes.*/\1 \2 \3/p' "$1"
}

# run_once LOAD LOG WATCH...: prints the operations per second, and the CPU time of one.
run_once() {
  local load=$1 log=$2 rate
  shift 2
  rate=$(run_load "$load" "$@" 2>>"$log") || {
    tail -n 20 "$log" >&2
    die 1 "$name, $load: failed${1:+ when watched}; all output: $log"
  }
  [[ $rate =~ ^[0-9]+(\.[0-9]+)?\ [0-9.]+$ ]] ||
    die 1 "$name, $load: no throughput in its output: '$rate'"
  awk '{ print $1, $2 / $1 }' <<<"$rate"
}

# One row of the table.
measure_load() {
  local load=$1 prefix=$out/$name.$1 bare=() watched=() ratios=() costs=() i a b
  local watch=("$heddle" lockorder "--log=$prefix.findings" "--json=$prefix.json" --exitcode=0)
  [[ ! -f $here/$name.suppressions ]] || watch+=("--suppressions=$here/$name.suppressions")
  rm -f "$prefix".*

  # What is recorded, followed while it is: not a run to be measured.
  mkdir "$work/graphs"
  (trap - EXIT && sample_graph "$work/graphs" "$prefix.samples") &
  local sampler=$!
  duration=$((seconds * 4))
  TMPDIR=$work/graphs run_once "$load" "$prefix.log" "${watch[@]}" >"$work/rate" || return 1
  kill "$sampler"
  wait "$sampler" 2>/dev/null || true
  rmdir "$work/graphs"
  duration=$seconds
  # Steady state: the last third of the samples.
  read -r per_second slow < <(awk '
    { a[NR] = $1; s[NR] = $2; if (NR > 1 && $1 - a[NR - 1] > top) top = $1 - a[NR - 1] }
    END { h = int((2 * NR + 2) / 3); n = a[NR] - a[h]
          printf "%d %s\n", top, (n > 0 ? sprintf("%.1f", (s[NR] - s[h]) * 1e6 / n) : "-") }' \
    "$prefix.samples")
  read -r locks chains bytes < <(graph_size "$prefix.samples.show")

  for ((i = 0; i < alternations; ++i)); do
    if ((i % 2)); then
      b=$(run_once "$load" "$prefix.log" "${watch[@]}") && a=$(run_once "$load" "$prefix.log") || return 1
    else
      a=$(run_once "$load" "$prefix.log") && b=$(run_once "$load" "$prefix.log" "${watch[@]}") || return 1
    fi
    bare+=("${a% *}") watched+=("${b% *}")
    ratios+=("$(awk "BEGIN { printf \"%.4f\", ${b% *} / ${a% *} }")")
    costs+=("$(awk "BEGIN { printf \"%.4f\", ${b#* } / ${a#* } }")")
  done
  read -r a _ < <(median "${bare[@]}")
  read -r b _ < <(median "${watched[@]}")
  local found unknown
  found=$(grep -c '^WARNING: heddle' "$prefix.findings" 2>/dev/null) || true
  unknown=$(grep '^WARNING: heddle' "$prefix.findings" 2>/dev/null | grep -vcE "${known:-^$}") || true
  printf '| %s | %s | %.0f | %.0f | %s | %s | %d | %s | %d | %d | %d | %d |\n' \
    "$name" "$load" "$a" "$b" "$(interval "${ratios[@]}")" "$(interval "${costs[@]}")" \
    "$per_second" "$slow" "$locks" "$chains" $((bytes / 1024)) "${found:-0}"
  ((${unknown:-0} == 0)) || {
    cat "$prefix.findings" >&2
    return 1
  }
}

measure_program() {
  name=$1
  local load failed=0
  data=$work/$name
  mkdir "$data"
  server=
  known=
  duration=$seconds
  # shellcheck source=/dev/null
  source "$here/$name.sh"
  prepare >"$out/$name.prepare.log" 2>&1 || {
    tail -n 20 "$out/$name.prepare.log" >&2
    die 1 "$name: could not make its data"
  }
  for load in "${loads[@]}"; do measure_load "$load" || failed=1; done
  rm -rf "$data"
  return "$failed"
}
