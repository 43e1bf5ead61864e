// SPDX-License-Identifier: Apache-2.0
// Splits the layers in two: the learning rates of weights in layers below `early_layers` are multiplied by
// `early`, those of the layers from there on by `late`. What belongs to no layer keeps its rate. The source
// has rates of 0.025 below layer 5 and 0.03 from there on, of which `early` is the ratio.
// Source: github.com/openai/parameter-golf, records/track_10min_16mb,
// 2026-03-31_ParallelResiduals_MiniDepthRecurrence.
#include <caddie/plugin.h>
using namespace caddie;

struct LayerwiseLr final : RateFactor {
  int early_layers = 0;
  double early = 0.025 / 0.03, late = 1;

  void settings(Settings& s) override {
    s("early_layers", early_layers, "layers, from the first, that count as early; 0: half of them",
      at_least(0));
    s("early", early, "what multiplies the rates of early layers", at_least(0));
    s("late", late, "what multiplies the rates of the layers behind them", at_least(0));
  }
  void validate(const Shapes& shapes) const override {
    check(early_layers < shapes.model.layers,
          "early_layers {} leaves no late ones; the model has {} layers, take fewer than that", early_layers,
          shapes.model.layers);
  }
  double factor(const WeightInfo& info, const ModelShape& model, const Progress&) const override {
    if (info.layer < 0) return 1;
    return info.layer < (early_layers > 0 ? early_layers : model.layers / 2) ? early : late;
  }
};

CADDIE_PLUGIN(LayerwiseLr, .summary = "Learning rates of early and of late layers by factors of their own.",
              .source = "github.com/openai/parameter-golf, 2026-03-31_ParallelResiduals_MiniDepthRecurrence");
