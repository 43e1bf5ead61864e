// SPDX-License-Identifier: Apache-2.0
// Reads files whole, and replaces them so that a reader sees the old bytes or the new ones, never half.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the files that a shell pattern matches, sorted by the bytes of their paths. Throws Error naming a
/// folder that cannot be listed; one that this user may not list is passed over where files of others match.
/// A path that exists exactly as it is written stands for itself, whatever characters it has, and so does an
/// existing folder before the last slash: in "data [v1]/train_*.bin" only the name of the file is a pattern.
std::vector<std::filesystem::path> files_matching(const std::string& pattern);

/// Returns what lies in the folder, in no order; nothing where there is no folder. Throws Error naming the
/// folder when it cannot be listed.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder);

/// Returns the end of an error message about a pattern that matches no file: where it was looked for, and
/// what in it matches nothing (a ~, braces, a folder that is missing, or one that is there).
std::string why_nothing_matches(const std::string& pattern);

/// Returns why nothing can be read from the path: "is a folder; wanted a file", "there is no such file", or
/// the error of the system; "" where a file, a pipe or a device is.
std::string why_no_file(const std::filesystem::path& path);

/// Returns the folder that paths in a file are relative to: that of the file, or "" for the working folder
/// where the file is a pipe or another that has none of its own (/dev/stdin, /dev/fd/63).
std::filesystem::path folder_of(const std::filesystem::path& file);

/// Returns the whole file as bytes. Throws Error naming the path when it is a folder or cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path`, or the file that it links to, by `bytes`: they are written to a temporary file beside it,
/// flushed to disk, and renamed to it. A device or a pipe is written to directly. Creates missing folders.
/// Throws Error naming the path when that fails (no space, no permission); the old file is then untouched.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Returns the temporary file beside `path` which this process writes before it renames it to `path`.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Returns the id of the process that writes the temporary file of this name; 0 when the name is not one that
/// temporary_beside() gives.
int64_t writer_of_temporary(const std::filesystem::path& path);

/// Returns the path at the end of a chain of symbolic links, whether anything exists there or not.
std::filesystem::path behind_links(std::filesystem::path path);

/// Returns the path without a slash at its end.
std::filesystem::path without_slash(const std::filesystem::path& path);

/// Tells whether a relative path stays below the folder that it is relative to. Only its text counts, not
/// what exists on disk.
bool is_below(const std::filesystem::path& path);

/// Tells whether the text can name one file or folder: it is not empty, "." or "..", and has no slash and no
/// control character.
bool is_file_name(std::string_view text);

/// Creates the folder and its parents; a symbolic link of that name has its target created. Throws Error
/// naming the path and the reason.
void make_folder(const std::filesystem::path& path);

}  // namespace caddie
