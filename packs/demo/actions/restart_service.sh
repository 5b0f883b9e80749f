#!/bin/sh
# restart_service.sh RUN_DIR: stop what runs, start it again on the same port, leave it running.
set -eu
run_dir=$1
service=$(cat "$run_dir/service.path")
port=$(sed 's/.*://' "$run_dir/web.addr")
pid=$(cat "$run_dir/web.pid" 2>/dev/null || echo)
if [ -n "$pid" ] && grep -qs web.py "/proc/$pid/cmdline"; then
  kill -TERM "$pid" 2>/dev/null || true
  tries=0
  while grep -qs web.py "/proc/$pid/cmdline" && [ $tries -lt 20 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -KILL "$pid" 2>/dev/null || true
  echo "stopped pid $pid"
fi
setsid /usr/bin/python3 "$service" --run-dir "$run_dir" --port "$port" </dev/null >>"$run_dir/web.log" 2>&1 &
echo "started pid $! on port $port"
