// SPDX-License-Identifier: Apache-2.0
// Looks at what compares weights with each other, or writes the integers of all of them.
#include <caddie/random.h>

#include <cmath>

#include "laws/looks.h"
#include "laws/quantized_samples.h"
#include "laws/samples.h"

namespace caddie {
namespace {

/// Holds matrices with the sizes of their inputs, as a calibration finds them.
struct Calibrated {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values, inputs;
  std::vector<CalibratedWeight> weights;

  Calibrated() {
    const std::vector<Shape> shapes = {{31, 130}, {7, 64}, {64, 200}};
    const int bits[] = {2, 8, 5};
    for (const Shape& shape : shapes) {
      infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
      values.push_back(random_tensor(shape, "weight"));
      inputs.push_back(random_tensor({shape[1]}, "inputs"));
      for (int64_t i = 0; i < shape[1]; ++i) inputs.back().data()[i] = std::abs(inputs.back().data()[i]);
    }
    for (size_t i = 0; i < shapes.size(); ++i)
      weights.push_back({&infos[i], bits[i], &values[i], &inputs[i]});
  }
};

/// Holds quantized matrices as they were and as they are read back.
struct Restored {
  std::vector<WeightInfo> infos;
  std::vector<RestoredWeight> weights;
  std::vector<const WeightInfo*> claimed;

  Restored() {
    for (const Shape& shape : {Shape{31, 64}, Shape{1, 32}, Shape{64, 33}, Shape{8, 8}})
      infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
    for (const WeightInfo& info : infos) {
      Tensor weight = random_tensor(info.shape, info.name.c_str());
      weights.push_back({&info, weight, coarsely_restored(coarsely_packed(weight), info.shape)});
      claimed.push_back(&info);
    }
  }
};

/// Holds arrays of integers of many shapes, each in three weights.
struct Integers {
  std::vector<Array> arrays;
  std::vector<NamedArray> named;
  std::string plain;

  Integers() {
    Rng rng(7, "integers");
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{77}, Shape{0, 5}, Shape{5, 0}, Shape{1, 9},
                               Shape{33, 7}, Shape{300, 2}, Shape{2, 3, 4}}) {
      arrays.push_back({"q", Type::kInt8, shape, {}});
      for (int64_t i = 0; i < shape.numel(); ++i) arrays.back().bytes += char(int(rng.below(7)) - 3);
    }
    for (const Array& array : arrays)
      for (const char* weight : {"tok_emb.weight", "blocks.0.attn.c_q.weight", "blocks.1.mlp.proj.weight"}) {
        named.push_back({weight, &array});
        plain += array.bytes;
      }
  }
};

void look_at_damaged_layout(const Layout& layout, const std::string& bytes,
                            std::span<const NamedArray> named) {
  auto refused = [&](const std::string& damaged) { return refuses([&] { layout.restore(damaged, named); }); };
  hold(refused(bytes + "?"), "{} bytes and one more are read", bytes.size());
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 97)
    hold(refused(bytes.substr(0, size)), "the first {} of {} bytes are read", size, bytes.size());
  for (size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 997) {
    std::string turned = bytes;
    turned[i] = char(turned[i] ^ 4);
    std::vector<std::string> back;
    if (refuses([&] { back = layout.restore(turned, named); })) continue;
    for (size_t k = 0; k < named.size(); ++k)
      hold(back[k].size() == named[k].array->bytes.size(),
           "with a bit of byte {} turned, an array of {} bytes comes back with {}", i,
           named[k].array->bytes.size(), back[k].size());
  }
}

}  // namespace

void look_at_allocator(const Subject& subject) {
  Calibrated sample;
  auto allocator = subject.make<Allocator>();
  std::vector<FineColumns> chosen = allocator->choose(sample.weights);
  hold(chosen.size() == sample.weights.size(), "it answers for {} of {} weights", chosen.size(),
       sample.weights.size());
  int64_t count = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    int64_t end = 0, all = sample.infos[i].shape[1];
    for (const Columns& columns : chosen[i].columns) {
      hold(columns.begin >= end && columns.begin < columns.end && columns.end <= all,
           "of {} columns it chooses {} to {} behind {}; they must rise and not overlap", all, columns.begin,
           columns.end, end);
      hold(chosen[i].bits > sample.weights[i].bits, "it gives columns {} bits where the others have {}",
           chosen[i].bits, sample.weights[i].bits);
      end = columns.end;
      count += columns.end - columns.begin;
    }
  }
  hold(count > 0, "it chooses no column");
  hold(allocator->choose({}).empty(), "it answers for weights that are not there");
  hold(allocator->extra_bytes(sample.weights) > 0, "extra_bytes() is {} for three weights",
       allocator->extra_bytes(sample.weights));
  hold(allocator->extra_bytes({}) == 0, "extra_bytes() is {} for no weights", allocator->extra_bytes({}));
}

void look_at_corrector(const Subject& subject) {
  Restored sample;
  const std::vector<WeightInfo>& infos = sample.infos;
  const std::vector<RestoredWeight>& weights = sample.weights;
  auto corrector = subject.make<Corrector>();
  std::vector<Packed> packed = corrector->pack(weights);
  hold(packed.size() == weights.size(), "it answers for {} of {} weights", packed.size(), weights.size());
  int64_t stored = 0;
  double before = 0, after = 0;
  for (size_t i = 0; i < packed.size(); ++i) {
    if (packed[i].empty()) continue;
    for (const Array& array : packed[i]) {
      hold(int64_t(array.bytes.size()) == array.shape.numel() * bytes_of(array.type),
           "it makes an array \"{}\" of shape {} with {} bytes", array.name, array.shape, array.bytes.size());
      stored += int64_t(array.bytes.size());
    }
    Tensor corrected = clone(weights[i].restored), other({9, 11});
    subject.make<Corrector>()->correct(packed[i], corrected);  // all it needs is in the arrays
    before += std::pow(relative_error(weights[i].restored, weights[i].weight), 2);
    after += std::pow(relative_error(corrected, weights[i].weight), 2);
    hold(refuses([&] { corrector->correct(packed[i], other); }),
         "arrays of a weight of shape {} correct one of shape {}", infos[i].shape, other.shape());
    hold(refuses([&] { corrector->correct({}, corrected); }), "a weight is corrected by no arrays");
  }
  hold(stored > 0, "it corrects no weight");
  hold(after < before, "it takes the squared error from {} to {}; it must fall", before, after);
  int64_t expected = corrector->extra_bytes(sample.claimed);
  // A number takes a byte at the most.
  hold(expected > stored / 8 && expected <= stored, "extra_bytes() says {}, and its arrays take {}", expected,
       stored);
  hold(corrector->pack({}).empty(), "it answers for weights that are not there");
}

void look_at_layout(const Subject& subject) {
  Integers sample;
  const std::vector<NamedArray>& named = sample.named;
  std::string bytes = subject.make<Layout>()->arrange(named);
  auto layout = subject.make<Layout>();
  std::vector<std::string> back = layout->restore(bytes, named);
  hold(back.size() == named.size(), "of {} arrays {} come back", named.size(), back.size());
  for (size_t i = 0; i < named.size(); ++i)
    hold(back[i] == named[i].array->bytes, "an array of shape {} does not come back", named[i].array->shape);
  hold(bytes != sample.plain, "it leaves all integers in their order");
  hold(layout->restore(layout->arrange({}), {}).empty(), "of no arrays some come back");
  look_at_damaged_layout(*layout, bytes, named);
}

std::string output_across_weights(const Subject& subject) {
  Output output;
  if (subject.kind() == Kind::kAllocator) {
    Calibrated sample;
    for (const FineColumns& fine : subject.make<Allocator>()->choose(sample.weights))
      for (const Columns& columns : fine.columns)
        for (int64_t number : {columns.begin, columns.end, int64_t(fine.bits)}) output.add(double(number));
  } else if (subject.kind() == Kind::kCorrector) {
    Restored sample;
    for (const Packed& packed : subject.make<Corrector>()->pack(sample.weights)) output.add(packed);
  } else {
    Integers sample;
    output.add(subject.make<Layout>()->arrange(sample.named));
  }
  return output.bytes();
}

}  // namespace caddie
