// SPDX-License-Identifier: Apache-2.0
// The verbs `caddie data prepare` and `caddie data inspect`.
#pragma once

namespace CLI {
class App;
}

namespace caddie {

/// Adds `data` with its two verbs; they run when `app` parses a command line that names one of them.
void add_data_command(CLI::App& app);

}  // namespace caddie
