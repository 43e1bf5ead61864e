// SPDX-License-Identifier: Apache-2.0
// Sets each number of a value to zero with probability p while training, and divides the others by 1 - p. The
// backward pass looks the same random numbers up again, so that no mask is kept.
// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
#include <caddie/plugin.h>

#include <string>

using namespace caddie;

// Sets out = keep(i) ? scale * in : 0, or adds that, for four numbers that share the words of index i.
struct KeepSome {
  IndexedRng rng;
  uint32_t dropped_below;
  float scale;
  const float* in;
  float* out;
  int64_t count;
  bool adds;
  CADDIE_FN void operator()(int64_t i) const {
    RandomWords random = rng.words(i);
    for (int w = 0; w < 4; ++w) {
      int64_t at = 4 * i + w;
      if (at >= count) return;
      float kept = random.word[w] < dropped_below ? 0 : scale * in[at];
      out[at] = adds ? out[at] + kept : kept;
    }
  }
};

struct Dropout final : Modifier {
  std::string site = "branch";
  double rate = 0.1;

  void settings(Settings& s) override {
    s("site", site,
      "what is dropped: the embedding, a sublayer's input, what the heads attended to, or a sublayer's "
      "output",
      one_of("stem", "normed", "attended", "branch"));
    s("rate", rate, "probability p that a number is dropped", between(0, 0.999));
  }

  Var stem(Forward& forward, Var x) override { return site == "stem" ? drop(forward, x) : x; }
  Var normed(Block& b, Var h) override { return site == "normed" ? drop(b.forward, h) : h; }
  Var attended(Block& b, Var y) override { return site == "attended" ? drop(b.forward, y) : y; }
  Var branch(Block& b, Var y) override { return site == "branch" ? drop(b.forward, y) : y; }

  Var drop(Forward& forward, Var x) const {
    Var y = result(x.shape());
    int64_t count = x.value().numel(), fours = (count + 3) / 4;
    KeepSome keep{
        forward.rng(), uint32_t(rate * 4294967296.0), float(1 / (1 - rate)), x.data(), y.data(), count,
        false};
    for_each(x.device(), fours, keep);
    record(y, {x}, [=]() mutable {
      GradientSlot dx = x.grad_slot();
      keep.in = y.grad();
      keep.out = dx.data;
      keep.adds = !dx.fresh;
      for_each(x.device(), fours, keep);
    });
    return y;
  }
};

CADDIE_PLUGIN(Dropout, .summary = "Drops random numbers of a value while training.",
              .source = "Srivastava et al., Journal of Machine Learning Research 15, 2014",
              .phase = Phase::kGate, .training_only = true);
