// SPDX-License-Identifier: Apache-2.0
// Every document is transformed there and back.
#include "data/transform.h"

#include <caddie/error.h>

#include <numeric>

#include "base/exit_code.h"
#include "data/tokenizer.h"

namespace caddie {

TransformedText NamedTransform::apply(const std::string& document) const {
  TransformedText text = plugin->apply(document);
  auto counted = std::accumulate(text.bytes.begin(), text.bytes.end(), int64_t(0));
  check(text.bytes.size() == text.text.size() && counted == int64_t(document.size()),
        "transform '{}': counts {} bytes for a document of {}", name, counted, document.size());
  check(plugin->invert(text.text) == document,
        "transform '{}': a document of {} bytes that begins \"{}\" does not come back from it", name,
        document.size(), document.substr(0, 40));
  return text;
}

std::vector<std::string> NamedTransform::symbols() const {
  return plugin ? plugin->symbols() : std::vector<std::string>();
}

void NamedTransform::check_tokenizer(const std::filesystem::path& tokenizer) const {
  Tokenizer model(tokenizer);
  for (const std::string& symbol : symbols())
    if (!model.has_piece(symbol))
      fail_usage(
          "{}: has no piece for the symbol \"{}\" of the transform '{}'; take a tokenizer that was trained "
          "on text that it transformed, or let one be trained",
          tokenizer.string(), symbol, name);
}

}  // namespace caddie
