// SPDX-License-Identifier: Apache-2.0
// Imported runs are checked for what makes their scores wrong, or their mean the mean of unlike things.
#pragma once

#include <string>
#include <vector>

#include "import/arms.h"
#include "import/foreign_run.h"

namespace caddie {

/// Holds what a check found.
struct ImportNote {
  std::string kind;                // bytes_per_token, validation_tokens, ...: the name of the check
  std::string arm;                 // the label of the arm that it is about
  std::string text;                // a sentence for people
  std::vector<std::string> files;  // the files that it is about
  bool parts_runs =
      false;  // whether the arm's runs are no sample of one thing, so that no test may pool them

  template <class Fields>
  void fields(Fields& f) {
    f("kind", kind);
    f("arm", arm);
    f("text", text);
    f("files", files);
    f("parts_runs", parts_runs);
  }
};

/// Returns what the checks of one arm find:
///   bytes_per_token     a score's bytes per token are not those of the tokenizer
///   validation_tokens   the validation text has other tokens than it should have, or than in other runs
///   scored_tokens       an evaluation scores fewer tokens or documents than there are
///   same_seed           several runs have the same seed
///   settings_differ     runs differ in settings beside the seed
///   another_record      a run is of another record, as its name or its data and versions tell
///   same_course         runs of several seeds printed the same numbers
///   other_stage         runs end with scores of different stages
std::vector<ImportNote> check_arm(const std::vector<ForeignRun>& runs, const ArmGroup& arm);

/// Returns a note for each folder whose files say by their names that they are reruns of seeds that other
/// files there have as well.
std::vector<ImportNote> check_reruns(const std::vector<ForeignRun>& runs, const std::vector<ArmGroup>& arms);

/// Returns a note for each file that holds several runs.
std::vector<ImportNote> check_files(const std::vector<ForeignRun>& runs, const std::vector<ArmGroup>& arms);

}  // namespace caddie
