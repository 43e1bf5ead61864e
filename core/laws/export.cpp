// SPDX-License-Identifier: Apache-2.0
// Looks at what turns one weight, or the bytes of an artifact, into fewer bytes and back.
#include <caddie/linalg.h>
#include <caddie/random.h>

#include <cmath>

#include "laws/looks.h"
#include "laws/quantized_samples.h"
#include "laws/samples.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

std::vector<std::string> byte_strings() {
  std::string noise, steps;
  Rng rng(7, "noise");
  for (int i = 0; i < 10007; ++i) noise += char(rng.bits());
  for (int i = 0; i < 10007; ++i) steps += char(i / 97);
  return {"", "a", std::string(1, '\0'), noise.substr(0, 77), noise, steps, std::string(100000, 'x')};
}

WeightInfo info_of(const Shape& shape) {
  return weight_info("w", shape, shape.rank() == 2 ? Role::kMatrix : Role::kVector);
}

void hold_sizes(const Packed& packed, const Shape& shape) {
  for (const Array& array : packed)
    hold(int64_t(array.bytes.size()) == array.shape.numel() * bytes_of(array.type),
         "of a weight of shape {} it makes an array \"{}\" of shape {} with {} bytes; wanted {}", shape,
         array.name, array.shape, array.bytes.size(), array.shape.numel() * bytes_of(array.type));
}

void look_at_quantized(const Subject& subject, const Shape& shape) {
  WeightInfo info = info_of(shape);
  Tensor weight = random_tensor(shape, "weight"), once(shape), twice(shape);
  auto quantizer = subject.make<Quantizer>();
  Packed packed = quantizer->pack(weight, info, nullptr);
  hold_sizes(packed, shape);
  subject.make<Quantizer>()->unpack(packed, once);  // all it needs is in the arrays
  double error = relative_error(once, weight), allowed = quantizer->largest_error();
  hold(error <= allowed,
       "a weight of shape {} comes back {} away, as a share of its norm; largest_error() allows {}", shape,
       error, allowed);
  quantizer->unpack(quantizer->pack(once, info, nullptr), twice);
  double again = relative_error(twice, once);
  hold(again <= error, "a weight of shape {} that came back {} away is {} away when it is packed once more",
       shape, error, again);
  Tensor zeros(shape), back = random_tensor(shape, "what was there before");
  quantizer->unpack(quantizer->pack(zeros, info, nullptr), back);
  hold(same_bits(back, zeros), "zeros of shape {} do not come back as zeros", shape);
}

/// Checks that damage is refused or comes to an end with as many bytes as there were.
void look_at_damage(Compressor& compressor, const std::string& small, size_t size) {
  auto refused = [&](const std::string& damaged, size_t wanted) {
    return refuses([&] { compressor.expand(damaged, wanted); });
  };
  hold(refused(small.substr(0, small.size() - 1), size), "{} bytes without the last of their {} are read",
       size, small.size());
  hold(refused(small.substr(0, small.size() / 2), size), "half of what {} bytes became is read", size);
  hold(refused(small + "?", size), "what {} bytes became is read with a byte more", size);
  hold(refused(small, size + 1), "{} bytes are read as {}", size, size + 1);
  hold(size == 0 || refused(small, size - 1), "{} bytes are read as {}", size, size - 1);
  // A format without a checksum cannot know that one bit was turned, but must come to an end.
  for (size_t i = 0; i < small.size(); i += 1 + small.size() / 31) {
    std::string turned = small;
    turned[i] = char(turned[i] ^ 4);
    size_t made = size;
    refuses([&] { made = compressor.expand(turned, size).size(); });
    hold(made == size, "with a bit of byte {} turned, {} bytes come back as {}", i, size, made);
  }
}

}  // namespace

void look_at_quantizer(const Subject& subject) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{77}, Shape{1, 32}, Shape{31, 33}})
    look_at_quantized(subject, shape);
}

void look_at_second_moments(const Subject& subject) {
  Tensor weight = random_tensor({31, 33}, "weight"), inputs = random_tensor({33, 99}, "inputs"),
         moments({33, 33}), back({31, 33});
  multiply_by_own_transpose(inputs, moments);
  WeightInfo info = info_of(weight.shape());
  auto quantizer = subject.make<Quantizer>();
  Packed packed = quantizer->pack(weight, info, &moments);
  bool reads = !same_arrays(packed, quantizer->pack(weight, info, nullptr));
  hold(reads == quantizer->wants_hessian(),
       "wants_hessian() says {}, and with second moments its arrays are {}", quantizer->wants_hessian(),
       reads ? "others" : "the same");
  quantizer->unpack(packed, back);
  double error = relative_error(back, weight), allowed = quantizer->largest_error();
  hold(error <= allowed, "with second moments a weight comes back {} away; largest_error() allows {}", error,
       allowed);
}

void look_at_pruner(const Subject& subject) {
  for (const Shape& shape : {Shape{}, Shape{77}, Shape{31, 33}, Shape{300, 301}}) {
    Tensor weight = random_tensor(shape, "weight"), pruned = clone(weight);
    subject.make<Pruner>()->prune(pruned, info_of(shape));
    int64_t taken = 0;
    for (int64_t i = 0; i < weight.numel(); ++i) {
      bool same = pruned.data()[i] == weight.data()[i];
      hold(same || pruned.data()[i] == 0, "entry {} of a weight of shape {} becomes {}; wanted 0 or {}", i,
           shape, pruned.data()[i], weight.data()[i]);
      taken += !same;
    }
    hold(taken > 0 || weight.numel() <= 1 << 16, "it takes nothing from a weight of shape {}", shape);
    hold(taken < weight.numel(), "it takes all of a weight of shape {}", shape);
  }
}

void look_at_trimmer(const Subject& subject) {
  SparsePackage untouched, fitting;
  int64_t whole = untouched.bytes();
  fitting.limit = whole;
  subject.make<Trimmer>()->trim(fitting);
  for (size_t i = 0; i < fitting.packed.size(); ++i)
    hold(same_arrays(fitting.packed[i], untouched.packed[i]), "it changes a model that fits");
  SparsePackage trimmed;
  for (int64_t less : {1, 33, 200}) {
    trimmed.limit = whole - less;
    subject.make<Trimmer>()->trim(trimmed);
    hold(trimmed.bytes() <= trimmed.limit, "of {} bytes it leaves {}; the limit is {}", whole,
         trimmed.bytes(), trimmed.limit);
    for (size_t i = 0; i < trimmed.packed.size(); ++i)
      for (size_t k = 0; k < trimmed.packed[i].size(); ++k)
        hold(trimmed.packed[i][k].shape == untouched.packed[i][k].shape &&
                 trimmed.packed[i][k].bytes.size() == untouched.packed[i][k].bytes.size(),
             "it changes the size of array \"{}\"", untouched.packed[i][k].name);
  }
}

void look_at_compressor(const Subject& subject) {
  auto compressor = subject.make<Compressor>();
  for (const std::string& bytes : byte_strings()) {
    std::string small = compressor->compress(bytes);
    hold(subject.make<Compressor>()->expand(small, bytes.size()) == bytes, "{} bytes do not come back",
         bytes.size());
    look_at_damage(*compressor, small, bytes.size());
  }
}

std::string output_of_export(const Subject& subject) {
  Output output;
  Tensor weight = random_tensor({300, 301}, "weight");
  if (subject.kind() == Kind::kQuantizer) {
    Tensor inputs = random_tensor({301, 400}, "inputs"), moments({301, 301});
    multiply_by_own_transpose(inputs, moments);
    output.add(subject.make<Quantizer>()->pack(weight, info_of(weight.shape()), &moments));
  } else if (subject.kind() == Kind::kPruner) {
    subject.make<Pruner>()->prune(weight, info_of(weight.shape()));
    output.add(weight);
  } else if (subject.kind() == Kind::kTrimmer) {
    SparsePackage package;
    package.limit = package.bytes() - 33;
    subject.make<Trimmer>()->trim(package);
    for (const Packed& packed : package.packed) output.add(packed);
  } else {
    for (const std::string& bytes : byte_strings()) output.add(subject.make<Compressor>()->compress(bytes));
  }
  return output.bytes();
}

}  // namespace caddie
