// SPDX-License-Identifier: Apache-2.0
// A folder in which somebody writes plugins.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/temporary_folder.h"

namespace caddie::testing {

/// A new folder, whose name has a space, and which is the working folder as long as the object lives.
class OwnFolder {
 public:
  OwnFolder() : before_(std::filesystem::current_path()) {
    std::filesystem::create_directory(folder_ / "my plugins");
    std::filesystem::current_path(folder_ / "my plugins");
  }
  ~OwnFolder() { std::filesystem::current_path(before_); }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;

 private:
  TemporaryFolder folder_;
  std::filesystem::path before_;
};

/// A variable of the environment, as long as the object lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace caddie::testing
