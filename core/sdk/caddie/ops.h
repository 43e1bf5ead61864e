// SPDX-License-Identifier: Apache-2.0
// Declares the differentiable operations. All throw Error when shapes do not fit. In shapes B is batch, T
// time, C width, H heads, K key-value heads, D head size and V vocabulary.
#pragma once

#include <caddie/kernel.h>
#include <caddie/var.h>

namespace caddie {

/// Returns y = x w^T. x: [.., in], w: [out, in], y: [.., out].
CADDIE_API Var linear(Var x, Var w);

/// Returns the rows of a table that `ids` name. table: [V, C], ids: [B, T] in [0, V), result: [B, T, C]. The
/// ids are not checked.
CADDIE_API Var gather(Var table, Ids ids);

/// Returns y = x / sqrt(mean(x^2) + eps), the mean taken over the last axis. x, y: [.., n].
/// Source: arXiv:1910.07467, without its gain.
CADDIE_API Var rms_norm(Var x, float eps);

/// Return x + y, x - y and x * y, elementwise, in the shape of x. y has the shape of x, or fewer axes: then
/// its shape must equal the last axes of x, where an axis of length 1 stretches, such as
/// [B,T,C] * [C], [B,T,H,D] * [H,1] or [B,T,C] * [1].
CADDIE_API Var operator+(Var x, Var y);
CADDIE_API Var operator-(Var x, Var y);
CADDIE_API Var operator*(Var x, Var y);
/// Returns factor * x.
CADDIE_API Var operator*(Var x, float factor);

/// Returns a x + b y, where a and b hold one weight for each channel. x, y: [.., C]; a, b: [C], or undefined,
/// which counts as 1.
CADDIE_API Var weighted_sum(Var a, Var x, Var b, Var y);

/// Returns row i of w. w: [n, ..], result: [..], 0 <= i < n.
CADDIE_API Var row(Var w, int64_t i);

/// Returns at each position what stands `steps` positions earlier in x, and zero where that lies before the
/// start. x, result: [B, T, ..]. steps >= 0.
CADDIE_API Var shift(Var x, int64_t steps);

/// Returns 1 / (1 + e^-x), elementwise.
CADDIE_API Var sigmoid(Var x);

/// Returns causal attention with grouped heads: query head h reads key-value head h / (H / K), and scores are
/// q k^T / sqrt(D). q, result: [B,T,H,D]; k, v: [B,T,K,D].
CADDIE_API Var attention(Var q, Var k, Var v);

/// Returns -log softmax(logits)[target] at each position, in nats. logits: [B,T,V], targets, result: [B,T].
/// Where the target is negative, the result is 0 and no gradient flows back.
CADDIE_API Var cross_entropy(Var logits, Ids targets);

/// Returns log(sum(exp(logits))) at each position. logits: [B,T,V], result: [B,T].
CADDIE_API Var log_sum_exp(Var logits);

namespace detail {

template <class F>
struct MapForward {
  F f;
  const float* x;
  float* y;
  CADDIE_FN void operator()(int64_t i) const { y[i] = f.forward(x[i]); }
};
template <class F, bool kFresh>
struct MapBackward {
  F f;
  const float *x, *dy;
  float* dx;
  CADDIE_FN void operator()(int64_t i) const {
    float d = f.backward(x[i], dy[i]);
    dx[i] = kFresh ? d : dx[i] + d;
  }
};
template <class F>
struct MapIds {
  F f;
  const int32_t* ids;
  int32_t* out;
  int64_t length;
  CADDIE_FN void operator()(int64_t i) const { out[i] = f(ids + i / length * length, int(i % length)); }
};

}  // namespace detail

/// Applies `functor` to one element at a time. It is a plain struct with
///   CADDIE_FN float forward(float x) const;
///   CADDIE_FN float backward(float x, float dy) const;   // the gradient of x
template <class F>
Var map(F functor, Var x) {
  Var y = result(x.shape());
  for_each(x.device(), x.value().numel(), detail::MapForward<F>{functor, x.data(), y.data()});
  record(y, {x}, [=] {
    GradientSlot dx = x.grad_slot();
    int64_t n = x.value().numel();
    if (dx.fresh)
      for_each(x.device(), n, detail::MapBackward<F, true>{functor, x.data(), y.grad(), dx.data});
    else
      for_each(x.device(), n, detail::MapBackward<F, false>{functor, x.data(), y.grad(), dx.data});
  });
  return y;
}

/// Returns integers computed from integers: out[b, t] = functor(sequence, t), where `sequence` points at the
/// `ids.length` ids of sequence b. The functor has
///   CADDIE_FN int operator()(const int32_t* sequence, int t) const;
template <class F>
Ids map_ids(F functor, Ids ids) {
  Ids out = result_ids(ids.batch, ids.length);
  for_each(ids.device, ids.numel(),
           detail::MapIds<F>{functor, ids.data, const_cast<int32_t*>(out.data), ids.length});
  return out;
}

}  // namespace caddie
