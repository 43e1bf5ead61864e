// SPDX-License-Identifier: Apache-2.0
// What is promised by plugins that compare weights with each other, or write the integers of all of them,
// asked of all in the registry with default settings.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "support/arrays.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("allocators choose columns of the weights that they are shown, twice the same", "[conformance]") {
  const std::vector<Shape> shapes = {{31, 130}, {7, 64}, {64, 200}};
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values, inputs;
  for (const Shape& shape : shapes) {
    infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
    values.push_back(random_tensor(shape, "weight"));
    inputs.push_back(random_tensor({shape[1]}, "inputs"));
    for (int64_t i = 0; i < shape[1]; ++i) inputs.back().data()[i] = std::abs(inputs.back().data()[i]);
  }
  std::vector<CalibratedWeight> weights;
  const int bits[] = {2, 8, 5};
  for (size_t i = 0; i < shapes.size(); ++i) weights.push_back({&infos[i], bits[i], &values[i], &inputs[i]});
  for (const std::string& name : plugins_of(Kind::kAllocator)) {
    INFO(name);
    std::vector<FineColumns> chosen = make_plugin<Allocator>(name)->choose(weights);
    std::vector<FineColumns> again = make_plugin<Allocator>(name)->choose(weights);
    REQUIRE(chosen.size() == weights.size());
    int64_t count = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      int64_t end = 0;
      REQUIRE(again[i].columns.size() == chosen[i].columns.size());
      for (size_t k = 0; k < chosen[i].columns.size(); ++k) {
        const Columns& columns = chosen[i].columns[k];
        CHECK((columns.begin == again[i].columns[k].begin && columns.end == again[i].columns[k].end));
        CHECK((columns.begin >= end && columns.begin < columns.end && columns.end <= shapes[i][1]));
        CHECK(chosen[i].bits > bits[i]);
        end = columns.end;
        count += columns.end - columns.begin;
      }
    }
    CHECK(count > 0);
    CHECK(make_plugin<Allocator>(name)->choose({}).empty());
    CHECK(make_plugin<Allocator>(name)->extra_bytes(weights) > 0);
    CHECK(make_plugin<Allocator>(name)->extra_bytes({}) == 0);
  }
}

TEST_CASE("correctors bring weights nearer to what they were, with the same bytes twice", "[conformance]") {
  const std::vector<Shape> shapes = {{31, 64}, {1, 32}, {64, 33}, {8, 8}};
  std::vector<WeightInfo> infos;
  for (const Shape& shape : shapes) infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
  std::vector<RestoredWeight> weights;
  std::vector<const WeightInfo*> claimed;
  for (const WeightInfo& info : infos) {
    Tensor weight = random_tensor(info.shape, info.name.c_str()), restored(info.shape);
    auto coarse = make_plugin<Quantizer>("absmax", {{"bits", 3.0}});
    coarse->unpack(coarse->pack(weight, info, nullptr), restored);
    weights.push_back({&info, weight, restored});
    claimed.push_back(&info);
  }
  for (const std::string& name : plugins_of(Kind::kCorrector)) {
    INFO(name);
    std::vector<Packed> packed = make_plugin<Corrector>(name)->pack(weights);
    std::vector<Packed> again = make_plugin<Corrector>(name)->pack(weights);
    REQUIRE(packed.size() == weights.size());
    int64_t stored = 0;
    double before = 0, after = 0;
    for (size_t i = 0; i < packed.size(); ++i) {
      CHECK((packed[i].size() == again[i].size() && same_arrays(packed[i], again[i])));
      if (packed[i].empty()) continue;
      for (const Array& array : packed[i]) {
        CHECK(int64_t(array.bytes.size()) == array.shape.numel() * bytes_of(array.type));
        stored += int64_t(array.bytes.size());
      }
      Tensor corrected = clone(weights[i].restored), other({9, 11});
      make_plugin<Corrector>(name)->correct(packed[i], corrected);
      before += std::pow(relative_error(weights[i].restored, weights[i].weight), 2);
      after += std::pow(relative_error(corrected, weights[i].weight), 2);
      CHECK_THROWS_AS(make_plugin<Corrector>(name)->correct(packed[i], other), Error);
      CHECK_THROWS_AS(make_plugin<Corrector>(name)->correct({}, corrected), Error);
    }
    CHECK(stored > 0);
    CHECK(after < before);
    int64_t expected = make_plugin<Corrector>(name)->extra_bytes(claimed);
    CHECK((expected > stored / 8 && expected <= stored));  // a number takes a byte at the most
    CHECK(make_plugin<Corrector>(name)->pack({}).empty());
  }
}

TEST_CASE("layouts give all integers back and refuse damaged bytes", "[conformance]") {
  std::vector<Array> arrays;
  Rng rng(7, "integers");
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{77}, Shape{0, 5}, Shape{5, 0}, Shape{1, 9},
                             Shape{33, 7}, Shape{300, 2}, Shape{2, 3, 4}}) {
    arrays.push_back({"q", Type::kInt8, shape, {}});
    for (int64_t i = 0; i < shape.numel(); ++i) arrays.back().bytes += char(int(rng.below(7)) - 3);
  }
  std::vector<NamedArray> named;
  const char* names[] = {"tok_emb.weight", "blocks.0.attn.c_q.weight", "blocks.1.mlp.proj.weight"};
  for (const Array& array : arrays)
    for (const char* weight : names) named.push_back({weight, &array});
  for (const std::string& name : plugins_of(Kind::kLayout)) {
    INFO(name);
    std::string bytes = make_plugin<Layout>(name)->arrange(named);
    CHECK(bytes == make_plugin<Layout>(name)->arrange(named));
    auto layout = make_plugin<Layout>(name);
    std::vector<std::string> back = layout->restore(bytes, named);
    REQUIRE(back.size() == named.size());
    std::string plain;
    for (size_t i = 0; i < named.size(); ++i) {
      CHECK(back[i] == named[i].array->bytes);
      plain += back[i];
    }
    CHECK(bytes != plain);
    CHECK(layout->restore(layout->arrange({}), {}).empty());
    CHECK_THROWS_AS(layout->restore(bytes + "?", named), Error);
    for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 97)
      CHECK_THROWS_AS(layout->restore(bytes.substr(0, size), named), Error);
    for (size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 997) {
      std::string turned = bytes;
      turned[i] = char(turned[i] ^ 4);
      try {
        back = layout->restore(turned, named);
        for (size_t k = 0; k < named.size(); ++k) CHECK(back[k].size() == named[k].array->bytes.size());
      } catch (const Error&) {
      }
    }
  }
}
