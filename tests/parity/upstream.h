// SPDX-License-Identifier: Apache-2.0
// From upstream's hyperparameters to an experiment, by the rules of a TOML file:
//
//     [[rule]]
//     when = { smear = true, dim = [8, 16], script = "*/2026-03-19_*" }
//     unless = { bigram_vocab_size = 0 }
//     includes = { int6_cats = "mlp" }
//     excludes = { int6_cats = "attn" }
//     given = ["weight_decay"]
//     absent = ["ema_decay"]
//     ignore = ["bigram_dim"]
//     set = """
//     techniques.pairs.rows = {bigram_vocab_size}
//     """
//
// A rule applies when every fact of `when` has the value given, or one of those listed; every fact of
// `unless` is there with another value; every fact of `includes` is a list that holds the value, and of
// `excludes` one that does not; all facts of `given` are there, and none of `absent`. Texts may be globs.
// Its `set` then becomes part of the experiment: each {fact} is replaced by its value as TOML, {fact.0} by
// an element, {a<b} by the smaller of two numbers, the name of an entry of [text] by that text, filled
// likewise. What it sets below "parity" is for the check itself.
//
// A fact is known when an applied rule mentions it, in `ignore` too, where it means nothing. A fact that no
// applied rule mentions may be there when it is off; when it is on, Caddie lacks what the case is about.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace caddie {
struct TreeNode;
}

namespace caddie::parity {

/// What is known of a case: upstream's configuration and what the case itself says, by name.
using Facts = std::map<std::string, Json>;

/// Adds the entries of a JSON object, replacing facts of the same name.
void add(Facts& facts, const Json& object);

class UpstreamTable {
 public:
  /// Throws Error that points at the place when the file is malformed.
  explicit UpstreamTable(const std::filesystem::path& path);

  /// The experiment as TOML text. Throws Skip naming the facts that are on and that no applied rule mentions.
  /// `context` are facts that rules may mention and need not; those of `background` fill placeholders and
  /// decide nothing.
  std::string experiment(const Facts& facts, const Facts& context, const Facts& background = {}) const;

 private:
  struct Condition {
    std::string fact;
    std::vector<Json> values;
    /// The fact has one of the values.
    bool holds(const Facts& facts) const;
    /// The fact is a list, and one of its elements has one of the values.
    bool holds_inside(const Facts& facts) const;
    bool has_list(const Facts& facts) const;
  };
  struct Rule {
    std::vector<Condition> when, unless, includes, excludes;
    std::vector<std::string> given, absent, ignore;
    std::string set;
    bool applies(const Facts& facts) const;
  };
  static Rule read_rule(const TreeNode& table);
  /// `format` with its placeholders filled.
  std::string fill(const std::string& format, const Facts& facts) const;
  void mention(const Rule& rule, std::set<std::string>& names) const;

  std::string path_;
  std::vector<Rule> rules_;
  std::map<std::string, std::string> texts_;
};

}  // namespace caddie::parity
