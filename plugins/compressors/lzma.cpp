// SPDX-License-Identifier: Apache-2.0
// Compresses by LZMA2, in an .xz container with a CRC-64. Source: The .xz File Format, tukaani.org.
// Links: liblzma
#include <caddie/plugin.h>
#include <lzma.h>
using namespace caddie;

struct Lzma final : Compressor {
  int preset = 9;
  bool extreme = true;

  void settings(Settings& s) override {
    s("preset", preset, "effort, and size of the dictionary", between(0, 9));
    s("extreme", extreme, "try harder at the same size of the dictionary");
  }
  std::string compress(std::string_view bytes) override {
    std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
    size_t size = 0;
    lzma_ret status =
        lzma_easy_buffer_encode(uint32_t(preset) | (extreme ? LZMA_PRESET_EXTREME : 0), LZMA_CHECK_CRC64,
                                nullptr, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                                reinterpret_cast<uint8_t*>(out.data()), &size, out.size());
    check(status == LZMA_OK, "lzma: compression failed with status {}", int(status));
    out.resize(size);
    return out;
  }
  std::string expand(std::string_view bytes, size_t size) const override {
    uint64_t memory_limit = 128 << 20;  // Preset 9 needs 65 MiB; a forged header could ask for 4 GiB.
    std::string out(size, '\0');
    size_t read = 0, written = 0;
    lzma_ret status = lzma_stream_buffer_decode(
        &memory_limit, 0, nullptr, reinterpret_cast<const uint8_t*>(bytes.data()), &read, bytes.size(),
        reinterpret_cast<uint8_t*>(out.data()), &written, size);
    check(status == LZMA_OK && read == bytes.size() && written == size,
          "lzma: the data is damaged: {} bytes do not expand to {} (status {})", bytes.size(), size,
          int(status));
    return out;
  }
};

CADDIE_PLUGIN(Lzma, .summary = "LZMA2 in an .xz container.", .source = "The .xz File Format, tukaani.org");
