// SPDX-License-Identifier: Apache-2.0
// Conditions (--where, --only, [when] exclude): a text holds, does not hold, or is an Error.
#include <caddie/error.h>

#include "fuzz/target.h"
#include "sweep/expression.h"

namespace caddie::fuzz::condition {

std::vector<std::string> seeds() {
  return {"val_bpb < 1.2",
          "model.dim == 384 and not hash",
          "(a or b) and c != \"x y\"",
          "name == 'single' or seed >= 1_000",
          "not not (true)",
          "\"\\u00e9\" == x and -1.5e3 <= y"};
}

void run(std::string_view bytes) {
  auto value_of = [](const std::string& name) -> std::optional<Expression::Value> {
    if (name.empty() || name == "none") return std::nullopt;
    if (name.size() % 3 == 0) return name.size() % 2 == 0;
    if (name.size() % 3 == 1) return double(name.size());
    return name;
  };
  try {
    Expression(std::string(bytes), "--where").holds(value_of);
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(condition)

}  // namespace caddie::fuzz::condition
