# shellcheck shell=bash disable=SC2034  # what it sets is used by those who source it
# Shared by the scripts beside it; sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=/usr/bin/python3  # Debian's, which has the packages of scripts/packages.txt; not what is first in PATH

# stage NAME REPEAT COMMAND...: runs COMMAND under a heading with its time. When it fails, says what
# to type to repeat only that, and stops.
stage_names=()
stage_seconds=()
stage() {
  local name=$1 repeat=$2 start=$EPOCHREALTIME status=0
  shift 2
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  local seconds
  seconds=$(seconds_since "$start")
  stage_names+=("$name")
  stage_seconds+=("$seconds")
  if [ "$status" -ne 0 ]; then
    printf '\n== %s: FAILED after %s s (exit %s). To repeat only this:\n   %s\n' "$name" "$seconds" "$status" "$repeat" >&2
    exit 1
  fi
  printf '== %s: ok, %s s\n' "$name" "$seconds"
}

# The table of stage times.
stage_summary() {
  local i
  printf '\n'
  for i in "${!stage_names[@]}"; do printf '%9s s  %s\n' "${stage_seconds[$i]}" "${stage_names[$i]}"; done
}

# The difference of two $EPOCHREALTIME, in seconds with one decimal, without bc.
seconds_since() {
  local now=${EPOCHREALTIME/[.,]/} start=${1/[.,]/}
  local tenths=$(((now - start + 50000) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# Compilations at once: one a core, but no more than fit in memory (a coroutine source takes 0.8 GB).
jobs_count() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
  [ "${memory_gb:-1}" -ge 1 ] || memory_gb=1
  echo $((cores < memory_gb ? cores : memory_gb))
}

# configure PRESET: only when it was not, or its definition changed since; ninja itself configures again when a
# CMakeLists.txt changed.
configure() {
  local made=$root/build/$1/build.ninja
  if [ -f "$made" ] && [ ! "$root/CMakePresets.json" -nt "$made" ]; then
    echo "build/$1 is configured"
  else
    (cd "$root" && cmake --preset "$1")
  fi
}

# build PRESET TARGET...: with ninja's own progress line.
build() {
  local preset=$1
  shift
  NINJA_STATUS="[%f/%t %es] " ninja -C "$root/build/$preset" -j "$(jobs_count)" "$@"
}
