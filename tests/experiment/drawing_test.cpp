// SPDX-License-Identifier: Apache-2.0
// The model as explain draws it.
#include "experiment/drawing.h"

#include <catch2/catch.hpp>

#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("what acts on norms is drawn at both norms of a layer", "[experiment]") {
  std::string drawing = draw(small_experiment({"techniques.ln_scale={use='ln_scale',layers=[0]}"}));
  INFO(drawing);
  int norms = 0;
  for (size_t at = 0; (at = drawing.find("h = rms_norm(x)", at)) != std::string::npos; ++at) {
    std::string line = drawing.substr(at, drawing.find('\n', at) - at);
    norms += line.find("<- ln_scale") != std::string::npos;
  }
  CHECK(norms == 2);
}

TEST_CASE("what training adds to the loss is drawn, and nothing where it adds nothing", "[experiment]") {
  CHECK_THAT(
      draw(small_experiment({"techniques.z_loss={}", "techniques.far={use='multi_token_prediction'}"})),
      Catch::Contains("loss in training = cross entropy + far (multi_token_prediction) + z_loss"));
  CHECK_THAT(draw(small_experiment({})), !Catch::Contains("loss in training"));
}
