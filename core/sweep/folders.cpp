// SPDX-License-Identifier: Apache-2.0
// A folder is that of a begun sweep when it holds a plan.
#include "sweep/folders.h"

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "sweep/plan.h"

namespace caddie {

namespace fs = std::filesystem;

bool same_file(const fs::path& a, const fs::path& b) {
  return fs::weakly_canonical(a) == fs::weakly_canonical(b);
}

bool is_sweep_file(const fs::path& file) { return file.extension() == ".toml"; }

fs::path sweep_folder(const std::string& named) {
  fs::path path = named;
  if (fs::is_regular_file(path) && path.filename() != "plan.json" && !is_sweep_file(path))
    fail_usage(
        "{}: is a file, and the name of a sweep file ends in .toml; name one, or the folder of a sweep",
        named);
  if (path.filename() == "plan.json") path = path.parent_path();
  if (is_sweep_file(path)) path = fs::path("results") / read_sweep(path).name;
  for (const fs::path& candidate : {path, fs::path("results") / path})
    if (fs::exists(plan_path(candidate))) return candidate;
  fail_usage("{}: no sweep was begun there: neither {} nor {} exists", named, plan_path(path).string(),
             plan_path("results" / path).string());
}

fs::path noise_folder(const fs::path& experiment) {
  if (!is_file_name(experiment.stem().string()))
    fail_usage("{}: its name cannot be the name of a folder; rename it", experiment.string());
  fs::path folder = fs::path("results/noise") / experiment.stem();
  if (!fs::exists(plan_path(folder)) || same_file(read_plan(folder).base_file, experiment)) return folder;
  return folder.string() + "-" + sha256(fs::weakly_canonical(experiment).string()).substr(0, 8);
}

}  // namespace caddie
