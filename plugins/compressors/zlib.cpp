// SPDX-License-Identifier: Apache-2.0
// Compresses by Deflate, in a zlib wrapper with an Adler-32 checksum. Source: RFC 1950, RFC 1951.
// Links: zlib
#include <caddie/plugin.h>
#include <zlib.h>
using namespace caddie;

struct Zlib final : Compressor {
  int level = 9;

  void settings(Settings& s) override { s("level", level, "effort", between(0, 9)); }

  std::string compress(std::string_view bytes) override {
    uLongf size = compressBound(bytes.size());
    std::string out(size, '\0');
    int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), level);
    check(status == Z_OK, "zlib: compression failed: {}", zError(status));
    out.resize(size);
    return out;
  }
  std::string expand(std::string_view bytes, size_t size) const override {
    // There is one byte more than wanted: zlib takes an empty destination for a wish to check the stream
    // only.
    std::string out(size + 1, '\0');
    uLongf written = out.size();
    uLong read = bytes.size();
    int status = uncompress2(reinterpret_cast<Bytef*>(out.data()), &written,
                             reinterpret_cast<const Bytef*>(bytes.data()), &read);
    check(status == Z_OK && written == size && read == bytes.size(),
          "zlib: the data is damaged: {} bytes do not expand to {}", bytes.size(), size);
    out.resize(size);
    return out;
  }
};

CADDIE_PLUGIN(Zlib, .summary = "Deflate, as in gzip and PNG.", .source = "RFC 1950");
