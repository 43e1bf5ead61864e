// SPDX-License-Identifier: Apache-2.0
// Two counters of the process tell how much was finished and whether more is to come.
#include "base/heartbeat.h"

#include <atomic>

namespace caddie {
namespace {

std::atomic<int64_t> beat_count = 0;
std::atomic<int> beating_scopes = 0;

}  // namespace

void beat() { beat_count.fetch_add(1, std::memory_order_relaxed); }
int64_t beats() { return beat_count.load(std::memory_order_relaxed); }

BeatingWork::BeatingWork() { ++beating_scopes; }
BeatingWork::~BeatingWork() { --beating_scopes; }
bool is_beating() { return beating_scopes > 0; }

}  // namespace caddie
