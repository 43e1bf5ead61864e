// SPDX-License-Identifier: Apache-2.0
// From upstream's hyperparameters to an experiment. The table that says how is a TOML file, so that no
// technique is named here:
//
//     [[rule]]
//     when = { smear = true, dim = [8, 16] }
//     unless = { bigram_vocab_size = 0 }
//     given = ["weight_decay"]
//     absent = ["ema_decay"]
//     ignore = ["bigram_dim"]
//     set = """
//     techniques.pairs.rows = {bigram_vocab_size}
//     """
//
// A rule applies when every fact of `when` has the value given, or one of those listed; every fact of
// `unless` is there with another value; all facts of `given` are there, and none of `absent`. Its `set` then
// becomes part of the experiment, each {fact} replaced by its value as TOML, {fact.0} by an element. Facts in
// `ignore` mean nothing to it. A fact that no applied rule mentions is one that Caddie does not know.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace caddie {
struct TreeNode;
}

namespace caddie::parity {

/// What is known of a case: upstream's configuration and what the case itself says, by name.
using Facts = std::map<std::string, nlohmann::json>;

/// Adds the entries of a JSON object, replacing facts of the same name.
void add(Facts& facts, const nlohmann::json& object);

class UpstreamTable {
 public:
  /// Throws Error that points at the place when the file is malformed.
  explicit UpstreamTable(const std::filesystem::path& path);

  /// The experiment as TOML text. Throws Skip naming a fact that no applied rule mentions. `context` are
  /// facts that rules may mention and need not; those of `background` fill placeholders and decide nothing.
  std::string experiment(const Facts& facts, const Facts& context, const Facts& background = {}) const;

 private:
  struct Condition {
    std::string fact;
    std::vector<nlohmann::json> values;
    bool holds(const Facts& facts) const;
  };
  struct Rule {
    std::vector<Condition> when, unless;
    std::vector<std::string> given, absent, ignore;
    std::string set;
    bool applies(const Facts& facts) const;
    void mention(std::set<std::string>& names) const;
  };
  static Rule read_rule(const TreeNode& table);

  std::string path_;
  std::vector<Rule> rules_;
};

}  // namespace caddie::parity
