#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares training steps of Caddie with PyTorch on the same work, interleaved, and prints medians of the ratios: of
# median steps, and of the fastest steps, which other processes on the machine disturb least.
#   tests/compare_pytorch.sh YARDSTICK [CONFIG...]
# YARDSTICK: a folder with pytorch_baseline.py (the upstream model and step) and env_variants.sh. CONFIG: A, B or C.
# ROUNDS=3, STEPS=3, THREADS=2; CADDIE, PYTHON (Debian's: openblas-openmp, BLIS and jemalloc installed) and
# NEW_PYTHON (one with the newest PyTorch; left out when unset) name the programs.
set -eu
[ $# -ge 1 ] || { sed -n '3,8s/^# //p' "$0"; exit 2; }
yardstick=$1
shift
[ $# -gt 0 ] || set -- A B C
here=$(cd "$(dirname "$0")/.." && pwd)
caddie=${CADDIE:-$here/build/release/bin/caddie} python=${PYTHON:-/usr/bin/python3} new_python=${NEW_PYTHON:-}
rounds=${ROUNDS:-3} steps=${STEPS:-3} threads=${THREADS:-2}
. "$yardstick/env_variants.sh"

# layers dim heads kv_heads sequence batch
shape_of() {
  case $1 in
    A) echo 4 128 4 2 256 8192 ;;
    B) echo 6 256 8 4 512 16384 ;;
    C) echo 9 512 8 4 1024 16384 ;;
    *) echo "$0: no configuration is called $1; there are A, B and C" >&2; exit 2 ;;
  esac
}

# Both print: tokens/s of the median step and of the fastest, peak MiB.
run_caddie() {
  "$caddie" bench train --experiment "$here/experiments/baseline.toml" --layers "$1" --dim "$2" --heads "$3" \
    --kv-heads "$4" --seq "$5" --batch-tokens "$6" --steps "$steps" --threads "$threads" --json |
    awk -F'[:,]' '/"tokens_per_second"/ {t = $2} /"best_tokens_per_second"/ {b = $2} /"peak_mem_bytes"/ {m = $2}
                 END {print t, b, m / 1048576}'
}
run_peer() { # environment, python, extra arguments, shape
  local environment=$1 program=$2 extra=$3
  shift 3
  # shellcheck disable=SC2086 # extra arguments are words
  run_env "$environment" "$program" "$yardstick/pytorch_baseline.py" --layers "$1" --dim "$2" --heads "$3" --kv "$4" \
    --mlp 2 --seq "$5" --batch "$6" --steps "$steps" --warmup 1 --threads "$threads" $extra 2> /dev/null |
    sed -n 's/.*| \([0-9]*\) tok\/s | .*best \([0-9]*\) tok\/s | maxRSS \([0-9]*\) MiB.*/\1 \2 \3/p'
}

peers="Debian-as-installed|default|$python|--attn softmax
Debian-openblas+arena|obo+m+thp|$python|--attn blocked --qblock 64
Debian-blis+jemalloc|blis+jemalloc|$python|--attn blocked --qblock 64"
[ -z "$new_python" ] || peers="$peers
newest-eager|default|$new_python|--attn sdpa
newest-eager+jemalloc|blis+jemalloc|$new_python|--attn blocked --qblock 64
newest-compiled|default|$new_python|--attn sdpa --compile
newest-compiled+jemalloc|blis+jemalloc|$new_python|--attn blocked --qblock 64 --compile"

grep -m1 'model name' /proc/cpuinfo
echo "load $(cut -d' ' -f1-3 /proc/loadavg), $threads threads, $rounds rounds of $steps steps"
for p in "$python" $new_python; do "$p" -c 'import torch; print("torch", torch.__version__)'; done
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for config in "$@"; do
  # shellcheck disable=SC2046 # the shape is six words
  set -- $(shape_of "$config")
  for round in $(seq "$rounds"); do
    own=$(run_caddie "$@")
    echo "$config $round caddie $own 1 1" >> "$results"
    while IFS='|' read -r name environment program extra; do
      other=$(run_peer "$environment" "$program" "$extra" "$@" < /dev/null)
      [ -n "$other" ] || { echo "$config $name: failed" >&2; continue; }
      echo "$config $round $name $other $(echo "$own $other" | awk '{print $1 / $4, $2 / $5}')" >> "$results"
    done <<< "$peers"
  done
  awk -v c="$config" '
    function median(list, n, words, i, j, x) {
      n = split(list, words, " ")
      for (i = 2; i <= n; ++i) for (j = i; j > 1 && words[j - 1] + 0 > words[j] + 0; --j) {
        x = words[j]; words[j] = words[j - 1]; words[j - 1] = x }
      return words[int((n + 1) / 2)]
    }
    $1 == c { if (!($3 in rate)) order[++peers] = $3
              rate[$3] = rate[$3] " " $4; best[$3] = best[$3] " " $5; memory[$3] = memory[$3] " " $6
              ratio[$3] = ratio[$3] " " $7; best_ratio[$3] = best_ratio[$3] " " $8 }
    END { printf "\n%s %-24s %20s %9s %22s\n", c, "", "tokens/s (best)", "peak MiB", "Caddie is x (best)"
          for (i = 1; i <= peers; ++i) { p = order[i]
            printf "  %-24s %9.0f (%8.0f) %9.0f %12.2f (%7.2f)\n", p, median(rate[p]), median(best[p]),
                   median(memory[p]), median(ratio[p]), median(best_ratio[p]) } }' "$results"
done
