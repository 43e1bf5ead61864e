// SPDX-License-Identifier: Apache-2.0
// Each plain part does what its slot asks for in the simplest way, and smoothly where gradients pass.
#include "laws/plain_parts.h"

#include <caddie/random.h>

#include <algorithm>
#include <cstring>

#include "laws/samples.h"

namespace caddie {
namespace {

constexpr const char* kTap = "~tap";  // sorts behind the labels of all techniques

struct PlainActivation final : Activation {
  Var apply(Var x) override { return x * sigmoid(x); }
};

struct PlainHead final : Head {
  Var logits(Forward& forward, Var x) override { return forward.logits_by_table(x); }
};

struct PlainInitializer final : Initializer {
  void fill(Tensor& weight, const WeightInfo&, const ModelShape&, Rng& rng) override {
    for (int64_t i = 0; i < weight.numel(); ++i) weight.data()[i] = float(0.1 * rng.normal());
  }
};

struct PlainOptimizer final : Optimizer {
  void step(std::span<Weight> weights, const Progress& progress) override {
    for (Weight& weight : weights) {
      if (!weight.gradient.defined()) continue;
      auto rate = float(0.1 * progress.lr_scale * weight.lr_factor);
      for (int64_t i = 0; i < weight.value.numel(); ++i)
        weight.value.data()[i] -= rate * weight.gradient.data()[i];
    }
  }
};

struct PlainSchedule final : Schedule {
  double scale(const Progress&) const override { return 1; }
};

struct PlainSampler final : Sampler {
  int64_t at = 0;
  int ranks = 1;
  void begin(const Sampling& sampling) override {
    at = 0;
    ranks = sampling.ranks;
  }
  std::vector<Sequence> next(const BatchSize& part) override {
    std::vector<Sequence> drawn;
    for (int64_t end = at + ranks * part.tokens; at < end; at += part.length)
      drawn.push_back({at, part.length});
    return drawn;
  }
  void state(Archive& archive) override { archive("at", at); }
};

struct PlainQuantizer final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo&, const Tensor*) override {
    std::string bytes(size_t(weight.numel()) * sizeof(float), '\0');
    if (!bytes.empty()) std::memcpy(bytes.data(), weight.data(), bytes.size());
    return {{"w", Type::kFloat32, weight.shape(), std::move(bytes)}};
  }
  void unpack(const Packed& packed, Tensor& weight) const override {
    if (weight.numel() > 0) std::memcpy(weight.data(), packed.at(0).bytes.data(), packed[0].bytes.size());
  }
};

struct PlainCompressor final : Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t) const override { return std::string(bytes); }
};

struct PlainEvaluator final : Evaluator {
  Score evaluate(Scorer& scorer) override {
    std::vector<Window> windows;
    int64_t length = scorer.sequence_length();
    for (int64_t at = 0; at + length <= scorer.positions(); at += length) windows.push_back({at, length, 0});
    return scorer.score(windows);
  }
};

/// Hands every value on as it is, and tells a listener.
struct Tap final : Modifier {
  SiteListener* listener = nullptr;

  Var embedded(Forward&, Var x) override { return told({Site::kEmbedded}, x); }
  Var stem(Forward&, Var x) override { return told({Site::kStem}, x); }
  Var enter(Block& block, Var x) override { return told(at(Site::kEnter, block), x); }
  Var mixed(Block& block, Var x) override { return told(at(Site::kMixed, block), x); }
  Var normed(Block& block, Var h) override { return told(at(Site::kNormed, block), h); }
  QueryKey query_key(Block& block, QueryKey qk) override {
    const Var both[] = {qk.q, qk.k};
    tell(at(Site::kQueryKey, block), both);
    return qk;
  }
  Var value(Block& block, Var v) override { return told(at(Site::kValue, block), v); }
  Var attended(Block& block, Var y) override { return told(at(Site::kAttended, block), y); }
  Var activated(Block& block, Var x) override { return told(at(Site::kActivated, block), x); }
  Var branch(Block& block, Var y) override { return told(at(Site::kBranch, block), y); }
  Var leave(Block& block, Var x) override { return told(at(Site::kLeave, block), x); }
  Var logits(Forward&, Var z) override { return told({Site::kLogits}, z); }

 private:
  static SitePlace at(Site site, const Block& block) {
    return {site, block.layer, block.execution, block.part, block.lane};
  }
  Var told(const SitePlace& place, Var x) const {
    tell(place, {&x, 1});
    return x;
  }
  void tell(const SitePlace& place, std::span<const Var> values) const {
    if (listener) listener->see(place, values);
  }
};

static_assert(detail::sites_of<Tap>() == (1u << uint8_t(Site::kCount)) - 1, "the tap lacks a site");

template <class T>
void add(Registry& registry, const char* name, Phase phase = Phase::kLimit) {
  if (!registry.has(name))
    registry.add(name, built_in<T>({.summary = "A plain part.", .source = "core/laws", .phase = phase}));
}

constexpr std::string_view kPlain = R"(
  data.sequence_length = 12
  data.sampler.use = "plain_sampler"
  model.vocabulary = 31
  model.layers = 4
  model.dim = 64
  model.heads = 4
  model.kv_heads = 2
  model.activation.use = "plain_activation"
  model.head.use = "plain_head"
  model.initializer.use = "plain_initializer"
  optimizers.others = { use = "plain_optimizer", weights = ["*"] }
  train = { gradient_accumulators = 1, clip_norm = 1.0, schedule.use = "plain_schedule" }
  export.quantizers.others = { use = "plain_quantizer", weights = ["*"] }
  export.compressor.use = "plain_compressor"
  evaluators.plain_evaluator = {}
  techniques."~tap" = { use = "site_tap" }
)";

}  // namespace

void add_plain_parts(Registry& registry) {
  add<PlainActivation>(registry, "plain_activation");
  add<PlainHead>(registry, "plain_head");
  add<PlainInitializer>(registry, "plain_initializer");
  add<PlainOptimizer>(registry, "plain_optimizer");
  add<PlainSchedule>(registry, "plain_schedule");
  add<PlainSampler>(registry, "plain_sampler");
  add<PlainQuantizer>(registry, "plain_quantizer");
  add<PlainCompressor>(registry, "plain_compressor");
  add<PlainEvaluator>(registry, "plain_evaluator");
  add<Tap>(registry, "site_tap");
}

std::string text_of(const SitePlace& place) {
  std::string text = detail::kSites<Modifier>[size_t(place.site)].name;
  if (place.layer < 0) return text;
  bool has_part = place.site == Site::kNormed || place.site == Site::kBranch;
  if (has_part) text += place.part == Part::kMlp ? " of the MLP" : " of the attention";
  text += message(" of layer {}", {place.layer});
  return place.lane > 0 ? text + message(" in stream {}", {place.lane}) : text;
}

Experiment plain_experiment(Registry& registry, std::span<const std::string> changes) {
  Tree tree = Tree::parse(kPlain, "laws");
  for (const std::string& change : changes) tree.override_with(change);
  return assemble(tree, registry, Device::kCpu);
}

Listening::Listening(Experiment& experiment, SiteListener& listener) : tap_(nullptr) {
  for (const Technique& technique : experiment.model->parts().of(Kind::kModifier))
    if (technique.label == kTap) tap_ = technique.object.get();
  check(tap_ != nullptr, "the experiment has no tap");
  static_cast<Tap*>(tap_)->listener = &listener;
}

Listening::~Listening() { static_cast<Tap*>(tap_)->listener = nullptr; }

Batch sample_batch(int number) {
  constexpr int64_t kRows = 2, kLength = 12;
  Batch batch{{}, {}, kRows, kLength};
  Rng rng(uint64_t(number), "tokens");
  for (int64_t i = 0; i < kRows * kLength; ++i) {
    batch.inputs.push_back(int32_t(rng.below(31)));
    batch.targets.push_back(int32_t(rng.below(31)));
  }
  return batch;
}

void fill_by_name(Model& model, double deviation) {
  WeightTable& weights = model.weights();
  for (int i = 0; i < weights.size(); ++i)
    copy(random_tensor(weights.info(i).shape, weights.info(i).name.c_str(), deviation), weights.value(i));
}

}  // namespace caddie
