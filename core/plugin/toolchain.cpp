// SPDX-License-Identifier: Apache-2.0
// The note is JSON. Its relative paths begin at the folder of the library, so that an installation can be
// moved.
#include "plugin/toolchain.h"

#include <caddie/error.h>

#include "base/engine_file.h"
#include "base/files.h"
#include "base/json.h"

namespace caddie {
namespace {

Toolchain read_toolchain() {
  Toolchain read;
  read.library = std::filesystem::absolute(engine_file()).lexically_normal();
  std::filesystem::path folder = read.library.parent_path(), note = folder / "caddie.toolchain.json";
  auto place = [&](const Json& path) {
    std::string text = path.get<std::string>();
    return text.empty() ? std::filesystem::path() : (folder / text).lexically_normal();
  };
  try {
    Json told = Json::parse(read_file(note));
    read.compiler = told.at("compiler");
    read.compile = told.at("compile").get<std::vector<std::string>>();
    read.link = told.at("link").get<std::vector<std::string>>();
    if (const Json& kernels = told.at("kernels"); !kernels.is_null())
      read.kernels = {kernels.at("pattern"), kernels.at("compiler"), kernels.at("compile"),
                      kernels.at("link")};
    read.include = place(told.at("include"));
    read.templates = place(told.at("templates"));
    read.rules = place(told.at("rules"));
    read.sources = place(told.at("sources"));
  } catch (const Json::exception& error) {
    fail("{}: is not what the build writes ({}); build or install Caddie again", note.string(),
         reason_of(error));
  }
  return read;
}

}  // namespace

const Toolchain& toolchain() {
  static const Toolchain read = read_toolchain();
  return read;
}

}  // namespace caddie
