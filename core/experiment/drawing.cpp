// SPDX-License-Identifier: Apache-2.0
// Writes the drawing of a model: a line for each value, with the techniques that change it.
#include "experiment/drawing.h"

#include <fmt/format.h>

#include "base/text.h"

namespace caddie {
namespace {

/// Returns a technique's label, and its plugin where that has another name.
std::string called(const Technique& technique) {
  return technique.label == technique.plugin ? technique.label
                                             : technique.label + " (" + technique.plugin + ")";
}

/// Draws one experiment: first its model, then the plugins that act elsewhere.
class Drawing {
 public:
  explicit Drawing(const Experiment& experiment) : e_(experiment), model_(*experiment.model) {}
  std::string text();

 private:
  std::string layer(int index) const;
  std::string site(Site where, int layer) const;
  std::string route(const Experiment::Part& part) const;
  std::string routes() const;
  void line(std::string& out, std::string_view what, const std::string& techniques) const;

  const Experiment& e_;
  const Model& model_;
};

// Returns the modifiers at a site, in the order in which they run; `layer` is -1 for sites outside the
// layers.
std::string Drawing::site(Site where, int layer) const {
  std::vector<std::string> names;
  for (const Technique* technique : model_.at(where))
    if (layer < 0 || model_.acts_in(*technique, layer)) names.push_back(called(*technique));
  return join(names, " -> ");
}

void Drawing::line(std::string& out, std::string_view what, const std::string& techniques) const {
  out += fmt::format("    {:<44}{}\n", what, techniques.empty() ? "" : "<- " + techniques);
}

std::string Drawing::layer(int index) const {
  const ModelShape& m = model_.shape();
  std::string out;
  line(out, "x", site(kEnterSite, index));
  line(out, "h = rms_norm(x)", site(kNormedSite, index));
  line(out, fmt::format("q, k = h Wq, h Wk  ({} and {} heads of {})", m.heads, m.kv_heads, m.head_size),
       site(kQueryKeySite, index));
  line(out, "v = h Wv", site(kValueSite, index));
  line(out, "y = attention(q, k, v)", site(kAttendedSite, index));
  line(out, "x += y Wo", site(kBranchSite, index));
  line(out, "h = rms_norm(x)", site(kNormedSite, index));
  line(out,
       fmt::format("x += {}(h Wfc) Wproj  (hidden {})", called(model_.parts().one(Kind::kActivation)),
                   m.hidden),
       site(kBranchSite, index));
  line(out, "x", site(kLeaveSite, index));
  return out;
}

std::string Drawing::route(const Experiment::Part& part) const {
  std::string out = fmt::format("  {:<11} {}", part.slot->name, called(part.technique));
  if (part.headline) out += "  (headline)";
  if (part.slot->claims != Slot::Claims::kNone) {
    int64_t parameters = 0;
    for (int index : part.weights) parameters += model_.weights().info(index).shape.numel();
    out = fmt::format("{:<42} {:>4} weights, {:>12} parameters  ({})", out, part.weights.size(),
                      with_commas(parameters), join(part.technique.weights, ", "));
  }
  return out + "\n";
}

std::string Drawing::routes() const {
  std::string out;
  for (const Slot& slot : slot_table()) {
    if (slot.drawn) continue;
    std::string filled;
    for (const Experiment::Part& part : e_.parts)
      if (part.slot == &slot) filled += route(part);
    if (filled.empty() && slot.count == Slot::Count::kOptional)
      filled = fmt::format("  {:<11} none\n", slot.name);
    out += filled;
  }
  const ExportParts& parts = e_.export_parts;
  if (parts.wants_calibration())
    out += fmt::format("  {:<11} {} sequences of {} text\n", "calibration", parts.calibration.sequences,
                       parts.calibration.text);
  return out;
}

std::string Drawing::text() {
  const ModelShape& m = model_.shape();
  std::vector<std::string> embeddings = {"tok_emb"};
  for (const Technique& embedding : model_.parts().of(Kind::kEmbedding))
    embeddings.push_back(called(embedding));
  std::string out = "model\n";
  line(out, fmt::format("x = {}  [B, T, {}]", join(embeddings, " + "), m.width), site(kEmbeddedSite, -1));
  line(out, "x0 = x = rms_norm(x)", site(kStemSite, -1));
  for (int first = 0; first < m.layers;) {
    std::string drawn = layer(first);
    int end = first + 1;
    while (end < m.layers && layer(end) == drawn) ++end;
    out += end - first == 1 ? fmt::format("  layer {}\n", first)
                            : fmt::format("  layers {} to {}\n", first, end - 1);
    out += drawn;
    first = end;
  }
  out += "  head\n";
  line(out,
       fmt::format("logits = {}(rms_norm(x))  [B, T, {}]", called(model_.parts().one(Kind::kHead)),
                   m.vocabulary),
       site(kLogitsSite, -1));
  if (!e_.disabled.empty()) out += "  switched off: " + join(e_.disabled, ", ") + "\n";
  return out + "routes\n" + routes();
}

}  // namespace

std::string draw(const Experiment& experiment) { return Drawing(experiment).text(); }

}  // namespace caddie
