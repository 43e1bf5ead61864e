// SPDX-License-Identifier: Apache-2.0
// Transformed text from `data prepare` to a score: bits per byte are those of the original text.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <numeric>

#include "base/json.h"
#include "data/byte_sidecar.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("a score on transformed text counts the bytes of the original", "[end]") {
  fs::path data = laboratory().folder("cased");
  Outcome prepared = shell(fmt::format(
      "data prepare --text {} --vocab 420 --transform case_ops --output {} --validation-fraction 0.1",
      data_file("prose.txt").string(), data.string()));
  INFO(prepared.output);
  REQUIRE(prepared.code == 0);
  CHECK(shell("data inspect " + data.string()).code == 0);

  std::string on_it = fmt::format(
      "-S 'data.train=\"{0}/train_*.bin\"' -S 'data.validation=\"{0}/val_*.bin\"' -S "
      "'data.tokenizer=\"{0}/tokenizer.model\"'",
      data.string());
  Outcome trained = laboratory().run("run_cased", on_it + " -S budget.steps=2");
  INFO(trained.output);
  REQUIRE(trained.code == 0);
  std::string eval = fmt::format("eval {} --json", laboratory().folder("run_cased").string());
  Outcome scored = shell(eval);
  INFO(scored.output);
  REQUIRE(scored.code == 0);
  Json score = Json::parse(scored.output).at("scores").at("standard");

  std::vector<uint16_t> bytes =
      load_byte_sidecar(TokenStream((data / "val_*.bin").string()), Vocabulary(data / "tokenizer.model", 0));
  auto positions = int64_t(score.at("tokens"));
  CHECK(positions == (int64_t(bytes.size()) - 1) / 32 * 32);
  CHECK(int64_t(score.at("bytes")) ==
        std::accumulate(bytes.begin() + 1, bytes.begin() + 1 + positions, int64_t(0)));

  fs::rename(data / "val_bytes_000000.bin", data / "away");
  Outcome refused = shell(eval);
  CHECK(refused.code != 0);
  CHECK_THAT(refused.output, Contains("val_bytes_000000.bin"));
}

TEST_CASE("a transform that is no plugin, or one of another kind, is refused by name", "[end]") {
  std::string prepare = fmt::format("data prepare --text {} --vocab 420 --output {} --transform ",
                                    data_file("prose.txt").string(), laboratory().folder("none").string());
  CHECK_THAT(shell(prepare + "nonsense").output, Contains("nonsense"));
  CHECK_THAT(shell(prepare + "ema").output, Contains("plugin 'ema' is of kind averager"));
}
