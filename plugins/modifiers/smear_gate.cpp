// SPDX-License-Identifier: Apache-2.0
// Blends the embedding of each position with that of the one before. x: [B,T,C].
//   channel:  y_t = (1-g) x_t + g x_(t-1), or with the two weights exchanged, where g = sigmoid(gate) for
//   each
//             channel. gate: [C].
//   content:  y_t = x_t + smear_lambda sigmoid(w . x_t) x_(t-1), where w reads the first n channels. w:
//   [1,n],
//             smear_lambda: [1].
// Source: openai/parameter-golf, records/track_10min_16mb/2026-03-20_10L_Int5MLP_MuonWD04_SWA50 (channel,
// after the norm) and pull requests 206 (channel, before it), 1667 (content) and 1851 (content, with
// bos_mask).
#include "narrow_gate.h"

using namespace caddie;

// Returns whether row r stands at the start of a sequence or holds the token that starts a document.
struct Starts {
  const int32_t* tokens;
  int64_t length;
  int32_t start_token;  // the token that starts a document; -1 when documents are not told apart
  CADDIE_FN bool operator()(int64_t r) const { return r % length == 0 || tokens[r] == start_token; }
};

// Computes y = x + share (previous - x); at a start, `previous` is x itself if `self`, else zero.
struct MixBefore {
  Starts starts;
  bool self;
  const float *x, *share;
  float* y;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    const float *xr = x + r * row.n, *s = share;
    float* yr = y + r * row.n;
    if (!starts(r)) {
      const float* previous = xr - row.n;
      row.each([=](int i) { yr[i] = (1 - s[i]) * xr[i] + s[i] * previous[i]; });
    } else if (self) {
      row.each([=](int i) { yr[i] = xr[i]; });
    } else {
      row.each([=](int i) { yr[i] = (1 - s[i]) * xr[i]; });
    }
  }
};

// Adds the gradient by x to dx: row r reaches y at its own position and, unless a start follows, at the next.
struct BlendByX {
  Starts starts;
  bool self;
  int64_t rows;
  const float *share, *dy;
  float* dx;
  bool fresh;
  template <class Row>
  CADDIE_FN void operator()(Row row, int64_t r) const {
    bool whole = self && starts(r), followed = r + 1 < rows && !starts(r + 1), assign = fresh;
    const float *dyr = dy + r * row.n, *s = share;
    const float* next = followed ? dyr + row.n : dyr;
    float* dxr = dx + r * row.n;
    row.each([=](int i) {
      float d = whole ? dyr[i] : (1 - s[i]) * dyr[i];
      d += followed ? s[i] * next[i] : 0.0f;
      dxr[i] = assign ? d : dxr[i] + d;
    });
  }
};

// Returns what row r adds to the gradient by the share of channel c.
struct BlendByShare {
  Starts starts;
  bool self;
  int n;
  const float *x, *dy;
  CADDIE_FN float operator()(int64_t r, int c) const {
    int64_t at = r * n + c;
    float previous = starts(r) ? (self ? x[at] : 0.0f) : x[at - n];
    return dy[at] * (previous - x[at]);
  }
};

// Puts MixBefore and its gradients on the tape. x: [B,T,C], share: [C].
Var blend(Var x, Var share, Starts starts, bool self) {
  Var y = result(x.shape());
  int n = int(x.shape().last());
  int64_t rows = x.shape().rows();
  for_rows(x.device(), rows, n, MixBefore{starts, self, x.data(), share.data(), y.data()});
  record(y, {x, share}, [=] {
    if (x.needs_grad()) {
      GradientSlot dx = x.grad_slot();
      for_rows(x.device(), rows, n, BlendByX{starts, self, rows, share.data(), y.grad(), dx.data, dx.fresh});
    }
    if (share.needs_grad())
      for_columns(x.device(), rows, n, BlendByShare{starts, self, n, x.data(), y.grad()}, share.grad_sum());
  });
  return y;
}

// Writes 0 where a position has none before it and 1 elsewhere.
struct HasPrevious {
  Starts starts;
  float* out;
  CADDIE_FN void operator()(int64_t r) const { out[r] = starts(r) ? 0.0f : 1.0f; }
};

struct SmearGate final : Modifier {
  std::string form = "channel", position = "after_norm", gate_multiplies = "previous", first = "zero",
              weight = "smear.gate";
  double gate_init = 0;
  int inputs = 12, bos_id = 1;
  bool bos_mask = false;
  Parameter gate, lambda;

  void settings(Settings& s) override {
    s("form", form, "channel learns a share for each channel, content reads it off the embedding",
      one_of("channel", "content"));
    s("position", position, "before or after the embedding's norm", one_of("after_norm", "before_norm"));
    s("gate_multiplies", gate_multiplies, "of form channel: what sigmoid(gate) is the share of",
      one_of("previous", "current"));
    s("first", first,
      "of form channel: what stands before the first position: zero, or the first position itself",
      one_of("zero", "self"));
    s("gate_init", gate_init, "of form channel: initial gate, before the sigmoid");
    s("inputs", inputs, "of form content: channels that the gate reads, from the first on; 0: all",
      at_least(0));
    s("bos_mask", bos_mask, "treats each token bos_id as a first position");
    s("bos_id", bos_id, "token that starts a document", at_least(0));
    s("weight", weight, "name of the gate among the weights");
  }

  void validate(const Shapes& shapes) const override {
    if (form == "channel") return;
    check_inputs(inputs, shapes.model);
    check(gate_multiplies == "previous" && first == "zero" && gate_init == 0,
          "form content has no gate_multiplies, first and gate_init; leave them out, or choose form channel");
  }

  void weights(Weights& w) override {
    int width = w.model().width;
    if (form == "channel") {
      gate = w.add(weight, {width}, Role::kVector, Init::constant(gate_init));
    } else {
      gate = w.add(weight, {1, inputs == 0 ? width : inputs}, Role::kVector, Init::constant(0));
      lambda = w.add("smear_lambda", {1}, Role::kVector, Init::constant(0));
    }
  }

  Var embedded(Forward& forward, Var x) override { return position == "before_norm" ? smear(forward, x) : x; }
  Var stem(Forward& forward, Var x) override { return position == "after_norm" ? smear(forward, x) : x; }

  Var smear(Forward& forward, Var x) {
    Starts starts = {forward.tokens.data, forward.tokens.length, bos_mask ? bos_id : -1};
    if (form == "content") return smear_by_content(forward, x, starts);
    Var of_previous = gate_multiplies == "previous" ? Var(gate) : Var(gate) * -1.0f;
    return blend(x, sigmoid(of_previous), starts, first == "self");
  }

  Var smear_by_content(Forward& forward, Var x, Starts starts) {
    Var share = sigmoid(linear(x, widened(gate, forward))) * Var(lambda), counts = result(share.shape());
    for_each(x.device(), counts.value().numel(), HasPrevious{starts, counts.data()});
    return x + shift(x, 1) * (share * counts);
  }
};

CADDIE_PLUGIN(SmearGate, .summary = "Blends each position's embedding with the previous one's.",
              .source =
                  "openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-20_10L_Int5MLP_MuonWD04_SWA50; pull requests 206, 1667 and 1851",
              .phase = Phase::kMix);
