// SPDX-License-Identifier: Apache-2.0
// Averages the latest k snapshots of the weights, one taken every `every` steps. The average begins with the
// second snapshot.
// Source: arXiv:2209.14981.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>

#include <algorithm>
using namespace caddie;

// Adds w / count to the mean, which begins at 0 when `first`.
struct AddPart {
  bool first;
  float count;
  const float* w;
  float* mean;
  CADDIE_FN void operator()(int64_t i) const { mean[i] = (first ? 0 : mean[i]) + w[i] / count; }
};

struct Lawa final : Averager {
  int64_t k = 10, every = 100;
  int64_t taken = 0;
  std::vector<Tensor> snapshots;  // weight i of snapshot t lies at (t mod k) * weights + i
  std::vector<Tensor> means;      // has one tensor for each weight

  void settings(Settings& s) override {
    s("k", k, "snapshots that are kept", at_least(1));
    s("every", every, "steps between snapshots", at_least(1));
  }
  void state(Archive& a) override {
    a("taken", taken);
    a("snapshots", snapshots);
    a("means", means);
  }
  void update(std::span<const Weight> live, const Progress& progress) override {
    if (progress.step == 0 || progress.step % every != 0) return;
    add_zeros(live, means);
    for (size_t i = 0; i < live.size(); ++i) {
      if (taken < k)
        snapshots.push_back(clone(live[i].value));
      else
        copy(live[i].value, snapshots[size_t(taken % k) * live.size() + i]);
    }
    ++taken;
    for_chunks(live, [&](const Chunk& chunk) {
      for (int64_t kept = std::min(taken, k), age = kept; age > 0; --age) {
        size_t slot = size_t((taken - age) % k) * live.size() + size_t(chunk.weight);
        for_each(snapshots[slot].device(), chunk.end - chunk.begin,
                 AddPart{age == kept, float(kept), snapshots[slot].data() + chunk.begin,
                         means[size_t(chunk.weight)].data() + chunk.begin});
      }
    });
  }
  std::span<const Tensor> average() const override {
    return taken > 1 ? std::span<const Tensor>(means) : std::span<const Tensor>();
  }
};

CADDIE_PLUGIN(Lawa, .summary = "Mean of the latest snapshots of the weights.", .source = "arXiv:2209.14981");
