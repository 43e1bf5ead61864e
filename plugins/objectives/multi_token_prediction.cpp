// SPDX-License-Identifier: Apache-2.0
// Predicts tokens further ahead as well: head k reads the hidden state h that the model's head reads, z = h
// w_k^T, and predicts the token ahead + k places behind the next one. w_k: [V,C], for training only. With n_k
// the positions that have such a token, what is added to the loss is
//     weight / heads * sum over k of (sum of -log softmax(z)[token]) / n_k.
// Heads that no position of a sequence has a token for count for nothing.
// Source: arXiv:2404.19737; openai/parameter-golf,
// records/track_10min_16mb/2026-03-23_LeakyReLU_LegalTTT_ParallelMuon, and pull request 640 with ahead = 2.
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

struct MultiTokenPrediction final : Objective {
  int heads = 1, ahead = 1;
  double weight = 0.2;
  bool modify_logits = true;
  std::vector<Parameter> head;

  void settings(Settings& s) override {
    s("heads", heads, "how many tokens further ahead are predicted", between(1, 64));
    s("ahead", ahead, "how far behind the next token that of the first head stands", between(1, 1 << 20));
    s("weight", weight, "what the mean loss of the heads is multiplied by", between(0, 100));
    s("modify_logits", modify_logits,
      "whether modifiers of the model's logits act on those of the heads too");
  }

  void weights(Weights& w) override {
    for (int k = 0; k < heads; ++k)
      head.push_back(w.add_for_training("mtp_heads." + std::to_string(k) + ".weight",
                                        {w.model().vocabulary, w.model().width}, Role::kMatrix,
                                        Init::constant(0), Place::kHead));
  }

  void validate(const Shapes& shapes) const override {
    int furthest = ahead + heads - 1, length = shapes.model.sequence_length;
    check(furthest < length,
          "the last head predicts {} tokens behind the next one, in sequences of {}; lower "
          "ahead or heads",
          furthest, length);
  }

  Var term(Forward&, Prediction& prediction) override {
    int64_t length = prediction.sequence_length;
    int64_t used = std::clamp<int64_t>(length - ahead, 0, heads);
    Var sum;
    for (int64_t k = 0; k < used; ++k) {
      Var z = linear(prediction.hidden, head[size_t(k)]);
      if (modify_logits) z = prediction.modified(z);
      // The mean over the positions that have a token, as a mean over all positions.
      double share = weight / double(used) * double(length) / double(length - ahead - k);
      Var nats = cross_entropy(z, prediction.targets_after(ahead + k)) * float(share);
      sum = sum.defined() ? sum + nats : nats;
    }
    return sum;
  }
};

CADDIE_PLUGIN(MultiTokenPrediction, .summary = "Predicts tokens further ahead with heads of their own.",
              .source =
                  "arXiv:2404.19737; openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-23_LeakyReLU_LegalTTT_ParallelMuon and pull request 640",
              .training_only = true);
