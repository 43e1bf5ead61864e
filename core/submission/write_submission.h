// SPDX-License-Identifier: Apache-2.0
// `caddie export SWEEP --arm LABEL --submission DIR` writes what people hand in for the runs of one arm.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "submission/arm_facts.h"

namespace caddie {

/// Says what to hand in, and where to write it.
struct SubmissionRequest {
  std::string sweep;  // what sweep_folder() takes
  std::string arm;    // the label of the arm
  std::filesystem::path folder;
  SubmissionWords words;
  std::vector<std::filesystem::path> code;  // files to hand in as they are, by their names
};

/// Holds what was written.
struct WrittenSubmission {
  std::filesystem::path folder;
  std::vector<std::string> files;    // the names of the files, sorted
  std::vector<std::string> missing;  // what the author has to fill in, or is not there, a sentence each
};

/// Writes submission.json, README.md, a log for each seed, the arm's settings and an artifact. They are made
/// in a folder beside `folder`, which takes its name when all are there; a folder of that name that Caddie
/// made is replaced. Throws Error (kUsage) as arm_facts() does, when `folder` holds something and
/// carries no mark, and when the artifact is missing or no longer the run's, naming the command that makes
/// it. Whatever it throws, `folder` is as it was.
WrittenSubmission write_submission(const SubmissionRequest& request);

/// Throws Error (kUsage) naming what would be lost when the folder holds something that no submission with
/// that code has, or carries no mark.
void check_replaceable(const std::filesystem::path& folder,
                       const std::vector<std::filesystem::path>& code = {});

/// Puts the folder `made` in the place of `folder`, which check_replaceable() lets pass. Throws Error naming
/// both when it cannot be renamed; then `folder` is as it was.
void put_in_place(const std::filesystem::path& made, const std::filesystem::path& folder);

}  // namespace caddie
