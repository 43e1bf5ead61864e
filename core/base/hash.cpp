// SPDX-License-Identifier: Apache-2.0
// Computes hashes by OpenSSL and xxHash; files are mapped, not read into memory.
#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <xxhash.h>

#include "base/mapped_file.h"

namespace caddie {
namespace {

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

std::string sha256(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string sha256_file(const std::filesystem::path& path) { return sha256(text_of(MappedFile(path))); }

std::string xxh3(std::string_view bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", uint64_t(hash.high64), uint64_t(hash.low64));
}

std::string xxh3_file(const std::filesystem::path& path) { return xxh3(text_of(MappedFile(path))); }

}  // namespace caddie
