// SPDX-License-Identifier: Apache-2.0
// Implements what the SDK's interfaces and their helpers need in one place only: virtual tables have their
// home here, so that exceptions and casts work across plugins, and checks that plugins share are written
// once.
#include <caddie/blend.h>
#include <caddie/evaluator.h>
#include <caddie/export_slots.h>
#include <caddie/layer_slots.h>
#include <caddie/objective.h>
#include <caddie/sampler.h>
#include <caddie/text_transform.h>

namespace caddie {

Plugin::~Plugin() = default;
Archive::~Archive() = default;
Forward::~Forward() = default;
Prediction::~Prediction() = default;
LayerPass::~LayerPass() = default;
MlpPass::~MlpPass() = default;
Weights::~Weights() = default;
Scorer::~Scorer() = default;
Adapter::~Adapter() = default;
LearningScorer& Scorer::learning() {
  fail("an evaluator that learns from the text that it scores needs all of it, not a part");
}
double LearningScorer::gradient(std::span<const Stretch> rows) {
  std::vector<Passage> passages;
  for (const Stretch& row : rows) passages.push_back({{{row.begin, row.end + 1}}});
  return gradient(passages);
}
Package::~Package() = default;
TrainingText::~TrainingText() = default;

std::vector<Parameter> Weights::add_per_layer(const std::string& name, const Shape& shape, Role role,
                                              const Init& init, Place place) {
  std::vector<Parameter> parameters(size_t(model().layers));
  for (int layer : layers())
    parameters[size_t(layer)] =
        add("blocks." + std::to_string(layer) + "." + name, shape, role, init, place, layer);
  return parameters;
}

Packed Quantizer::pack_finer(const Tensor&, const WeightInfo& info, const Tensor*, const FineColumns&) {
  fail("quantize: the quantizer of {} gives all columns the same bits", info.name);
}

int64_t bytes_of(Type type) {
  switch (type) {
    case Type::kFloat32:
      return 4;
    case Type::kFloat16:
      return 2;
    case Type::kInt8:
      return 1;
  }
  fail("unknown array type {}", int(type));
}

void check_matrices(const Shapes& shapes) {
  for (const WeightInfo* weight : shapes.weights)
    check(weight->shape.rank() == 2, "{} has shape {}; only matrices are updated, route the others elsewhere",
          weight->name, weight->shape);
}

void check_windows(const Shapes& shapes, int64_t length, bool by_document) {
  if (by_document)
    check(shapes.documents != 0, "the validation stream marks no documents; set isolate_documents = false");
  else
    check(shapes.positions == 0 || length <= shapes.positions,
          "the validation stream has {} positions, fewer than the {} of one window; take shorter windows",
          shapes.positions, length);
}

std::vector<Stretch> stretches(const Scorer& scorer, bool by_document) {
  if (!by_document) return {{0, scorer.positions()}};
  std::span<const int64_t> starts = scorer.document_starts();
  check(!starts.empty(),
        "evaluation by document: the stream marks no documents; set isolate_documents = false");
  std::vector<Stretch> documents;
  if (starts[0] > 0) documents.push_back({0, starts[0]});
  for (size_t i = 0; i < starts.size(); ++i)
    documents.push_back({starts[i], i + 1 < starts.size() ? starts[i + 1] : scorer.positions()});
  return documents;
}

}  // namespace caddie
