// SPDX-License-Identifier: Apache-2.0
// Corpora, which are text or JSON lines, plain or compressed: no document is blank, or the file is
// an Error. Whether documents are UTF-8 is counted by who prepares them. The first byte says how the file is
// called.
#include <caddie/error.h>

#include "base/text.h"
#include "data/documents.h"
#include "fuzz/scratch_file.h"

namespace caddie::fuzz::documents {

std::vector<std::string> seeds() {
  using std::string_literals::operator""s;
  return {"0A line.\nAnother line.\n\nA second document.\r\n",
          "1{\"text\": \"caf\\u00e9 \\ud83d\\ude00\"}\n\n{\"text\": \"two\"}", "0\xef\xbb\xbfwith a mark\n",
          "0\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4\x02\x00\x07\xa1\xea\xdd\x02\x00\x00\x00"s,
          "0\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00\x61\x0a\x6b\x2f\xdd\x2e"s};
}

void run(std::string_view bytes) {
  constexpr size_t kMostRead = size_t(1) << 22;  // A few compressed bytes may expand to gigabytes.
  if (bytes.empty()) return;
  try {
    DocumentReader reader(scratch_file(bytes[0] % 2 ? "text.jsonl" : "text.txt", bytes.substr(1)), "text");
    size_t read = 0;
    for (std::string document; read < kMostRead && reader.next(document); read += document.size())
      require(!trimmed(document).empty());
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(documents)

}  // namespace caddie::fuzz::documents
