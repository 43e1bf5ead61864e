#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs bootstrap in a copy of the repository's outline, on machines played by stand-ins for the programs that it calls.
# shellcheck disable=SC2016 # stand-ins expand their own variables
set -eu
source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
box=$(mktemp -d)
repository=$box/repository
trap 'rm -rf "$box"' EXIT
failed=0

# program PATH BODY: puts a stand-in into the box.
program() {
  printf '#!/bin/sh\n%s\n' "$2" >"$box/$1"
  chmod +x "$box/$1"
}

# A machine where root has every package (but those listed in absent), and a tree with one plugin.
# Programs that would do real work only log how they were called.
fresh_machine() {
  rm -rf "${box:?}"/*
  mkdir -p "$box/bin" "$repository/build/release/bin" "$repository/plugins/optimizers"
  cp "$source_dir/bootstrap" "$repository"
  touch "$repository/plugins/optimizers/muon.cpp"
  for name in basename cat date dirname env find grep mkdir mv sed sh; do
    ln -s "$(command -v $name)" "$box/bin/$name"
  done
  echo libboost1.74-dev >"$box/absent"
  program bin/dpkg-query "for package; do :; done; grep -qx \"\$package\" $box/absent || echo installed"
  program bin/id 'echo 0'
  program bin/apt-get "echo apt-get \"\$@\" >>$box/log"
  program bin/cmake "echo cmake \"\$@\" in \"\$PWD\" >>$box/log"
  program repository/build/release/bin/caddie "echo caddie \"\$@\" >>$box/log"
  program bin/diatheke 'psalm=0
    while [ $((psalm += 1)) -le 150 ]; do
      echo "Psalms $psalm:1: <title type=\"x-s\">Psalm $psalm</title> <div sID=\"1\"/>A <hi>tree</hi> &amp;  root. <div eID=\"1\"/> "
      echo "Psalms $psalm:2: "
    done
    echo "(TDavid)"'
}

# expect CODE WORDS ARGUMENTS...: bootstrap, called from elsewhere, ends with CODE and says WORDS.
expect() {
  code=0
  wanted_code=$1
  wanted_words=$2
  shift 2
  said=$(cd / && PATH=$box/bin "$repository/bootstrap" "$@" 2>&1) || code=$?
  case $code:$said in
    "$wanted_code:"*"$wanted_words"*) ;;
    *) complain "bootstrap $* ended with $code, wanted $wanted_code and \"$wanted_words\"; it said: $said" ;;
  esac
}

# expect_log COUNT WORDS: the stand-ins were called with WORDS in COUNT lines.
expect_log() {
  [ "$(grep -cF -- "$2" "$box/log")" -eq "$1" ] || complain "wanted $1 calls of \"$2\" in: $(cat "$box/log")"
}

complain() {
  echo "FAILED: $1" >&2
  failed=$((failed + 1))
}

fresh_machine
expect 2 'usage:'
expect 2 'usage:' quikstart
expect 2 'usage:' test twice
expect 0 'usage:' --help

fresh_machine
rm "$box/bin/apt-get"
expect 1 'apt-get not found: Caddie is set up on Debian 12' test

fresh_machine
echo cmake >>"$box/absent"
program bin/id 'echo 1000'
expect 1 'sudo not found; as root, run: apt-get install --no-install-recommends cmake' quickstart

fresh_machine
echo cmake >>"$box/absent"
program bin/apt-get 'echo "E: Unable to locate package cmake"; exit 100'
expect 1 'apt-get failed (E: Unable to locate package cmake)' quickstart

fresh_machine
echo libboost1.81-dev >"$box/absent"
expect 1 'libboost1.74-dev is installed' quickstart

fresh_machine
echo ninja-build >>"$box/absent"
expect 0 'Install packages' quickstart
expect_log 1 'install --yes --no-install-recommends --no-remove ninja-build'

fresh_machine
program bin/cmake 'exit 7'
expect 7 'bootstrap: Configure release failed' quickstart

fresh_machine
program bin/diatheke 'echo "Psalms 1:1: <title>Psalm 1</title>"'
expect 1 'Extract the corpus failed' quickstart

fresh_machine
expect 0 'Extract the corpus' quickstart
program bin/diatheke 'exit 1'
expect 0 'Print the table' quickstart
expect_log 2 "cmake --build --preset release --target caddie-cli muon in $repository"
expect_log 2 'caddie data prepare --text data/raw/treasury_of_david.txt'
expect_log 2 'caddie sweep sweeps/quickstart.toml'
expect_log 2 'caddie table results/quickstart'
expect_log 0 'apt-get'
text=$(sed 4q "$repository/data/raw/treasury_of_david.txt")
[ "$text" = "$(printf 'Psalm 1\nA tree & root.\n\nPsalm 2')" ] || complain "the corpus begins: $text"

[ "$failed" -eq 0 ] && echo 'bootstrap: every test passed'
