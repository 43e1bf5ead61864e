// SPDX-License-Identifier: Apache-2.0
// Compares what each technique needs, and conflicts with, to what the others provide; and allocators with the
// quantizers of the weights that they claim.
#include "experiment/fit.h"

#include <algorithm>

#include "base/text.h"

namespace caddie {
namespace {

/// Returns the words of a field of a PluginCard.
std::vector<std::string> words_of(const char* text) {
  std::vector<std::string> words = split(text, ' ');
  std::erase(words, "");
  return words;
}

bool provides(const Technique& technique, const std::string& word) {
  std::vector<std::string> words = words_of(technique.entry->card.provides);
  return technique.plugin == word || std::find(words.begin(), words.end(), word) != words.end();
}

/// Throws Misfit when an allocator claims a weight whose quantizer gives all columns the same bits.
void check_allocator(const Experiment& experiment, const Experiment::Part& part) {
  for (const Routed& quantizer : experiment.export_parts.quantizers) {
    if (quantizer.technique.as<Quantizer>()->raisable_bits() > 0) continue;
    for (int index : part.weights)
      if (std::find(quantizer.weights.begin(), quantizer.weights.end(), index) != quantizer.weights.end())
        throw Misfit(
            message("[{}]: {} belongs to the quantizer {}, which gives all columns the same bits; claim "
                    "weights of others",
                    {part.path, experiment.model->weights().info(index).name, quantizer.technique.label}));
  }
}

}  // namespace

bool is_replaced(const Experiment& experiment, const Experiment::Part& part) {
  return std::ranges::any_of(experiment.parts, [&](const Experiment::Part& other) {
    std::vector<std::string> kinds = words_of(other.technique.entry->card.replaces);
    return std::ranges::find(kinds, part.slot->name) != kinds.end();
  });
}

void check_fit(const Experiment& experiment) {
  const std::vector<Experiment::Part>& parts = experiment.parts;
  for (const Experiment::Part& part : parts) {
    if (part.slot->kind == Kind::kAllocator) check_allocator(experiment, part);
    const PluginCard& card = part.technique.entry->card;
    for (const std::string& word : words_of(card.needs))
      if (std::none_of(parts.begin(), parts.end(),
                       [&](const Experiment::Part& other) { return provides(other.technique, word); }))
        throw Misfit(
            message("[{}]: {} needs {}, which nothing in the experiment provides; add a technique "
                    "that does, or take this one out",
                    {part.path, part.technique.plugin, word}));
    for (const std::string& word : words_of(card.conflicts))
      for (const Experiment::Part& other : parts)
        if (&other != &part && provides(other.technique, word))
          throw Misfit(message("[{}]: {} cannot be used with {}, which [{}] provides; take one of them out",
                               {part.path, part.technique.plugin, word, other.path}));
  }
}

}  // namespace caddie
