// SPDX-License-Identifier: Apache-2.0
// Finds the files that patterns name, and reads their documents one after the other.
#include "data/corpus.h"

#include <caddie/error.h>

#include <algorithm>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"

namespace caddie {
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> expand(const std::string& pattern) {
  if (fs::exists(pattern)) return {pattern};
  std::vector<fs::path> files = files_matching(pattern);
  if (files.empty())
    fail_usage("data prepare: no file matches \"{}\"{}", pattern, why_nothing_matches(pattern));
  return files;
}

}  // namespace

std::vector<Input> find_inputs(const std::vector<std::string>& patterns) {
  std::vector<Input> inputs;
  for (const std::string& pattern : patterns) {
    for (const fs::path& path : expand(pattern)) {
      if (!fs::is_regular_file(path))
        fail_usage("{}: {}; give files of text, plain or compressed by gzip, zstd or xz", path.string(),
                   fs::is_directory(path) ? "it is a folder" : "it is no regular file");
      for (const Input& other : inputs)
        if (fs::equivalent(other.path, path))
          fail_usage("{}: the file is named twice; name it once", path.string());
      Input input;
      input.path = path;
      input.identity = identity_of(path);
      input.hash = xxh3_file(path);
      inputs.push_back(std::move(input));
    }
  }
  return inputs;
}

void check_unchanged(const std::vector<Input>& inputs) {
  for (const Input& input : inputs)
    check_unchanged(input.path, input.identity, [&] { return xxh3_file(input.path) == input.hash; });
}

Pass::Pass(const std::vector<Input>& inputs, std::string field, ByteProgress& progress)
    : inputs_(inputs), field_(std::move(field)), progress_(progress) {}

bool Pass::next(std::string& document) {
  for (; input_ < inputs_.size(); ++input_, index_ = -1, reader_.reset()) {
    if (!reader_) reader_ = std::make_unique<DocumentReader>(inputs_[input_].path, field_);
    if (reader_->next(document)) {
      ++index_;
      progress_.update(finished_ + reader_->consumed());
      return true;
    }
    finished_ += inputs_[input_].file_bytes();
  }
  return false;
}

}  // namespace caddie
