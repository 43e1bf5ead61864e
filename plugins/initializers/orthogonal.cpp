// SPDX-License-Identifier: Apache-2.0
// Makes matrices [out, in] orthogonal: their rows are orthonormal, or their columns when out > in. Those that
// give a sublayer's output or the logits start at zero; matrices shorter than min_size on a side are uniform
// in +-1/sqrt(in).
// Source: arXiv:1312.6120; openai/parameter-golf,
// records/track_10min_16mb/2026-03-20_Int6_MLP3x_SmearGate_BigramHash_MuonWD_SWA.
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

// Returns x . y in eight partial sums, which the compiler can add side by side in a fixed order.
double dot(const double* x, const double* y, int64_t n) {
  constexpr int kSums = 8;
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums)
    for (int j = 0; j < kSums; ++j) sums[j] += x[i + j] * y[i + j];
  for (; i < n; ++i) sums[0] += x[i] * y[i];
  double sum = 0;
  for (double part : sums) sum += part;
  return sum;
}

// Replaces `count` vectors of `length` numbers by orthonormal ones, by the procedure of Gram and Schmidt:
// they are the Q of a QR decomposition whose R has a positive diagonal.
void orthonormalize(std::vector<double>& vectors, int64_t count, int64_t length) {
  for (int64_t v = 0; v < count; ++v) {
    double* x = vectors.data() + v * length;
    for (int64_t u = 0; u < v; ++u) {
      const double* y = vectors.data() + u * length;
      double along = dot(x, y, length);
      for (int64_t i = 0; i < length; ++i) x[i] -= along * y[i];
    }
    double factor = 1 / std::sqrt(dot(x, x, length));
    for (int64_t i = 0; i < length; ++i) x[i] *= factor;
  }
}

struct Orthogonal final : Initializer {
  int min_size = 64;
  std::string proj_init = "zero";
  bool scale_other = true;

  void settings(Settings& s) override {
    s("min_size", min_size, "shorter matrices are uniform instead; 0: none are", at_least(0));
    s("proj_init", proj_init,
      "output matrices of sublayers: zero, or ortho_scaled for orthogonal times 1/sqrt(2 layers)",
      one_of("zero", "ortho_scaled"));
    s("scale_other", scale_other,
      "multiplies matrices that stand outside the sublayers, such as projections of extra embeddings, by "
      "1/sqrt(2 layers)");
  }

  void fill(Tensor& weight, const WeightInfo& info, const ModelShape& model, Rng& rng) override {
    int64_t out = weight.shape()[0], in = weight.shape()[1];
    float* w = weight.data();
    bool output = info.place == Place::kAttentionOut || info.place == Place::kMlpOut;
    if (info.place == Place::kHead || (output && proj_init == "zero")) {
      std::fill_n(w, weight.numel(), 0.0f);
    } else if (std::min(out, in) < min_size) {
      double bound = 1 / std::sqrt(double(in));
      std::generate_n(w, weight.numel(), [&] { return float(bound * (2 * rng.uniform() - 1)); });
    } else {
      bool scaled = output || (info.place == Place::kOther && scale_other);
      fill_orthogonal(w, out, in, scaled ? 1 / std::sqrt(2.0 * model.layers) : 1, rng);
    }
  }

  static void fill_orthogonal(float* w, int64_t out, int64_t in, double gain, Rng& rng) {
    int64_t count = std::min(out, in), length = std::max(out, in);
    std::vector<double> vectors(size_t(count * length));
    for (double& x : vectors) x = rng.normal();
    orthonormalize(vectors, count, length);
    for (int64_t v = 0; v < count; ++v)
      for (int64_t i = 0; i < length; ++i)
        w[out <= in ? v * in + i : i * in + v] = float(gain * vectors[size_t(v * length + i)]);
  }
};

CADDIE_PLUGIN(Orthogonal, .summary = "Orthogonal matrices, with sublayer outputs and the head at zero.",
              .source =
                  "arXiv:1312.6120; openai/parameter-golf, records/track_10min_16mb/"
                  "2026-03-20_Int6_MLP3x_SmearGate_BigramHash_MuonWD_SWA");
