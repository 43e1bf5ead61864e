// SPDX-License-Identifier: Apache-2.0
// A fixed part of the stream in place of all of it.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <sstream>

#include "base/files.h"
#include "data/validation.h"
#include "evaluate/subset.h"
#include "experiment/experiment.h"
#include "export/artifact.h"
#include "statistics/ratio.h"
#include "support/gradient_check.h"
#include "support/paths.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

std::vector<Window> slide(int64_t positions, int64_t length, int64_t stride) {
  std::vector<Window> windows = {{0, length, 0}};
  for (int64_t start = stride; start + length <= positions; start += stride)
    windows.push_back({start, length, length - stride});
  return windows;
}

/// Each stretch at a random place in its share of the stream.
std::vector<Stretch> scattered(int64_t positions, double fraction, int64_t shortest, Rng& rng) {
  std::vector<Stretch> stretches = spread_stretches(positions, fraction, shortest);
  for (size_t i = 0; i < stretches.size(); ++i)
    stretches[i] = spread_stretches(positions, fraction, shortest, rng.uniform())[i];
  return stretches;
}

/// How often the interval from a subset held the figure of the whole text.
struct Coverage {
  int held = 0, subsets = 500;
  size_t stretches = 0;
  double width = 0, error = 0;  // mean half width of the intervals, root mean square of the errors
};

Coverage coverage(const std::vector<Window>& windows, const std::vector<double>& bits,
                  const std::vector<Score>& scores, int64_t positions, double fraction, int64_t shortest) {
  Score whole;
  for (const Score& score : scores) whole.add(score);
  double truth = std::accumulate(bits.begin(), bits.end(), 0.0) / double(whole.bytes);
  Coverage c;
  Rng rng(1, "places");
  for (int subset = 0; subset < c.subsets; ++subset) {
    std::vector<Stretch> stretches = scattered(positions, fraction, shortest, rng);
    c.stretches = stretches.size();
    std::vector<double> above(c.stretches), below(c.stretches);
    Score part;
    for (size_t i = 0; i < windows.size(); ++i) {
      int64_t at = stretch_of(windows[i], stretches);
      if (at < 0) continue;
      above[size_t(at)] += bits[i];
      below[size_t(at)] += double(scores[i].bytes);
      part.add(scores[i]);
    }
    RatioEstimate e = estimate_ratio(above, below, double(part.tokens) / double(whole.tokens));
    c.held += e.low <= truth && truth <= e.high;
    c.width += (e.high - e.ratio) / c.subsets;
    c.error += std::pow(e.ratio - truth, 2) / c.subsets;
  }
  c.error = std::sqrt(c.error);
  return c;
}

}  // namespace

TEST_CASE("stretches are spread evenly and hold the share that was asked for", "[subset]") {
  std::vector<Stretch> stretches = spread_stretches(1000, 0.2, 10);
  REQUIRE(stretches.size() == 20);
  CHECK(stretches[0].begin == 20);
  CHECK(stretches[0].end == 30);
  CHECK(stretches[19].begin == 970);
  CHECK(spread_stretches(1000, 0.2, 10, 0)[1].begin == 50);
  CHECK(spread_stretches(1000, 0.2, 10, 1)[19].end == 1000);
  CHECK(spread_stretches(100'000, 0.5, 10).size() == 64);
  CHECK(spread_stretches(1000, 1, 7).size() == 64);
  CHECK_THROWS_WITH(spread_stretches(1000, 0.1, 10),
                    Catch::Contains("room for 10 stretches of 10") && Catch::Contains("take at least 0.2"));

  CHECK(stretch_of({0, 30, 20}, stretches) == 0);
  CHECK(stretch_of({0, 30, 19}, stretches) == -1);
  CHECK(stretch_of({30, 30, 0}, stretches) == -1);
  CHECK(stretch_of({970, 30, 9}, stretches) == 19);
  CHECK(stretch_of({970, 30, 10}, stretches) == -1);
}

TEST_CASE("a subset's stretches sum the windows that they hold", "[subset]") {
  std::vector<std::string> sizes = {"model.layers=2", "model.dim=32", "model.heads=2", "model.kv_heads=1",
                                    "data.sequence_length=32"};
  Experiment experiment =
      load_experiment(source_folder() / "experiments/baseline.toml", sizes, registry(), Device::kCpu);
  experiment.model->initialize(experiment.only<Initializer>(), 1);
  Rng rng(1, "subset");
  std::vector<int32_t> tokens;
  for (int i = 0; i < 5001; ++i) tokens.push_back(int32_t(rng.below(1024)));
  Vocabulary bytes(
      ByteTables{std::vector<int16_t>(1024, 2), std::vector<uint8_t>(1024), std::vector<uint8_t>(1024)});
  ModelScorer scorer(*experiment.model, experiment.model->weights().values(), tokens, bytes, 64);
  std::vector<Window> windows = slide(5000, 32, 8);
  std::vector<Score> each = scorer.score_each(windows, 1);

  SubsetScorer subset(scorer, 0.2);
  Score part = subset.score(windows, 1);
  std::vector<Stretch> stretches = spread_stretches(5000, 0.2, 32);
  REQUIRE(subset.stretches().size() == stretches.size());
  CHECK(subset.whole() == 5000);
  Score total;
  for (size_t s = 0; s < stretches.size(); ++s) {
    Score expected;
    for (size_t i = 0; i < windows.size(); ++i)
      if (stretch_of(windows[i], stretches) == int64_t(s)) expected.add(each[i]);
    CHECK(subset.stretches()[s].nats == expected.nats);
    CHECK(subset.stretches()[s].bytes == expected.bytes);
    CHECK(subset.stretches()[s].tokens == expected.tokens);
    CHECK(expected.tokens >= 24);
    total.add(expected);
  }
  CHECK(part.tokens == total.tokens);
  CHECK(part.nats == Approx(total.nats).epsilon(1e-12));
  CHECK_THROWS_WITH(subset.score(windows, 1), Catch::Contains("more than once"));
}

// CADDIE_RUNS=RUN:OTHER caddie-tests "[.coverage]" -s: whether intervals from 500 subsets hold the score of
// the whole text, for RUN and for its difference from OTHER.
TEST_CASE("intervals hold the score of a real model", "[.coverage]") {
  const char* named = std::getenv("CADDIE_RUNS");
  REQUIRE(named);
  std::vector<std::vector<Score>> scores;
  std::vector<Window> windows;
  int64_t positions = 0, length = 0;
  std::stringstream runs(named);
  for (std::string run; std::getline(runs, run, ':');) {
    Experiment e = load_experiment(fs::path(run) / "resolved.toml", {}, registry(), Device::kCpu);
    Vocabulary vocabulary(e.data.tokenizer, e.model_settings.vocabulary);
    std::vector<int32_t> tokens = load_validation(TokenStream(e.data.validation), e.data.sequence_length);
    std::vector<Tensor> weights =
        read_artifact(read_file(fs::path(run) / "artifact.bin"), e.export_parts, *e.model);
    positions = int64_t(tokens.size()) - 1;
    length = e.data.sequence_length;
    windows = slide(positions, length, 64);
    ModelScorer scorer(*e.model, weights, tokens, vocabulary, 1024);
    scores.push_back(scorer.score_each(windows, 1));
  }
  for (size_t other = 0; other < scores.size(); ++other) {
    std::vector<double> bits;
    for (size_t i = 0; i < windows.size(); ++i)
      bits.push_back((scores[0][i].nats - (other ? scores[other][i].nats : 0)) / std::log(2.0));
    for (double fraction : {0.05, 0.1, 0.2, 0.4})
      for (int64_t shortest : {length / 4, length / 2, length, 2 * length}) {
        if (fraction * double(positions) < double(20 * shortest)) continue;
        Coverage c = coverage(windows, bits, scores[0], positions, fraction, shortest);
        WARN((other ? "difference, " : "score, ")
             << "share " << fraction << ", " << c.stretches << " stretches of at least " << shortest << ": "
             << c.held << " of " << c.subsets << " intervals hold it; half width " << c.width << ", error "
             << c.error);
        CHECK(c.held >= 0.9 * c.subsets);
      }
  }
}
