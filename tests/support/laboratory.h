// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it, and a tiny experiment to run.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "results/run_folder.h"
#include "support/bits.h"
#include "support/data_support.h"

namespace caddie::testing {

extern const std::string kProgram;

struct Outcome {
  int code;
  std::string output;  // both streams
};
Outcome shell(const std::string& arguments);
/// Returns the path as one argument of shell().
std::string in_shell_quotes(const std::filesystem::path& path);
/// Returns the JSON that a command printed, around which notes on stderr may stand.
Json json_in(const Outcome& outcome);

/// Prepared shards and a tiny experiment on them, tiny.toml.
class Laboratory {
 public:
  Laboratory();
  std::filesystem::path data() const { return folder_.path() / "data"; }
  std::filesystem::path experiment() const { return folder_.path() / "tiny.toml"; }
  std::filesystem::path folder(const std::string& name) const { return folder_.path() / name; }
  Outcome run(const std::string& output, const std::string& more = "") const;

 private:
  TemporaryFolder folder_;
};
/// One for all tests of this process.
Laboratory& laboratory();

/// Whether a training left a checkpoint below `folder`.
bool has_checkpoint(const std::filesystem::path& folder);

/// Starts the program in a session of its own, without stdout and with its stderr behind what is in `errors`;
/// returns its process.
pid_t start_program(const std::vector<std::string>& arguments, const std::filesystem::path& errors);

/// Starts the program in a session of its own and kills that, without warning, as soon as `ready` says
/// so.
void kill_when(const std::vector<std::string>& arguments, const std::function<bool()>& ready);

}  // namespace caddie::testing
