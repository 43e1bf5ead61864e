// SPDX-License-Identifier: Apache-2.0
// Fills matrices [out, in] with numbers uniform in (-1/sqrt(in), 1/sqrt(in)); those that give a sublayer's
// output or the logits start at zero.
// Source: torch.nn.Linear; openai/parameter-golf, train_gpt.py.
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

struct Default final : Initializer {
  void fill(Tensor& weight, const WeightInfo& info, const ModelShape&, Rng& rng) override {
    bool zero =
        info.place == Place::kAttentionOut || info.place == Place::kMlpOut || info.place == Place::kHead;
    if (zero) {
      std::fill_n(weight.data(), weight.numel(), 0.0f);
      return;
    }
    double bound = 1 / std::sqrt(double(weight.shape().last()));
    std::generate_n(weight.data(), weight.numel(), [&] { return float(bound * (2 * rng.uniform() - 1)); });
  }
};

CADDIE_PLUGIN(Default, .summary = "Uniform matrices, with sublayer outputs and the head at zero.",
              .source = "torch.nn.Linear; openai/parameter-golf, train_gpt.py", .neutral = true);
