// SPDX-License-Identifier: Apache-2.0
// A candidate is an artifact that is scored again, outside of its run: the weights in a file, with the
// experiment that they belong to.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "run/subset_estimate.h"
#include "run/validation_text.h"

namespace caddie {

/// Returns the file with the settings of an artifact: `named` when that is not empty, else the one beside the
/// artifact, under its own name or as resolved.toml. Returns "" when there is none. Throws Error naming the
/// file when it is a finished run's and no longer what the run left.
std::filesystem::path experiment_beside(const std::filesystem::path& artifact,
                                        const std::filesystem::path& named);

/// The options say what a candidate is made of and scored with.
struct CandidateOptions {
  std::filesystem::path experiment;    // the file that experiment_beside() takes as `named`
  std::vector<std::string> overrides;  // assignments of settings, written as after -S
  int64_t stride = 0;  // the stride of every evaluator that has one; 0 leaves it as the experiment says
};

/// Holds an artifact's weights, and the model and text to score them with.
class Candidate {
 public:
  /// `named` is an artifact, or the folder of a run with one. Throws Error when the artifact, its experiment,
  /// the tokenizer and the validation text do not fit each other, or are not what the run read and left. The
  /// registry must outlive the candidate.
  Candidate(const std::filesystem::path& named, const CandidateOptions& options, Registry& registry,
            Device device);
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const std::filesystem::path& artifact() const { return artifact_; }
  const std::filesystem::path& experiment_file() const { return file_; }
  /// Says what is odd about artifact and experiment, such as that they are of different runs; "" when nothing
  /// is.
  const std::string& note() const { return note_; }
  /// Returns the label of the evaluator whose score is the run's.
  const std::string& headline() const { return experiment_.headline().technique.label; }
  /// Returns the labels of the experiment's evaluators, or `wanted` when that is not empty. Throws Error
  /// (kUsage) when one of `wanted` is no evaluator of the experiment.
  std::vector<std::string> evaluators(std::span<const std::string> wanted) const;

  /// Scores the artifact on all of the text, as `caddie run` does.
  Score score(const std::string& evaluator) const;
  /// Scores a part of the text, the share `fraction` of it.
  PartScore score_part(const std::string& evaluator, double fraction) const;

 private:
  const RoutedEvaluator& evaluator(const std::string& label) const;

  std::filesystem::path artifact_, file_;
  std::string note_;
  Experiment experiment_;
  std::vector<Tensor> weights_;
  ValidationText text_;
};

}  // namespace caddie
