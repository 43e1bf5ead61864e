// SPDX-License-Identifier: Apache-2.0
// Compresses by Zstandard, on one thread, into one frame with its content size and without a checksum.
// Source: RFC 8878.
// Links: libzstd
#include <caddie/plugin.h>
#include <zstd.h>

#include <memory>
using namespace caddie;

struct Zstd final : Compressor {
  int level = 22;
  std::vector<int64_t> also;

  void settings(Settings& s) override {
    s("level", level, "effort", between(1, 22));
    s("also", also, "further levels to try; the smallest result is kept: on noise, 1 often beats 22",
      between(1, 22));
  }

  std::string compress(std::string_view bytes) override {
    std::string smallest = compress_at(level, bytes);
    for (int64_t other : also)
      if (std::string out = compress_at(int(other), bytes); out.size() < smallest.size())
        smallest = std::move(out);
    return smallest;
  }
  static std::string compress_at(int level, std::string_view bytes) {
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 1);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0);
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
    check(!ZSTD_isError(size), "zstd: compression failed: {}", ZSTD_getErrorName(size));
    out.resize(size);
    return out;
  }
  std::string expand(std::string_view bytes, size_t size) const override {
    check(ZSTD_getFrameContentSize(bytes.data(), bytes.size()) == size &&
              ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) == bytes.size(),
          "zstd: the data is damaged: {} bytes are not one frame of {}", bytes.size(), size);
    std::string out(size, '\0');
    size_t written = ZSTD_decompress(out.data(), size, bytes.data(), bytes.size());
    check(!ZSTD_isError(written), "zstd: the data is damaged: {}", ZSTD_getErrorName(written));
    check(written == size, "zstd: the data is damaged: it expands to {} bytes, not {}", written, size);
    return out;
  }
};

CADDIE_PLUGIN(Zstd, .summary = "Zstandard.", .source = "RFC 8878");
