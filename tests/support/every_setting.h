// SPDX-License-Identifier: Apache-2.0
// Settings of every kind, as tests of their reader and writer want them.
#pragma once

#include <caddie/error.h>
#include <caddie/settings.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"

namespace caddie::testing {

/// One setting of every kind.
struct Everything {
  bool flag = false;
  int layers = 9;
  int64_t batch_tokens = 524288;
  float decay = 0.1f;
  double rate = 0.02;
  std::string kind = "grid";
  std::vector<int64_t> seeds = {1337};
  std::vector<double> betas = {0.9, 0.95};
  std::vector<std::string> weights = {};
  Layers where;
  double timeout = 60;
  int64_t artifact_bytes = 16'000'000;

  void settings(Settings& s) {
    s("flag", flag, "a switch");
    s("layers", layers, "how many blocks", between(1, 64));
    s("batch_tokens", batch_tokens, "tokens in a step", at_least(1));
    s("decay", decay, "share kept", between(0, 1));
    s("rate", rate, "step size");
    s("kind", kind, "which design", one_of("grid", "list", "random"));
    s("seeds", seeds, "one run each", at_least(0));
    s("betas", betas, "momenta", between(0, 1));
    s("weights", weights, "globs");
    s("where", where, "layers that act");
    s("timeout", timeout, "limit of a run", at_least(0));
    s("artifact_bytes", artifact_bytes, "limit of the file");
  }
};

inline Everything read_everything(Tree& tree, std::string_view path = "") {
  Everything all;
  tree.read(path, [&](Settings& s) { all.settings(s); });
  return all;
}

inline Everything read_everything(std::string_view toml) {
  Tree tree = Tree::parse(toml, "a.toml");
  return read_everything(tree);
}

/// The message of the Error with code 2 that `action` throws; empty when it throws none.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    return error.what();
  }
  return "";
}

inline std::string reading_error(std::string_view toml) {
  return error_of([&] { read_everything(toml); });
}

}  // namespace caddie::testing
