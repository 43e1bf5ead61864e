// SPDX-License-Identifier: Apache-2.0
// Artifacts there and back, damaged in every way, and their bytes accounted for.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "export/account.h"
#include "export/artifact.h"
#include "export/estimate.h"
#include "export/quantize.h"
#include "support/plugins.h"

using namespace caddie;
using Catch::Contains;

namespace {

/// Keeps the bytes as they are, so that tests can reach into the payload.
struct Store final : Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t size) const override {
    check(bytes.size() == size, "store: {} bytes are not {}", bytes.size(), size);
    return std::string(bytes);
  }
};

/// Whole numbers in "q", with a float16 "scale" of 1 for each row and the float32 "bias" that is left over.
struct Whole final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Array q{"q", Type::kInt8, info.shape, {}};
    Array scale{"scale", Type::kFloat16, Shape{info.shape.rows()}, {}};
    Array rest{"rest", Type::kFloat32, info.shape, {}};
    for (int64_t i = 0; i < weight.numel(); ++i) {
      float whole = std::nearbyint(weight.data()[i]), left = weight.data()[i] - whole;
      q.bytes += char(int8_t(whole));
      rest.bytes.append(reinterpret_cast<const char*>(&left), sizeof left);
    }
    for (int64_t r = 0; r < info.shape.rows(); ++r) scale.bytes += std::string("\x00\x3c", 2);
    return {q, scale, rest};
  }
  void unpack(const Packed& packed, Tensor& weight) const override {
    check(packed.size() == 3 && int64_t(packed[0].bytes.size()) == weight.numel(), "whole: other arrays");
    for (int64_t i = 0; i < weight.numel(); ++i) {
      float left;
      std::memcpy(&left, packed[2].bytes.data() + 4 * i, sizeof left);
      weight.data()[i] = float(int8_t(packed[0].bytes[size_t(i)])) + left;
    }
  }
};

Routed routed(const std::string& plugin, std::unique_ptr<Plugin> object, std::vector<int> weights) {
  Routed one;
  one.technique.plugin = plugin;
  one.technique.object = std::move(object);
  one.weights = std::move(weights);
  return one;
}

struct Fixture {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;
  std::vector<Routed> quantizers;
  Store store;

  Fixture() {
    add("tok.weight", {33, 3}, Role::kEmbedding, Place::kTokens, "model");
    add("blocks.0.q.weight", {7, 31}, Role::kMatrix, Place::kQuery, "model");
    add("blocks.1.q.weight", {7, 31}, Role::kMatrix, Place::kQuery, "model");
    add("gate.empty", {0, 5}, Role::kMatrix, Place::kOther, "gate");
    add("gate.scale", {77}, Role::kVector, Place::kOther, "gate");
    add("gate.one", {}, Role::kScalar, Place::kOther, "gate");
    route("matrices", {0, 1, 2, 3});
    route("others", {4, 5});
  }
  void add(const std::string& name, const Shape& shape, Role role, Place place, const std::string& owner) {
    infos.push_back({name, shape, role, place, -1, owner, Init::normal(0.5)});
    Tensor value(shape);
    Rng rng(7, name);
    for (int64_t i = 0; i < value.numel(); ++i) value.data()[i] = float(8 * rng.normal());
    values.push_back(value);
  }
  void route(const std::string& label, std::vector<int> weights) {
    quantizers.push_back(routed("whole", std::make_unique<Whole>(), std::move(weights)));
    quantizers.back().technique.label = label;
  }
  Artifact artifact() {
    Artifact made = quantize(infos, values, quantizers);
    made.compressor = "store";
    return made;
  }
  std::string bytes() { return encode(artifact(), store); }
  Artifact read(std::string_view file, size_t limit = kPayloadLimit) {
    return decode(
        file, [&](const std::string&) -> const Compressor& { return store; }, limit);
  }
  std::vector<Tensor> restore(const Artifact& from) {
    std::vector<Routed> others;  // all that they need is in the arrays
    others.push_back(routed("whole", std::make_unique<Whole>(), {}));
    return dequantize(from, infos, others);
  }
};

/// One tensor "w" of shape [2,3] with one int8 array "q" of that shape.
Artifact tiny() { return {{{"w", "whole", {2, 3}, {{"q", Type::kInt8, {2, 3}, "abcdef"}}}}, "store"}; }

std::string sealed(std::string_view payload) {
  Store store;
  return seal(payload, "store", store);
}

}  // namespace

TEST_CASE("weights come back from the file to the bit", "[export]") {
  Fixture f;
  std::vector<Tensor> restored = f.restore(f.read(f.bytes()));
  REQUIRE(restored.size() == f.values.size());
  for (size_t i = 0; i < restored.size(); ++i) {
    INFO(f.infos[i].name);
    REQUIRE(restored[i].shape() == f.infos[i].shape);
    CHECK(same_bits(restored[i], f.values[i]));
  }
}

TEST_CASE("an artifact comes back with every name, shape and byte", "[export]") {
  Fixture f;
  Artifact wrote = f.artifact(), read = f.read(encode(wrote, f.store));
  CHECK(read.compressor == "store");
  REQUIRE(read.tensors.size() == wrote.tensors.size());
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    const ArtifactTensor &a = wrote.tensors[i], &b = read.tensors[i];
    CHECK((a.name == b.name && a.quantizer == b.quantizer && a.shape == b.shape));
    REQUIRE(a.packed.size() == b.packed.size());
    for (size_t k = 0; k < a.packed.size(); ++k) {
      CHECK((a.packed[k].name == b.packed[k].name && a.packed[k].type == b.packed[k].type));
      CHECK((a.packed[k].shape == b.packed[k].shape && a.packed[k].bytes == b.packed[k].bytes));
    }
  }
}

TEST_CASE("an artifact without tensors comes back", "[export]") {
  Fixture f;
  CHECK(f.read(encode({{}, "store"}, f.store)).tensors.empty());
}

TEST_CASE("equal weights give equal files on any number of threads", "[export]") {
  Fixture f;
  int threads = thread_count();
  set_thread_count(1);
  std::string alone = f.bytes();
  set_thread_count(3);
  std::string together = f.bytes();
  set_thread_count(threads);
  CHECK(alone == together);
}

TEST_CASE("the file is laid out as documented", "[export]") {
  Store store;
  std::string bytes = encode(tiny(), store);
  CHECK(bytes.substr(0, 11) == std::string("CAD\x02\x05store\x17", 11));
  std::string directory("\x01\x01\x01w\x05whole\x02\x02\x03\x01\x01q\x82", 17);
  CHECK(bytes.substr(19) == directory + "abcdef");
}

TEST_CASE("bytes of halves and floats are split into planes, small types first", "[export]") {
  Artifact artifact{{{"w",
                      "x",
                      {2},
                      {{"f", Type::kFloat32, {2}, "abcdABCD"},
                       {"h", Type::kFloat16, {2}, "efEF"},
                       {"q", Type::kInt8, {2}, "gG"}}}},
                    "store"};
  std::string payload = payload_of(artifact);
  CHECK(payload.substr(payload.size() - 14) == "gGeEfFaAbBcCdD");
  artifact.layout.shuffle_bytes = false;
  payload = payload_of(artifact);
  CHECK(payload.substr(payload.size() - 14) == "gGefEFabcdABCD");
}

TEST_CASE("packed integers take the fewest bits that hold them all", "[export]") {
  Artifact artifact = tiny();
  artifact.layout.pack_bits = true;
  std::string& q = artifact.tensors[0].packed[0].bytes;
  auto payload_end = [&](const std::string& integers) {
    q = integers;
    std::string payload = payload_of(artifact), end = payload.substr(17);
    CHECK((artifact_of(payload).tensors[0].packed[0].bytes == integers));
    return end;
  };
  CHECK(payload_end(std::string(6, '\0')) == std::string("\x01\x00", 2));
  CHECK(payload_end(std::string("\xff\0\xff\0\0\0", 6)) == "\x01\x05");  // two's complement: -1 is 1
  // The lowest bit first: 110 010 100 000 001 111.
  CHECK(payload_end(std::string("\x03\x02\x01\x00\xfc\xff", 6)) == "\x03\x53\xc0\x03");
  CHECK(payload_end("abcdef") ==
        "\x08"
        "abcdef");
  CHECK(payload_end(std::string("\x80\x7f\0\0\0\0", 6)) == std::string("\x08\x80\x7f\0\0\0\0", 7));
}

TEST_CASE("arrays come back from every layout", "[export]") {
  Fixture f;
  Artifact artifact = f.artifact();
  Rng rng(3, "integers");
  for (int bits = 1; bits <= 8; ++bits)
    for (int64_t length : {0, 1, 7, 33}) {
      std::string integers;
      for (int64_t i = 0; i < length; ++i) integers += char(int(rng.below(1u << bits)) - (1 << (bits - 1)));
      artifact.tensors.push_back(
          {fmt::format("w{}_{}", bits, length), "x", {length}, {{"q", Type::kInt8, {length}, integers}}});
    }
  for (bool shuffle : {false, true})
    for (bool pack : {false, true}) {
      artifact.layout = {shuffle, pack};
      Artifact read = f.read(encode(artifact, f.store));
      CHECK(read.layout == artifact.layout);
      for (size_t i = 0; i < artifact.tensors.size(); ++i)
        for (size_t k = 0; k < artifact.tensors[i].packed.size(); ++k)
          CHECK((read.tensors[i].packed[k].bytes == artifact.tensors[i].packed[k].bytes));
    }
}

TEST_CASE("a weight's arrays stand beside those of other layers", "[export]") {
  auto with = [](const std::string& name, const std::string& bytes) {
    return ArtifactTensor{name, "x", {1}, {{"s", Type::kInt8, {1}, bytes}, {"q", Type::kInt8, {1}, bytes}}};
  };
  std::string payload = payload_of(
      {{with("b.0.z", "1"), with("b.0.a", "2"), with("b.1.z", "3"), with("b.12.a", "4"), with("a.x1", "5")},
       "store"});
  CHECK(payload.substr(payload.size() - 10) == "5524241313");
  CHECK(name_pattern("0.b.12.c3..4") == "*.b.*.c3..*");
  CHECK(name_pattern("") == "");
}

TEST_CASE("every truncation is refused", "[export]") {
  Fixture f;
  std::string bytes = f.bytes();
  REQUIRE(bytes.size() > 1000);
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(f.read(bytes.substr(0, size)), Error);
  }
  CHECK_THROWS_WITH(f.read(""), Contains("truncated"));
  CHECK_THROWS_AS(f.read(bytes + "x"), Error);
}

TEST_CASE("every flipped bit is refused", "[export]") {
  Fixture f;
  std::string bytes = encode(tiny(), f.store);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = char(damaged[bit / 8] ^ (1 << bit % 8));
    INFO(bit);
    CHECK_THROWS_AS(f.read(damaged), Error);
  }
}

TEST_CASE("a refusal says what is wrong with the file", "[export]") {
  Fixture f;
  std::string bytes = f.bytes();
  auto with = [&](size_t at, char value) {
    std::string damaged = bytes;
    damaged[at] = value;
    return damaged;
  };
  CHECK_THROWS_WITH(f.read(with(0, 'X')), Contains("it is no artifact"));
  CHECK_THROWS_WITH(f.read(with(3, 1)), Contains("version 1") && Contains("reads version 2"));
  CHECK_THROWS_WITH(f.read(with(bytes.size() - 1, '\x7f')), Contains("do not match its hash"));
  CHECK_THROWS_WITH(f.read(bytes, 10), Contains("the limit is 10"));
  CHECK_NOTHROW(f.read(bytes, payload_of(f.artifact()).size()));
}

TEST_CASE("a length of the payload beyond the limit is refused before anything expands", "[export]") {
  std::string bytes = std::string("CAD\x02\x05store") + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  Fixture f;
  auto never = [](const std::string&) -> const Compressor& { throw std::logic_error("expanded"); };
  CHECK_THROWS_WITH(decode(bytes, never), Contains("18446744073709551615") && Contains("limit"));
}

TEST_CASE("payloads with a good hash and nonsense inside are refused", "[export]") {
  Fixture f;
  struct Case {
    std::string payload, reason;
  };
  const std::string head("\x01\x01w\x01z", 5), max("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
  const std::vector<Case> cases = {
      {"", "truncated"},
      {max, "truncated"},
      {std::string("\x80\x00", 2), "not a number"},
      {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10), "not a number"},
      {std::string("\x01\x00", 2), "not a name"},
      {std::string("\x01\x01\x07", 3), "not a name"},
      {std::string("\x01\x80\x02", 3), "names have 1 to 255"},
      {head + '\x07', "has 7 axes"},
      {head + '\x02' + max + max, "impossible shape"},
      {head + '\x01' + std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10), "axis of length"},
      {head + std::string("\x01\x02", 2) + max, "truncated"},
      {head + std::string("\x01\x02\x01\x01q\x03", 6), "unknown type 3"},
      {head + std::string("\x01\x02\x01\x01q\x82"
                          "a",
                          7),
       "needs more than is there"},
      {head + std::string("\x01\x02\x01\x01q\x82"
                          "abc",
                          9),
       "1 bytes behind the last array"},
      {head + std::string("\x01\x02\x01\x01q\x02\x01\x02", 8), "spells out"},
      {std::string("\x02", 1) + std::string("\x01w\x01z\x00\x00", 6) + std::string("\x01w\x01z\x00\x00", 6),
       "comes twice"},
  };
  for (const Case& one : cases) {
    INFO(one.reason);
    CHECK_THROWS_WITH(f.read(sealed("\x01" + one.payload)), Contains(one.reason));
  }
  CHECK_THROWS_WITH(f.read(sealed("")), Contains("truncated"));
  CHECK_THROWS_WITH(f.read(sealed(std::string("\x04\x00", 2))), Contains("layout 4"));
  auto packed = [&](const std::string& bits_and_bytes) {
    return sealed("\x03" + head + std::string("\x01\x02\x01\x01q\x82", 6) + bits_and_bytes);
  };
  CHECK_NOTHROW(f.read(packed("\x02\x07")));
  CHECK_THROWS_WITH(f.read(packed("\x09\x07")), Contains("has 9 bits"));
  CHECK_THROWS_WITH(f.read(packed(std::string("\x00\x07", 2))), Contains("has 0 bits"));
  CHECK_THROWS_WITH(f.read(packed("\x03\x07")), Contains("needs no 3 bits"));
  CHECK_THROWS_WITH(f.read(packed("\x02\x17")), Contains("bits behind the last integer"));
  std::string many = "\x03" + head + std::string("\x01\x80\x80\x40\x01\x01q\x82\x01", 9);
  CHECK_THROWS_WITH(f.read(sealed(many + std::string(1 << 17, '\0')), 1 << 18), Contains("limit allows"));
}

TEST_CASE("a directory that is all tensors stays within its limit", "[export]") {
  Fixture f;
  std::string payload("\x01\xff\xff\xff\xff\x0f", 6);
  while (payload.size() < 2 * kDirectoryLimit) {
    std::string number = std::to_string(1000000 + payload.size());
    payload += std::string("\x08w", 2) + number.substr(0, 7) + std::string("\x01z\x00\x00", 4);
  }
  CHECK_THROWS_WITH(f.read(sealed(payload)), Contains("the directory is truncated"));
}

TEST_CASE("what cannot be read back is not written", "[export]") {
  Store store;
  Artifact artifact = tiny();
  artifact.tensors.push_back(artifact.tensors[0]);
  CHECK_THROWS_WITH(encode(artifact, store), Contains("two tensors are called 'w'"));
  artifact = tiny();
  artifact.tensors[0].packed[0].bytes += "g";
  CHECK_THROWS_WITH(encode(artifact, store), Contains("do not fill its shape [2, 3]"));
  artifact = tiny();
  artifact.compressor = "";
  CHECK_THROWS_WITH(encode(artifact, store), Contains("cannot be stored as a name"));
}

TEST_CASE("quantize wants each weight claimed once and reports progress", "[export]") {
  Fixture f;
  std::vector<int64_t> seen;
  int64_t all = 33 * 3 + 2 * 7 * 31 + 77 + 1;
  quantize(f.infos, f.values, f.quantizers, [&](int64_t done, int64_t of) {
    CHECK(of == all);
    seen.push_back(done);
  });
  REQUIRE(seen.size() == f.infos.size());
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() == all);

  f.quantizers[1].weights = {5};
  CHECK_THROWS_WITH(quantize(f.infos, f.values, f.quantizers), Contains("gate.scale") && Contains("others"));
  f.quantizers[1].weights = {4, 5, 0};
  CHECK_THROWS_WITH(quantize(f.infos, f.values, f.quantizers), Contains("matrices and others"));
}

TEST_CASE("a tensor that does not fit the model is named", "[export]") {
  Fixture f;
  Artifact artifact = f.artifact();
  SECTION("missing") {
    artifact.tensors.erase(artifact.tensors.begin() + 4);
    CHECK_THROWS_WITH(f.restore(artifact), Contains("'gate.scale' is missing") && Contains("[77]"));
  }
  SECTION("unknown") {
    artifact.tensors[4].name = "gate.scales";
    CHECK_THROWS_WITH(f.restore(artifact),
                      Contains("'gate.scales'") && Contains("did you mean 'gate.scale'"));
  }
  SECTION("of another shape") {
    artifact.tensors[1].shape = {31, 7};
    CHECK_THROWS_WITH(f.restore(artifact),
                      Contains("'blocks.0.q.weight' has shape [31, 7]") && Contains("[7, 31]"));
  }
  SECTION("not as its quantizer packed it") {
    artifact.tensors[4].packed.pop_back();
    CHECK_THROWS_WITH(f.restore(artifact), Contains("'gate.scale'") && Contains("other arrays"));
  }
}

TEST_CASE("entropy of an array, by hand", "[export]") {
  CHECK(entropy_bytes({"q", Type::kInt8, {0}, ""}) == 0);
  CHECK(entropy_bytes({"q", Type::kInt8, {77}, std::string(77, 'x')}) == 0);
  CHECK(entropy_bytes({"q", Type::kInt8, {8}, "abcdabcd"}) == Approx(2));  // 8 elements of 2 bits
  CHECK(entropy_bytes({"q", Type::kInt8, {4}, "aaab"}) == Approx((3 * std::log2(4 / 3.) + 2) / 8));
  // First bytes are all equal, second bytes take two values equally often.
  CHECK(entropy_bytes({"h", Type::kFloat16, {8}, "axayaxayaxayaxay"}) == Approx(1));
}

TEST_CASE("groups of bytes add up in every grouping", "[export]") {
  Fixture f;
  Artifact artifact = f.artifact();
  int64_t parameters = 33 * 3 + 2 * 7 * 31 + 77 + 1, rows = 33 + 7 + 7 + 0 + 1 + 1;
  for (const GroupOf& group_of : {GroupOf(group_by_name), group_by_owner(f.infos), group_by_place(f.infos)}) {
    ByteGroup sum = total(account(artifact, group_of, &f.store));
    CHECK(sum.parameters == parameters);
    CHECK(sum.raw_bytes == 4 * parameters);
    CHECK(sum.packed_bytes == 5 * parameters + 2 * rows);
    CHECK(sum.compressed_bytes > sum.packed_bytes);  // stored, with a directory each
  }
  CHECK(total(account(artifact, group_by_name, nullptr)).compressed_bytes == 0);

  std::vector<ByteGroup> names = account(artifact, group_by_name, nullptr);
  CHECK(names[0].name == "blocks.*.q.weight");
  CHECK(names[0].parameters == 2 * 7 * 31);
  std::vector<ByteGroup> owners = account(artifact, group_by_owner(f.infos), nullptr);
  REQUIRE(owners.size() == 2);
  CHECK((owners[0].name == "model" && owners[1].name == "gate"));
  std::vector<ByteGroup> places = account(artifact, group_by_place(f.infos), nullptr);
  REQUIRE(places.size() == 5);
  CHECK((places[0].name == "query" && places[1].name == "tokens" && places[2].name == "vector"));
}

TEST_CASE("an artifact over the limit is told by how much and why", "[export]") {
  Fixture f;
  std::vector<ByteGroup> groups = account(f.artifact(), group_by_owner(f.infos), nullptr);
  CHECK_NOTHROW(check_limit(15'000'000, 1'000'000, 16'000'000, groups));
  CHECK_THROWS_WITH(check_limit(15'000'001, 1'000'000, 16'000'000, groups),
                    Contains("are 1 over the limit of 16,000,000") && Contains("largest groups are model ("));
  CHECK_THROWS_WITH(check_limit(17'234'567, 0, 16'000'000, {}), Contains("1,234,567 over"));
}

namespace {

/// int8 with a step of 1/10, clipped at 127.
struct Tenths final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Array q{"q", Type::kInt8, info.shape, {}};
    for (int64_t i = 0; i < weight.numel(); ++i)
      q.bytes += char(int8_t(std::clamp(std::nearbyint(10 * weight.data()[i]), -127.f, 127.f)));
    return {q};
  }
  void unpack(const Packed&, Tensor&) const override {}
};

}  // namespace

TEST_CASE("the estimate is the entropy of a quantized normal", "[export]") {
  std::vector<WeightInfo> infos;
  infos.push_back({"w", {1000, 640}, Role::kMatrix, Place::kMlpIn, 0, "model", Init::normal(0.4)});
  infos.push_back({"c", {640}, Role::kVector, Place::kOther, 0, "model", Init::constant(1)});
  std::vector<Routed> quantizers(1);
  quantizers[0].technique.object = std::make_unique<Tenths>();
  quantizers[0].weights = {0, 1};
  SizeEstimate estimate = estimate_size(infos, quantizers);
  CHECK(estimate.parameters == 640'640);
  // Differential entropy of a normal in units of the step: log2(deviation / step) + log2(2 pi e) / 2.
  double constant = 0.5 * std::log2(2 * M_PI * M_E);
  CHECK(double(estimate.initial) == Approx(80'000 * (std::log2(4) + constant)).epsilon(0.01));
  CHECK(double(estimate.grown) == Approx(80'000 * (std::log2(10) + constant)).epsilon(0.01));
  CHECK_THAT(estimate.text(), Contains("entropy"));
}

TEST_CASE("artifacts of every compressor and quantizer come back, damaged ones do not", "[export][plugins]") {
  Fixture f;
  const std::vector<std::string> names = {"fp32", "fp16", "int8", "absmax", "percentile", "gptq_lite"};
  std::string compressor_name = GENERATE(as<std::string>{}, "zlib", "zstd", "lzma", "brotli");
  auto compressor = testing::make_plugin<Compressor>(compressor_name);
  auto read = [&](std::string_view bytes) {
    return decode(bytes, [&](const std::string&) -> const Compressor& { return *compressor; });
  };
  for (const std::string& name : names) {
    INFO(compressor_name << ", " << name);
    auto quantizer = testing::make_plugin<Quantizer>(name);
    std::vector<Routed> writers, readers;
    writers.push_back(routed(name, testing::make_plugin<Quantizer>(name), {0, 1, 2, 3, 4, 5}));
    readers.push_back(routed(name, testing::make_plugin<Quantizer>(name), {}));
    Artifact artifact = quantize(f.infos, f.values, writers);
    artifact.compressor = compressor_name;
    std::string bytes = encode(artifact, *compressor);
    CHECK(bytes == encode(artifact, *compressor));
    std::vector<Tensor> restored = dequantize(read(bytes), f.infos, readers);
    for (size_t i = 0; i < restored.size(); ++i) {
      Tensor direct(f.infos[i].shape);
      quantizer->unpack(quantizer->pack(f.values[i], f.infos[i], nullptr), direct);
      CHECK(same_bits(restored[i], direct));
    }
    for (size_t at = 0; at < bytes.size(); at += 7) {
      INFO(at);
      CHECK_THROWS_AS(read(bytes.substr(0, at)), Error);
      std::string damaged = bytes;
      damaged[at] = char(damaged[at] ^ 16);
      CHECK_THROWS_AS(read(damaged), Error);
    }
  }
}

TEST_CASE("a model of eleven layers becomes an artifact", "[.speed]") {
  Fixture f;
  f.infos.clear();
  f.values.clear();
  f.quantizers.clear();
  f.add("tok_emb.weight", {1024, 512}, Role::kEmbedding, Place::kTokens, "model");
  for (int layer = 0; layer < 11; ++layer) {
    std::string block = "blocks." + std::to_string(layer);
    f.add(block + ".attn.c_q.weight", {512, 512}, Role::kMatrix, Place::kQuery, "model");
    f.add(block + ".attn.c_k.weight", {256, 512}, Role::kMatrix, Place::kKey, "model");
    f.add(block + ".attn.c_v.weight", {256, 512}, Role::kMatrix, Place::kValue, "model");
    f.add(block + ".attn.proj.weight", {512, 512}, Role::kMatrix, Place::kAttentionOut, "model");
    f.add(block + ".mlp.fc.weight", {1536, 512}, Role::kMatrix, Place::kMlpIn, "model");
    f.add(block + ".mlp.proj.weight", {512, 1536}, Role::kMatrix, Place::kMlpOut, "model");
    f.add(block + ".attn_scale", {512}, Role::kVector, Place::kOther, "model");
  }
  std::string quantizer_name = GENERATE(as<std::string>{}, "absmax", "gptq_lite");
  std::vector<Routed> routed(1);
  routed[0].technique.plugin = quantizer_name;
  routed[0].technique.object = testing::make_plugin<Quantizer>(quantizer_name);
  for (size_t i = 0; i < f.infos.size(); ++i) routed[0].weights.push_back(int(i));
  auto compressor = testing::make_plugin<Compressor>("zstd", {{"level", 1.}});

  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  auto lap = [&] {
    auto now = Clock::now();
    double seconds = std::chrono::duration<double>(now - last).count();
    last = now;
    return seconds;
  };
  SizeEstimate estimate = estimate_size(f.infos, routed);
  double estimate_seconds = lap();
  Artifact artifact = quantize(f.infos, f.values, routed);
  artifact.compressor = "zstd";
  double quantize_seconds = lap();
  std::string bytes = encode(artifact, *compressor);
  double encode_seconds = lap();
  Artifact again = decode(bytes, [&](const std::string&) -> const Compressor& { return *compressor; });
  double decode_seconds = lap();
  double entropy = total(account(again, group_by_name, nullptr)).entropy_bytes;
  WARN(quantizer_name << ": estimate " << estimate_seconds << " s, quantize " << quantize_seconds
                      << " s, encode " << encode_seconds << " s, decode " << decode_seconds << " s, account "
                      << lap() << " s; " << estimate.text() << "; file " << bytes.size() << ", entropy "
                      << entropy);
  CHECK(double(bytes.size()) == Approx(double(estimate.grown)).epsilon(0.05));
}
