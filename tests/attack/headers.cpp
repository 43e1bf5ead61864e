// SPDX-License-Identifier: Apache-2.0
// Hostile headers: lengths, counts and offsets that no file can have, JSON that is nested deep, and values of
// JSON files that lead elsewhere, under a seal that is right. Whatever a command makes of them, it does not
// crash or hang, tells before it takes them for results, and leaves other folders alone; at last the file is
// put back.
#include <cstring>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "attack/trial.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sealed_json.h"

namespace caddie::attack {
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 uint64_t(1) << 31,
                                 uint64_t(1) << 32,
                                 uint64_t(1) << 62,
                                 uint64_t(1) << 63,
                                 std::numeric_limits<uint64_t>::max(),
                                 std::numeric_limits<uint64_t>::max() - 7,
                                 0x7fffffffffffffff};

/// Puts a hostile number over eight of the first bytes.
std::string with_number(std::string bytes, Draw& draw, std::string& how) {
  uint64_t number = draw.from(kNumbers), at = draw.below(std::min<uint64_t>(bytes.size(), 64) / 4 + 1) * 4;
  if (draw.below(3) == 0) at = 0;
  if (bytes.size() < at + sizeof number) bytes.resize(at + sizeof number);
  std::memcpy(bytes.data() + at, &number, sizeof number);
  how = fmt::format("{} at byte {}", number, at);
  return bytes;
}

/// A safetensors file whose header is made up.
std::string made_up_tensors(Draw& draw, std::string& how) {
  const std::string headers[] = {
      std::string(100000, '['),
      R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775807,9223372036854775811]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",
      R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
      R"({"a":[]})",
      R"([1,2])",
      "{\"\xff\xfe\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      R"({"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,4]}})"};
  size_t chosen = draw.below(std::size(headers));
  const std::string& header = headers[chosen];
  uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  how = fmt::format("header {}", header.substr(0, 100));
  return bytes + header + std::string(8, '\0');
}

/// Collects all values inside of a JSON value.
void collect(Json& json, std::vector<Json*>& all) {
  if (json.is_structured())
    for (Json& member : json) {
      all.push_back(&member);
      collect(member, all);
    }
}

/// Puts a hostile value somewhere into a sealed JSON file.
std::string with_value(const fs::path& file, Draw& draw, std::string& how) {
  const Json kValues[] = {"",
                          ".",
                          "..",
                          "../x",
                          "../../x",
                          "/etc",
                          -1,
                          0,
                          1e308,
                          1e300,
                          INT64_MAX,
                          INT64_MIN,
                          "\xff",
                          true,
                          Json(),
                          "a\nb",
                          Json::array(),
                          Json::object(),
                          "nan",
                          1.5,
                          UINT64_MAX,
                          "a/b",
                          std::string(100000, 'x'),
                          Json::array({Json::array()})};
  Json json = read_sealed(file);
  std::vector<Json*> all;
  collect(json, all);
  size_t at = draw.below(all.size()), chosen = draw.below(std::size(kValues));
  how = fmt::format("value {} of it becomes {}", at, text_of(kValues[chosen]).substr(0, 40));
  *all[at] = kValues[chosen];
  return sealed_text(json);
}

bool is_json(const fs::path& file) { return file.extension() == ".json"; }

/// The files of a state that have a header.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    fs::path kind = entry.path().extension();
    if (entry.is_regular_file() && (is_json(kind) || is_json(entry.path()) || kind == ".bin" ||
                                    kind == ".safetensors" || kind == ".model"))
      all.push_back(entry.path().lexically_relative(folder));
  }
  std::ranges::sort(all);
  return all;
}

std::string hostile(const fs::path& file, Draw& draw, std::string& how) {
  if (is_json(file)) {
    if (draw.below(6) == 0) return how = "nested deep", std::string(200000, draw.below(2) == 0 ? '[' : '{');
    return with_value(file, draw, how);
  }
  if (file.extension() == ".safetensors" && draw.below(2) == 0) return made_up_tensors(draw, how);
  return with_number(read_file(file), draw, how);
}

Attempt header_trial(const World& world, uint64_t seed, uint64_t number) {
  Draw draw(seed, "headers", number);
  std::string state = draw.from(kStates);
  Place place(world, state);
  std::vector<fs::path> files = files_of(place.folder());
  fs::path file = draw.from(files);
  std::vector<Goal> goals = world.writing(state);
  for (const Goal& goal : world.reading(state)) goals.push_back(goal);
  Goal goal = draw.from(goals);
  std::string whole = read_file(place.folder() / file), how,
              bytes = hostile(place.folder() / file, draw, how);
  fs::remove(place.folder() / file);
  write_file(place.folder() / file, bytes);
  place.damaged(file);
  if (std::optional<Goal> reader = reader_in_sweep(file)) goal = *reader;
  // What stands under a right seal is no damage but another file: only that it does no harm is looked at.
  bool sealed = is_json(file) && how != "nested deep";
  Goal attacked = goal;
  if (sealed) attacked.compared = Compared::kNothing;
  place.attempt(attacked, {goal.arguments});
  if (sealed) {
    fs::remove_all(place.folder());
    copy_state(world.state(state), place.folder());
  } else if (fs::exists((place.folder() / file).parent_path())) {
    fs::remove(place.folder() / file);
    write_file(place.folder() / file, whole);
  }
  if (goal.compared == Compared::kRefusal) goal.compared = Compared::kNothing;
  place.recover(goal);
  return attempt_of(fmt::format("{} in state {}: {}, {}", goal.text(), state, file.string(), how), place);
}

}  // namespace

Trials header_trials(const World& world, uint64_t seed) {
  return {[&world, seed](uint64_t number) { return header_trial(world, seed, number); }};
}

}  // namespace caddie::attack
