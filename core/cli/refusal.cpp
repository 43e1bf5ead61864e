// SPDX-License-Identifier: Apache-2.0
// The words that a verb could not use explain an error better than what is missing, which may follow from
// them.
#include "cli/refusal.h"

#include <caddie/error.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace caddie {
namespace {

/// Returns the program and the verbs that the command line names, each inside the one before.
std::vector<const CLI::App*> named_by(const CLI::App& app) {
  std::vector<const CLI::App*> chain = {&app};
  while (!chain.back()->get_subcommands().empty()) chain.push_back(chain.back()->get_subcommands().front());
  return chain;
}

/// Returns "caddie", "caddie run" or "caddie data prepare" for the first verbs of the chain.
std::string command(const std::vector<const CLI::App*>& chain, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(chain[i]->get_name());
  return join(names, " ");
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// Tells whether `longer` is the name with letters put in.
bool adds_letters(std::string_view name, std::string_view longer) {
  size_t found = 0;
  for (char letter : longer) found += found < name.size() && name[found] == letter;
  return found == name.size();
}

/// Returns "; did you mean '--x'?" for the option of the verb that is nearest to a long name; "" when none
/// is. Of two that are as near, one that only has more letters is meant.
std::string meant(const std::string& name, const CLI::App& verb) {
  if (!name.starts_with("--")) return "";
  std::vector<std::string> options = options_of(verb);
  std::stable_partition(options.begin(), options.end(),
                        [&](const std::string& option) { return adds_letters(name, option); });
  std::string near = nearest(name, options);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

/// Says what is wrong with the words that a verb could not use, of which there is at least one.
std::string unusable(const CLI::App& verb, const std::vector<std::string>& words) {
  auto is_option = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  if (std::vector<std::string> verbs = verbs_of(verb); !verbs.empty() && !is_option(words.front()))
    return message("there is no verb '{}'{}", {words.front(), suggestion(words.front(), verbs)});
  auto option = std::find_if(words.begin(), words.end(), is_option);
  if (option != words.end()) {
    std::string name = option->substr(0, option->find('='));
    return message("there is no option '{}'{}", {name, meant(name, verb)});
  }
  return message("'{}' is one argument too many", {words.front()});
}

}  // namespace

std::string refusal(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<const CLI::App*> chain = named_by(app);
  for (size_t i = 0; i < chain.size(); ++i)
    if (std::vector<std::string> words = chain[i]->remaining(); !words.empty())
      return command(chain, i + 1) + ": " + unusable(*chain[i], words);
  bool missing = dynamic_cast<const CLI::RequiredError*>(&error);
  if (!missing) return error.what();
  std::vector<std::string> verbs = verbs_of(*chain.back());
  std::string what = verbs.empty()       ? std::string(error.what())
                     : chain.size() == 1 ? "a verb is missing"
                                         : "a verb is missing; known: " + join(verbs, ", ");
  return command(chain, chain.size()) + ": " + what;
}

}  // namespace caddie
