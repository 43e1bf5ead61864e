// SPDX-License-Identifier: Apache-2.0
// Finds out which rank this process is, from what launchers leave in the environment.
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/exit_code.h"
#include "comm/comm.h"

namespace caddie {
namespace {

// Names a launcher and the environment variables by which it tells a process its ranks.
struct Launcher {
  const char *name, *rank, *size, *local_rank;
};

// The launchers that come first take precedence.
constexpr Launcher kLaunchers[] = {
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    {"Slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"},
    {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"},
};
const Launcher& kTorchrun = kLaunchers[0];
const Launcher& kOpenMpi = kLaunchers[1];
const Launcher& kSlurm = kLaunchers[2];

constexpr int kDefaultPort = 29500;

int number(const char* name, const char* text) {
  std::string_view view = text;
  int value = 0;
  auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc() || end != view.data() + view.size() || value < 0)
    fail_usage("ranks: {} is \"{}\"; wanted an integer of at least 0", name, view);
  return value;
}

void check_range(const Ranks& ranks, const char* rank, const char* size, const char* local_rank) {
  if (ranks.size < 1) fail_usage("ranks: {} is {}; wanted at least 1", size, ranks.size);
  if (ranks.rank >= ranks.size)
    fail_usage("ranks: {} is {} but {} is {}; wanted a rank from 0 to {}", rank, ranks.rank, size, ranks.size,
               ranks.size - 1);
  if (ranks.local_rank >= ranks.size)
    fail_usage("ranks: {} is {} but {} is {}; wanted a local rank from 0 to {}", local_rank, ranks.local_rank,
               size, ranks.size, ranks.size - 1);
}

std::optional<Ranks> from_flags(const RankFlags& flags) {
  if (flags.rank < 0 && flags.ranks < 0 && flags.local_rank < 0) return {};
  if (flags.rank < 0 || flags.ranks < 0)
    fail_usage("ranks: --rank and --ranks belong together; one of them is missing");
  Ranks ranks = {flags.rank, flags.ranks, flags.local_rank < 0 ? flags.rank : flags.local_rank,
                 "",         0,           "flags"};
  check_range(ranks, "--rank", "--ranks", "--local-rank");
  return ranks;
}

std::optional<Ranks> from_launcher(const Launcher& launcher, const Environment& environment) {
  const char* names[] = {launcher.rank, launcher.size, launcher.local_rank};
  int values[3], present = 0;
  std::string missing;
  for (int i = 0; i < 3; ++i) {
    const char* text = environment(names[i]);
    if (text) {
      values[i] = number(names[i], text);
      ++present;
    } else {
      missing += (missing.empty() ? "" : ", ") + std::string(names[i]);
    }
  }
  if (present == 0) return {};
  // A Slurm allocation sets the number of tasks in every shell; only srun makes a process one of them.
  if (&launcher == &kSlurm && !environment(launcher.rank) && !environment(launcher.local_rank)) return {};
  if (present < 3)
    fail_usage(
        "ranks: of {}'s variables {}, {} and {}, {} is missing; set it, unset the others, or give --rank and "
        "--ranks",
        launcher.name, names[0], names[1], names[2], missing);
  Ranks ranks = {values[0], values[1], values[2], "", 0, launcher.name};
  check_range(ranks, names[0], names[1], names[2]);
  return ranks;
}

// Returns whether `inner` is known to run inside `outer`, as torchrun does under srun and mpirun inside a
// Slurm job. Then only the inner one's variables hold, because the outer one counts other processes.
bool runs_inside(const Launcher& inner, const Launcher& outer, const Environment& environment) {
  if (&inner == &kTorchrun) return environment("TORCHELASTIC_RUN_ID") != nullptr;
  return &inner == &kOpenMpi && &outer == &kSlurm;
}

// Returns the host of rank 0.
std::string find_address(const Ranks& ranks, const Launcher* launcher, const Environment& environment) {
  const char* address = environment("MASTER_ADDR");
  if (address) return address;
  const char* nodes = environment("SLURM_JOB_NODELIST");
  if (launcher == &kSlurm && nodes) return first_host(nodes);
  const char* local_size = environment("OMPI_COMM_WORLD_LOCAL_SIZE");
  if (launcher == &kOpenMpi && local_size && number("OMPI_COMM_WORLD_LOCAL_SIZE", local_size) == ranks.size)
    return "127.0.0.1";
  fail_usage("ranks: {} says {} ranks but MASTER_ADDR is not set; wanted the host of rank 0", ranks.source,
             ranks.size);
}

// Returns the port that rank 0 listens at.
int find_port(const Launcher* launcher, const Environment& environment) {
  const char* text = environment("MASTER_PORT");
  int port = text ? number("MASTER_PORT", text) : kDefaultPort;
  // With an agent store, torchrun itself listens at MASTER_PORT for as long as the processes live.
  const char* store = environment("TORCHELASTIC_USE_AGENT_STORE");
  if (launcher == &kTorchrun && store && std::string_view(store) == "True") ++port;
  if (port < 1 || port > 65535)
    fail_usage("ranks: MASTER_PORT leads to port {}; wanted one from 1 to 65535", port);
  return port;
}

void find_meeting_point(Ranks& ranks, const Launcher* launcher, const Environment& environment) {
  if (ranks.size == 1) return;
  ranks.address = find_address(ranks, launcher, environment);
  ranks.port = find_port(launcher, environment);
}

}  // namespace

std::string first_host(std::string_view list) {
  size_t bracket = list.find('['), comma = list.find(',');
  if (bracket == std::string_view::npos || comma < bracket) return std::string(list.substr(0, comma));
  size_t close = list.find(']', bracket);
  check(close != std::string_view::npos, "ranks: SLURM_JOB_NODELIST is \"{}\"; a ] is missing", list);
  size_t end = list.find_first_of("-,]", bracket);
  size_t rest = list.find(',', close);
  std::string host(list.substr(0, bracket));
  host += list.substr(bracket + 1, end - bracket - 1);
  host += list.substr(close + 1, rest == std::string_view::npos ? rest : rest - close - 1);
  return host;
}

Ranks discover_ranks(const RankFlags& flags, const Environment& environment) {
  if (auto ranks = from_flags(flags)) {
    find_meeting_point(*ranks, nullptr, environment);
    return *ranks;
  }
  std::optional<Ranks> chosen;
  const Launcher* by = nullptr;
  for (const Launcher& launcher : kLaunchers) {
    if (by && runs_inside(*by, launcher, environment)) continue;
    std::optional<Ranks> ranks = from_launcher(launcher, environment);
    if (!ranks) continue;
    if (!chosen) {
      chosen = ranks;
      by = &launcher;
    } else if (ranks->rank != chosen->rank || ranks->size != chosen->size) {
      fail_usage(
          "ranks: {}={} and {}={} contradict {}={} and {}={}; unset what does not apply, or give --rank and "
          "--ranks",
          by->rank, chosen->rank, by->size, chosen->size, launcher.rank, ranks->rank, launcher.size,
          ranks->size);
    }
  }
  if (!chosen) return {};
  find_meeting_point(*chosen, by, environment);
  return *chosen;
}

Ranks discover_ranks(const RankFlags& flags) {
  return discover_ranks(flags, [](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace caddie
