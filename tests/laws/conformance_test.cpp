// SPDX-License-Identifier: Apache-2.0
// Every plugin that is no part of the model keeps the laws of its kind.
#include "laws/conformance.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("every plugin around the model keeps the laws of its kind", "[conformance]") {
  check_conformance([](Kind kind) { return kind == Kind::kTextTransform || !is_in_model(slot_of(kind)); });
}

TEST_CASE("every kind has a plugin and laws of its own", "[conformance]") {
  for (int kind = 0; kind < int(Kind::kCount); ++kind) {
    INFO(name_of(Kind(kind)));
    CHECK_FALSE(plugins_of(Kind(kind)).empty());
    CHECK(laws_of(Kind(kind)).size() > 3);
  }
}
