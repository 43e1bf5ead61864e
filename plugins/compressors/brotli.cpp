// SPDX-License-Identifier: Apache-2.0
// Compresses by Brotli, whose stream carries neither a checksum nor the size of the data. Source: RFC 7932.
// Links: libbrotlienc libbrotlidec
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <caddie/plugin.h>

#include <memory>
using namespace caddie;

struct Brotli final : Compressor {
  int quality = 11, window = 24;

  void settings(Settings& s) override {
    s("quality", quality, "effort", between(0, 11));
    s("window", window, "log2 of the bytes that matches reach back", between(10, 24));
  }
  std::string compress(std::string_view bytes) override {
    size_t size = BrotliEncoderMaxCompressedSize(bytes.size());
    std::string out(size, '\0');
    bool done = BrotliEncoderCompress(quality, window, BROTLI_MODE_GENERIC, bytes.size(),
                                      reinterpret_cast<const uint8_t*>(bytes.data()), &size,
                                      reinterpret_cast<uint8_t*>(out.data()));
    check(done, "brotli: compression of {} bytes failed", bytes.size());
    out.resize(size);
    return out;
  }
  std::string expand(std::string_view bytes, size_t size) const override {
    std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> decoder(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
    std::string out(size, '\0');
    size_t unread = bytes.size(), unwritten = size;
    auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
    auto* to = reinterpret_cast<uint8_t*>(out.data());
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(decoder.get(), &unread, &in, &unwritten, &to, nullptr);
    check(result == BROTLI_DECODER_RESULT_SUCCESS && unread == 0 && unwritten == 0,
          "brotli: the data is damaged: {} bytes do not expand to {}", bytes.size(), size);
    return out;
  }
};

CADDIE_PLUGIN(Brotli, .summary = "Brotli.", .source = "RFC 7932");
