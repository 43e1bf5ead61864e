#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: tests/fuzz/long_run.sh [SECONDS]   builds all fuzz targets with clang and runs each for so long (600)
# A corpus stays in build/corpus/NAME, so that the next run goes on from it. Exits 1 when a target found a fault.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/../.."
seconds=${1:-600}
cmake --preset release -B build/fuzz -DCADDIE_FUZZ=ON --log-level=WARNING
cmake --build build/fuzz --target fuzz
bad=0
for program in build/fuzz/bin/*-fuzz; do
  name=$(basename "$program" -fuzz)
  mkdir -p "build/corpus/$name"
  if "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="build/corpus/$name-fault-" "build/corpus/$name" >"build/corpus/$name.log" 2>&1; then
    verdict='no fault'
  else
    verdict="FAULT, see build/corpus/$name.log"
    bad=1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/corpus/$name.log")
  printf '%-12s %12s runs  %s\n' "$name" "${runs:-?}" "$verdict"
done
exit $bad
