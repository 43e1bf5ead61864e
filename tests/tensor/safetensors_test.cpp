// SPDX-License-Identifier: Apache-2.0
// Safetensors files there and back, of every type of number, and those that are refused.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "tensor/safetensors.h"

using namespace caddie;

namespace {

Tensor counting(const Shape& shape) {
  Tensor tensor(shape);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data()[i] = 0.5f * float(i) - 3;
  return tensor;
}

std::string file_bytes(const std::string& header, const std::string& data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

/// Opens a file with this header and data.
SafetensorsFile open_made(const TemporaryFolder& folder, const std::string& header, const std::string& data) {
  write_file(folder / "made.safetensors", file_bytes(header, data));
  return SafetensorsFile(folder / "made.safetensors");
}

}  // namespace

TEST_CASE("every flipped bit and every truncation of a file that was written is found", "[tensor]") {
  TemporaryFolder folder;
  std::filesystem::path file = folder / "sealed.safetensors";
  write_safetensors(file, {{"w", counting({2, 3})}}, {{"step", "7"}});
  const std::string bytes = read_file(file);
  auto is_refused = [&](const std::string& damaged) {
    write_file(file, damaged);
    try {
      return SafetensorsFile(file).names().empty();
    } catch (const Error&) {
      return true;
    }
  };
  REQUIRE_FALSE(is_refused(bytes));
  for (size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    std::string damaged = bytes;
    damaged[i] = char(damaged[i] ^ (1 << (i % 8)));
    CHECK(is_refused(damaged));
    CHECK(is_refused(bytes.substr(0, i)));
  }
}

TEST_CASE("what is written is read back, in order, with its metadata", "[tensor]") {
  TemporaryFolder folder;
  auto path = folder / "model.safetensors";
  std::vector<std::pair<std::string, Tensor>> tensors = {{"z.weight", counting({31, 3})},
                                                         {"scalar", counting({})},
                                                         {"none", counting({0, 33})},
                                                         {"a", counting({77})}};
  write_safetensors(path, tensors, {{"format", "pt"}, {"step", "7"}});
  SafetensorsFile file(path);
  CHECK(file.names() == std::vector<std::string>{"z.weight", "scalar", "none", "a"});
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"step", "7"}});
  for (const auto& [name, tensor] : tensors) {
    Tensor read = file.floats(name);
    REQUIRE(read.shape() == tensor.shape());
    for (int64_t i = 0; i < tensor.numel(); ++i) REQUIRE(read.data()[i] == tensor.data()[i]);
  }
  uint64_t length = *reinterpret_cast<const uint64_t*>(read_file(path).data());
  CHECK(length % 8 == 0);
  CHECK(file.has("a"));
  CHECK_FALSE(file.has("b"));
  CHECK_THROWS_WITH(file.floats("z.weigth"), Catch::Contains("did you mean 'z.weight'"));
  tensors.push_back(tensors.front());
  CHECK_THROWS_WITH(write_safetensors(path, tensors), Catch::Contains("two tensors named 'z.weight'"));
}

TEST_CASE("a file without tensors is a file", "[tensor]") {
  TemporaryFolder folder;
  write_safetensors(folder / "empty.safetensors", {});
  CHECK(SafetensorsFile(folder / "empty.safetensors").names().empty());
}

TEST_CASE("every dtype becomes the numbers it stands for", "[tensor]") {
  TemporaryFolder folder;
  using namespace std::string_literals;
  // 1/127 and the least subnormal as half, -2 and infinity as half; 1.5 as bfloat16.
  SafetensorsFile half = open_made(folder, R"({"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},
      "b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]}})",
                                   "\x08\x20\x01\x00\x00\xc0\x00\x7c\xc0\x3f"s);
  Tensor h = half.floats("h");
  CHECK(h.data()[0] == 0.00787353515625f);
  CHECK(h.data()[1] == std::ldexp(1.0f, -24));
  CHECK(h.data()[2] == -2.0f);
  CHECK(std::isinf(h.data()[3]));
  CHECK(half.doubles("b") == std::vector<double>{1.5});
  CHECK_THROWS_WITH(half.integers("b"), Catch::Contains("'b' is BF16, wanted an integer"));

  SafetensorsFile whole = open_made(folder, R"({"i8":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},
      "u8":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"i16":{"dtype":"I16","shape":[1],"data_offsets":[3,5]},
      "i64":{"dtype":"I64","shape":[1],"data_offsets":[5,13]}})",
                                    "\xff\x7f\xff\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x80"s);
  CHECK(whole.integers("i8") == std::vector<int64_t>{-1, 127});
  CHECK(whole.integers("u8") == std::vector<int64_t>{255});
  CHECK(whole.integers("i16") == std::vector<int64_t>{-2});
  CHECK(whole.integers("i64") == std::vector<int64_t>{INT64_MIN});
  CHECK(whole.doubles("i8") == std::vector<double>{-1, 127});
  CHECK_THROWS_WITH(whole.floats("i8"), Catch::Contains("'i8' is I8, wanted F64, F32, F16 or BF16"));
}

TEST_CASE("a malformed file is one clear error", "[tensor]") {
  TemporaryFolder folder;
  auto fails = [&](const std::string& header, const std::string& data, const char* words) {
    CHECK_THROWS_WITH(open_made(folder, header, data),
                      Catch::Contains(words) && Catch::Contains("made.safetensors"));
  };
  fails("not json", "", "is not JSON");
  fails("[1]", "", "not an object");
  fails(R"({"a":1})", "", "must hold dtype, shape");
  fails(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "abcd", "'dtype' must be");
  fails(R"({"a":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}})", "abcd", "unknown dtype 'F7'");
  fails(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "abcd", "'shape' must be");
  fails(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]}})", "abcd",
        "7 axes, 6 are possible");
  fails(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "abcd", "'data_offsets' must be");
  fails(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "abcd", "do not lie within");
  fails(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "abcd",
        "do not lie within the file's 4");
  fails(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd",
        "shape [2] of F32 does not fill");
  fails(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", "", "does not fill");
  fails(
      R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}})",
      "abcd", "'b' overlaps");
  fails(R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[1,4]}})", "abcd", "1 bytes before tensor 'a'");
  fails(R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}})", "abcd", "1 bytes behind the last tensor");
  fails(
      R"({"a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}})",
      "", "names 'a' twice");
  fails(R"({"__metadata__":{"step":7}})", "", "must map words to words, 'step' does not");

  auto path = folder / "made.safetensors";
  write_file(path, "abc");
  CHECK_THROWS_WITH(SafetensorsFile(path), Catch::Contains("3 bytes are too few"));
  write_file(path, std::string(8, '\xff') + "{}");
  CHECK_THROWS_WITH(SafetensorsFile(path), Catch::Contains("does not fit into the file of 10"));
  CHECK_THROWS_WITH(SafetensorsFile(folder / "missing"), Catch::Contains("missing: cannot open"));
}

TEST_CASE("files made by upstream's tools are read", "[tensor]") {
  auto path = source_folder() / "../shared/parity/fb_baseline/params.safetensors";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not here");
    return;
  }
  SafetensorsFile file(path);
  CHECK(file.tensor("tok_emb.weight").dtype == "F32");
  CHECK(file.floats("tok_emb.weight").shape().rank() == 2);
  CHECK(file.has("blocks.0.attn.c_q.weight"));
}
