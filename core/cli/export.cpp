// SPDX-License-Identifier: Apache-2.0
// caddie export RUN: the trained weights of a run as a file that PyTorch reads.
#include <caddie/error.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/files.h"
#include "cli/verbs.h"

namespace caddie {
namespace {

struct ExportArguments {
  std::filesystem::path run, weights;
};

void export_verb(const ExportArguments& arguments) {
  std::filesystem::path source = arguments.run / "weights.safetensors";
  if (!std::filesystem::exists(source))
    throw Error(message("{}: there are no trained weights; name the folder of a finished run",
                        {arguments.run.string()}),
                2);
  write_file(arguments.weights, read_file(source));
  fmt::print("{}\n", arguments.weights.string());
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* verb =
      app.add_subcommand("export", "write a run's averaged weights as safetensors, upstream's names");
  verb->add_option("run", arguments->run, "folder of a finished run")->required();
  verb->add_option("--weights", arguments->weights, "file to write")->required();
  verb->callback([arguments] { export_verb(*arguments); });
}

}  // namespace caddie
