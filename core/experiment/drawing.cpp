// SPDX-License-Identifier: Apache-2.0
// Writes the drawing of a model: a line for each value, with the techniques that change it.
#include "experiment/drawing.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "experiment/fit.h"

namespace caddie {
namespace {

/// Returns a technique's label, and its plugin where that has another name.
std::string called(const Technique& technique) {
  return technique.label == technique.plugin ? technique.label
                                             : technique.label + " (" + technique.plugin + ")";
}

/// Describes one line of the drawing: a value, and the site at which modifiers change it. Names in braces
/// stand for what the model has there.
struct Line {
  const char* value;
  Site site;
};

constexpr Line kFirstLines[] = {{"x = {embeddings}  [B, T, {width}]", Site::kEmbedded},
                                {"x0 = x = rms_norm(x)", Site::kStem}};
constexpr Line kLayerLines[] = {
    {"x", Site::kEnter},
    {"x", Site::kMixed},
    {"h = rms_norm(x)", Site::kNormed},
    {"q, k = h Wq, h Wk  ({heads} and {kv_heads} heads of {head_size})", Site::kQueryKey},
    {"v = h Wv", Site::kValue},
    {"y = attention(q, k, v{masks})", Site::kAttended},
    {"x += y Wo", Site::kBranch},
    {"h = rms_norm(x)", Site::kNormed},
    {"u = {mlp}  (hidden {hidden})", Site::kActivated},
    {"x += u Wproj", Site::kBranch},
    {"x", Site::kLeave}};
constexpr Line kLastLines[] = {{"logits = {head}(rms_norm(x))  [B, T, {vocabulary}]", Site::kLogits}};

constexpr bool every_site_is_drawn() {
  uint32_t drawn = 0;
  for (const Line& line : kFirstLines) drawn |= bit_of(line.site);
  for (const Line& line : kLayerLines) drawn |= bit_of(line.site);
  for (const Line& line : kLastLines) drawn |= bit_of(line.site);
  return drawn + 1 == bit_of(Site::kCount);
}
static_assert(every_site_is_drawn(), "a site of caddie/plugin.h has no line in the drawing of the model");

/// Draws one experiment: first its model, then the plugins that act elsewhere.
class Drawing {
 public:
  explicit Drawing(const Experiment& experiment) : e_(experiment), model_(*experiment.model) {}
  std::string text();

 private:
  std::string lines(std::span<const Line> all, int layer) const;
  std::string value(const char* pattern, int layer) const;
  std::string masks(int layer) const;
  std::string mlp() const;
  std::string site(Site where, int layer) const;
  std::string arrangement() const;
  std::string objective() const;
  std::string route(const Experiment::Part& part) const;
  std::string routes() const;

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

// Returns the attention masks of a layer, each after a comma.
std::string Drawing::masks(int layer) const {
  std::string out;
  for (const Technique& mask : model_.parts().of(Kind::kAttentionMask))
    if (layer >= 0 && model_.acts_in(mask, layer)) out += ", " + called(mask);
  return out;
}

/// Returns what the MLP computes of h before Wproj, its activation included where that is asked.
std::string Drawing::mlp() const {
  const ModelParts& parts = model_.parts();
  const Technique& activation = parts.one(Kind::kActivation);
  const Technique* shape = parts.any(Kind::kMlp);
  if (!shape) return called(activation) + "(h Wfc)";
  for (const Experiment::Part& part : e_.parts)
    if (part.technique.object == activation.object && is_replaced(e_, part)) return called(*shape) + "(h)";
  return called(*shape) + "(h) with " + called(activation);
}

/// Returns the text of a value, with what the model has in place of the names in braces.
std::string Drawing::value(const char* pattern, int layer) const {
  const ModelShape& m = model_.shape();
  const ModelParts& parts = model_.parts();
  const Technique* table = parts.any(Kind::kTokenTable);
  std::vector<std::string> embeddings = {table ? called(*table) : "tok_emb"};
  for (const Technique& embedding : parts.of(Kind::kEmbedding)) embeddings.push_back(called(embedding));
  return fmt::format(fmt::runtime(pattern), fmt::arg("embeddings", join(embeddings, " + ")),
                     fmt::arg("width", m.width), fmt::arg("masks", masks(layer)), fmt::arg("heads", m.heads),
                     fmt::arg("kv_heads", m.kv_heads), fmt::arg("head_size", m.head_size),
                     fmt::arg("mlp", mlp()), fmt::arg("hidden", m.hidden),
                     fmt::arg("head", called(parts.one(Kind::kHead))), fmt::arg("vocabulary", m.vocabulary));
}

std::string Drawing::lines(std::span<const Line> all, int layer) const {
  std::string out;
  for (const Line& line : all) {
    std::string techniques = site(line.site, layer);
    out +=
        fmt::format("    {:<44}{}\n", value(line.value, layer), techniques.empty() ? "" : "<- " + techniques);
  }
  return out;
}

/// Says how the layers are put together where a technique chooses it: the order in which they run, each turn
/// with the layer whose matrices it borrows in parentheses and a prime where those of its MLP are its own,
/// and what joins their sublayers.
std::string Drawing::arrangement() const {
  std::string out;
  for (const Technique& order : model_.parts().of(Kind::kLayerOrder)) {
    out += "  layers run as";
    for (const Execution& turn : model_.longest_order())
      out += fmt::format(" {}{}{}", turn.layer,
                         turn.layer == turn.matrices ? "" : fmt::format("({})", turn.matrices),
                         turn.mlp_in.defined() ? "'" : "");
    out += "  <- " + called(order) + "\n";
  }
  for (const Technique& residual : model_.parts().of(Kind::kResidual))
    out += "  sublayers read and write the residual stream as " + called(residual) + " says\n";
  return out;
}

/// Says what training adds to the cross entropy, if it adds anything.
std::string Drawing::objective() const {
  std::vector<std::string> terms = {"cross entropy"};
  for (const Technique& term : model_.parts().of(Kind::kObjective)) terms.push_back(called(term));
  return terms.size() == 1 ? "" : "    loss in training = " + join(terms, " + ") + "\n";
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
  for (const Slot& slot : e_.slots) {
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
  std::string out = "model\n" + lines(kFirstLines, -1);
  int layers = model_.shape().layers;
  for (int first = 0; first < layers;) {
    std::string drawn = lines(kLayerLines, first);
    int end = first + 1;
    while (end < layers && lines(kLayerLines, end) == drawn) ++end;
    out += end - first == 1 ? fmt::format("  layer {}\n", first)
                            : fmt::format("  layers {} to {}\n", first, end - 1);
    out += drawn;
    first = end;
  }
  out += arrangement() + "  head\n" + lines(kLastLines, -1) + objective();
  if (!e_.disabled.empty()) out += "  switched off: " + join(e_.disabled, ", ") + "\n";
  return out + "routes\n" + routes();
}

}  // namespace

std::string draw(const Experiment& experiment) { return Drawing(experiment).text(); }

}  // namespace caddie
