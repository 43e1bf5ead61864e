// SPDX-License-Identifier: Apache-2.0
// Compares what each technique needs, and conflicts with, to what the others provide.
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

}  // namespace

void check_fit(const Experiment& experiment) {
  const std::vector<Experiment::Part>& parts = experiment.parts;
  for (const Experiment::Part& part : parts) {
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
