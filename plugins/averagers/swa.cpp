// SPDX-License-Identifier: Apache-2.0
// Averages snapshots of the weights. One is taken after step k when the learning-rate scale of that step was
// below start_frac and k is a multiple of `every`. The average begins with the second snapshot.
// Source: arXiv:1803.05407.
#include <caddie/plugin.h>
#include <caddie/weight_loops.h>
using namespace caddie;

// Adds w to the sum and sets mean = sum / count, all rounded to bfloat16 when `coarse`.
struct AddSnapshot {
  bool coarse;
  float count;
  const float* w;
  float *sum, *mean;
  CADDIE_FN void operator()(int64_t i) const {
    float total = sum[i] + (coarse ? round_bf16(w[i]) : w[i]);
    sum[i] = coarse ? round_bf16(total) : total;
    mean[i] = coarse ? round_bf16(sum[i] / count) : sum[i] / count;
  }
};

struct Swa final : Averager {
  int64_t every = 50;
  double start_frac = 0.4;
  std::string accumulate = "fp32";
  int64_t count = 0;
  std::vector<Tensor> sums, means;  // each has one tensor for each weight

  void settings(Settings& s) override {
    s("every", every, "steps between snapshots", at_least(1));
    s("start_frac", start_frac, "snapshots are taken while the learning-rate scale is below this",
      between(0, 2));
    s("accumulate", accumulate, "fp32, or param_dtype: embedding tables are summed in bfloat16",
      one_of("fp32", "param_dtype"));
  }
  void state(Archive& a) override {
    a("count", count);
    a("sums", sums);
    a("means", means);
  }
  void update(std::span<const Weight> live, const Progress& progress) override {
    if (progress.step == 0 || progress.lr_scale >= start_frac || progress.step % every != 0) return;
    add_zeros(live, sums);
    add_zeros(live, means);
    ++count;
    for_chunks(live, [&](const Chunk& chunk) {
      const Weight& weight = live[size_t(chunk.weight)];
      bool coarse = accumulate == "param_dtype" && weight.info->role == Role::kEmbedding;
      for_each(weight.value.device(), chunk.end - chunk.begin,
               AddSnapshot{coarse, float(count), weight.value.data() + chunk.begin,
                           sums[size_t(chunk.weight)].data() + chunk.begin,
                           means[size_t(chunk.weight)].data() + chunk.begin});
    });
  }
  std::span<const Tensor> average() const override {
    return count > 1 ? std::span<const Tensor>(means) : std::span<const Tensor>();
  }
};

CADDIE_PLUGIN(Swa, .summary = "Mean of weight snapshots from the end of training.",
              .source = "arXiv:1803.05407");
