// SPDX-License-Identifier: Apache-2.0
// The rules of a contest say what a submission must show. They stand in a TOML file; what a file leaves out
// is not asked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/tree.h"

namespace caddie {

/// Names the shipped rules that count where none are named.
inline constexpr const char* kUsualRules = "parameter_golf_2026";

/// Says what the bytes of code and weights may be; sizes are decimal.
struct ByteRules {
  int64_t limit_bytes = 0;                                         // 0 asks nothing
  std::vector<std::string> artifacts = {"*.ptz", "artifact.bin"};  // globs of the files with weights
  std::vector<std::string> code = {"train_gpt.py"};  // globs of the files whose bytes count as code
  void settings(Settings& s);
};

/// Says how long training and evaluation may take; 0 asks nothing.
struct TimeRules {
  double train_seconds = 0, eval_seconds = 0;
  double train_slack_seconds = 1;  // by how much the step in which the time is up may pass the cap
  bool beat_record = false;        // whether the mean training time must be below the record's
  void settings(Settings& s);
};

/// Says how many runs there must be, and what they have in common.
struct RunRules {
  int64_t min_runs = 1, min_seeds = 0;  // finished runs, and distinct seeds among them
  bool same_settings = true;
  void settings(Settings& s);
};

/// Says what a test of the scores must show, one-sided: that they are lower than a record's or a target.
struct SignificanceRules {
  std::string test = "satterthwaite";  // or "welch", or "one_sample" against the target
  double alpha = 0.01;
  double margin_nats = 0;        // how much lower at least, in nats per token
  std::optional<double> target;  // in nats per token
  std::vector<double> record;  // the losses of the record's runs in nats per token, where no folder is named
  void settings(Settings& s);
};

/// Says what the score must be of.
struct ValidationRules {
  bool whole = true;              // whether all of the validation text must be scored
  bool right_bytes = true;        // whether bytes per token must be the tokenizer's
  double bytes_tolerance = 1e-3;  // the share by which they may differ
  int64_t tokens = 0;  // the tokens that it has, whatever the tokenizer; 0 for those that are known
  void settings(Settings& s);
};

/// Says what the evaluation must not do.
struct EvaluationRules {
  bool score_first = false;  // whether text may be learned from only after its score stands
  bool single_pass = false;  // whether each token may be scored once only
  void settings(Settings& s);
};

/// Says what the data must be.
struct DataRules {
  bool same_data = true;                  // whether all runs must have read the same data
  std::map<std::string, int64_t> shards;  // the training shards that are published, by tokenizer
  bool overlap =
      false;  // whether validation text must not be in the training text; the others say how to look
  int64_t ngram_tokens = 64, samples = 20000, seed = 1;
  double overlap_share = 0.02;  // the share of sampled n-grams that may be there
  void settings(Settings& s);
};

/// Says what the runs must be made on.
struct HardwareRules {
  int64_t gpus = 0;  // 0 asks nothing
  std::string gpu;   // a glob of the name; "" asks nothing
  void settings(Settings& s);
};

/// Says which files a submission must have, and what its submission.json must tell.
struct FormRules {
  std::vector<std::string> files;  // globs; alternatives with '|' between
  // What is asked, with the names that it may have. "val_bpb" and "bytes" are what `claims` compares.
  std::map<std::string, std::vector<std::string>> fields;
  bool claims = false;  // whether the score and sizes that it tells must be those of the logs
  void settings(Settings& s);
};

/// Holds all rules of a contest.
struct Rules {
  std::filesystem::path file;
  std::string name;    // of the file, without its ending
  std::string title;   // what the contest is called
  std::string source;  // where the rules were published, and as of when
  ByteRules bytes;
  TimeRules time;
  RunRules runs;
  std::optional<SignificanceRules> significance;
  ValidationRules validation;
  EvaluationRules evaluation;
  DataRules data;
  HardwareRules hardware;
  FormRules form;
};

/// Reads a file of rules. Throws Error (kUsage) that shows the place of what is wrong: an unknown name with
/// the nearest one, a wrong type, a value out of range.
Rules read_rules(const std::filesystem::path& file);

/// Returns the file that is named: a path that exists, or the name of one that is shipped, without its
/// ending. Throws Error (kUsage) with the names that are shipped when it is neither.
std::filesystem::path rules_file(const std::string& named);

}  // namespace caddie
