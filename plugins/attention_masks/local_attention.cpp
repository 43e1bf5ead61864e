// SPDX-License-Identifier: Apache-2.0
// Lets each position see the last `positions` ones alone, itself among them (sliding-window attention). Its
// `layers` setting chooses the layers: some of them usually go on seeing everything.
// Source: Longformer, arXiv:2004.05150; Mistral 7B, arXiv:2310.06825.
#include <caddie/plugin.h>

using namespace caddie;

// Returns the first position of the window that ends at t.
struct StartOfWindow {
  int positions;
  CADDIE_FN int operator()(const int32_t*, int t) const { return t < positions ? 0 : t - positions + 1; }
};

struct LocalAttention final : AttentionMask {
  int positions = 0;

  void settings(Settings& s) override {
    s("positions", positions,
      "how many positions each one sees, itself included; 0 takes a quarter of a training sequence",
      between(0, 1 << 20));
  }

  std::string remark(const Shapes& shapes) const override {
    int length = shapes.model.sequence_length;
    if (seen(shapes.model) < length) return "";
    return message("positions = {} reaches over a whole sequence of {} tokens and masks nothing there",
                   {positions, length});
  }

  Ids first_seen(Forward& forward) override {
    return map_ids(StartOfWindow{seen(*forward.shape)}, forward.tokens);
  }

  int seen(const ModelShape& model) const {
    return positions > 0 ? positions : (model.sequence_length + 3) / 4;
  }
};

CADDIE_PLUGIN(LocalAttention, .summary = "Attention to the last positions alone, layer by layer.",
              .source = "arXiv:2004.05150; arXiv:2310.06825");
