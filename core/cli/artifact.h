// SPDX-License-Identifier: Apache-2.0
// The verbs `caddie artifact inspect`, `caddie artifact score` and `caddie eval`.
#pragma once

namespace CLI {
class App;
}

namespace caddie {

/// Adds `artifact` with its verbs; they run when `app` parses a command line that names one of them.
void add_artifact_command(CLI::App& app);
/// `caddie eval` and the verb `score` of `artifact`.
void add_score_commands(CLI::App& app, CLI::App& artifact);

}  // namespace caddie
