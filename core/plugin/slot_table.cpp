// SPDX-License-Identifier: Apache-2.0
// Holds the rows of the slot table, and declares what the core reads in the tables of plugins.
#include "plugin/slot_table.h"

#include <algorithm>
#include <array>

#include "config/path.h"

namespace caddie {
namespace {

constexpr std::string_view kSwitch = "enabled";

using EffectCheck = Slot::EffectCheck;
constexpr auto kOptional = Slot::Count::kOptional;
constexpr auto kMany = Slot::Count::kMany;
constexpr auto kSome = Slot::Claims::kSome;
constexpr auto kEach = Slot::Claims::kEach;

// clang-format off
constexpr Slot kSlots[] = {
    {.kind = Kind::kInitializer, .name = "initializer", .path = "model.initializer",
     .effect_check = EffectCheck::kFilled},
    {.kind = Kind::kTokenTable, .name = "token_table", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kEmbedding, .name = "embedding", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kModifier, .name = "modifier", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true, .by_layer = true},
    {.kind = Kind::kAttentionMask, .name = "attention_mask", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true, .by_layer = true},
    {.kind = Kind::kLayerOrder, .name = "layer_order", .path = kTechniques, .count = kMany,
     .divergence = Slot::Divergence::kByActing, .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kResidual, .name = "residual", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kMlp, .name = "mlp", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kActivation, .name = "activation", .path = "model.activation",
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kHead, .name = "head", .path = "model.head",
     .effect_check = EffectCheck::kLogits, .drawn = true},
    {.kind = Kind::kObjective, .name = "objective", .path = kTechniques, .count = kMany,
     .effect_check = EffectCheck::kGradient, .drawn = true},
    {.kind = Kind::kView, .name = "view", .path = kTechniques, .count = kMany, .claims = kSome,
     .divergence = Slot::Divergence::kByActing, .effect_check = EffectCheck::kView},
    {.kind = Kind::kOptimizer, .name = "optimizer", .path = "optimizers", .count = kMany, .claims = kEach,
     .effect_check = EffectCheck::kMoved},
    {.kind = Kind::kSampler, .name = "sampler", .path = "data.sampler",
     .effect_check = EffectCheck::kBatches, .preset = "sequential"},
    {.kind = Kind::kRateFactor, .name = "rate_factor", .path = "train.rate_factors", .count = kMany,
     .claims = kSome, .effect_check = EffectCheck::kRates},
    {.kind = Kind::kSchedule, .name = "schedule", .path = "train.schedule",
     .divergence = Slot::Divergence::kByScale, .effect_check = EffectCheck::kScale},
    {.kind = Kind::kAverager, .name = "averager", .path = "train.averager", .count = kOptional,
     .stage = Stage::kAverage, .effect_check = EffectCheck::kAverage},
    {.kind = Kind::kAverager, .name = "averager", .path = "train.averagers", .count = kMany,
     .stage = Stage::kAverage, .effect_check = EffectCheck::kAverage},
    {.kind = Kind::kPruner, .name = "pruner", .path = "export.pruners", .count = kMany,
     .stage = Stage::kQuantize, .claims = kSome, .effect_check = EffectCheck::kClaim},
    {.kind = Kind::kQuantizer, .name = "quantizer", .path = "export.quantizers", .count = kMany,
     .stage = Stage::kQuantize, .claims = kEach, .effect_check = EffectCheck::kClaim},
    {.kind = Kind::kAllocator, .name = "allocator", .path = "export.allocators", .count = kMany,
     .stage = Stage::kQuantize, .claims = kSome, .effect_check = EffectCheck::kClaim},
    {.kind = Kind::kCorrector, .name = "corrector", .path = "export.correctors", .count = kMany,
     .stage = Stage::kQuantize, .claims = kSome, .effect_check = EffectCheck::kClaim},
    {.kind = Kind::kTrimmer, .name = "trimmer", .path = "export.trimmers", .count = kMany,
     .stage = Stage::kCompress, .claims = kSome, .effect_check = EffectCheck::kClaim},
    {.kind = Kind::kLayout, .name = "layout", .path = "export.layout", .count = kOptional,
     .stage = Stage::kCompress, .effect_check = EffectCheck::kSmaller},
    {.kind = Kind::kCompressor, .name = "compressor", .path = "export.compressor", .stage = Stage::kCompress,
     .effect_check = EffectCheck::kSmaller},
    {.kind = Kind::kEvaluator, .name = "evaluator", .path = "evaluators", .count = kMany,
     .stage = Stage::kEvaluate, .effect_check = EffectCheck::kWindows},
    {.kind = Kind::kBlend, .name = "blend", .path = "blends", .count = kMany,
     .stage = Stage::kEvaluate, .effect_check = EffectCheck::kBlended},
};
// clang-format on

/// Is the slot that no experiment fills: its plugin is named when data are prepared, and by their manifest.
constexpr Slot kPreparing = {.kind = Kind::kTextTransform, .name = "text_transform", .path = ""};

constexpr bool has_row(Kind kind) {
  return kind == kPreparing.kind ||
         std::any_of(std::begin(kSlots), std::end(kSlots), [&](const Slot& s) { return s.kind == kind; });
}

constexpr bool every_kind_has_a_row() {
  for (uint8_t kind = 0; kind < uint8_t(Kind::kCount); ++kind)
    if (!has_row(Kind(kind))) return false;
  return true;
}
static_assert(every_kind_has_a_row(), "a kind of caddie/slots.h has no row in the slot table");
static_assert(std::none_of(std::begin(kSlots), std::end(kSlots),
                           [](const Slot& s) { return s.effect_check == EffectCheck::kNone; }),
              "a row of the slot table does not say how its plugins are asked whether they acted");

/// Tells whether the plugins of a row can be asked as it says: some checks know one kind only.
constexpr bool can_be_checked(const Slot& s) {
  switch (s.effect_check) {
    case EffectCheck::kView:
      return s.kind == Kind::kView;
    case EffectCheck::kMoved:
      return s.kind == Kind::kOptimizer;
    case EffectCheck::kScale:
      return s.kind == Kind::kSchedule;
    case EffectCheck::kBatches:
      return s.kind == Kind::kSampler;
    case EffectCheck::kFilled:
      return s.kind == Kind::kInitializer;
    case EffectCheck::kAverage:
      return s.kind == Kind::kAverager;
    case EffectCheck::kClaim:
      return s.claims != Slot::Claims::kNone;
    case EffectCheck::kSmaller:
      return s.kind == Kind::kCompressor || s.kind == Kind::kLayout;
    case EffectCheck::kWindows:
      return s.kind == Kind::kEvaluator;
    case EffectCheck::kRates:
      return s.kind == Kind::kRateFactor;
    case EffectCheck::kBlended:
      return s.kind == Kind::kBlend;
    default:
      return true;
  }
}
static_assert(std::all_of(std::begin(kSlots), std::end(kSlots), can_be_checked),
              "a row of the slot table has the effect check of another kind");

constexpr bool can_diverge(const Slot& s) {
  if (s.divergence == Slot::Divergence::kByScale) return s.kind == Kind::kSchedule;
  return s.divergence == Slot::Divergence::kFromStart || s.kind == Kind::kView || s.kind == Kind::kLayerOrder;
}
static_assert(std::all_of(std::begin(kSlots), std::end(kSlots), can_diverge),
              "a row of the slot table says of a kind when trainings diverge, which is known of another one");

}  // namespace

std::span<const Slot> slot_table() { return kSlots; }

bool is_in_model(const Slot& slot) {
  return slot.effect_check == EffectCheck::kLogits || slot.effect_check == EffectCheck::kGradient ||
         slot.effect_check == EffectCheck::kView;
}

const Slot& slot_of(Kind kind) {
  if (kind == kPreparing.kind) return kPreparing;
  return *std::find_if(std::begin(kSlots), std::end(kSlots), [&](const Slot& s) { return s.kind == kind; });
}

std::string_view name_of(Kind kind) { return slot_of(kind).name; }

std::string folder_of_kind(Kind kind) { return std::string(name_of(kind)) + "s"; }

bool is_kind_folder(std::string_view name) {
  return name.ends_with('s') && kind_called(name.substr(0, name.size() - 1)).has_value();
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (uint8_t kind = 0; kind < uint8_t(Kind::kCount); ++kind) names.emplace_back(name_of(Kind(kind)));
  return names;
}

std::optional<Kind> kind_called(std::string_view name) {
  for (uint8_t kind = 0; kind < uint8_t(Kind::kCount); ++kind)
    if (name_of(Kind(kind)) == name) return Kind(kind);
  return std::nullopt;
}

// `use` itself counts for the report alone, because the file of the plugin that it names counts in the stage
// of its slot. The switch counts for nothing, because a table that is switched off is left out.
void SlotSettings::settings(Settings& s, const Slot& slot) {
  if (use.empty()) use = slot.preset;
  bool many = slot.count == Slot::Count::kMany;
  s("use", use, many ? "plugin; by default the one that is called like this table" : "plugin of this slot",
    any(), Stage::kReport);
  if (slot.count != Slot::Count::kOne)
    s(kSwitch.data(), enabled, "false switches the technique off", any(), Stage::kNothing);
  if (slot.claims != Slot::Claims::kNone)
    s("weights", weights, "what it acts on: \"role:matrix\" or patterns of names", any(), slot.stage);
  if (slot.by_layer) s("layers", layers, "layers where it acts", any(), slot.stage);
  if (slot.kind == Kind::kEvaluator)
    s("headline", headline, "true for the evaluator whose score is the run's", any(), Stage::kReport);
  if (slot.kind == Kind::kBlend)
    s("evaluators", evaluators, "labels of the evaluators whose scores it changes; none: all of them", any(),
      slot.stage);
  s("allow_no_effect", allow_no_effect, "true where it is known to change nothing; else that is an error",
    any(), Stage::kReport);
}

std::vector<std::string> slot_setting_names() {
  struct Names final : Settings {
    std::vector<std::string> all;
    void visit(const Setting& setting) override {
      if (std::find(all.begin(), all.end(), setting.name) == all.end()) all.emplace_back(setting.name);
    }
  } names;
  for (const Slot& slot : kSlots) SlotSettings().settings(names, slot);
  return names.all;
}

std::string switch_of(std::string_view toggle) {
  std::vector<std::string> names = split_path(toggle);
  if (names.size() > 1) return join_path(toggle, kSwitch);
  return join_path(join_path(kTechniques, names.empty() ? "" : names[0]), kSwitch);
}

std::string label_switched_by(std::string_view path) {
  if (!path.ends_with(kSwitch)) return "";
  std::vector<std::string> names = split_path(path);
  return names.size() == 3 && names[0] == kTechniques && names[2] == kSwitch ? names[1] : "";
}

}  // namespace caddie
