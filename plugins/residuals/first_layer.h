// SPDX-License-Identifier: Apache-2.0
// Residuals that begin at a layer share the setting of which one it is.
#pragma once

#include <caddie/plugin.h>

struct FirstLayer {
  int first = -1;

  void settings(caddie::Settings& s, const char* help) { s("first", first, help, caddie::at_least(-1)); }
  // Throws Error when the model has no such layer.
  void check_in(const caddie::ModelShape& model) const {
    caddie::check(first < model.matrices, "first = {} is no layer of the model, whose layers are 0 to {}",
                  first, model.matrices - 1);
  }
  // Returns the layer: the first of the second half where none is given.
  int of(const caddie::ModelShape& model) const { return first < 0 ? model.matrices / 2 : first; }
};
