// SPDX-License-Identifier: Apache-2.0
// Parts of a model that break a law are found, and the sentence names the place and the numbers.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "laws/broken.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// Returns factor * x, with a gradient that is wrong by `wrong`.
Var scaled(Var x, float factor, float wrong = 1) {
  Var y = result(x.shape());
  int64_t n = x.value().numel();
  for (int64_t i = 0; i < n; ++i) y.data()[i] = factor * x.data()[i];
  record(y, {x}, [=] {
    float* dx = x.grad_sum();
    for (int64_t i = 0; i < n; ++i) dx[i] += wrong * factor * y.grad()[i];
  });
  return y;
}

struct RightGradient : Modifier {
  Var branch(Block&, Var y) override { return scaled(y, 0.5f); }
};
struct WrongInMlp final : Modifier {
  Var branch(Block& block, Var y) override {
    return scaled(y, 0.5f, block.part == Part::kMlp && block.layer == 2 ? 1.1f : 1.0f);
  }
};
struct WrongKeys final : Modifier {
  QueryKey query_key(Block&, QueryKey qk) override { return {scaled(qk.q, 2), scaled(qk.k, 2, -1)}; }
};
/// Learns gains whose own gradient lacks a factor.
struct WrongOwnGradient final : Modifier {
  std::vector<Parameter> gain;
  void weights(Weights& w) override {
    gain = w.add_per_layer("gain", {64}, Role::kVector, Init::constant(1));
  }
  Var leave(Block& block, Var x) override { return x * scaled(gain[size_t(block.layer)], 1, 0.5f); }
};
struct WrongActivation final : Activation {
  Var apply(Var x) override { return scaled(x, 1, 0.9f) * sigmoid(x); }
};
struct WrongHead final : Head {
  Var logits(Forward& forward, Var x) override { return scaled(forward.logits_by_table(x), 1, 2); }
};
struct WrongView final : WeightView {
  Var view(Var w, const WeightInfo&, const Progress&, Mode mode) override {
    return mode == Mode::kTrain ? scaled(w, 0.5f, 2) : w;
  }
};
struct WrongObjective final : Objective {
  Var term(Forward&, Prediction& prediction) override { return scaled(prediction.loss, 0.5f, 3); }
};
/// Has a kink, over which long steps of differences go.
struct Kinked final : Activation {
  struct Relu {
    CADDIE_FN float forward(float x) const { return x > 0 ? x : 0; }
    CADDIE_FN float backward(float x, float dy) const { return x > 0 ? dy : 0; }
  };
  Var apply(Var x) override { return map(Relu(), x); }
};

/// Rounds what it is given, and hands gradients on as if it did not.
struct Rounds final : Modifier {
  Var embedded(Forward&, Var x) override {
    Var y = scaled(x, 1);
    for (int64_t i = 0; i < x.value().numel(); ++i) y.data()[i] = std::round(x.data()[i] * 16) / 16;
    return y;
  }
};

/// Leaves at one site what it wants at another one in a member, as if there were one pass at a time.
struct MemberRace final : Modifier {
  float seen = 0;  // A value of another pass would be memory that is freed, which ends a sanitized program.
  QueryKey query_key(Block&, QueryKey qk) override {
    seen = qk.q.data()[0];
    return qk;
  }
  Var attended(Block&, Var y) override { return y * (1 + seen); }
};
struct Counts final : Activation {
  int calls = 0;
  Var apply(Var x) override { return scaled(x, 1.0f + 0.25f * float(++calls % 3)) * sigmoid(x); }
};

struct Rand final : Modifier {
  Var branch(Block&, Var y) override { return scaled(y, float(std::rand() % 1000) / 1000); }
};
struct DrawsFromDevice final : Initializer {
  void fill(Tensor& weight, const WeightInfo&, const ModelShape&, Rng&) override {
    std::random_device device;
    for (int64_t i = 0; i < weight.numel(); ++i) weight.data()[i] = float(device() % 1000) / 10000;
  }
};

struct MakesNan final : Modifier {
  Var branch(Block& block, Var y) override {
    Var z = scaled(y, 0.5f);
    if (block.layer == 3 && block.part == Part::kMlp) z.data()[1] = std::numeric_limits<float>::quiet_NaN();
    return z;
  }
};
struct ThrowsInt final : Modifier {
  Var branch(Block&, Var) override { throw 7; }
};
struct ThrowsError final : Modifier {
  Var branch(Block&, Var) override { throw Error("my own words"); }
};
struct Undefined final : Modifier {
  Var leave(Block&, Var) override { return {}; }
};
struct WrongShape final : Modifier {
  Var logits(Forward&, Var z) override { return reshape(z, {z.value().numel()}); }
};
struct SeesNext final : Modifier {
  Var enter(Block&, Var x) override {
    Var y = result(x.shape());
    int64_t rows = x.shape().rows(), width = x.shape().last(), length = x.shape()[1];
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < width; ++i)
        y.data()[r * width + i] = x.data()[(r % length + 1 < length ? r + 1 : r) * width + i];
    return x + y;
  }
};
struct Idle final : Modifier {
  Var branch(Block&, Var y) override { return y; }
};

const PluginCard kTrainingOnly = {.summary = "A test.", .source = "tests", .training_only = true};

/// Acts in training only, and changes an evaluation all the same unless its card says so.
struct InTraining final : Modifier {
  Var branch(Block&, Var y) override { return scaled(y, 0.5f); }
};
struct InTrainingWithWrongGradient final : Modifier {
  Var branch(Block&, Var y) override { return scaled(y, 0.5f, 2); }
};

}  // namespace

TEST_CASE("a wrong gradient of a modifier is found at its site", "[laws]") {
  CHECK(broken<RightGradient>("gradients") == "");
  CHECK_THAT(
      broken<WrongInMlp>("gradients"),
      StartsWith("tried: the gradient is wrong in branch of the MLP of layer 2: along the weights of the "
                 "model its slope is ") &&
          Contains(", and differences give "));
  CHECK_THAT(
      broken<WrongKeys>("gradients"),
      StartsWith("tried: the gradient is wrong in query_key of layer 0: along the weights of the model"));
  CHECK_THAT(broken<WrongOwnGradient>("gradients"),
             StartsWith("tried: the gradient is wrong in leave of layer 0: along weights of its own"));
}

TEST_CASE("wrong gradients of other parts of a model are found", "[laws]") {
  CHECK_THAT(broken<WrongActivation>("gradients"), Contains("is wrong in branch of the MLP of layer 0"));
  CHECK_THAT(broken<WrongHead>("gradients"), Contains("is wrong in logits"));
  CHECK_THAT(broken<WrongView>("gradients"), Contains("is wrong in what it shows of the weights"));
  CHECK_THAT(broken<WrongObjective>("gradients", kTrainingOnly),
             Contains("is wrong in the loss with its term"));
  CHECK(broken<Kinked>("gradients") == "");
}

TEST_CASE("a gradient that goes straight through a rounding is not compared with its jumps", "[laws]") {
  Registry registry;
  registry.add("tried", built_in<Rounds>({.summary = "A test.", .source = "tests"}));
  Subject subject(registry, "tried");
  LawFinding finding = hold_to(law_called(Kind::kModifier, "gradients"), subject);
  CHECK(finding.outcome == LawFinding::Outcome::kDoesNotApply);
  CHECK_THAT(finding.why, Contains("settle nowhere, as where numbers are rounded"));
}

TEST_CASE("a member that passes change is found by passes on several threads", "[laws]") {
  const char* words = "when 4 threads run passes at once: a forward or backward pass changes a member";
  CHECK_THAT(broken<MemberRace>("threads"), Contains(words));
  CHECK_THAT(broken<Counts>("threads"), Contains(words));
  CHECK(broken<RightGradient>("threads") == "");
}

TEST_CASE("randomness that is not the run's own is found", "[laws]") {
  const char* words =
      "tried: asked twice for the same, it gives other bits; random numbers must come from Rng";
  CHECK_THAT(broken<Rand>("randomness"), StartsWith(words));
  CHECK_THAT(broken<DrawsFromDevice>("randomness"), StartsWith(words));
  CHECK(broken<RightGradient>("randomness") == "");
}

TEST_CASE("what is not finite, not there or of another shape is found at its site", "[laws]") {
  CHECK(broken<MakesNan>("passes") ==
        "tried: branch of the MLP of layer 3: the value behind it is not finite: [0, 0, 1] is nan");
  CHECK_THAT(broken<Undefined>("passes"), Contains("at leave of layer 0: it returned no value"));
  CHECK_THAT(broken<WrongShape>("passes"), Contains("at logits: it returned [744] in place of [2, 12, 31]"));
  CHECK_THAT(broken<Idle>("passes"), StartsWith("tried: it changes no loss in training"));
}

TEST_CASE("whatever a plugin throws breaks the law and nothing else", "[laws]") {
  CHECK_THAT(broken<ThrowsInt>("passes"),
             Contains("it throws a value of type int, which is no std::exception"));
  CHECK_THAT(broken<ThrowsError>("passes"), Contains("my own words"));
  CHECK_THAT(broken<ThrowsInt>("threads"),
             Contains("it throws a value of type int, which is no std::exception"));
}

TEST_CASE("a part of a model that sees later tokens is found", "[laws]") {
  CHECK_THAT(broken<SeesNext>("future tokens"),
             StartsWith("tried: it sees what comes: in training a logit of position ") &&
                 Contains("where token 7 is another one"));
  CHECK(broken<RightGradient>("future tokens") == "");
}

TEST_CASE("what acts in training only is tried in training", "[laws]") {
  CHECK(broken<InTraining>("passes", kTrainingOnly) == "");
  CHECK_THAT(broken<InTrainingWithWrongGradient>("gradients", kTrainingOnly),
             Contains("wrong in branch of the attention of layer 0"));
}
