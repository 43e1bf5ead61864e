// SPDX-License-Identifier: Apache-2.0
// Declares what looks whether plugins keep each law; laws.cpp says what each law is and whom it concerns.
#pragma once

#include <functional>
#include <string>

#include "laws/law.h"

namespace caddie {

void look_at_card(const Subject& subject);
void look_at_settings(const Subject& subject);

// Parts of the model.
void look_at_passes(const Subject& subject);
void look_at_future_tokens(const Subject& subject);
void look_at_weights_reached(const Subject& subject);
void look_at_objective(const Subject& subject);
void look_at_view(const Subject& subject);
void look_at_gradients(const Subject& subject);
void look_at_threads(const Subject& subject);

// Training.
void look_at_training(const Subject& subject);
void look_at_resumed_training(const Subject& subject);
void look_at_initial_values(const Subject& subject);
void look_at_descent(const Subject& subject);
void look_at_optimizer_state(const Subject& subject);
void look_at_rates(const Subject& subject);
void look_at_rate_factor(const Subject& subject);
void look_at_schedule(const Subject& subject);
void look_at_average(const Subject& subject);
void look_at_averager_state(const Subject& subject);
void look_at_sampler(const Subject& subject);
void look_at_sampler_state(const Subject& subject);

// Export.
void look_at_quantizer(const Subject& subject);
void look_at_second_moments(const Subject& subject);
void look_at_pruner(const Subject& subject);
void look_at_trimmer(const Subject& subject);
void look_at_compressor(const Subject& subject);
void look_at_allocator(const Subject& subject);
void look_at_corrector(const Subject& subject);
void look_at_layout(const Subject& subject);

// Text and evaluation.
void look_at_text_transform(const Subject& subject);
void look_at_scored_positions(const Subject& subject);
void look_at_unread_tokens(const Subject& subject);
void look_at_guesses(const Subject& subject);
void look_at_mixtures(const Subject& subject);

/// Throws Breach that names a weight unless alive(i) holds for each weight i. Of the copies of a weight in
/// several layers one may rest, for the first layer has none before it to look back to; copies have names
/// that differ in their numbers.
void hold_for_weights(const Model& model, const char* otherwise, const std::function<bool(int)>& alive);

// Each of these returns the bytes of what a plugin of some kinds makes of samples.
std::string output_of_training(const Subject& subject);
std::string output_of_steps(const Subject& subject);  // of initializers, optimizers, schedules and the like
std::string output_of_sampler(const Subject& subject);
std::string output_of_export(const Subject& subject);
std::string output_across_weights(const Subject& subject);
std::string output_of_text_transform(const Subject& subject);
std::string output_of_evaluator(const Subject& subject);
std::string output_of_blend(const Subject& subject);

/// Looks whether the plugin does the same each time that it is asked, in this process and in another one.
void look_at_randomness(const Subject& subject);
/// Returns the hash of what the plugin makes of samples of all that its slot is given.
std::string output_hash(const Subject& subject);

}  // namespace caddie
