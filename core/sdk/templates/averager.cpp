// SPDX-License-Identifier: Apache-2.0
// Averages the weights evenly over the last part of the training, whose n-th step is a <- a + (w - a) / n.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

struct MoveTowards {
  float share;
  const float* w;
  float* a;
  CADDIE_FN void operator()(int64_t i) const { a[i] = a[i] + share * (w[i] - a[i]); }
};

struct NewPlugin final : Averager {
  double start = 0.5;
  std::vector<Tensor> averages;  // has one tensor for each weight
  int64_t count = 0;             // the steps that are averaged so far

  void settings(Settings& s) override {
    s("start", start, "share of the training after which the average begins", between(0, 1));
  }
  // All that changes while it trains is named here, so that a resumed run goes on as if undisturbed.
  void state(Archive& a) override {
    a("averages", averages);
    a("count", count);
  }

  void update(std::span<const Weight> live, const Progress& progress) override {
    if (progress.fraction() < start) return;
    add_zeros(live, averages);
    ++count;
    for_chunks(live, [&](const Chunk& chunk) {
      const Tensor &w = live[size_t(chunk.weight)].value, &a = averages[size_t(chunk.weight)];
      for_each(w.device(), chunk.end - chunk.begin,
               MoveTowards{1 / float(count), w.data() + chunk.begin, a.data() + chunk.begin});
    });
  }
  std::span<const Tensor> average() const override { return averages; }
};

CADDIE_PLUGIN(NewPlugin, .summary = "Even average over the last steps.", .source = "fill in");
