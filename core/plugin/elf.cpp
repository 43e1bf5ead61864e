// SPDX-License-Identifier: Apache-2.0
// Reads the section headers of a library, and what they point at, within the bounds of the file.
#include "plugin/elf.h"

#include <elf.h>

#include <cstdint>
#include <cstring>

namespace caddie {
namespace {

using Bytes = std::span<const std::byte>;

/// Reads a T at an offset; returns whether it lies within the bytes.
template <class T>
bool read_at(Bytes bytes, uint64_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

/// Returns the headers of all sections; nothing when the bytes are no library.
std::optional<std::vector<Elf64_Shdr>> sections_of(Bytes library) {
  Elf64_Ehdr header;
  if (!read_at(library, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_shnum == 0)
    return std::nullopt;
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  for (size_t i = 0; i < sections.size(); ++i)
    if (!read_at(library, header.e_shoff + i * sizeof(Elf64_Shdr), sections[i])) return std::nullopt;
  return sections;
}

/// Returns what a section holds; nothing when that does not lie within the file.
std::optional<Bytes> content_of(const Elf64_Shdr& section, Bytes library) {
  if (section.sh_offset > library.size() || library.size() - section.sh_offset < section.sh_size)
    return std::nullopt;
  return library.subspan(section.sh_offset, section.sh_size);
}

/// Returns the text that begins at a place of a string table; "" when it does not end within the table.
std::string text_at(Bytes strings, uint64_t place) {
  if (place >= strings.size()) return "";
  const auto* begin = reinterpret_cast<const char*>(strings.data()) + place;
  const void* end = std::memchr(begin, 0, strings.size() - place);
  return end ? std::string(begin, static_cast<const char*>(end)) : "";
}

}  // namespace

std::optional<std::vector<std::string>> exported_names(Bytes library) {
  auto sections = sections_of(library);
  if (!sections) return std::nullopt;
  std::vector<std::string> names;
  for (const Elf64_Shdr& section : *sections) {
    if (section.sh_type != SHT_DYNSYM) continue;
    if (section.sh_link >= sections->size()) return std::nullopt;
    auto symbols = content_of(section, library);
    auto strings = content_of((*sections)[section.sh_link], library);
    if (!symbols || !strings) return std::nullopt;
    Elf64_Sym symbol;
    for (uint64_t offset = 0; read_at(*symbols, offset, symbol); offset += sizeof symbol)
      if (symbol.st_shndx != SHN_UNDEF) names.push_back(text_at(*strings, symbol.st_name));
  }
  return names;
}

}  // namespace caddie
