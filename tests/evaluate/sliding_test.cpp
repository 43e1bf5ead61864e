// SPDX-License-Identifier: Apache-2.0
// Windows that overlap share what comes before the first attention: the same bits as one window at a time,
// whatever the techniques, and plainly where a technique looks far back.
#include <caddie/parallel.h>
#include <caddie/random.h>

#include <catch2/catch.hpp>

#include "device/gemm.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"
#include "support/gradient_check.h"
#include "support/paths.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int64_t kLength = 150, kPositions = 1101, kVocabulary = 512;

Experiment with(const std::vector<std::string>& techniques) {
  std::vector<std::filesystem::path> folders = Registry::default_folders();
  folders.push_back(build_folder() / "fixtures");
  static Registry registry(folders);
  std::vector<std::string> changes = {"data.sequence_length = 150", "model.vocabulary = 512",
                                      "model.layers = 3", "model.dim = 32"};
  for (const std::string& technique : techniques) changes.push_back("techniques." + technique);
  Experiment experiment = small_experiment(changes, registry);
  fill_by_name(*experiment.model);
  return experiment;
}

std::vector<int32_t> stream() {
  std::vector<int32_t> ids;
  Rng rng(5, "stream");
  for (int64_t i = 0; i <= kPositions; ++i) ids.push_back(int32_t(rng.below(kVocabulary)));
  return ids;
}

/// Windows every `stride` positions of each stretch, the last ones cut short; all but the first score their
/// last positions alone.
std::vector<Window> slide(const std::vector<Stretch>& stretches, int64_t stride, bool score_all = false) {
  std::vector<Window> windows;
  for (const Stretch& s : stretches)
    for (int64_t start = s.begin; start < s.end; start += stride) {
      int64_t length = std::min(kLength, s.end - start);
      bool all = score_all || start == s.begin;
      windows.push_back({start, length, all ? 0 : std::max<int64_t>(0, length - stride)});
    }
  return windows;
}

struct Result {
  double nats = 0;
  int64_t work = 0;  // multiply-adds of products
};

/// All windows in one call, or one window a call, where nothing can be shared.
Result score(Experiment& experiment, const std::vector<Window>& windows, bool together,
             int64_t batch_tokens = 2 * kLength) {
  static const std::vector<int32_t> tokens = stream();
  static const Vocabulary bytes(ByteTables{std::vector<int16_t>(kVocabulary, 1),
                                           std::vector<uint8_t>(kVocabulary),
                                           std::vector<uint8_t>(kVocabulary)});
  ModelScorer scorer(*experiment.model, experiment.model->weights().values(), tokens, bytes, batch_tokens);
  int64_t before = product_work().multiply_adds;
  Result result;
  if (together)
    result.nats = scorer.score(windows, 1).nats;
  else
    for (const Window& window : windows) result.nats += scorer.score(std::span(&window, 1), 1).nats;
  result.work = product_work().multiply_adds - before;
  return result;
}

std::vector<std::string> on(std::vector<std::string> names) {
  for (std::string& name : names) name += " = {}";
  return names;
}

/// Every token table, modifier and embedding alone, then all but the tables together, of which a model has
/// one.
std::vector<std::vector<std::string>> companies() {
  std::vector<std::string> all = on(plugins_of(Kind::kModifier));
  for (const std::string& name : on(plugins_of(Kind::kEmbedding))) all.push_back(name);
  std::vector<std::vector<std::string>> companies = {{}};
  for (const std::string& table : on(plugins_of(Kind::kTokenTable))) companies.push_back({table});
  for (const std::string& one : all) companies.push_back({one});
  companies.push_back(all);
  return companies;
}

}  // namespace

TEST_CASE("windows share their first activations under every technique, to the same bits", "[sliding]") {
  std::vector<Window> windows = slide({{0, kPositions}}, 64, true);
  for (const std::vector<std::string>& techniques : companies()) {
    INFO((techniques.empty() ? "none" : techniques.back()) << ", " << techniques.size());
    Experiment experiment = with(techniques);
    Result alone = score(experiment, windows, false), shared = score(experiment, windows, true);
    CHECK(shared.nats == alone.nats);
    CHECK(shared.work < alone.work);
  }
}

TEST_CASE("shared windows have the same bits in any list, batch and number of threads", "[sliding]") {
  Experiment experiment = with(companies().back());
  int threads = thread_count();
  std::vector<Stretch> whole = {{0, kPositions}},
                       documents = {{0, 400}, {400, 401}, {401, 490}, {490, 823}, {823, kPositions}};
  for (const std::vector<Stretch>& stretches : {whole, documents})
    for (int64_t stride : {23, 64, 75, 76, 150}) {
      std::vector<Window> windows = slide(stretches, stride);
      double alone = score(experiment, windows, false).nats;
      for (int count : {1, 5})
        for (int64_t batch_tokens : {int64_t(1), 5 * kLength}) {
          INFO(stretches.size() << " stretches, stride " << stride << ", " << count << " threads, batches of "
                                << batch_tokens << " tokens");
          set_thread_count(count);
          CHECK(score(experiment, windows, true, batch_tokens).nats == alone);
        }
      set_thread_count(threads);
    }
}

TEST_CASE("a technique that looks far back, or keeps what it saw, is found out", "[sliding]") {
  std::vector<Window> windows = slide({{0, kPositions}}, 64, true);
  for (const char* echo : {"echo = { steps = 3 }", "echo = { steps = 40 }", "echo = { later = true }"}) {
    INFO(echo);
    Experiment experiment = with({echo});
    Result alone = score(experiment, windows, false), together = score(experiment, windows, true);
    CHECK(together.nats == alone.nats);
    CHECK((together.work < alone.work) == (std::string(echo) == "echo = { steps = 3 }"));
  }
}
