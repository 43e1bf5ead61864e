// SPDX-License-Identifier: Apache-2.0
// Prints what the kernels reach on one core beside the peak of fused multiply-adds: caddie-tests
// "[device-speed]". Of attention only the causal half is counted, and of its backward pass four products, not
// the recomputed one.
#include <fmt/core.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "device/attention.h"
#include "device/cpu/kernels.h"
#include "device/gemm.h"

namespace caddie {
namespace {

/// Processor time of this thread: whoever else runs on the machine takes none of it.
double seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

constexpr int64_t kPeakRounds = 10000;
constexpr double kPeakFlops = 2.0 * 12 * 16 * kPeakRounds;

/// Twelve independent chains of fused multiply-adds, in registers of one kind.
#define CADDIE_CHAIN(kind, n) "vfmadd231ps %%" kind "14, %%" kind "15, %%" kind #n "\n"
#define CADDIE_CHAINS(kind)                                                                                \
  asm volatile(CADDIE_CHAIN(kind, 0) CADDIE_CHAIN(kind, 1) CADDIE_CHAIN(kind, 2) CADDIE_CHAIN(kind, 3)     \
                   CADDIE_CHAIN(kind, 4) CADDIE_CHAIN(kind, 5) CADDIE_CHAIN(kind, 6) CADDIE_CHAIN(kind, 7) \
                       CADDIE_CHAIN(kind, 8) CADDIE_CHAIN(kind, 9) CADDIE_CHAIN(kind, 10)                  \
                           CADDIE_CHAIN(kind, 11)::                                                        \
                               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",   \
                                 "xmm9", "xmm10", "xmm11")

void reach_peak_v3() {
  for (int64_t i = 0; i < 2 * kPeakRounds; ++i) CADDIE_CHAINS("ymm");
}

__attribute__((target("avx512f"))) void reach_peak_v4() {
  for (int64_t i = 0; i < kPeakRounds; ++i) CADDIE_CHAINS("zmm");
}

struct Measurement {
  std::string name;
  double flops;
  std::function<void()> work;
  std::vector<double> rates[2];  // GFLOP/s, by instruction set
};

using Measurements = std::vector<Measurement>;

void add(Measurements& rows, const std::string& name, double flops, std::function<void()> work) {
  rows.push_back({name, flops, std::move(work), {}});
}

Measurements begin_with_peak() {
  Measurements rows;
  add(rows, "peak of multiply-adds", kPeakFlops,
      [] { isa_name()[1] == '4' ? reach_peak_v4() : reach_peak_v3(); });
  return rows;
}

/// Median of interleaved rounds, so that a slow phase of the machine meets all rows alike.
void measure(Measurements rows) {
  const CpuKernels& before = cpu_kernels();
  for (int round = 0; round < 7; ++round) {
    for (Measurement& row : rows) {
      for (int isa = 0; isa < 2; ++isa) {
        const CpuKernels* kernels = find_cpu_kernels(isa == 0 ? "v3" : "v4");
        if (kernels == nullptr) continue;
        use_cpu_kernels(*kernels);
        row.work();
        int repeats = 0;
        const double start = seconds();
        for (; repeats == 0 || seconds() - start < 0.01; ++repeats) row.work();
        row.rates[isa].push_back(repeats * row.flops / (seconds() - start) * 1e-9);
      }
    }
  }
  use_cpu_kernels(before);
  fmt::print("GFLOP/s of one core, median [least-most]: v3, then v4\n");
  for (Measurement& row : rows) {
    std::string line = fmt::format("{:36}", row.name);
    for (std::vector<double>& rates : row.rates) {
      if (rates.empty()) continue;
      std::sort(rates.begin(), rates.end());
      line += fmt::format("{:8.1f} [{:.0f}-{:.0f}]", rates[rates.size() / 2], rates.front(), rates.back());
    }
    fmt::print("{}\n", line);
  }
}

constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;

TEST_CASE("speed of gemm", "[.][speed][device-speed]") {
  std::vector<float> a(1024 * 1536, 0.5f), b(1536 * 1536, 0.25f), c(1024 * 1536), d(1536 * 1536);
  PackedMatrix packed[2];
  const auto pack = [&](int64_t k, int64_t n) -> const PackedMatrix& {
    PackedMatrix& matrix = packed[isa_name()[1] == '4'];
    if (matrix.k() != k || matrix.n() != n) matrix.pack(kYes, k, n, b.data(), k);
    return matrix;
  };
  Measurements rows = begin_with_peak();
  for (int64_t width : {128, 256, 384, 512}) {
    for (auto [n, k] :
         {std::pair(width, width), {2 * width, width}, {width, 2 * width}, {3 * width, width}}) {
      const int64_t m = 1024, out = n, in = k;
      const double flops = 2.0 * double(m * n * k);
      const std::string size = fmt::format("{} x {} -> {}", m, in, out);
      add(rows, "forward, packed  " + size, flops, [=, &a, &c, &pack] {
        gemm_packed(kNo, m, out, in, 1, a.data(), in, pack(in, out), 0, c.data(), out);
      });
      add(rows, "forward NT       " + size, flops,
          [=, &a, &b, &c] { gemm(kNo, kYes, m, out, in, 1, a.data(), in, b.data(), in, 0, c.data(), out); });
      add(rows, "dX NN            " + size, flops,
          [=, &a, &b, &c] { gemm(kNo, kNo, m, in, out, 1, c.data(), out, b.data(), in, 0, a.data(), in); });
      add(rows, "dW TN            " + size, flops, [=, &a, &c, &d] {
        gemm(kYes, kNo, out, in, m, 1e-9f, c.data(), out, a.data(), in, 1, d.data(), in);
      });
    }
  }
  for (int64_t side : {128, 256, 512}) {
    const double cube = double(side) * double(side) * double(side);
    add(rows, fmt::format("square NN        {}", side), 2 * cube, [=, &b, &c] {
      gemm(kNo, kNo, side, side, side, 1, b.data(), side, b.data(), side, 0, c.data(), side);
    });
    add(rows, fmt::format("syrk, half       {}", side), cube,
        [=, &b, &c] { syrk(side, side, 1, b.data(), side, 0, c.data(), side); });
  }
  measure(std::move(rows));
}

TEST_CASE("speed of attention", "[.][speed][device-speed]") {
  const AttentionShape shapes[] = {
      {16, 64, 4, 2, 32}, {4, 256, 4, 2, 32}, {1, 512, 4, 2, 32}, {2, 512, 4, 2, 64}, {1, 1024, 8, 4, 64}};
  constexpr int64_t kFloats = 1024 * 8 * 64;
  const auto wave = [](float step) {
    std::vector<float> values(kFloats);
    for (int64_t i = 0; i < kFloats; ++i) values[i] = std::sin(step * float(i));
    return values;
  };
  const std::vector<float> q = wave(1), k = wave(3), v = wave(7), dy = wave(5);
  std::vector<float> y(kFloats), log_sum(kFloats), dq(kFloats), dk(kFloats), dv(kFloats);
  Measurements rows = begin_with_peak();
  for (const AttentionShape& s : shapes) {
    const double flops = 2.0 * double(s.batch * s.heads * s.head_dim) * double(s.length) * double(s.length);
    const std::string size = fmt::format("T {} D {}", s.length, s.head_dim);
    add(rows, "attention forward  " + size, flops, [=, &q, &k, &v, &y, &log_sum] {
      attention_forward(s, 0.2f, q.data(), k.data(), v.data(), y.data(), log_sum.data());
    });
    add(rows, "attention backward " + size, 2 * flops, [=, &q, &k, &v, &y, &log_sum, &dy, &dq, &dk, &dv] {
      attention_backward(s, 0.2f, q.data(), k.data(), v.data(), y.data(), log_sum.data(), dy.data(),
                         dq.data(), dk.data(), dv.data());
    });
  }
  measure(std::move(rows));
}

}  // namespace
}  // namespace caddie
