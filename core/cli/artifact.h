// SPDX-License-Identifier: Apache-2.0
// The verbs `caddie artifact inspect`, `caddie artifact score` and `caddie eval`.
#pragma once

#include <filesystem>

namespace CLI {
class App;
}

namespace caddie {

/// Adds `artifact` with its verbs; they run when `app` parses a command line that names one of them.
void add_artifact_command(CLI::App& app);
/// `caddie eval` and the verb `score` of `artifact`.
void add_score_commands(CLI::App& app, CLI::App& artifact);

/// The experiment of an artifact: the one that is named, or the file called like the artifact with .toml
/// behind it, or resolved.toml beside it; empty when there is none.
std::filesystem::path experiment_beside(const std::filesystem::path& artifact,
                                        const std::filesystem::path& named);

}  // namespace caddie
