#!/bin/sh
# Tests new_plugin: it compiles, keeps the promises of its kind, and a model trains on text that it rewrote.
set -eu
cd "$(dirname "$0")"
caddie=${CADDIE:-the_program}
"$caddie" plugin build new_plugin.cpp
"$caddie" plugin test new_plugin
"$caddie" data prepare --text 'the_text' --vocab 512 --validation-fraction 0.1 --transform new_plugin --output data/new_plugin
"$caddie" run new_plugin.toml --strict --fresh --output results/new_plugin_test
