// SPDX-License-Identifier: Apache-2.0
// The first rank broadcasts texts as the bytes of a tensor; an empty text releases the ranks that wait.
#include "run/team.h"

#include <caddie/tensor.h>

#include <cstring>
#include <exception>
#include <utility>

namespace caddie {

Team::Team(Comm* comm, const std::string& run) : comm_(comm && comm->size() > 1 ? comm : nullptr) {
  check_same("settings, plugin files, data or build", [&] { return run; });
  waiting_ = leads();
}

Team::~Team() {
  try {
    release();
  } catch (const std::exception&) {
    // The other ranks have ended already.
  }
}

void Team::start(const std::filesystem::path& folder) {
  waiting_ = false;
  broadcast(std::filesystem::absolute(folder).string());
}

void Team::release() {
  if (std::exchange(waiting_, false)) broadcast("");
}

// The bytes of the text travel in a tensor, because that is what ranks can exchange.
std::string Team::broadcast(const std::string& text) const {
  if (!comm_) return text;
  auto size = size_t(comm_->all_reduce(leads() ? double(text.size()) : 0.0));
  if (size == 0) return "";
  int64_t floats = int64_t((size + sizeof(float) - 1) / sizeof(float));
  Tensor host({floats}), shared({floats}, comm_->device());
  if (leads()) std::memcpy(host.data(), text.data(), size);
  copy(host, shared);
  comm_->broadcast(shared.data(), size, 0);
  copy(shared, host);
  return {reinterpret_cast<const char*>(host.data()), size};
}

bool Team::any(bool here) const { return comm_ ? comm_->all_reduce(here ? 1.0 : 0.0) > 0 : here; }

void Team::check_same(const std::string& what, const std::function<std::string()>& text) const {
  if (!comm_) return;
  std::string own = text();
  bool differs = broadcast(own) != own;
  if (!any(differs)) return;
  for (int other = 1;; ++other)
    if (any(differs && rank() == other))
      fail("ranks: {} of rank {} differ from those of rank 0", what, other);
}

}  // namespace caddie
