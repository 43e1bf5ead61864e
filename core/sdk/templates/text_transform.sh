#!/bin/sh
# Tests new_plugin: it compiles, keeps the promises of its kind, and a model trains on text that it rewrote.
set -eu
cd "$(dirname "$0")"
caddie=${CADDIE:-the_program}
"$caddie" plugin build new_plugin.cpp
"$caddie" plugin test new_plugin
"$caddie" the_preparation
"$caddie" run new_plugin.toml --strict --fresh --output results/new_plugin_test
