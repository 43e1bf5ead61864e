// SPDX-License-Identifier: Apache-2.0
// Ranks: who they are, how they meet, and what their collective operations give.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/stopwatch.h"
#include "comm/socket.h"

namespace caddie {
namespace {

/// Runs body(rank) on one thread a rank; what each threw, or "".
template <class Body>
std::vector<std::string> on_ranks(int size, Body body) {
  std::vector<std::string> errors((size_t(size)));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      try {
        body(rank);
      } catch (const std::exception& error) {
        errors[size_t(rank)] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  return errors;
}

TEST_CASE("One rank leaves everything as it is", "[comm]") {
  auto comm = make_single_comm(Device::kCpu);
  CHECK(comm->rank() == 0);
  CHECK(comm->size() == 1);
  std::vector<float> data = {1.5f, -2};
  comm->all_reduce(data.data(), 2);
  comm->broadcast(data.data(), 8, 0);
  comm->barrier();
  CHECK(data == std::vector<float>{1.5f, -2});
  CHECK(comm->all_reduce(0.25) == 0.25);
  CHECK_THROWS_WITH(comm->broadcast(data.data(), 8, 1), Catch::Contains("no rank 1"));
}

/// A port of this machine that nobody listens at.
int free_port() {
  int port = 0;
  reserve_port(&port);
  return port;
}

using MakeComms = std::vector<std::unique_ptr<Comm>> (*)(int size);

std::vector<std::unique_ptr<Comm>> connected_comms(int size) {
  int port = 0;
  Socket reserved = reserve_port(&port);
  std::vector<std::unique_ptr<Comm>> comms((size_t(size)));
  auto errors = on_ranks(size, [&](int rank) {
    comms[size_t(rank)] = open_comm(Ranks{rank, size, rank, "127.0.0.1", port, "flags"}, Device::kCpu);
  });
  REQUIRE(errors == std::vector<std::string>(size_t(size)));
  return comms;
}

const MakeComms kMakers[] = {make_thread_comms, connected_comms};  // in one process, between processes

TEST_CASE("Ranks sum in their order, with the same bits on each", "[comm]") {
  MakeComms make_comms = GENERATE(from_range(std::begin(kMakers), std::end(kMakers)));
  // 2^24 + 1 is no float, so the order of addition shows.
  std::vector<float> terms = {16777216.0f, 1.0f, 1.0f, -16777216.0f};
  for (int size : {1, 2, 4})
    for (int64_t count : {0, 1, 31, 33, 1000, 200001}) {
      float wanted = 0;
      for (int rank = 0; rank < size; ++rank) wanted += terms[size_t(rank)];
      auto comms = make_comms(size);
      std::vector<std::vector<float>> data;
      for (int rank = 0; rank < size; ++rank) data.emplace_back(size_t(count), terms[size_t(rank)]);
      auto errors = on_ranks(
          size, [&](int rank) { comms[size_t(rank)]->all_reduce(data[size_t(rank)].data(), count); });
      CHECK(errors == std::vector<std::string>(size_t(size)));
      for (const auto& values : data) CHECK(values == std::vector<float>(size_t(count), wanted));
    }
}

TEST_CASE("Ranks sum a double, broadcast bytes and meet, again and again", "[comm]") {
  MakeComms make_comms = GENERATE(from_range(std::begin(kMakers), std::end(kMakers)));
  for (int size : {1, 2, 4}) {
    auto comms = make_comms(size);
    std::vector<double> sums(size_t(size), 0.0);
    std::vector<std::string> words(size_t(size), "none");
    auto errors = on_ranks(size, [&](int rank) {
      Comm& comm = *comms[size_t(rank)];
      for (int round = 0; round < 50; ++round) {
        sums[size_t(rank)] += comm.all_reduce(rank + 0.125 * round);
        if (rank == size - 1) words[size_t(rank)] = std::to_string(1000 + round);
        comm.broadcast(words[size_t(rank)].data(), 4, size - 1);
        comm.barrier();
      }
    });
    CHECK(errors == std::vector<std::string>(size_t(size)));
    // 50 rounds of the ranks' sum, and size * 0.125 * (0 + .. + 49).
    for (double sum : sums) CHECK(sum == 50.0 * size * (size - 1) / 2 + size * 0.125 * 1225);
    for (const std::string& word : words) CHECK(word == "1049");
  }
}

TEST_CASE("Ranks that call different things all learn of it", "[comm]") {
  MakeComms make_comms = GENERATE(from_range(std::begin(kMakers), std::end(kMakers)));
  auto comms = make_comms(2);
  std::vector<float> data(8);
  auto errors = on_ranks(2, [&](int rank) { comms[size_t(rank)]->all_reduce(data.data(), 4 + rank); });
  for (const std::string& error : errors) CHECK_THAT(error, Catch::Contains("all ranks must call the same"));
}

TEST_CASE("A rank that leaves does not keep the others waiting", "[comm]") {
  MakeComms make_comms = GENERATE(from_range(std::begin(kMakers), std::end(kMakers)));
  auto comms = make_comms(3);
  auto errors = on_ranks(3, [&](int rank) {
    if (rank == 1)
      comms[1].reset();
    else
      comms[size_t(rank)]->barrier();
  });
  CHECK(errors == std::vector<std::string>{"rank 1 has left", "", "rank 1 has left"});
}

TEST_CASE("Every rank can broadcast to all others", "[comm]") {
  MakeComms make_comms = GENERATE(from_range(std::begin(kMakers), std::end(kMakers)));
  auto comms = make_comms(3);
  std::vector<std::vector<int>> heard(3);
  auto errors = on_ranks(3, [&](int rank) {
    for (int root : {2, 0, 1}) {
      std::vector<int> words(100000, rank);
      comms[size_t(rank)]->broadcast(words.data(), words.size() * sizeof(int), root);
      heard[size_t(rank)].push_back(words == std::vector<int>(words.size(), root) ? root : -1);
    }
    comms[size_t(rank)]->broadcast(nullptr, 0, 1);
  });
  CHECK(errors == std::vector<std::string>(3));
  CHECK(heard == std::vector<std::vector<int>>(3, {2, 0, 1}));
  CHECK_THROWS_WITH(comms[0]->broadcast(nullptr, 0, 3), Catch::Contains("no rank 3 among 3"));
}

TEST_CASE("How long sums over TCP take", "[.comm_speed]") {
  for (int size : {2, 4, 8})
    for (int64_t megabytes : {4, 70}) {
      auto comms = connected_comms(size);
      double seconds = 0;
      auto errors = on_ranks(size, [&](int rank) {
        std::vector<float> data(size_t(megabytes) << 18);
        constexpr int kRounds = 10;
        comms[size_t(rank)]->all_reduce(data.data(), int64_t(data.size()));
        Stopwatch clock;
        for (int i = 0; i < kRounds; ++i) comms[size_t(rank)]->all_reduce(data.data(), int64_t(data.size()));
        if (rank == 0) seconds = clock.seconds() / kRounds;
      });
      CHECK(errors == std::vector<std::string>(size_t(size)));
      WARN(size << " ranks, " << megabytes << " MB: " << 1000 * seconds << " ms");
    }
  auto comms = connected_comms(2);
  on_ranks(2, [&](int rank) {
    Stopwatch clock;
    for (int i = 0; i < 1000; ++i) comms[size_t(rank)]->all_reduce(1.0);
    if (rank == 0) WARN("2 ranks, one double: " << 1e3 * clock.seconds() << " us");
  });
}

/// A process that joins as rank 1 of 2, with 1 s of patience, and then does `act`.
template <class Act>
pid_t start_second_rank(int port, Act act) {
  pid_t child = ::fork();
  if (child == 0) {
    auto comm = make_socket_comm(Ranks{1, 2, 1, "127.0.0.1", port, "flags"}, 1);
    comm->barrier();
    act(*comm);
    ::_exit(0);
  }
  return child;
}

TEST_CASE("A rank that works alone is waited for, one that is killed or stopped is missed", "[comm]") {
  struct Case {
    void (*act)(Comm&);
    const char* says;
  };
  const Case kCases[] = {{[](Comm&) { ::raise(SIGKILL); }, "rank 1 has left"},
                         {[](Comm&) { ::raise(SIGSTOP); }, "rank 1 has been silent for 1 s"},
                         {[](Comm& comm) {
                            ::sleep(2);
                            comm.barrier();
                          },
                          ""}};
  for (const Case& one : kCases) {
    int port = 0;
    Socket reserved = reserve_port(&port);
    pid_t child = start_second_rank(port, one.act);
    REQUIRE(child > 0);
    auto comm = make_socket_comm(Ranks{0, 2, 0, "127.0.0.1", port, "flags"}, 1);
    comm->barrier();
    std::string error;
    try {
      comm->barrier();
    } catch (const Error& caught) {
      error = caught.what();
    }
    CHECK(error == one.says);
    if (!error.empty()) CHECK_THROWS_WITH(comm->barrier(), one.says);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

using Variables = std::map<std::string, std::string>;

Ranks discover(const Variables& variables, RankFlags flags = {}) {
  return discover_ranks(flags, [&](const char* name) -> const char* {
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

Variables operator+(Variables a, const Variables& b) {
  a.insert(b.begin(), b.end());
  return a;
}

const Variables kTorch = {{"RANK", "3"},
                          {"WORLD_SIZE", "4"},
                          {"LOCAL_RANK", "1"},
                          {"MASTER_ADDR", "gpu01"},
                          {"MASTER_PORT", "4242"}};
const Variables kMpi = {{"OMPI_COMM_WORLD_RANK", "2"},
                        {"OMPI_COMM_WORLD_SIZE", "4"},
                        {"OMPI_COMM_WORLD_LOCAL_RANK", "2"},
                        {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}};
const Variables kSrun = {{"SLURM_PROCID", "5"},
                         {"SLURM_NTASKS", "8"},
                         {"SLURM_LOCALID", "1"},
                         {"SLURM_JOB_NODELIST", "gpu[03-04]"}};
const Variables kHydra = {
    {"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "1"}, {"MASTER_ADDR", "10.0.0.1"}};

void check_ranks(const Ranks& ranks, int rank, int size, int local_rank, const std::string& address, int port,
                 const std::string& source) {
  CHECK(ranks.rank == rank);
  CHECK(ranks.size == size);
  CHECK(ranks.local_rank == local_rank);
  CHECK(ranks.address == address);
  CHECK(ranks.port == port);
  CHECK(ranks.source == source);
}

TEST_CASE("Each launcher's variables are understood", "[comm]") {
  check_ranks(discover({}), 0, 1, 0, "", 0, "default");
  check_ranks(discover(kTorch), 3, 4, 1, "gpu01", 4242, "torchrun");
  check_ranks(discover(kMpi), 2, 4, 2, "127.0.0.1", 29500, "Open MPI");
  check_ranks(discover(kSrun), 5, 8, 1, "gpu03", 29500, "Slurm");
  check_ranks(discover(kHydra), 1, 2, 1, "10.0.0.1", 29500, "PMI");
  check_ranks(discover({{"RANK", "0"}, {"WORLD_SIZE", "1"}, {"LOCAL_RANK", "0"}}), 0, 1, 0, "", 0,
              "torchrun");
}

TEST_CASE("Flags win over launchers, and a launcher over the one it was started in", "[comm]") {
  check_ranks(discover(kTorch, {1, 2, -1}), 1, 2, 1, "gpu01", 4242, "flags");
  check_ranks(discover(kMpi, {0, 1, -1}), 0, 1, 0, "", 0, "flags");
  check_ranks(discover(kMpi + kSrun), 2, 4, 2, "127.0.0.1", 29500, "Open MPI");
  Variables agent = {{"TORCHELASTIC_RUN_ID", "7"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"}};
  check_ranks(discover(kTorch + kSrun + agent), 3, 4, 1, "gpu01", 4243, "torchrun");
  // An allocation alone is no launch.
  check_ranks(discover({{"SLURM_NTASKS", "8"}, {"SLURM_JOB_NODELIST", "gpu[03-04]"}}), 0, 1, 0, "", 0,
              "default");
}

TEST_CASE("Partial, impossible and contradictory ranks are usage errors that name the variables", "[comm]") {
  using Catch::Contains;
  CHECK_THROWS_WITH(discover({{"RANK", "1"}, {"LOCAL_RANK", "1"}}), Contains("WORLD_SIZE is missing"));
  CHECK_THROWS_WITH(discover({{"OMPI_COMM_WORLD_SIZE", "4"}}),
                    Contains("OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_LOCAL_RANK is missing"));
  CHECK_THROWS_WITH(discover({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}),
                    Contains("SLURM_LOCALID is missing"));
  CHECK_THROWS_WITH(discover({}, {1, -1, -1}), Contains("--rank and --ranks"));
  CHECK_THROWS_WITH(discover({}, {2, 2, -1}), Contains("--rank is 2") && Contains("from 0 to 1"));
  CHECK_THROWS_WITH(discover({{"RANK", "4"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "0"}}),
                    Contains("RANK is 4 but WORLD_SIZE is 4"));
  for (const char* bad : {"", "-1", "2x", "1.5", "99999999999"})
    CHECK_THROWS_WITH(discover({{"PMI_RANK", bad}, {"PMI_SIZE", "4"}, {"MPI_LOCALRANKID", "0"}}),
                      Contains("PMI_RANK is \"" + std::string(bad) + "\""));
  // Left over in a shell from which mpirun was started.
  CHECK_THROWS_WITH(discover(kTorch + kMpi), Contains("RANK=3") && Contains("OMPI_COMM_WORLD_RANK=2"));
  CHECK_THROWS_WITH(discover(kSrun + kHydra), Contains("SLURM_NTASKS=8") && Contains("PMI_SIZE=2"));
  CHECK_THROWS_WITH(discover({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "1"}}),
                    Contains("MASTER_ADDR is not set"));
  CHECK_THROWS_WITH(discover({{"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}, {0, 2, 0}),
                    Contains("port 70000"));
  try {
    discover(kTorch + kMpi);
    FAIL("a contradiction was taken");
  } catch (const Error& error) {
    CHECK(error.code() == 2);
  }
}

TEST_CASE("The first host of a Slurm node list", "[comm]") {
  CHECK(first_host("gpu7") == "gpu7");
  CHECK(first_host("login1,gpu[1-2]") == "login1");
  CHECK(first_host("gpu[03-05,9],login1") == "gpu03");
  CHECK(first_host("gpu[11,14]") == "gpu11");
  CHECK(first_host("rack[2-3]-ib,x") == "rack2-ib");
  CHECK_THROWS_WITH(first_host("gpu[1-2"), Catch::Contains("a ] is missing"));
}

TEST_CASE("Ranks get the bytes of the first one", "[comm]") {
  std::string id(128, '\0');
  for (size_t i = 0; i < id.size(); ++i) id[i] = char(i * 7);
  for (int size : {1, 2, 4}) {
    int port = free_port();
    std::vector<std::string> got((size_t(size)));
    auto errors = on_ranks(size, [&](int rank) {
      Ranks ranks = {rank, size, rank, "127.0.0.1", port, "flags"};
      got[size_t(rank)] = share_from_first_rank(ranks, rank == 0 ? id : "", 20);
    });
    CHECK(errors == std::vector<std::string>(size_t(size)));
    CHECK(got == std::vector<std::string>(size_t(size), id));
  }
}

TEST_CASE("Ranks that do not meet say where they waited", "[comm]") {
  int port = free_port();
  Ranks first = {0, 2, 0, "127.0.0.1", port, "flags"}, second = {1, 2, 1, "127.0.0.1", port, "flags"};
  CHECK_THROWS_WITH(share_from_first_rank(first, "id", 0.1), Catch::Contains("1 of 2 ranks came"));
  CHECK_THROWS_WITH(share_from_first_rank(second, "", 0.1),
                    Catch::Contains("127.0.0.1:" + std::to_string(port)) && Catch::Contains("MASTER_ADDR"));
}

TEST_CASE("Ranks of different trainings do not mix", "[comm]") {
  int port = free_port();
  auto errors = on_ranks(2, [&](int rank) {
    share_from_first_rank({rank, rank == 0 ? 2 : 3, rank, "127.0.0.1", port, "flags"}, "id", 20);
  });
  CHECK_THAT(errors[0], Catch::Contains("rank 1 of 3 came to rank 0 of 2"));
  CHECK_THAT(errors[1], Catch::Contains("got no answer"));
}

}  // namespace
}  // namespace caddie
