// SPDX-License-Identifier: Apache-2.0
// Builds the model: it orders the modifiers at each site and declares the weights. How the model computes is
// in skeleton.cpp.
#include "model/model.h"

#include <algorithm>
#include <tuple>

#include "base/exit_code.h"

namespace caddie {
namespace {

/// Lets one technique declare its weights.
class Declaration final : public Weights {
 public:
  Declaration(WeightTable& table, const ModelShape& shape, Init token_table, std::string owner,
              std::vector<int> layers)
      : table_(table),
        shape_(shape),
        token_table_(std::move(token_table)),
        owner_(std::move(owner)),
        layers_(std::move(layers)) {}
  const ModelShape& model() const override { return shape_; }
  const std::vector<int>& layers() const override { return layers_; }

 private:
  Parameter declare(WeightInfo info) override {
    info.owner = owner_;
    if (info.init.kind == Init::Kind::kTokenTable) info.init = token_table_;
    return table_.add(std::move(info));
  }
  WeightTable& table_;
  const ModelShape& shape_;
  Init token_table_;
  std::string owner_;
  std::vector<int> layers_;
};

void check_one_at_most(const std::vector<Technique>& parts, const char* what) {
  if (parts.size() > 1)
    fail_usage("'{}' and '{}' both choose {}; switch one off", parts[0].label, parts[1].label, what);
}

// Throws Error unless all turns of an order are of layers and of matrices that there are.
void check_turns(std::span<const Execution> turns, int layers, int matrices, const std::string& label) {
  check(!turns.empty(), "'{}': its order runs no layer", label);
  for (size_t i = 0; i < turns.size(); ++i) {
    auto [layer, of] = std::pair(turns[i].layer, turns[i].matrices);
    check(layer >= 0 && layer < layers, "'{}': turn {} of its order is of layer {}; wanted 0 to {}", label, i,
          layer, layers - 1);
    check(of >= 0 && of < matrices, "'{}': turn {} of its order has the matrices of layer {}; wanted 0 to {}",
          label, i, of, matrices - 1);
  }
}

}  // namespace

void ModelSettings::settings(Settings& s) {
  s("vocabulary", vocabulary, "number of token ids", between(2, 65536));
  s("layers", layers, "transformer layers", between(1, 1000));
  s("dim", dim, "width of the residual stream", between(1, 65536));
  s("heads", heads, "query heads", between(1, 1024));
  s("kv_heads", kv_heads, "key and value heads; divides heads", between(1, 1024));
  s("mlp_mult", mlp_mult, "hidden width of the MLP as a multiple of dim", between(0.001, 64));
  s("embedding_init_std", embedding_init_std, "standard deviation of the initial token table", at_least(0));
  s("norm_eps", norm_eps, "epsilon of the norms before sublayers and head", between(0, 1));
  s("embedding_norm_eps", embedding_norm_eps, "epsilon of the norm of the token embedding", between(0, 1));
  s("round_init_bf16", round_init_bf16, "round initial weights to bfloat16, as Parameter Golf's code does");
}

ModelShape ModelSettings::shape(int sequence_length) const {
  if (dim % heads != 0) fail_usage("model.dim {} is no multiple of model.heads {}", dim, heads);
  if (heads % kv_heads != 0)
    fail_usage("model.heads {} is no multiple of model.kv_heads {}", heads, kv_heads);
  int hidden = int(mlp_mult * dim);
  if (hidden < 1) fail_usage("model.mlp_mult {} leaves no hidden units at dim {}", mlp_mult, dim);
  return {vocabulary, layers, dim, heads, kv_heads, dim / heads, hidden, sequence_length, layers, layers};
}

Model::Model(const ModelSettings& settings, int sequence_length, ModelParts parts, Device device)
    : settings_(settings),
      shape_(settings.shape(sequence_length)),
      parts_(std::move(parts)),
      weights_(device) {
  arrange_layers();
  for (Kind kind : {Kind::kModifier, Kind::kAttentionMask})
    for (Technique& technique : parts_.of(kind)) {
      std::vector<bool>& acts = acts_in_[&technique];
      acts.resize(size_t(shape_.layers));
      for (int layer : technique.layers.resolve(shape_.layers)) acts[size_t(layer)] = true;
    }
  for (uint8_t site = 0; site < uint8_t(Site::kCount); ++site) {
    std::vector<const Technique*>& order = sites_[Site(site)];
    for (const Technique& modifier : parts_.of(Kind::kModifier))
      if (modifier.entry->sites & bit_of(Site(site))) order.push_back(&modifier);
    std::sort(order.begin(), order.end(), [](const Technique* a, const Technique* b) {
      return std::tie(a->entry->card.phase, a->label) < std::tie(b->entry->card.phase, b->label);
    });
  }
  declare_weights();
}

std::span<const Technique* const> Model::at(Site site) const { return sites_.at(site); }

bool Model::acts_in(const Technique& technique, int layer) const {
  return acts_in_.at(&technique)[size_t(layer)];
}

const Technique* Model::orders_layers(const Progress& progress, const Technique* without) const {
  const Technique* chosen = parts_.any(Kind::kLayerOrder);
  if (!chosen || (without && chosen->object == without->object)) return nullptr;
  return chosen->any()->acts(progress) ? chosen : nullptr;
}

std::vector<Execution> each_once(int layers) {
  std::vector<Execution> order;
  for (int layer = 0; layer < layers; ++layer) order.push_back({layer, layer});
  return order;
}

std::vector<Execution> Model::longest_order() const {
  const Technique* chosen = parts_.any(Kind::kLayerOrder);
  if (!chosen) return each_once(settings_.layers);
  std::vector<Execution> turns = chosen->as<LayerOrder>()->longest(settings_.layers);
  // Turns may be layers of their own, with vectors of their own.
  check_turns(turns, std::max(settings_.layers, int(turns.size())), settings_.layers, chosen->label);
  return turns;
}

void Model::check_order(std::span<const Execution> turns, const Technique& by) const {
  check_turns(turns, shape_.layers, settings_.layers, by.label);
  check(int(turns.size()) <= shape_.executions, "'{}': its order has {} turns; longest() has {}", by.label,
        turns.size(), shape_.executions);
}

// Finds out how many layers there are for techniques, and how often they run.
void Model::arrange_layers() {
  check_one_at_most(parts_.of(Kind::kTokenTable), "the table of the token embedding");
  check_one_at_most(parts_.of(Kind::kLayerOrder), "the order of the layers");
  check_one_at_most(parts_.of(Kind::kMlp), "the shape of the MLP");
  check_one_at_most(parts_.of(Kind::kResidual), "how sublayers read and write the residual stream");
  std::vector<Execution> longest = longest_order();
  shape_.executions = int(longest.size());
  for (const Execution& execution : longest) shape_.layers = std::max(shape_.layers, execution.layer + 1);
}

void Model::declare_for(Technique& technique) {
  Declaration declaration(weights_, shape_, Init::normal(settings_.embedding_init_std), technique.label,
                          technique.layers.resolve(shape_.layers));
  technique.any()->weights(declaration);
}

void Model::declare_weights() {
  auto add = [&](std::string name, const Shape& shape, Role role, Init init, Place place, int layer) {
    return weights_.add({std::move(name), shape, role, place, layer, "model", std::move(init)});
  };
  int64_t C = shape_.width, kv = int64_t(shape_.kv_heads) * shape_.head_size, F = shape_.hidden;
  if (parts_.of(Kind::kTokenTable).empty())
    token_table_ = add("tok_emb.weight", {shape_.vocabulary, C}, Role::kEmbedding,
                       Init::normal(settings_.embedding_init_std), Place::kTokens, -1);
  for (Technique& table : parts_.of(Kind::kTokenTable)) declare_for(table);
  for (Technique& embedding : parts_.of(Kind::kEmbedding)) declare_for(embedding);
  for (Technique& modifier : parts_.of(Kind::kModifier)) declare_for(modifier);
  for (int i = 0; i < settings_.layers; ++i) {
    std::string block = "blocks." + std::to_string(i) + ".";
    auto matrix = [&](const char* name, int64_t out, int64_t in, Place place) {
      return add(block + name, {out, in}, Role::kMatrix, Init::by_initializer(), place, i);
    };
    layers_.push_back(
        {matrix("attn.c_q.weight", C, C, Place::kQuery), matrix("attn.c_k.weight", kv, C, Place::kKey),
         matrix("attn.c_v.weight", kv, C, Place::kValue),
         matrix("attn.proj.weight", C, C, Place::kAttentionOut), matrix("mlp.fc.weight", F, C, Place::kMlpIn),
         matrix("mlp.proj.weight", C, F, Place::kMlpOut)});
  }
  constexpr Kind kDeclared[] = {Kind::kTokenTable, Kind::kEmbedding, Kind::kModifier};
  for (uint8_t kind = 0; kind < uint8_t(Kind::kCount); ++kind) {
    if (std::ranges::find(kDeclared, Kind(kind)) != std::end(kDeclared)) continue;
    for (Technique& part : parts_.of(Kind(kind))) declare_for(part);
  }
}

void Model::initialize(Initializer& initializer, uint64_t seed) {
  weights_.initialize(initializer, shape_, seed, settings_.round_init_bf16);
}

}  // namespace caddie
