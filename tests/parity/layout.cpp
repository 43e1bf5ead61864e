// SPDX-License-Identifier: Apache-2.0
// Cases of kind compress_layout: in which order rows and bytes stand before they are compressed.
#include "base/byte_shuffle.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

constexpr std::string_view kOrder = ".order", kShuffled = ".shuffled";

/// Returns the order that a layout puts the rows of a matrix in: behind the byte of its form stand two bytes
/// a row.
std::vector<int64_t> order_of(const Layout& layout, const StoredTensor& matrix) {
  Array array{"q", Type::kInt8, matrix.shape, std::string(text_of(matrix))};
  NamedArray named{"tok_emb.weight", &array};
  std::string bytes = layout.arrange({&named, 1});
  std::vector<int64_t> order;
  for (int64_t row = 0; row < matrix.shape[0]; ++row)
    order.push_back(uint8_t(bytes[size_t(1 + 2 * row)]) + 256 * uint8_t(bytes[size_t(2 + 2 * row)]));
  return order;
}

/// Returns what upstream writes: its magic and the stride before the bytes, unless these are too few.
std::string shuffled(std::string_view bytes, size_t stride) {
  if (bytes.size() < stride) return std::string(bytes);
  return "BSHF" + std::string(1, char(stride)) + shuffle_bytes(bytes, stride);
}

}  // namespace

void check_layout(const Case& c, Bench& bench, Verdict& verdict) {
  Facts facts;
  add(facts, c.config());
  Tree tree = bench.experiment(c, facts);
  auto layout = bench.make<Layout>(tree, "export.layout");
  SafetensorsFile inputs = c.tensors("inputs.safetensors"), expected = c.tensors("expected.safetensors");
  for (const std::string& name : inputs.names()) {
    const StoredTensor& given = inputs.tensor(name);
    if (std::string wanted = name + std::string(kOrder); expected.has(wanted)) {
      verdict.equal(wanted, order_of(*layout, given), expected.integers(wanted));
    } else {
      wanted = name + std::string(kShuffled);
      std::string got = shuffled(text_of(given), c.config().at("stride").get<size_t>());
      verdict.equal(wanted, got != text_of(expected.tensor(wanted)));
    }
  }
}

}  // namespace caddie::parity
