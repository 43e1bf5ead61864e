// SPDX-License-Identifier: Apache-2.0
// Lists the laws: what is promised, by whom, and what looks whether it holds.
#include <algorithm>

#include "laws/looks.h"

namespace caddie {
namespace {

bool any_kind(Kind) { return true; }

/// Tells whether an experiment with the plugin trains with it.
bool trains(Kind kind) {
  Stage stage = slot_of(kind).stage;
  return kind != Kind::kTextTransform && kind != Kind::kSampler &&
         (stage == Stage::kTrain || kind == Kind::kAverager);
}

bool in_passes(Kind kind) { return slot_of(kind).effect_check == Slot::EffectCheck::kLogits; }

bool in_model(Kind kind) { return kind != Kind::kTextTransform && is_in_model(slot_of(kind)); }

/// Tells whether gradients flow through the plugin; those through views belong to the law of these.
bool learns(Kind kind) { return in_passes(kind) || kind == Kind::kObjective; }

bool on_threads(Kind kind) {
  return in_model(kind) || kind == Kind::kInitializer || kind == Kind::kPruner || kind == Kind::kQuantizer ||
         kind == Kind::kBlend;
}

template <Kind kKind>
bool only(Kind kind) {
  return kind == kKind;
}

constexpr Law kLaws[] = {
    {"card", "says what it is, where it comes from and what its settings mean", any_kind, look_at_card},
    {"settings", "defaults lie in their ranges and survive a round trip through TOML", any_kind,
     look_at_settings},
    {"passes", "is called in both modes, changes the loss, and keeps shapes and numbers finite", in_passes,
     look_at_passes},
    {"future tokens", "what it does to a position does not depend on later tokens", in_passes,
     look_at_future_tokens},
    {"weights reached", "a gradient reaches every weight", learns, look_at_weights_reached},
    {"objective", "changes gradients of training and nothing that an evaluation sees", only<Kind::kObjective>,
     look_at_objective},
    {"view", "changes weights in training and passes gradients on", only<Kind::kView>, look_at_view},
    {"gradients", "gradients at each site are what differences give", in_model, look_at_gradients},
    {"threads", "several threads at once get the same bits", on_threads, look_at_threads},
    {"training", "a training moves all weights, twice to the same bits", trains, look_at_training},
    {"resumed training", "a training that was stopped goes on to the same bits", trains,
     look_at_resumed_training},
    {"initial values", "are finite and come from the stream that is given", only<Kind::kInitializer>,
     look_at_initial_values},
    {"descent", "lowers a quadratic", only<Kind::kOptimizer>, look_at_descent},
    {"state", "goes on from a saved state to the same bits", only<Kind::kOptimizer>, look_at_optimizer_state},
    {"rates", "multiplies its rate by the factor of each weight", only<Kind::kOptimizer>, look_at_rates},
    {"rate factor", "is finite and not negative", only<Kind::kRateFactor>, look_at_rate_factor},
    {"schedule", "is finite and not negative", only<Kind::kSchedule>, look_at_schedule},
    {"average", "weights that stay the same are their own average, from the first snapshot on",
     only<Kind::kAverager>, look_at_average},
    {"state", "goes on from a saved state to the same bits", only<Kind::kAverager>, look_at_averager_state},
    {"shares", "ranks share each micro-step, in sequences that are no longer than asked for",
     only<Kind::kSampler>, look_at_sampler},
    {"state", "goes on from a saved state, and takes back what was drawn ahead", only<Kind::kSampler>,
     look_at_sampler_state},
    {"quantizer", "comes as close as it declares, and closer the second time", only<Kind::kQuantizer>,
     look_at_quantizer},
    {"second moments", "reads them where it says that it does", only<Kind::kQuantizer>,
     look_at_second_moments},
    {"pruner", "sets entries to zero and touches no other", only<Kind::kPruner>, look_at_pruner},
    {"trimmer", "reaches the limit, and leaves alone what fits", only<Kind::kTrimmer>, look_at_trimmer},
    {"compressor", "gives all bytes back and refuses damaged ones", only<Kind::kCompressor>,
     look_at_compressor},
    {"allocator", "chooses columns of the weights that it is shown", only<Kind::kAllocator>,
     look_at_allocator},
    {"corrector", "brings weights nearer to what they were", only<Kind::kCorrector>, look_at_corrector},
    {"layout", "gives all integers back and refuses damaged bytes", only<Kind::kLayout>, look_at_layout},
    {"text", "brings any text back and counts its bytes", only<Kind::kTextTransform>, look_at_text_transform},
    {"positions", "scores each position once, and trains on none before", only<Kind::kEvaluator>,
     look_at_scored_positions},
    {"future tokens", "no score depends on a token that comes later", only<Kind::kEvaluator>,
     look_at_unread_tokens},
    {"future tokens", "guesses come from what was read, and a new stream forgets the last one",
     only<Kind::kBlend>, look_at_guesses},
    {"mixtures", "what it makes of probabilities adds up to 1", only<Kind::kBlend>, look_at_mixtures},
    {"randomness", "asked again, here or in another process, it gives the same bits", any_kind,
     look_at_randomness},
};

}  // namespace

std::span<const Law> all_laws() { return kLaws; }

}  // namespace caddie
