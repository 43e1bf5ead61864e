// SPDX-License-Identifier: Apache-2.0
// Runs the Newton-Schulz iteration with two symmetric products and one full product a step.
#include <caddie/kernel.h>
#include <caddie/newton_schulz.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace caddie {
namespace {

// Holds the coefficients of one step: X <- a X + (b A + c A A) X with A = X X^T.
struct Triple {
  float a, b, c;
};

constexpr Triple kStandard[] = {{3.4445f, -4.7750f, 2.0315f}};
constexpr Triple kPolarExpress[] = {{8.156554524902461f, -22.48329292557795f, 15.878769915207462f},
                                    {4.042929935166739f, -2.808917465908714f, 0.5000178451051316f},
                                    {3.8916678022926607f, -2.772484153217685f, 0.5060648178503393f},
                                    {3.285753657755655f, -2.3681294933425376f, 0.46449024233003106f},
                                    {2.3465413258596377f, -1.7097828382687081f, 0.42323551169305323f}};

std::span<const Triple> triples_called(const std::string& name) {
  if (name == "polar_express") return kPolarExpress;
  check(name == "standard",
        "newton_schulz: no coefficients are called \"{}\"; there are \"standard\" and \"polar_express\"",
        name);
  return kStandard;
}

// Multiplies x by a factor.
struct Scale {
  float factor;
  float* x;
  CADDIE_FN void operator()(int64_t i) const { x[i] *= factor; }
};

// Sets p <- p + b A + a I, where p = c A A on entry: then one product p X is the whole step.
struct AddLowerPowers {
  float a, b;
  const float* gram;
  float* p;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float* from = gram + r * row.n;
    float *to = p + r * row.n, weight = b, shift = a;
    int diagonal = int(r);
    row.each([=](int i) {
      float sum = to[i] + weight * from[i];
      to[i] = i == diagonal ? sum + shift : sum;
    });
  }
};

// Holds the scratch memory of one thread between calls, because fresh pages cost more than some of the
// products.
struct Workspace {
  Tensor memory;
  int64_t used = 0;

  void start(int64_t count, Device device) {
    if (!memory.defined() || memory.numel() < count || memory.device() != device)
      memory = Tensor({count}, device);
    used = 0;
  }
  Tensor take(const Shape& shape) {
    Tensor part(shape, memory.data() + used, memory.device());
    used += shape.numel();
    return part;
  }
};

}  // namespace

void newton_schulz(const Tensor& x, const std::string& coefficients, int steps) {
  check(x.shape().rank() == 2, "newton_schulz: {} is no matrix", x.shape());
  std::span<const Triple> triples = triples_called(coefficients);
  int64_t rows = x.shape()[0], columns = x.shape()[1];
  int64_t n = std::min(rows, columns), k = std::max(rows, columns);
  Device device = x.device();
  for_each(device, x.numel(), Scale{float(1 / (std::sqrt(squared_norm(x)) + 1e-7)), x.data()});

  thread_local Workspace workspace;
  workspace.start(2 * n * n + 2 * n * k, device);
  Tensor gram = workspace.take({n, n}), polynomial = workspace.take({n, n});
  Tensor current = rows > columns ? workspace.take({n, k}) : x, next = workspace.take({n, k});
  if (rows > columns) transpose(x, current);
  for (int step = 0; step < steps; ++step) {
    const Triple& t = triples[std::min(size_t(step), triples.size() - 1)];
    multiply_by_own_transpose(current, gram);
    multiply_by_own_transpose(gram, polynomial, t.c);  // A is symmetric, so A A is A A^T.
    for_rows(device, n, int(n), AddLowerPowers{t.a, t.b, gram.data(), polynomial.data()});
    multiply(polynomial, false, current, false, next);
    std::swap(current, next);
  }
  if (rows > columns)
    transpose(current, x);
  else if (current.data() != x.data())
    copy(current, x);
}

}  // namespace caddie
