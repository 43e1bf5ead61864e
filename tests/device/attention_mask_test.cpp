// SPDX-License-Identifier: Apache-2.0
// Attention under masks, against double references, and what it leaves out: blocks of keys that nobody sees
// are not touched, and take no time.
#include <ctime>

#include "support/attention_case.h"

namespace caddie::testing {
namespace {

using Numbers = std::vector<int32_t>;

/// The mask of a window of so many positions, [batch, length].
Numbers window(const AttentionShape& shape, int64_t positions) {
  Numbers first;
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t t = 0; t < shape.length; ++t)
      first.push_back(int32_t(std::max<int64_t>(0, t - positions + 1)));
  return first;
}

/// The mask of documents that begin at `cuts`, the later sequences of a batch at other places than the first.
Numbers documents(const AttentionShape& shape, const Numbers& cuts) {
  Numbers first;
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int32_t t = 0, start = 0; t < shape.length; ++t) {
      for (int32_t cut : cuts)
        if (t == cut + 3 * b) start = t;
      first.push_back(start);
    }
  return first;
}

/// Both at once.
Numbers both(const Numbers& a, const Numbers& b) {
  Numbers later;
  for (size_t i = 0; i < a.size(); ++i) later.push_back(std::max(a[i], b[i]));
  return later;
}

AttentionCase masked(AttentionShape shape, const Numbers& first_seen, unsigned seed) {
  shape.first_seen = first_seen.data();
  return {shape, 1 / std::sqrt(float(shape.head_dim)), seed};
}

void check_reference(const AttentionShape& shape, const Numbers& first_seen) {
  check_near_reference(masked(shape, first_seen, 20));
}

bool finite_from(const Floats& values, int64_t begin) {
  return std::all_of(values.begin() + begin, values.end(), [](float x) { return std::isfinite(x); });
}

/// Processor time of this thread: whoever else runs on the machine takes none of it.
template <class Work>
double fastest(Work work) {
  auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
  };
  double best = INFINITY;
  for (int i = 0; i < 5; ++i) {
    const double start = now();
    work();
    best = std::min(best, now() - start);
  }
  return best;
}

TEST_CASE("masked attention and its gradients equal a double reference", "[device]") {
  const AttentionShape shapes[] = {{1, 1, 1, 1, 8},   {2, 6, 4, 2, 16},  {2, 64, 2, 2, 32},
                                   {1, 65, 3, 1, 64}, {2, 130, 4, 2, 5}, {1, 300, 2, 1, 40}};
  for (const AttentionShape& shape : shapes) {
    const Numbers cuts = {1, 2, 40, 64, 70, 128, 190, 259};
    for (int64_t positions : {1, 2, 17, 64, 65, 100}) {
      INFO("T " << shape.length << ", window " << positions);
      check_reference(shape, window(shape, positions));
      check_reference(shape, both(window(shape, positions), documents(shape, cuts)));
    }
    INFO("T " << shape.length << ", documents");
    check_reference(shape, documents(shape, cuts));
  }
}

TEST_CASE("a mask that hides nothing changes no bit", "[device]") {
  on_each_isa([] {
    const AttentionShape shape{2, 200, 4, 2, 24};
    const Numbers all(2 * 200);
    AttentionCase c = masked(shape, all, 30), plain(shape, c.scale, 30);
    c.run();
    plain.run();
    CHECK((c.y == plain.y && c.log_sum == plain.log_sum));
    CHECK((c.dq == plain.dq && c.dk == plain.dk && c.dv == plain.dv));
  });
}

TEST_CASE("masked attention from a position on has the bits of a whole pass", "[device]") {
  on_each_isa([] {
    AttentionShape shape{1, 200, 2, 1, 24};
    const Numbers first_seen = both(window(shape, 50), documents(shape, {30, 150}));
    AttentionCase whole = masked(shape, first_seen, 60);
    whole.run();
    for (int64_t first : {64, 192}) {
      whole.shape.first = first;
      const int64_t width = 2 * 24;
      Floats y((200 - first) * width, NAN);
      attention_forward(whole.shape, whole.scale, whole.q.data() + first * width, whole.k.data(),
                        whole.v.data(), y.data(), nullptr);
      CHECK(std::equal(y.begin(), y.end(), whole.y.begin() + first * width));
    }
  });
}

TEST_CASE("what a mask hides has no influence", "[device]") {
  on_each_isa([] {
    const AttentionShape shape{1, 150, 1, 1, 8};
    const Numbers two = documents(shape, {71});
    AttentionCase c = masked(shape, two, 50), changed = c;
    c.run();
    const int64_t cut = 71 * 8;
    for (Floats* values : {&changed.q, &changed.k, &changed.v, &changed.dy})
      std::fill(values->begin(), values->begin() + cut, 1e10f);
    changed.run();
    const auto same = [&](const Floats& a, const Floats& b) {
      return std::equal(a.begin() + cut, a.end(), b.begin() + cut);
    };
    CHECK((same(c.y, changed.y) && same(c.dq, changed.dq)));
    CHECK((same(c.dk, changed.dk) && same(c.dv, changed.dv)));
  });
}

// A number that is none spreads to whatever it is multiplied with, even by zero.
TEST_CASE("blocks of keys that no query of a block sees are not touched", "[device]") {
  on_each_isa([] {
    const AttentionShape shape{1, 320, 1, 1, 8};
    for (const Numbers& mask : {window(shape, 64), documents(shape, {64})}) {
      AttentionCase c = masked(shape, mask, 70);
      const int64_t block = int64_t(kAttentionBlock) * 8;
      std::fill(c.k.begin(), c.k.begin() + block, NAN);
      std::fill(c.v.begin(), c.v.begin() + block, NAN);
      c.run();
      CHECK(std::isnan(c.y[0]));
      for (const Floats* values : {&c.y, &c.dq, &c.dk, &c.dv}) CHECK(finite_from(*values, 2 * block));
    }
  });
}

TEST_CASE("the cost of attention falls with its mask, forward and backward", "[device]") {
  const AttentionShape shape{1, 2048, 2, 1, 32};
  AttentionCase plain(shape, 0.2f, 80);
  plain.run();  // the first one pays for fresh memory
  const auto times = [](AttentionCase c) {
    return std::pair(fastest([&] {
                       attention_forward(c.shape, c.scale, c.q.data(), c.k.data(), c.v.data(), c.y.data(),
                                         c.log_sum.data());
                     }),
                     fastest([&] {
                       attention_backward(c.shape, c.scale, c.q.data(), c.k.data(), c.v.data(), c.y.data(),
                                          c.log_sum.data(), c.dy.data(), c.dq.data(), c.dk.data(),
                                          c.dv.data());
                     }));
  };
  const auto [forward, backward] = times(plain);
  // Of 32 x 33 / 2 pairs of blocks a window of 128 leaves 32 + 31 + 30, documents of 256 leave 8 x 10.
  Numbers cuts;
  for (int32_t cut = 256; cut < 2048; cut += 256) cuts.push_back(cut);
  for (const Numbers& mask : {window(shape, 128), documents(shape, cuts)}) {
    const auto [less, less_backward] = times(masked(shape, mask, 80));
    CHECK(less < 0.5 * forward);
    CHECK(less_backward < 0.5 * backward);
  }
}

TEST_CASE("a mask that falls or looks ahead is refused", "[device]") {
  const auto refused = [](const Numbers& mask, const char* why) {
    AttentionCase c = masked({1, 3, 1, 1, 8}, mask, 90);
    CHECK_THROWS_WITH(c.run(), Catch::Contains(why));
  };
  refused({0, 2, 2}, "position 1 is to see those from 2 on; wanted 0 to 1");
  refused({0, 1, 0}, "position 2 is to see those from 0 on; wanted 1 to 2");
  refused({-1, 0, 0}, "position 0 is to see those from -1 on; wanted 0 to 0");
}

}  // namespace
}  // namespace caddie::testing
