#!/bin/sh
# process_state.sh RUN_DIR: the state, age, threads and memory of the service, or that it does not run.
set -u
pid=$(cat "$1/web.pid" 2>/dev/null || echo none)
if [ "$pid" = none ] || ! [ -d "/proc/$pid" ]; then
  echo "not running (last pid $pid)"
  exit 0
fi
awk -F'\t' '/^(State|Threads|VmRSS):/ {gsub(/^[ \t]+/, "", $2); printf "%s %s; ", tolower($1), $2}' "/proc/$pid/status"
echo "pid $pid; waits in $(cat "/proc/$pid/wchan" 2>/dev/null || echo '?')"
