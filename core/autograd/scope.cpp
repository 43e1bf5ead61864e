// SPDX-License-Identifier: Apache-2.0
// Keeps the innermost scopes of each thread.
#include "autograd/scope.h"

#include "autograd/profile.h"

namespace caddie {
namespace {

thread_local const char* innermost_part = nullptr;
thread_local int innermost_layer = -1;

}  // namespace

PartScope::PartScope(const char* part)
    : outer_(innermost_part), work_({nullptr, part, nullptr, innermost_layer}) {
  innermost_part = part;
  charge_forward(part);
}

PartScope::~PartScope() {
  innermost_part = outer_;
  charge_forward(outer_);
}

LayerScope::LayerScope(int layer) : outer_(innermost_layer) { innermost_layer = layer; }

LayerScope::~LayerScope() { innermost_layer = outer_; }

const char* current_part() { return innermost_part; }

}  // namespace caddie
