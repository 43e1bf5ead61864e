// SPDX-License-Identifier: Apache-2.0
// What the SDK's interfaces define out of line: one home for their virtual tables, so that exceptions and
// casts work across plugins.
#include <caddie/slots.h>

namespace caddie {

Plugin::~Plugin() = default;
Archive::~Archive() = default;
Forward::~Forward() = default;
Weights::~Weights() = default;
Scorer::~Scorer() = default;
Package::~Package() = default;

std::vector<Parameter> Weights::add_per_layer(const std::string& name, const Shape& shape, Role role,
                                              const Init& init, Place place) {
  std::vector<Parameter> parameters(size_t(model().layers));
  for (int layer : layers())
    parameters[size_t(layer)] =
        add("blocks." + std::to_string(layer) + "." + name, shape, role, init, place, layer);
  return parameters;
}

int64_t bytes_of(Type type) {
  switch (type) {
    case Type::kFloat32:
      return 4;
    case Type::kFloat16:
      return 2;
    case Type::kInt8:
      return 1;
  }
  fail("unknown array type {}", int(type));
}

}  // namespace caddie
