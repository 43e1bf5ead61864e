// SPDX-License-Identifier: Apache-2.0
// Keeps an exponential moving average of the weights after every step, without bias correction:
// e <- d e + (1 - d) w.
// It begins as a copy of the weights after start_step steps: of the initial weights when that is 0.
// Source: Polyak and Juditsky, 1992; Tarvainen and Valpola, arXiv:1703.01780.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

struct MoveTowards {
  float decay, rest;
  const float* w;
  float* e;
  CADDIE_FN void operator()(int64_t i) const { e[i] = decay * e[i] + rest * w[i]; }
};

struct Ema final : Averager {
  double decay = 0.997;
  int64_t start_step = 0;
  std::vector<Tensor> averages;  // has one tensor for each weight

  void settings(Settings& s) override {
    s("decay", decay, "share of the old average kept at each step", between(0, 1));
    s("start_step", start_step, "steps before the average begins", at_least(0));
  }
  void state(Archive& a) override { a("averages", averages); }

  void update(std::span<const Weight> live, const Progress& progress) override {
    if (progress.step < start_step) return;
    if (averages.empty()) {
      for (const Weight& weight : live) averages.push_back(clone(weight.value));
      return;
    }
    for_chunks(live, [&](const Chunk& chunk) {
      const Tensor &w = live[size_t(chunk.weight)].value, &e = averages[size_t(chunk.weight)];
      for_each(w.device(), chunk.end - chunk.begin,
               MoveTowards{float(decay), float(1 - decay), w.data() + chunk.begin, e.data() + chunk.begin});
    });
  }
  std::span<const Tensor> average() const override { return averages; }
};

CADDIE_PLUGIN(Ema, .summary = "Exponential moving average of the weights.", .source = "arXiv:1703.01780");
