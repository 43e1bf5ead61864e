// SPDX-License-Identifier: Apache-2.0
// The verb `caddie parity`.
#pragma once

namespace CLI {
class App;
}

namespace caddie {

/// Adds `parity`; it runs when `app` parses a command line that names it, and throws Error
/// when a case failed.
void add_parity_command(CLI::App& app);

}  // namespace caddie
