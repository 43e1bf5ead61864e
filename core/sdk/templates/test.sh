#!/bin/sh
# Tests new_plugin: it compiles, keeps the promises of its kind, and acts in the experiment beside this file.
set -eu
cd "$(dirname "$0")"
caddie=${CADDIE:-the_program}
"$caddie" plugin build new_plugin.cpp
"$caddie" plugin test new_plugin
"$caddie" run new_plugin.toml --strict --fresh --output results/new_plugin_test
