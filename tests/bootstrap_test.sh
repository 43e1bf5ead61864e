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

# program PATH BODY: puts a stand-in into the box, in place of what is there, which may be a link to the real program.
program() {
  rm -f "$box/$1"
  printf '#!/bin/sh\n%s\n' "$2" >"$box/$1"
  chmod +x "$box/$1"
}

# A machine where root has every package (but those listed in absent), and a tree with one plugin.
# Programs that would do real work only log how they were called.
fresh_machine() {
  rm -rf "${box:?}"/*
  mkdir -p "$box/bin" "$repository/build/release/bin" "$repository/build/tidy" "$repository/plugins/optimizers" \
    "$repository/core" "$repository/templates" "$repository/tests"
  cp "$source_dir/bootstrap" "$repository"
  touch "$repository/plugins/optimizers/muon.cpp" "$repository/core/rows.inl"
  echo 'exit 0' >"$repository/tests/bootstrap_test.sh"
  for name in awk basename cat date dirname env find grep mkdir mktemp mv rm sed sh sort timeout touch xargs; do
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
expect_log 2 "cmake --build --preset release --target product in $repository"
expect_log 2 'caddie data prepare --text data/raw/treasury_of_david.txt'
expect_log 2 'caddie sweep sweeps/quickstart.toml'
expect_log 2 'caddie table results/quickstart'
expect_log 0 'apt-get'
text=$(sed 4q "$repository/data/raw/treasury_of_david.txt")
[ "$text" = "$(printf 'Psalm 1\nA tree & root.\n\nPsalm 2')" ] || complain "the corpus begins: $text"

# A tree of two compiled files, of which the last commits touched one, by its header; and a machine that can check it.
checking_machine() {
  fresh_machine
  for file in core/old.cpp core/new.cpp; do
    printf '  "file": "%s/%s"\n' "$repository" "$file"
  done >"$repository/build/tidy/compile_commands.json"
  program bin/ctest "echo ctest \"\$@\" >>$box/log"
  program bin/git 'printf "core/new.h\nREADME.md\ncore/gone.cpp\ncore/new.h\n"'
  program bin/clang-format "echo clang-format \"\$@\" >>$box/log"
  program bin/clang-tidy "echo clang-tidy \"\$@\" >>$box/log"
}

checking_machine
expect 0 'Checks: 7 passed, 0 failed, 1 skipped' test
expect_log 1 'ctest --preset release'
expect_log 1 'ctest --preset dev'
expect_log 1 'core/rows.inl'
expect_log 1 'clang-tidy'
expect_log 1 'core/new.cpp'
expect_log 0 'apt-get'

checking_machine
expect 0 'clang-tidy: 2 of 2 files clean, 0 with findings' tidy

checking_machine
program bin/clang-tidy 'case $* in *old*) echo "old.cpp:1: a finding" && exit 1 ;; esac'
expect 1 'old.cpp:1: a finding' tidy
expect 1 'clang-tidy: 1 of 2 files clean, 1 with findings' tidy
expect 0 'Checks: 7 passed' test

checking_machine
program bin/timeout 'shift; "$@"; exit 124'
program bin/xargs 'exit 0'
expect 0 'SKIPPED: clang-tidy of 1 files (not reached in 60 s)' test
expect 0 'Checks: 7 passed, 0 failed, 2 skipped' test

# Without a mirror and without the programs that look at sources, the rest is checked all the same.
checking_machine
printf 'clang-format\nclang-tidy\n' >>"$box/absent"
rm "$box/bin/clang-format" "$box/bin/clang-tidy"
program bin/apt-get 'echo "E: no mirror"; exit 100'
expect 0 'SKIPPED: formatting (no clang-format)' test
expect 0 'SKIPPED: clang-tidy (no clang-tidy)' test
expect 0 'Checks: 5 passed, 0 failed, 3 skipped' test
expect 1 'apt-get failed (E: no mirror)' tidy

checking_machine
program bin/ctest 'case $* in *dev*) exit 8 ;; esac'
expect 8 'bootstrap: Test dev failed' test

# A test that skips itself is named and counted; the file has the form that ctest --output-junit writes.
checking_machine
program bin/ctest 'for file; do :; done
  case $* in *release*) mkdir -p "${file%/*}" && cat >"$file" <<END ;; esac
	<testcase name="sweep/order" classname="sweep/order" time="0.1" status="run">
	<testcase name="tensorboard" classname="tensorboard" time="1.4" status="notrun">
END'
expect 0 'SKIPPED: test tensorboard of release' test
expect 0 'Checks: 7 passed, 0 failed, 2 skipped' test

[ "$failed" -eq 0 ] && echo 'bootstrap: every test passed'
