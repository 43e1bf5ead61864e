// SPDX-License-Identifier: Apache-2.0
// Plugins around the model that break a law are found; one that crashes or differs from process to process is
// found from outside.
#include <catch2/catch.hpp>

#include <caddie/evaluator.h>
#include <caddie/quantize.h>

#include <dlfcn.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "laws/apart.h"
#include "laws/broken.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// Steps with a momentum, which it saves or forgets to save.
template <bool kSaves>
struct Momentum final : Optimizer {
  std::vector<Tensor> momentum;
  void step(std::span<Weight> weights, const Progress& progress) override {
    for (size_t i = 0; i < weights.size(); ++i) {
      if (momentum.size() <= i) momentum.emplace_back(weights[i].value.shape());
      if (!weights[i].gradient.defined()) continue;
      auto rate = float(0.02 * progress.lr_scale * weights[i].lr_factor);
      for (int64_t k = 0; k < weights[i].value.numel(); ++k) {
        float& m = momentum[i].data()[k];
        m = 0.5f * m + weights[i].gradient.data()[k];
        weights[i].value.data()[k] -= rate * m;
      }
    }
  }
  void state(Archive& archive) override {
    if (kSaves) archive("momentum", momentum);
  }
};
struct Climbs final : Optimizer {
  void step(std::span<Weight> weights, const Progress&) override {
    for (Weight& weight : weights)
      for (int64_t k = 0; weight.gradient.defined() && k < weight.value.numel(); ++k)
        weight.value.data()[k] += 0.01f * weight.gradient.data()[k];
  }
};

/// Averages the last three of the snapshots that it takes every tenth step.
template <bool kSaves>
struct LastThree final : Averager {
  std::vector<Tensor> snapshots, mean;
  void update(std::span<const Weight> live, const Progress& progress) override {
    if (progress.step % 10 != 0) return;
    for (const Weight& weight : live) snapshots.push_back(clone(weight.value));
    if (snapshots.size() > 3 * live.size())
      snapshots.erase(snapshots.begin(), snapshots.begin() + std::ptrdiff_t(live.size()));
    take_mean(live.size());
  }
  void take_mean(size_t weights) {
    mean.clear();
    for (size_t i = 0; i < weights; ++i) {
      Tensor& sum = mean.emplace_back(snapshots[i].shape());
      for (size_t s = i; s < snapshots.size(); s += weights)
        for (int64_t k = 0; k < sum.numel(); ++k)
          sum.data()[k] += snapshots[s].data()[k] / (float(snapshots.size()) / float(weights));
    }
  }
  std::span<const Tensor> average() const override { return mean; }
  void state(Archive& archive) override {
    if (!kSaves) return;
    archive("snapshots", snapshots);
    archive("mean", mean);
  }
};
struct Halves final : Averager {
  std::vector<Tensor> all;
  void update(std::span<const Weight> live, const Progress&) override {
    all.clear();
    for (const Weight& weight : live)
      for (Tensor& half = all.emplace_back(clone(weight.value));
           float& x : std::span(half.data(), size_t(half.numel())))
        x /= 2;
  }
  std::span<const Tensor> average() const override { return all; }
};

/// Scores the second half of the text first, and trains on it before it scores the first half.
struct LooksAhead final : Learner {
  Score learn(LearningScorer& scorer) override {
    int64_t length = scorer.sequence_length(), rows = scorer.positions() / length, middle = rows / 2;
    Score score;
    for (int64_t row = middle; row < rows; ++row) {
      Window window{row * length, length, 0};
      score.add(scorer.score({&window, 1}));
    }
    Stretch later{middle * length, (middle + 1) * length};
    scorer.gradient({&later, 1});
    for (Weight& weight : scorer.weights())
      for (int64_t i = 0; weight.gradient.defined() && i < weight.value.numel(); ++i)
        weight.value.data()[i] -= 0.5f * weight.gradient.data()[i];
    for (int64_t row = 0; row < middle; ++row) {
      Window window{row * length, length, 0};
      score.add(scorer.score({&window, 1}));
    }
    return score;
  }
};
struct ScoresTwice final : Evaluator {
  Score evaluate(Scorer& scorer) override {
    Window window{0, scorer.sequence_length(), 0};
    scorer.score({&window, 1});
    return scorer.score({&window, 1});
  }
};

/// Guesses the next token of the stream before, which it has not forgotten.
struct Remembers final : Blend {
  std::vector<int32_t> before, now;
  void begin(int) override {
    before = now;
    now.clear();
  }
  void read(int32_t token, bool) override { now.push_back(token); }
  void guess(std::vector<Guess>& guesses) const override {
    guesses.push_back({now.size() < before.size() ? before[now.size()] : 0, 1});
  }
  double mix(std::span<const Guess>, std::span<double>) const override { return 1; }
};
struct Unnormalised final : Blend {
  void begin(int) override {}
  void read(int32_t, bool) override {}
  void guess(std::vector<Guess>& guesses) const override { guesses.push_back({1, 1}); }
  double mix(std::span<const Guess>, std::span<double> p) const override {
    p[0] /= 2;
    return 1;
  }
};

struct NegativeRate final : Schedule {
  double scale(const Progress& progress) const override { return 1 - progress.fraction() * 2; }
};

/// Stores signs and one scale, and declares as much or keeps silent about it.
template <bool kDeclares>
struct Signs final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Rows rows(weight, info);
    std::vector<Grid> grids;
    for (int64_t r = 0; r < rows.count(); ++r) {
      double sum = 0;
      for (float x : rows.row(r)) sum += std::abs(x);
      grids.push_back({float(sum / std::max<double>(1, double(rows.row(r).size()))), -1, 1});
    }
    return pack_rows(rows, grids, Type::kFloat32);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }
  double largest_error() const override { return kDeclares ? 0.7 : Quantizer::largest_error(); }
};

struct Aborts final : Compressor {
  std::string compress(std::string_view) override { std::abort(); }
  std::string expand(std::string_view, size_t) const override { return ""; }
};
struct Sleeps final : Compressor {
  std::string compress(std::string_view) override {
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  std::string expand(std::string_view, size_t) const override { return ""; }
};

/// Ends the process by a signal behind the MLP of layer 2; SIGALRM is what comes when the time is up.
template <int kSignal>
struct EndsInLayer2 final : Modifier {
  Var branch(Block& block, Var y) override {
    if (block.layer == 2 && block.part == Part::kMlp) std::raise(kSignal);
    return y * 1.1f;
  }
};

template <class T>
std::string broken_apart(double seconds, std::string_view law = "compressor") {
  Registry registry;
  registry.add("tried", built_in<T>({.summary = "A test.", .source = "tests"}));
  Subject subject(registry, "tried");
  return hold_apart(law_called(subject.kind(), law), subject, seconds).why;
}

}  // namespace

TEST_CASE("an optimizer that forgets its state or climbs is found", "[laws]") {
  CHECK_THAT(broken<Momentum<false>>("state"),
             StartsWith("tried: resumed behind step 1 it takes another step 1; ") &&
                 Contains("state() must name every member that steps change"));
  CHECK_THAT(broken<Momentum<false>>("resumed training"),
             Contains("a training that is resumed behind step 1 differs in step "));
  CHECK(broken<Momentum<true>>("state") == "");
  CHECK(broken<Momentum<true>>("resumed training") == "");
  CHECK_THAT(broken<Climbs>("descent"), Contains("20 steps on a quadratic take it from"));
}

TEST_CASE("an averager that forgets its state is found although it acts every tenth step", "[laws]") {
  CHECK(broken<LastThree<false>>("state") ==
        "tried: resumed behind step 1 of 600 it has another average behind step 1; state() must name every "
        "member that update() changes");
  CHECK(broken<LastThree<true>>("state") == "");
  CHECK_THAT(broken<Halves>("average"),
             StartsWith("tried: of weights that stay the same it makes an average 0.5 away behind step 0"));
}

TEST_CASE("an evaluator that learns from later text, or scores twice, is found", "[laws]") {
  CHECK_THAT(broken<LooksAhead>("future tokens"),
             StartsWith("tried: its score of positions 0 to 127 depends on what comes later: it is ") &&
                 Contains(" on are others"));
  CHECK_THAT(broken<ScoresTwice>("positions"), Contains("it scores position 0 twice"));
}

TEST_CASE("a blend that remembers the last stream, or makes no distribution, is found", "[laws]") {
  CHECK_THAT(broken<Remembers>("future tokens"), Contains("begin() must forget everything"));
  CHECK_THAT(broken<Unnormalised>("mixtures"), Contains("adds up to 0."));
}

TEST_CASE("a schedule below zero and a quantizer beyond what it declares are found", "[laws]") {
  CHECK_THAT(broken<NegativeRate>("schedule"), Contains("at step 1001 of 2000"));
  CHECK_THAT(broken<Signs<false>>("quantizer"), Contains("largest_error() allows 0.1"));
  CHECK(broken<Signs<true>>("quantizer") == "");
}

TEST_CASE("a plugin that crashes or never returns breaks the law in a process of its own", "[laws]") {
  CHECK(broken_apart<Aborts>(20) == "tried: it crashes with signal 6 (Aborted)");
  if (!::dlsym(RTLD_DEFAULT, "__asan_init") && !::dlsym(RTLD_DEFAULT, "__tsan_init"))
    CHECK(broken_apart<EndsInLayer2<SIGSEGV>>(20, "passes") ==
          "tried: it crashes with signal 11 (Segmentation fault) at branch of layer 2");
  CHECK(broken_apart<EndsInLayer2<SIGALRM>>(20, "passes") ==
        "tried: it did not return within 20 s at branch of layer 2");
  CHECK(broken_apart<Sleeps>(0.3) == "tried: it did not return within 0.3 s");
}

TEST_CASE("caddie plugin test prints a line for each law, and fails when one is broken", "[laws]") {
  Outcome fine = shell("plugin test zlib");
  CHECK(fine.code == 0);
  CHECK_THAT(fine.output, Contains("passed         compressor") && Contains("passed         randomness"));

  Outcome wrong = shell("plugin test zlib --set levl=3");
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.output, Contains("unknown key 'levl' in [zlib]") && !Contains("FAILED"));

  // The fixture draws one number when it is loaded, so that only another process gives it away.
  ::setenv("CADDIE_PLUGINS", (build_folder() / "fixtures").c_str(), 1);
  Outcome found = shell("plugin test process_seeded");
  ::unsetenv("CADDIE_PLUGINS");
  CHECK(found.code == 1);
  CHECK_THAT(found.output, Contains("FAILED         randomness") &&
                               Contains("process_seeded: another process gets other bits of it") &&
                               Contains("error: 1 law is broken"));
}
