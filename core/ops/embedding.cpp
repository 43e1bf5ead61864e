// SPDX-License-Identifier: Apache-2.0
// Looks up rows of a table by integer ids, as an embedding does, and shifts sequences to later positions.
#include <caddie/ops.h>

namespace caddie {
namespace {

// Sets row r of y to row ids[r] of the table.
struct GatherRows {
  const float* table;
  const int32_t* ids;
  float* y;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* from = table + int64_t(ids[r]) * row.n;
    float* to = y + r * row.n;
    row.each([=](int i) { to[i] = from[i]; });
  }
};

// Adds one row to another.
struct AddRow {
  const float* from;
  float* to;
  CADDIE_FN void operator()(int i) const { to[i] += from[i]; }
};

// Adds the gradients of all positions to the rows of the table. On a GPU one warp owns one row and looks for
// its positions: this is slower than atomics, but every run adds in the same order.
struct ScatterRows {
  const float* dy;
  const int32_t* ids;
  float* dtable;
  int64_t positions;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t id) const {
    for (int64_t p = 0; p < positions; ++p)
      if (ids[p] == id) row.each(AddRow{dy + p * row.n, dtable + id * row.n});
  }
};

// Adds dy to the rows of the table in the order of the positions, on any device.
void scatter(Device device, const float* dy, Ids ids, float* dtable, int64_t rows, int width) {
  if (device != Device::kCpu)
    return for_rows(device, rows, width, ScatterRows{dy, ids.data, dtable, ids.numel()});
  for (int64_t p = 0; p < ids.numel(); ++p)
    CpuRow{width}.each(AddRow{dy + p * width, dtable + int64_t(ids.data[p]) * width});
}

// Sets y[b, t, i] = x[b, t - steps, i], or 0 before the start.
struct Shift {
  const float* x;
  float* y;
  int64_t length, inner, steps;
  CADDIE_FN void operator()(int64_t i) const {
    int64_t t = i / inner % length;
    y[i] = t >= steps ? x[i - steps * inner] : 0.0f;
  }
};
// Adds the gradient of y to that of x: each position of y gives its own to the position that it was read
// from.
struct ShiftBackward {
  const float* dy;
  float* dx;
  int64_t length, inner, steps;
  CADDIE_FN void operator()(int64_t i) const {
    int64_t t = i / inner % length;
    dx[i] += t + steps < length ? dy[i + steps * inner] : 0.0f;
  }
};

}  // namespace

Var gather(Var table, Ids ids) {
  check(table.shape().rank() == 2, "gather: the table is {}; wanted [rows, width]", table.shape());
  int width = int(table.shape()[1]);
  Var y = result({ids.batch, ids.length, width});
  for_rows(table.device(), ids.numel(), width, GatherRows{table.data(), ids.data, y.data()});
  record(y, {table},
         [=] { scatter(table.device(), y.grad(), ids, table.grad_sum(), table.shape()[0], width); });
  return y;
}

Var shift(Var x, int64_t steps) {
  check(x.shape().rank() >= 2 && steps >= 0, "shift: x is {} and steps {}; wanted [B, T, ..] and at least 0",
        x.shape(), steps);
  int64_t length = x.shape()[1], n = x.value().numel();
  int64_t inner = n ? n / (x.shape()[0] * length) : 0;
  Var y = result(x.shape());
  for_each(x.device(), n, Shift{x.data(), y.data(), length, inner, steps});
  record(y, {x}, [=] {
    for_each(x.device(), n, ShiftBackward{y.grad(), x.grad_sum(), length, inner, steps});
  });
  return y;
}

}  // namespace caddie
