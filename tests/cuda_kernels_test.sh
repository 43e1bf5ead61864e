#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: cuda_kernels_test.sh LIBRARY...
# Every one of these libraries holds kernels, and code for the GPUs that they are compiled for.
set -eu

stop() {
  echo "cuda_kernels_test: $1" >&2
  exit 1
}

for library; do
  kernels=$(nm -C "$library" | grep -cE ' t void caddie::cuda::(each|rows|columns)_kernel<.*\)$') ||
    stop "$library has no kernel; was its source compiled by nvcc?"
  readelf -SW "$library" | grep -q ' \.nv_fatbin ' || stop "$library has no code for GPUs"
  if command -v cuobjdump >/dev/null; then
    for gpu in sm_80 sm_90; do
      cuobjdump -lelf "$library" | grep -q "$gpu" || stop "$library has no code for $gpu"
    done
  fi
  echo "$library: $kernels kernels"
done
command -v cuobjdump >/dev/null || echo 'SKIPPED: for which GPUs the code is (no cuobjdump)'
