// SPDX-License-Identifier: Apache-2.0
// The verb that explains names: sections, plugins, metrics, columns.
#pragma once

namespace CLI {
class App;
}

namespace caddie {

void add_describe_command(CLI::App& app);  // describe

}  // namespace caddie
