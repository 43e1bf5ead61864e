#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a small experiment from text to score under valgrind, which must find no error and no lost memory. Valgrind tells
# programs of a processor without AVX-512, so that they take the kernels for AVX2.
set -eu
cd -- "$(dirname -- "$0")/.."
caddie=$PWD/build/release/bin/caddie
command -v valgrind >/dev/null || { echo 'valgrind not found: apt-get install valgrind' >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$caddie" data prepare --text tests/fixtures/text/prose.txt --vocab 420 --output "$folder/data" 2>/dev/null >/dev/null
cat >"$folder/small.toml" <<END
extends = "$PWD/experiments/quickstart.toml"
[budget]
steps = 3
[data]
train = "$folder/data/train_*.bin"
validation = "$folder/data/val_*.bin"
tokenizer = "$folder/data/tokenizer.model"
sequence_length = 64
batch_tokens = 256
[model]
vocabulary = 420
layers = 2
dim = 32
heads = 2
kv_heads = 1
END
valgrind --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
  "$caddie" run "$folder/small.toml" --output "$folder/run" --threads 2
