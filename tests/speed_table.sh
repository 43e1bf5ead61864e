#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How the cost of a training step grows: one size at a time varied around 4 layers, 128 wide, 256 tokens long, 8192 a
# step. Prints a table in Markdown.
#   tests/speed_table.sh [CADDIE] > results/published/speed.md
# ROUNDS=3 interleaved rounds, of which the fastest step counts: other processes disturb it least.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
caddie=${1:-$here/build/release/bin/caddie}
rounds=${ROUNDS:-3}

variants="reference|
1 layer|--layers 1
2 layers|--layers 2
8 layers|--layers 8
16 layers|--layers 16
64 wide|--dim 64
256 wide|--dim 256|2
512 wide|--dim 512|1
sequences of 64|--seq 64
sequences of 512|--seq 512
sequences of 1024|--seq 1024
sequences of 2048|--seq 2048
2048 tokens a step|--batch-tokens 2048
32768 tokens a step|--batch-tokens 32768|1
1 thread|--threads 1"

results=$(mktemp)
trap 'rm -f "$results"' EXIT
for round in $(seq "$rounds"); do
  while IFS='|' read -r name arguments steps; do
    # shellcheck disable=SC2086 # arguments are words
    "$caddie" bench train --experiment "$here/experiments/baseline.toml" --steps "${steps:-4}" $arguments --json < /dev/null |
      awk -F'[:,]' -v name="$name" '/"best_tokens_per_second"/ {t = $2} /"gflops"/ {g = $2} /"tokens_per_second"/ {m = $2}
        /"forward_tokens_per_second"/ {f = $2} /"peak_mem_bytes"/ {p = $2}
        END {print name "|" t "|" g * t / m "|" f "|" p / 1e6}' >> "$results"
  done <<< "$variants"
done

cat << END
# How the cost of a training step grows

\`tests/speed_table.sh\`, $(date -u +%F), commit $(git -C "$here" rev-parse --short HEAD),$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2),
$(nproc) virtual CPUs, load $(cut -d' ' -f1 /proc/loadavg) at the end: the fastest step of $rounds rounds. The reference has 4 layers, 128 wide,
4 query and 2 key heads, sequences of 256, 8192 tokens a step, one thread a CPU; each row changes one of these.

| | tokens/s | GFLOP/s | forward only, tokens/s | peak MB |
|---|--:|--:|--:|--:|
END
awk -F'|' '!($1 in t) {order[++n] = $1} {if ($2 > t[$1]) {t[$1] = $2; g[$1] = $3} if ($4 > f[$1]) f[$1] = $4; p[$1] = $5}
  END {for (i = 1; i <= n; ++i) {v = order[i]; printf "| %s | %d | %.0f | %d | %.0f |\n", v, t[v], g[v], f[v], p[v]}}' "$results"
