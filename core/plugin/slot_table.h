// SPDX-License-Identifier: Apache-2.0
// Defines the slots, which are the places where plugins go. One row of a table for each slot says where an
// experiment names its plugins, how many it may name, what they claim, and which stage of a run they feed.
// Assembling, keys, drawings, effect checks and tests loop over the rows, so that a new slot is an interface
// in caddie/slots.h, a row here, and the place that calls it.
#pragma once

#include <caddie/plugin.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Describes one slot: a row of the table.
struct Slot {
  /// Says how many plugins an experiment names there.
  enum class Count : uint8_t {
    kOne,       // It names exactly one, in the table `path` itself, which must say `use` or has a preset.
    kOptional,  // It names one in that table, or none.
    kMany       // It names any number, each in a table of its own below `path`, called by its label.
  };
  /// Says what the plugins there do with the weights of the model.
  enum class Claims : uint8_t {
    kNone,
    kSome,  // each plugin names the weights that it acts on
    kEach   // every weight must be named by exactly one of them
  };
  /// Says from which step on two trainings that differ only in the plugins there may differ themselves.
  enum class Divergence : uint8_t {
    kFromStart,
    kByScale,  // a training is the same as long as the learning rates are scaled alike
    kByActing  // a training is the same as long as Plugin::acts() says no
  };

  /// Says how it is checked, after a run, that a plugin there had an effect.
  enum class EffectCheck : uint8_t {
    kNone,      // no slot may say this
    kLogits,    // the logits of a probe batch are others without it
    kView,      // it shows the model other weights than there are
    kGradient,  // the gradients of a training pass over a probe batch are others without it
    kMoved,     // weights that it claims have moved
    kRates,     // in some step it gave a weight that it claims another learning rate
    kScale,     // in some step it scaled the learning rates
    kBatches,   // some batch was another than plain reading of the text gives
    kFilled,    // it made some initial weight other than zero
    kAverage,   // its average is not the raw weights
    kClaim,     // some weight of the model is one that it claims
    kSmaller,   // what it gives out is smaller than what it gets
    kWindows,   // it asks for other windows than plain ones side by side
    kBlended    // it changed the score of some position
  };

  Kind kind;
  std::string_view name;  // the kind's name, for people and for plugin folders: "activation"
  std::string_view path;  // the table in an experiment where it stands: "model.activation"
  Count count = Count::kOne;
  Stage stage = Stage::kTrain;  // the first stage that its plugins feed
  Claims claims = Claims::kNone;
  Divergence divergence = Divergence::kFromStart;
  EffectCheck effect_check = EffectCheck::kNone;
  std::string_view preset = {};  // the plugin where an experiment names none; empty where it must name one
  bool drawn = false;            // tells whether the drawing of the model shows its plugins where they act
  bool by_layer = false;         // tells whether the experiment says in which layers a plugin there acts
};

/// Returns every slot that an experiment fills, in the order in which a run comes to them.
std::span<const Slot> slot_table();

/// Returns whether the plugins there are parts of the model, which the forward pass calls.
bool is_in_model(const Slot& slot);

/// Returns the first slot of a kind. Its path is empty for plugins that no experiment names, because the data
/// are prepared by them.
const Slot& slot_of(Kind kind);

/// Returns the name of the kind and of its slots, such as "activation".
std::string_view name_of(Kind kind);

/// Returns the folder that holds the plugins of a kind, such as "activations".
std::string folder_of_kind(Kind kind);

/// Tells whether plugins of some kind lie in folders of that name.
bool is_kind_folder(std::string_view name);

/// Returns the names of all kinds.
std::vector<std::string> kind_names();

/// Returns the kind of that name; nothing where there is none.
std::optional<Kind> kind_called(std::string_view name);

/// Holds what the core itself reads in the table of a plugin, beside the plugin's own settings.
struct SlotSettings {
  std::string use;
  bool enabled = true;
  std::vector<std::string> weights;
  Layers layers;
  bool headline = false;
  std::vector<std::string> evaluators;
  bool allow_no_effect = false;

  /// Declares those settings that plugins of this slot have.
  void settings(Settings& s, const Slot& slot);
};

/// Returns the names of all settings that the core reads in tables of plugins; no plugin may declare one of
/// these.
std::vector<std::string> slot_setting_names();

/// Names the table that holds the techniques of the model by their labels.
inline constexpr std::string_view kTechniques = "techniques";

/// Returns the setting that switches a technique on and off. A label alone is that of a technique of the
/// model: "x0" gives "techniques.x0.enabled", and "evaluators.slow" gives "evaluators.slow.enabled". A label
/// with a dot stands in quotes.
std::string switch_of(std::string_view toggle);

/// Returns the label whose switch_of() is `path`, empty when there is none.
std::string label_switched_by(std::string_view path);

}  // namespace caddie
