// SPDX-License-Identifier: Apache-2.0
// Decides from the first bytes of a file in which form it holds text, or that it holds none.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

/// Says how the documents of a text are told apart.
enum class TextForm { kParagraphs, kJsonLines };

/// Returns what is wrong with a file that begins (decompressed) with `head`, as in "a Parquet file" or
/// "UTF-16 text"; empty when it is UTF-8 text. What is in no listed format is no text when more than a tenth
/// of it is control characters or bytes that no UTF-8 text has.
std::string not_text(std::string_view head);

/// Returns the text without the mark by which some programs open UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

/// Returns kJsonLines when the first line that is not blank begins an object with a name or an end. `head` is
/// UTF-8 text.
TextForm form_of(std::string_view head);

/// Returns whether `head` begins a JSON array of objects or an object written over several lines.
bool begins_json_document(std::string_view head);

}  // namespace caddie
