// SPDX-License-Identifier: Apache-2.0
// Damages one file that a run or a sweep left, or one of the data, then gives the folder to a command that
// reads it. A command that writes has to come to the reference's results by itself or as it advises; where a
// command only reads, or where the damaged file is not Caddie's to make, the file is put back at last.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "attack/trial.h"
#include "base/files.h"

namespace caddie::attack {
namespace fs = std::filesystem;

namespace {

/// All files below a folder that are Caddie's, in the order of their names.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    // The experiment and the sweep at the top are the user's.
    if (entry.is_regular_file() &&
        (entry.path().extension() != ".toml" || entry.path().parent_path() != folder))
      all.push_back(entry.path().lexically_relative(folder));
  std::ranges::sort(all);
  return all;
}

/// Returns the damaged bytes, or nothing for a file that goes away, and says what was done.
std::optional<std::string> damaged(std::string bytes, Draw& draw, std::string& how) {
  uint64_t choice = draw.below(6), at = draw.below(std::max<uint64_t>(bytes.size(), 1));
  if (choice == 5) return how = "removed", std::nullopt;
  if (choice == 4 || bytes.empty()) return how = "emptied", "";
  if (choice == 3) {
    size_t length = std::min<size_t>(bytes.size() - at, 4096);
    how = fmt::format("{} bytes zeroed from {}", length, at);
    return bytes.replace(at, length, length, '\0');
  }
  if (choice == 2) return how = fmt::format("cut to {} bytes", at), bytes.substr(0, at);
  unsigned bit = unsigned(draw.below(8));
  how = fmt::format("bit {} of byte {} flipped", bit, at);
  bytes[at] = char(bytes[at] ^ (1 << bit));
  return bytes;
}

/// Puts other bytes into a file of its own, so that other places which share it keep theirs.
void replace(const fs::path& file, const std::optional<std::string>& bytes) {
  fs::remove(file);
  if (bytes) write_file(file, *bytes);
}

/// Whether Caddie can make the file again.
bool is_results(const fs::path& file) { return *file.begin() != "data" && file.filename() != ".caddie"; }

Attempt damage_trial(const World& world, uint64_t seed, uint64_t number) {
  Draw draw(seed, "damage", number);
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<Goal> writing = world.writing(state), reading = world.reading(state);
  std::vector<fs::path> files = files_of(place.folder());
  fs::path file = draw.from(files);
  bool writes = reading.empty() || draw.below(2) == 0;
  Goal goal = draw.from(writes ? writing : reading);
  std::string whole = read_file(place.folder() / file), how;
  std::optional<std::string> bytes = damaged(whole, draw, how);
  replace(place.folder() / file, bytes);
  place.damaged(file);
  if (std::optional<Goal> reader = reader_in_sweep(file)) {
    goal = *reader;
    writes = false;
  }
  if (writes && is_results(file)) {
    place.recover(goal);
  } else {
    place.attempt(goal, {goal.arguments});
    replace(place.folder() / file, whole);
    if (goal.compared == Compared::kRefusal) goal.compared = Compared::kNothing;
    place.recover(goal);
  }
  return attempt_of(fmt::format("{} in state {}: {} {}", goal.text(), state, file.string(), how), place);
}

}  // namespace

Trials damage_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) { return damage_trial(world, seed, number); }};
}

}  // namespace caddie::attack
