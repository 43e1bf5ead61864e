#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs a build into an empty prefix, and from there builds and runs plugins, by somebody's CMake project and by
# the installed program: install_test.sh BUILD
set -eu
build=$1
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT

fail() {
  echo "install_test: $1" >&2
  exit 1
}

# says FILE TEXT: fails unless the file holds the text, wherever CMake broke its lines.
says() {
  tr -s '\n ' '  ' <"$1" | grep -qF -- "$2" || { cat "$1" && fail "wanted: $2"; }
}

cmake --install "$build" --prefix "$box/prefix" >"$box/install.log" || { cat "$box/install.log" && fail 'install'; }
mv "$box/prefix" "$box/moved"  # an installation can be moved
caddie=$box/moved/bin/caddie
cmp "$build/lib/libcaddie.so" "$box/moved/lib/libcaddie.so"  # the engine of results is the same one

# The rules of contests are found from there.
source=$(cd "$(dirname "$0")" && pwd)
"$caddie" verify "$source/fixtures/logs/learned" --rules parameter_golf_2026 >"$box/log" 2>&1 || { cat "$box/log" && fail 'verify'; }
"$caddie" verify "$source/fixtures/logs/learned" --rules parameter_golf >"$box/log" 2>&1 && fail 'rules of a wrong name'
says "$box/log" "did you mean 'parameter_golf_2026'"

# Somebody's project.
mkdir "$box/project" "$box/work"
cd "$box/work"
"$caddie" plugin new activation my_activation >/dev/null
cp my_activation.cpp "$box/project"
cat >"$box/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
find_package(Caddie REQUIRED)
enable_testing()
caddie_add_plugin(my_activation my_activation.cpp)
END
cmake -S "$box/project" -B "$box/built" -DCMAKE_PREFIX_PATH="$box/moved" >"$box/log" 2>&1 || { cat "$box/log" && fail 'project'; }
cmake --build "$box/built" >"$box/log" 2>&1 || { cat "$box/log" && fail 'build of the project'; }
CADDIE_PLUGINS=$box/built/plugins "$caddie" run my_activation.toml --strict -S budget.steps=10 --output by_cmake >"$box/log" 2>&1 ||
  { cat "$box/log" && fail 'run of the project'; }
ctest --test-dir "$box/built" -N | grep -q my_activation || fail 'the project has no test of its plugin'

# A source of the project that is newer than its library, or gone, is told.
CADDIE_PLUGINS=$box/built/plugins "$caddie" plugin list >"$box/log"
says "$box/log" 'my_activation ok'
echo '// changed' >>"$box/project/my_activation.cpp"
CADDIE_PLUGINS=$box/built/plugins "$caddie" plugin list >"$box/log"
says "$box/log" "its source was changed since it was built; cmake --build $box/built --target my_activation"
mv "$box/project/my_activation.cpp" "$box/project/elsewhere.cpp"
CADDIE_PLUGINS=$box/built/plugins "$caddie" plugin list >"$box/log"
says "$box/log" "its source $box/project/my_activation.cpp is gone"
mv "$box/project/elsewhere.cpp" "$box/project/my_activation.cpp"

# The installed program builds it as well, to a plugin that trains to the same bits.
"$caddie" plugin build my_activation.cpp >"$box/log" 2>&1 || { cat "$box/log" && fail 'plugin build'; }
"$caddie" run my_activation.toml --strict -S budget.steps=10 --output by_caddie >"$box/log" 2>&1 || { cat "$box/log" && fail 'run'; }
cmp by_cmake/weights.safetensors by_caddie/weights.safetensors

# Two plugins of one name, a name that a target has, and another compiler are told in a sentence.
mkdir "$box/other"
cp my_activation.cpp "$box/other"
echo "caddie_add_plugin(my_activation $box/other/my_activation.cpp)" >>"$box/project/CMakeLists.txt"
cmake -S "$box/project" -B "$box/built" >"$box/log" 2>&1 && fail 'two plugins of one name'
says "$box/log" "two plugins are called 'my_activation': $box/project/my_activation.cpp and $box/other/my_activation.cpp; rename one of them"
sed -i -e '$d' "$box/project/CMakeLists.txt"
echo 'add_library(other INTERFACE)
caddie_add_plugin(other my_activation.cpp)' >>"$box/project/CMakeLists.txt"
cmake -S "$box/project" -B "$box/built" >"$box/log" 2>&1 && fail 'a target of that name'
says "$box/log" "no plugin can be called 'other', for a target of this build is; rename the file"

# The library of a source that is gone is removed, one whose source is there stays.
mkdir -p "$box/libraries/averagers"
touch "$box/libraries/averagers/here.so" "$box/libraries/averagers/gone.so"
cat >"$box/remove.cmake" <<END
cmake_minimum_required(VERSION 3.25)
include($box/moved/lib/cmake/Caddie/caddie_add_plugin.cmake)
caddie_remove_orphans($box/libraries $box/libraries/averagers/here.so)
END
cmake -P "$box/remove.cmake" >/dev/null
[ "$(ls "$box/libraries/averagers")" = here.so ] || fail 'a library without a source'
