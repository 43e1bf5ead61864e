// SPDX-License-Identifier: Apache-2.0
// Quantizers: integers and scales of published code, their way back, and what they refuse.
#include <caddie/math.h>
#include <caddie/quantize.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/json.h"
#include "support/paths.h"
#include "support/plugins.h"
#include "tensor/safetensors.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

WeightInfo info_of(const Tensor& weight) { return weight_info("w", weight.shape()); }

std::vector<int> integers(const Array& array) {
  std::vector<int> out;
  for (char c : array.bytes) out.push_back(int(int8_t(c)));
  return out;
}
std::vector<float> floats(const Array& array) {
  std::vector<float> out;
  for (size_t i = 0; i < array.bytes.size(); i += size_t(bytes_of(array.type))) {
    uint16_t half;
    float single;
    std::memcpy(&half, &array.bytes[i], sizeof half);
    if (array.type == Type::kFloat32) std::memcpy(&single, &array.bytes[i], sizeof single);
    out.push_back(array.type == Type::kFloat32 ? single : from_half(half));
  }
  return out;
}

Tensor two_rows() {
  return tensor_of({2, 8}, {0.9f, -0.31f, 0.045f, 0.62f, -0.7777f, 0, 0.2f, -1.3f, 0.05f, -0.02f, 0.011f,
                            0.031f, -0.044f, 0, 0.007f, -0.0495f});
}

void check_pack(const std::string& name, const Values& values, const Tensor& weight,
                const std::vector<int>& q, const std::vector<float>& scale) {
  auto quantizer = make_plugin<Quantizer>(name, values);
  Packed packed = quantizer->pack(weight, info_of(weight), nullptr);
  REQUIRE(packed.size() == 2);
  CHECK(packed[0].name == "q");
  CHECK(packed[1].name == "scale");
  CHECK(integers(packed[0]) == q);
  CHECK(floats(packed[1]) == scale);
  Tensor back(weight.shape());
  quantizer->unpack(packed, back);
  for (int64_t i = 0; i < weight.numel(); ++i)
    CHECK(back.data()[i] == float(q[size_t(i)]) * scale[size_t(i) * scale.size() / q.size()]);
}

}  // namespace

TEST_CASE("int8 rounds with the exact scale and stores its half", "[quantizers]") {
  check_pack("int8", {}, two_rows(), {88, -30, 4, 61, -76, 0, 20, -127, 6, -3, 1, 4, -6, 0, 1, -6},
             {0.01023864746f, 0.00787353515625f});
}

TEST_CASE("percentile with six bits, lower bound of the scale active", "[quantizers]") {
  check_pack("percentile", {{"bits", 6.0}}, two_rows(),
             {21, -7, 1, 15, -19, 0, 5, -31, 2, -1, 0, 1, -1, 0, 0, -2},
             {0.04193115234375f, 0.032257080078125f});
}

TEST_CASE("absmax with six and with five bits", "[quantizers]") {
  check_pack("absmax", {{"bits", 6.0}}, two_rows(),
             {21, -7, 1, 15, -19, 0, 5, -31, 31, -12, 7, 19, -27, 0, 4, -31},
             {0.04193115234375f, 0.0016126632690429688f});
  check_pack("absmax", {{"bits", 5.0}}, two_rows(),
             {10, -4, 1, 7, -9, 0, 2, -15, 15, -6, 3, 9, -13, 0, 2, -15},
             {0.086669921875f, 0.00333404541015625f});
  check_pack("absmax", {}, Tensor({1, 3}), {0, 0, 0}, {6.103515625e-05f});
}

TEST_CASE("gptq_lite picks the percentile that errs least", "[quantizers]") {
  check_pack("gptq_lite", {{"bits", 6.0}}, two_rows(),
             {22, -7, 1, 15, -19, 0, 5, -31, 2, -1, 0, 1, -1, 0, 0, -2},
             {0.041839599609375f, 0.032257080078125f});
  check_pack("gptq_lite", {{"bits", 5.0}}, two_rows(),
             {10, -4, 1, 7, -9, 0, 2, -15, 1, 0, 0, 0, -1, 0, 0, -1}, {0.086669921875f, 0.066650390625f});
}

TEST_CASE("gptq_lite by rows errs no more than by tensor", "[quantizers]") {
  Tensor weight = random_tensor({33, 1031}, "weight", 3);
  double error[2];
  for (int by_row : {0, 1}) {
    auto quantizer =
        make_plugin<Quantizer>("gptq_lite", {{"granularity", by_row ? "row" : "tensor"}, {"bits", 5.0}});
    Tensor back(weight.shape());
    quantizer->unpack(quantizer->pack(weight, info_of(weight), nullptr), back);
    for (int64_t i = 0; i < back.numel(); ++i) back.data()[i] -= weight.data()[i];
    error[by_row] = squared_norm(back);
  }
  CHECK(error[1] < error[0]);
  CHECK(error[1] > 0.5 * error[0]);
}

namespace {

/// [in, in], the second moments of inputs that depend on each other; those of `dead` are never other than
/// zero.
Tensor moments(int64_t in, std::vector<int64_t> dead = {}) {
  Tensor x = random_tensor({3 * in, in}, "inputs"), h({in, in});
  for (int64_t row = 0; row < 3 * in; ++row) {
    float* values = x.data() + row * in;
    for (int64_t j = 1; j < in; ++j) values[j] += 0.7f * values[j - 1];
    for (int64_t j : dead) values[j] = 0;
  }
  for (int64_t i = 0; i < in; ++i)
    for (int64_t j = 0; j < in; ++j)
      for (int64_t row = 0; row < 3 * in; ++row)
        h.data()[i * in + j] += x.data()[row * in + i] * x.data()[row * in + j];
  return h;
}

/// What the outputs lose, tr(E H E^T).
double lost(const Tensor& weight, const Packed& packed, const Tensor& h) {
  Tensor e(weight.shape());
  make_plugin<Quantizer>("gptq")->unpack(packed, e);
  int64_t rows = weight.shape()[0], in = weight.shape()[1];
  for (int64_t i = 0; i < e.numel(); ++i) e.data()[i] -= weight.data()[i];
  double trace = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t j = 0; j < in; ++j)
        trace += double(e.data()[r * in + i]) * double(h.data()[i * in + j]) * double(e.data()[r * in + j]);
  return trace;
}

}  // namespace

TEST_CASE("gptq makes up for what earlier columns lose", "[quantizers]") {
  // Worked out with the published code.
  Tensor weight = tensor_of({2, 4}, {0.50f, -0.37f, 0.22f, 0.81f, -0.64f, 0.13f, 0.44f, -0.29f});
  Tensor h =
      tensor_of({4, 4}, {4, 2.5f, 1, 0.5f, 2.5f, 3, 1.5f, 0.25f, 1, 1.5f, 2, 0.75f, 0.5f, 0.25f, 0.75f, 1});
  for (double block : {1.0, 2.0, 3.0, 128.0}) {
    auto quantizer = make_plugin<Quantizer>(
        "gptq", {{"bits", 3.0}, {"clip", "deviation"}, {"width", 2.0}, {"block", block}});
    Packed packed = quantizer->pack(weight, info_of(weight), &h);
    CHECK(integers(packed[0]) == std::vector{1, -1, 1, 2, -2, 0, 2, -1});
    CHECK(floats(packed[1]) == std::vector{0.33447265625f, 0.3154296875f});
    CHECK(integers(quantizer->pack(weight, info_of(weight), nullptr)[0]) != integers(packed[0]));
  }
  // r = mean |w_j| H_jj / mean H_jj is 0.436 and 0.412.
  auto wider = make_plugin<Quantizer>(
      "gptq", {{"bits", 3.0}, {"clip", "deviation"}, {"width", 2.0}, {"damp", 0.0}, {"hessian_share", 0.5}});
  std::vector<float> steps = floats(wider->pack(weight, info_of(weight), &h)[1]);
  CHECK(steps[0] == Approx(2 * 0.50166392 / 3 * (1 + 0.5 * (0.436 / 0.424 - 1))).epsilon(5e-4));
  CHECK(steps[1] == Approx(2 * 0.47321594 / 3 * (1 + 0.5 * (0.412 / 0.424 - 1))).epsilon(5e-4));
}

TEST_CASE("gptq by deviation keeps rows that do not deviate", "[quantizers]") {
  auto quantizer = make_plugin<Quantizer>("gptq", {{"clip", "deviation"}});
  Tensor column = tensor_of({3, 1}, {0.5f, -0.25f, 0}), hessian = tensor_of({1, 1}, {1});
  Packed packed = quantizer->pack(column, info_of(column), &hessian);
  Tensor back({3, 1});
  quantizer->unpack(packed, back);
  CHECK(back.data()[0] == Approx(0.5).epsilon(0.01));
  CHECK(back.data()[1] == Approx(-0.25).epsilon(0.01));
  CHECK(back.data()[2] == 0);
}

TEST_CASE("gptq loses less of the outputs than rounding to nearest", "[quantizers]") {
  for (int64_t in : {31, 150}) {
    Tensor weight = random_tensor({12, in}, "weight"), h = moments(in);
    auto quantizer = make_plugin<Quantizer>("gptq", {{"bits", 4.0}});
    double with = lost(weight, quantizer->pack(weight, info_of(weight), &h), h);
    double without = lost(weight, quantizer->pack(weight, info_of(weight), nullptr), h);
    CHECK(with < 0.8 * without);
    CHECK(with > 0);
  }
}

TEST_CASE("gptq rounds to nearest where inputs are independent or unknown", "[quantizers]") {
  Tensor weight = random_tensor({9, 33}, "weight"), identity({33, 33});
  for (int64_t i = 0; i < 33; ++i) identity.data()[i * 34] = 1;
  std::string nearest = make_plugin<Quantizer>("gptq_lite")->pack(weight, info_of(weight), nullptr)[0].bytes;
  auto quantizer = make_plugin<Quantizer>("gptq");
  CHECK(quantizer->wants_hessian());
  CHECK((quantizer->pack(weight, info_of(weight), nullptr)[0].bytes == nearest));
  CHECK((quantizer->pack(weight, info_of(weight), &identity)[0].bytes == nearest));
}

TEST_CASE("gptq with dead inputs, on any number of threads, and what it refuses", "[quantizers]") {
  Tensor weight = random_tensor({40, 150}, "weight"), h = moments(150, {0, 77, 149});
  auto quantizer = make_plugin<Quantizer>("gptq");
  Packed packed = quantizer->pack(weight, info_of(weight), &h);
  std::vector<int> q = integers(packed[0]);
  for (int64_t r = 0; r < 40; ++r)
    for (int64_t j : {0, 77, 149}) CHECK(q[size_t(r * 150 + j)] == 0);
  set_thread_count(3);
  CHECK((quantizer->pack(weight, info_of(weight), &h)[0].bytes == packed[0].bytes));
  set_thread_count(1);

  Tensor other({3, 3}), singular({2, 2}), pair = tensor_of({1, 2}, {1, 2});
  std::fill_n(singular.data(), 4, 1.0f);
  CHECK_THROWS_WITH(quantizer->pack(weight, info_of(weight), &other), Catch::Contains("[3, 3]"));
  auto undamped = make_plugin<Quantizer>("gptq", {{"damp", 0.0}});
  CHECK_THROWS_WITH(undamped->pack(pair, info_of(pair), &singular), Catch::Contains("raise damp"));
}

TEST_CASE("quantile between order statistics", "[quantizers]") {
  std::vector<float> values = {4, 1, 3, 2, 0};
  const double ranks[] = {0, 0.1, 0.5, 0.9, 0.975, 1};
  float results[6];
  quantiles(values, ranks, results);
  const float expected[] = {0, 0.4f, 2, 3.6f, 3.9f, 4};
  for (int i = 0; i < 6; ++i) CHECK(results[i] == Approx(expected[i]).epsilon(1e-6));
  CHECK(quantile({}, 0.5) == 0);
  std::vector<float> one = {7};
  CHECK(quantile(one, 0.3) == 7);
}

TEST_CASE("quantizers take any shape, and the same bits on any number of threads", "[quantizers]") {
  for (const std::string name : {"int8", "percentile", "absmax", "gptq_lite", "gptq", "fp16", "fp32"})
    for (Shape shape :
         {Shape{}, Shape{1}, Shape{77}, Shape{0}, Shape{0, 5}, Shape{3, 0}, Shape{31, 33}, Shape{600, 401}}) {
      INFO(name << " " << shape.text());
      auto quantizer = make_plugin<Quantizer>(name);
      Tensor weight = random_tensor(shape, "weight"), back(shape);
      Packed packed = quantizer->pack(weight, info_of(weight), nullptr);
      set_thread_count(3);
      Packed again = quantizer->pack(weight, info_of(weight), nullptr);
      set_thread_count(1);
      for (size_t i = 0; i < packed.size(); ++i) CHECK(packed[i].bytes == again[i].bytes);
      quantizer->unpack(packed, back);
      // Half a step and the rounding of its scale, for numbers up to about 5; a searched clip may cut the
      // largest ones.
      std::map<std::string, double> bounds = {{"int8", 0.03},     {"percentile", 0.1}, {"absmax", 0.1},
                                              {"gptq_lite", 0.9}, {"gptq", 0.9},       {"fp16", 2e-3},
                                              {"fp32", 0}};
      for (int64_t i = 0; i < weight.numel(); ++i)
        if (std::abs(back.data()[i] - weight.data()[i]) > bounds.at(name)) FAIL("element " << i);
    }
}

TEST_CASE("quantizers refuse what cannot be stored and what does not fit", "[quantizers]") {
  Tensor weight = tensor_of({1, 2}, {1, NAN}), large = tensor_of({1, 2}, {1, 70000}), other({2, 1});
  for (const std::string name : {"int8", "percentile", "absmax", "gptq_lite", "gptq"}) {
    auto quantizer = make_plugin<Quantizer>(name);
    CHECK_THROWS_WITH(quantizer->pack(weight, info_of(weight), nullptr),
                      Catch::Contains("element 1 of w is nan"));
    Packed packed = quantizer->pack(large, info_of(large), nullptr);
    CHECK_THROWS_WITH(quantizer->unpack(packed, other), Catch::Contains("[2, 1]"));
    packed[0].bytes.pop_back();
    CHECK_THROWS_WITH(quantizer->unpack(packed, large),
                      Catch::Contains("\"q\" has shape [1, 2] and 1 bytes"));
    packed.pop_back();
    packed.pop_back();
    CHECK_THROWS_WITH(quantizer->unpack(packed, large), Catch::Contains("no array \"q\""));
  }
  auto half = make_plugin<Quantizer>("fp16");
  CHECK_THROWS_WITH(half->pack(large, info_of(large), nullptr), Catch::Contains("65504"));
}

TEST_CASE("quantizers give the bits of published code", "[quantizers][parity]") {
  std::filesystem::path folder = source_folder() / "../shared/parity";
  if (!exists(folder)) {
    WARN("skipped: there is no " << folder);
    return;
  }
  struct Case {
    std::string folder, plugin;
    Values values;
  };
  for (const Case& c :
       {Case{"q_int8_percentile", "int8", {}}, Case{"q_pr206_int6_percentile", "percentile", {}},
        Case{"q_int6_per_row", "absmax", {{"bits", 6.0}}}, Case{"q_int5_per_row", "absmax", {{"bits", 5.0}}},
        Case{"q_gptq_lite_int6", "gptq_lite", {}}, Case{"q_gptq_lite_wide", "gptq_lite", {}}}) {
    auto quantizer = make_plugin<Quantizer>(c.plugin, c.values);
    SafetensorsFile given((folder / c.folder / "inputs.safetensors").string());
    SafetensorsFile wanted((folder / c.folder / "expected.safetensors").string());
    for (const std::string& name : given.names()) {
      INFO(c.folder << " " << name);
      Tensor weight = given.floats(name), back(weight.shape());
      Packed packed = quantizer->pack(weight, info_of(weight), nullptr);
      std::vector<int64_t> q = wanted.integers(name + ".q");
      CHECK(integers(packed[0]) == std::vector<int>(q.begin(), q.end()));
      auto same_bits = [](const std::string& bytes, const StoredTensor& stored) {
        return bytes.size() == stored.bytes.size() &&
               std::memcmp(bytes.data(), stored.bytes.data(), bytes.size()) == 0;
      };
      CHECK(same_bits(packed[1].bytes, wanted.tensor(name + ".scale")));
      quantizer->unpack(packed, back);
      Tensor expected = wanted.floats(name + ".dequant");
      CHECK(std::equal(back.data(), back.data() + back.numel(), expected.data()));
    }
  }
}
