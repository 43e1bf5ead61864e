// SPDX-License-Identifier: Apache-2.0
// Every plugin that is a part of the model keeps the laws of its kind.
#include "laws/conformance.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("every part of a model keeps the laws of its kind", "[conformance]") {
  check_conformance([](Kind kind) { return kind != Kind::kTextTransform && is_in_model(slot_of(kind)); });
}
