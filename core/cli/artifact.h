// SPDX-License-Identifier: Apache-2.0
// The verb `caddie artifact inspect`.
#pragma once

namespace CLI {
class App;
}

namespace caddie {

/// Adds `artifact` with its verbs; they run when `app` parses a command line that names one of them.
void add_artifact_command(CLI::App& app);

}  // namespace caddie
