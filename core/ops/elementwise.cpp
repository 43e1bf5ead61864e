// SPDX-License-Identifier: Apache-2.0
// Computes sums, differences, products, weighted sums, the sigmoid, and rows of a tensor. The right side of
// an operator is broadcast over the leading axes of the left one, and over the last if it has length 1 there.
#include <caddie/math.h>
#include <caddie/ops.h>

namespace caddie {
namespace {

// In these structs by_x is the derivative by x, which depends on y alone, and by_y the one by y, which
// depends on x alone.
struct Add {
  CADDIE_FN static float forward(float x, float y) { return x + y; }
  CADDIE_FN static float by_x(float) { return 1; }
  CADDIE_FN static float by_y(float) { return 1; }
};
struct Subtract {
  CADDIE_FN static float forward(float x, float y) { return x - y; }
  CADDIE_FN static float by_x(float) { return 1; }
  CADDIE_FN static float by_y(float) { return -1; }
};
struct Multiply {
  CADDIE_FN static float forward(float x, float y) { return x * y; }
  CADDIE_FN static float by_x(float y) { return y; }
  CADDIE_FN static float by_y(float x) { return x; }
};

// Says how y is broadcast over x: row r of x meets row r % rows of y, whose last axis is 1 or as long as that
// of x.
struct Broadcast {
  const float* y;
  int64_t rows;
  int width;
  CADDIE_FN const float* row(int64_t r) const { return y + r % rows * width; }
};

// Sets z = op(x, y).
template <class Op>
struct BinaryForward {
  const float* x;
  Broadcast y;
  float* z;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* xr = x + r * row.n;
    const float* yr = y.row(r);
    float* zr = z + r * row.n;
    if (y.width == 1) {
      float scalar = yr[0];
      row.each([=](int i) { zr[i] = Op::forward(xr[i], scalar); });
    } else {
      row.each([=](int i) { zr[i] = Op::forward(xr[i], yr[i]); });
    }
  }
};

// Adds the gradient of x, or sets it where it is fresh.
template <class Op>
struct BinaryByX {
  Broadcast y;
  const float* dz;
  float* dx;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *yr = y.row(r), *dzr = dz + r * row.n;
    float* dxr = dx + r * row.n;
    if (y.width == 1) {
      float factor = Op::by_x(yr[0]);
      if (fresh)
        row.each([=](int i) { dxr[i] = dzr[i] * factor; });
      else
        row.each([=](int i) { dxr[i] += dzr[i] * factor; });
    } else if (fresh) {
      row.each([=](int i) { dxr[i] = dzr[i] * Op::by_x(yr[i]); });
    } else {
      row.each([=](int i) { dxr[i] += dzr[i] * Op::by_x(yr[i]); });
    }
  }
};

// Adds the gradient of a y that has as many rows as x, so that each row of y gets that of one row of x.
template <class Op>
struct BinaryByOwnRow {
  const float *x, *dz;
  float* dy;
  int width;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *xr = x + r * row.n, *dzr = dz + r * row.n;
    if (width == 1) {
      float sum = row.sum([=](int i) { return dzr[i] * Op::by_y(xr[i]); });
      row.first([=, to = dy + r] { *to += sum; });
    } else {
      float* dyr = dy + r * row.n;
      row.each([=](int i) { dyr[i] += dzr[i] * Op::by_y(xr[i]); });
    }
  }
};

// Views x as [rows / y.rows, y.rows * n], so that the gradient of y, a sum over its repetitions, is a sum
// over rows.
template <class Op>
struct BinaryByColumn {
  const float *x, *dz;
  int columns;
  CADDIE_FN float operator()(int64_t repetition, int c) const {
    int64_t at = repetition * columns + c;
    return dz[at] * Op::by_y(x[at]);
  }
};

// Adds the sum of row r of x to dy[r].
struct SumRow {
  const float* x;
  float* dy;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* xr = x + r * row.n;
    float sum = row.sum([=](int i) { return xr[i]; });
    row.first([=, to = dy + r] { *to += sum; });
  }
};

// Returns how y is broadcast over x. Throws Error unless the axes of y equal the last ones of x; the very
// last axis of y may be 1.
Broadcast broadcast_of(const char* name, Var x, Var y) {
  const Shape &xs = x.shape(), &ys = y.shape();
  bool fits = ys.rank() <= xs.rank() && (ys.last() == xs.last() || ys.last() == 1);
  for (int axis = 2; fits && axis <= ys.rank(); ++axis) fits = ys[-axis] == xs[-axis];
  check(fits, "{}: {} cannot be broadcast over {}; its axes must equal the last ones, the very last may be 1",
        name, ys, xs);
  return {y.data(), ys.rows(), int(ys.last())};
}

// Adds the gradient of y, summed over all places of x where y was used.
template <class Op>
void add_gradient_of_y(Var x, Var y, Var z, Broadcast broadcast, int64_t rows, int n) {
  Device device = x.device();
  float* dy = y.grad_sum();
  if (broadcast.rows == rows)
    return for_rows(device, rows, n, BinaryByOwnRow<Op>{x.data(), z.grad(), dy, broadcast.width});
  int columns = int(broadcast.rows * n);
  int64_t blocks = broadcast.rows ? rows / broadcast.rows : 0;
  BinaryByColumn<Op> by_column{x.data(), z.grad(), columns};
  if (broadcast.width == n) return for_columns(device, blocks, columns, by_column, dy);
  Var sums = result({columns});
  for_columns(device, blocks, columns, by_column, sums.grad_sum());
  for_rows(device, broadcast.rows, n, SumRow{sums.grad(), dy});
}

// Computes z = op(x, y) and records its gradients.
template <class Op>
Var binary(const char* name, Var x, Var y) {
  Broadcast broadcast = broadcast_of(name, x, y);
  int n = int(x.shape().last());
  int64_t rows = x.shape().rows();
  Var z = result(x.shape());
  for_rows(x.device(), rows, n, BinaryForward<Op>{x.data(), broadcast, z.data()});
  record(z, {x, y}, [=] {
    if (x.needs_grad()) {
      GradientSlot dx = x.grad_slot();
      for_rows(x.device(), rows, n, BinaryByX<Op>{broadcast, z.grad(), dx.data, dx.fresh});
    }
    if (y.needs_grad()) add_gradient_of_y<Op>(x, y, z, broadcast, rows, n);
  });
  return z;
}

struct Scale {
  float factor;
  CADDIE_FN float forward(float x) const { return factor * x; }
  CADDIE_FN float backward(float, float dy) const { return factor * dy; }
};

struct Sigmoid {
  CADDIE_FN float forward(float x) const { return caddie::sigmoid(x); }
  CADDIE_FN float backward(float x, float dy) const {
    float s = caddie::sigmoid(x);
    return dy * s * (1 - s);
  }
};

// Computes z = a x + b y; a null weight is 1.
struct WeightedSum {
  const float *a, *x, *b, *y;
  float* z;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *xr = x + r * row.n, *yr = y + r * row.n, *aa = a, *bb = b;
    float* zr = z + r * row.n;
    if (a && b)
      row.each([=](int i) { zr[i] = aa[i] * xr[i] + bb[i] * yr[i]; });
    else if (b)
      row.each([=](int i) { zr[i] = xr[i] + bb[i] * yr[i]; });
    else if (a)
      row.each([=](int i) { zr[i] = aa[i] * xr[i] + yr[i]; });
    else
      row.each([=](int i) { zr[i] = xr[i] + yr[i]; });
  }
};

// Adds a dz to dx; a null weight is 1.
struct WeightedBackward {
  const float *a, *dz;
  float* dx;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *dzr = dz + r * row.n, *aa = a;
    float* dxr = dx + r * row.n;
    if (fresh)
      row.each([=](int i) { dxr[i] = aa ? aa[i] * dzr[i] : dzr[i]; });
    else
      row.each([=](int i) { dxr[i] += aa ? aa[i] * dzr[i] : dzr[i]; });
  }
};

// Returns the terms of the gradient of a, which is the sum over rows of x dz.
struct ProductOfColumns {
  const float *x, *dz;
  int n;
  CADDIE_FN float operator()(int64_t r, int c) const { return x[r * n + c] * dz[r * n + c]; }
};

// Makes the gradient of z that of x, so that a sum needs no pass over memory; nothing may read the gradient
// of z afterwards. Returns false when x has a gradient already or is a weight.
bool hand_over_gradient(Var x, Var z) {
  Node *from = z.node(), *to = x.node();
  if (to->gradient || to->leaf_gradient) return false;
  to->gradient = from->gradient;
  from->gradient = nullptr;
  return true;
}

// Adds to the gradients of a and x, where a x is a term of z. The call for a z that is `last` may give away
// the gradient of z.
void weighted_backward(Var a, Var x, Var z, bool last) {
  int n = int(x.shape().last());
  int64_t rows = x.shape().rows();
  if (last && !a.defined() && x.needs_grad() && hand_over_gradient(x, z)) return;
  if (x.needs_grad()) {
    GradientSlot dx = x.grad_slot();
    for_rows(x.device(), rows, n,
             WeightedBackward{a.defined() ? a.data() : nullptr, z.grad(), dx.data, dx.fresh});
  }
  if (a.defined() && a.needs_grad())
    for_columns(x.device(), rows, n, ProductOfColumns{x.data(), z.grad(), n}, a.grad_sum());
}

}  // namespace

Var operator+(Var x, Var y) {
  if (x.shape() == y.shape()) return weighted_sum({}, x, {}, y);
  return binary<Add>("x + y", x, y);
}
Var operator-(Var x, Var y) { return binary<Subtract>("x - y", x, y); }
Var operator*(Var x, Var y) { return binary<Multiply>("x * y", x, y); }
Var operator*(Var x, float factor) { return map(Scale{factor}, x); }
Var sigmoid(Var x) { return map(Sigmoid{}, x); }

Var weighted_sum(Var a, Var x, Var b, Var y) {
  int n = int(x.shape().last());
  check(x.shape() == y.shape() && (!a.defined() || a.shape() == Shape{n}) &&
            (!b.defined() || b.shape() == Shape{n}),
        "weighted_sum: x is {} and y is {}; wanted equal shapes, and weights of [{}]", x.shape(), y.shape(),
        n);
  Var z = result(x.shape());
  const float* no_weight = nullptr;
  for_rows(x.device(), x.shape().rows(), n,
           WeightedSum{a.defined() ? a.data() : no_weight, x.data(), b.defined() ? b.data() : no_weight,
                       y.data(), z.data()});
  record(z, {a, x, b, y}, [=] {
    weighted_backward(b, y, z, false);
    weighted_backward(a, x, z, true);
  });
  return z;
}

namespace {

// Copies a tensor to another or adds it there.
struct CopyPart {
  const float* from;
  float* to;
  bool add;
  CADDIE_FN void operator()(int64_t i) const { to[i] = add ? to[i] + from[i] : from[i]; }
};

}  // namespace

Var row(Var w, int64_t i) {
  check(w.shape().rank() >= 1 && i >= 0 && i < w.shape()[0], "row: {} has no row {}", w.shape(), i);
  Shape shape;
  for (int axis = 1; axis < w.shape().rank(); ++axis) shape.append(w.shape()[axis]);
  Var y = result(shape);
  int64_t n = shape.numel();
  for_each(w.device(), n, CopyPart{w.data() + i * n, y.data(), false});
  record(y, {w}, [=] { for_each(w.device(), n, CopyPart{y.grad(), w.grad_sum() + i * n, true}); });
  return y;
}

}  // namespace caddie
