// SPDX-License-Identifier: Apache-2.0
// Defines the artifact: a model's quantized weights as one compressed file. It holds data only, and equal
// contents give equal bytes.
//
// Versions 2 and 3. A file has version 3 only when it holds corrections or its integers are in the layout of
// a plugin; what is marked (3) is there then. Numbers are little-endian. A "count" is an unsigned LEB128
// number in its shortest form. A "name" is a count from 1 to 255 and that many bytes, none of them a control
// character.
//
//   file      3 bytes  "CAD"
//             1 byte   version: 2 or 3
//             name     the compressor
//             count    length of the expanded payload in bytes
//             8 bytes  XXH3-64 of the expanded payload; its seed is the XXH3-64 of the compressed one, whose
//                      seed is the XXH3-64 of all bytes of the file before this field
//             rest     the compressed payload
//
//   payload   1 byte   the sum of 1 when bytes are shuffled, 2 when bits are packed, 4 when there are
//                      corrections, and 8 when the integers are in the layout of a plugin; 2 and 8 exclude
//                      each other
//             name     with 8 the plugin of the layout (3)
//             count    tensors
//             tensors  the directory, below
//             integers with 8 a count, and so many bytes that the plugin of the layout restores the int8
//                      arrays from, which are not among the arrays then (3)
//             arrays   bytes of all arrays: the int8 ones, then float16, then float32; within a type ordered
//                      by the pattern of the weight's name (see name_pattern), then by the array's name, both
//                      as bytes, then as in the directory. Shuffled: of elements with several bytes all first
//                      bytes come first, then all second ones, and so on, array by array. Packed: the int8
//                      arrays are streams of bits, the lowest bit of the first byte first; each element is
//                      the low bits of its two's complement, and the last byte is filled up with zeros.
//
//   tensor    name     the weight; no two are equal
//             name     its quantizer
//             shape    1 byte for the number of axes, 0 to 6, then one count for each length
//             count    arrays
//             arrays   for each: its name; 1 byte for its type (0 float32, 1 float16, 2 int8), plus 128 when
//                      it has the shape of the weight; otherwise its shape follows; with packed bits, for an
//                      int8 array, 1 byte for the bits of an element, 1 to 8, the fewest that hold them all
//             count    with 4 the corrections, in the order in which they are applied (3)
//             corrections  with 4, for each: the name of its corrector, a count of arrays, and these (3)
//
// The order of the arrays is the one that compresses best; artifact.cpp holds the measurements.
#pragma once

#include <caddie/export_slots.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Holds what a corrector stored with a quantized weight.
struct Correction {
  std::string corrector;  // the plugin that applies it
  Packed packed;
};

/// Holds one quantized weight.
struct ArtifactTensor {
  std::string name;       // the name of the weight
  std::string quantizer;  // the plugin that unpacks it
  Shape shape;            // the shape of the weight
  Packed packed;
  std::vector<Correction> corrections = {};  // in the order in which they are applied
};

/// Says how arrays become bytes.
struct ByteLayout {
  bool shuffle_bytes = true;
  bool pack_bits = false;
  void settings(Settings& s);
  bool operator==(const ByteLayout&) const = default;
};

/// Holds the contents of an artifact file.
struct Artifact {
  std::vector<ArtifactTensor> tensors;
  std::string compressor;  // the plugin that expands the file
  ByteLayout byte_layout = {};
  std::string layout =
      {};  // the plugin that orders the integers; empty when they are in the core's own order
};

/// Returns the compressor with this name; throws Error when there is none.
using FindCompressor = std::function<const Compressor&(const std::string& name)>;

/// Returns the layout with this name; throws Error when there is none.
using FindLayout = std::function<const Layout&(const std::string& name)>;

/// Is the length of the longest payload, and the most bytes of arrays, that decode() accepts unless told
/// otherwise: 1 GiB.
inline constexpr size_t kPayloadLimit = size_t(1) << 30;
/// Is the length of the longest directory that is accepted, which keeps memory within twice the payload and
/// 64 MiB. It is enough for some 5,000 tensors.
inline constexpr size_t kDirectoryLimit = size_t(1) << 18;

/// Returns the bytes of the file. `compressor` must be what artifact.compressor names, and `layout` what
/// artifact.layout names; without one the integers are written in the core's own order. Throws Error when two
/// tensors share a name or an array's bytes do not fill its shape.
std::string encode(const Artifact& artifact, Compressor& compressor, const Layout* layout = nullptr);

/// Returns the artifact that encode() was given. Throws Error naming what is wrong with bytes that are
/// truncated, altered, of another version, or that would expand to a payload or to arrays of more than
/// `limit` bytes, and for a file in the layout of a plugin when there is no `find_layout`; nothing larger is
/// ever allocated for them.
Artifact decode(std::string_view bytes, const FindCompressor& find, size_t limit = kPayloadLimit,
                const FindLayout& find_layout = {});

/// Returns the name with '*' in place of numbers between dots, which is the same for a weight in every layer:
/// "blocks.*.attn.c_q.weight".
std::string name_pattern(std::string_view name);

/// Returns the payload before compression, which is the first half of encode().
std::string payload_of(const Artifact& artifact, const Layout* layout = nullptr);
/// Returns the artifact that payload_of() was given, with the same errors as decode(). The artifact's
/// compressor is left empty.
Artifact artifact_of(std::string_view payload, size_t limit = kPayloadLimit,
                     const FindLayout& find_layout = {});
/// Returns the file around a payload, which is the second half of encode().
std::string seal(std::string_view payload, const std::string& compressor_name, Compressor& compressor);

}  // namespace caddie
