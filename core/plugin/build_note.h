// SPDX-License-Identifier: Apache-2.0
// Remembers beside the library of a plugin what it was built from, so that a build can be left out and an old
// library is not taken for a new one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace caddie {

/// Says what the library beside it was built from, and by which command.
struct BuildNote {
  std::string source;                         // the absolute path of the source
  std::string command;                        // the compiler and its options, or "cmake --build" and a target
  std::map<std::string, std::string> inputs;  // SHA-256 of the source and of the headers around it, by path
  std::string library;                        // SHA-256 of the library
};

/// Returns the note beside a library; nothing where there is none, or it speaks of another library that lay
/// there before.
std::optional<BuildNote> note_beside(const std::filesystem::path& library);

/// Writes the note beside a library.
void write_note(const BuildNote& note, const std::filesystem::path& library);

/// Removes a library that has a note, and the note.
void remove_noted(const std::filesystem::path& library);

/// Tells whether the source and all headers are what they were when the note was written.
bool is_fresh(const BuildNote& note);

/// Returns the source that a library was built from, whether by `caddie plugin build` or with this program;
/// empty when that is not known.
std::filesystem::path source_of(const std::filesystem::path& library);

/// Returns why a library is not what its source says, and which command mends that: "" when it is, and when
/// nothing is known of its source.
std::string staleness(const std::filesystem::path& library);

}  // namespace caddie
