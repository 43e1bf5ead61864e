// SPDX-License-Identifier: Apache-2.0
// Folders that Caddie made carry a mark, and nothing without it is ever cleared or removed.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string_view>

namespace caddie {

/// This is the name of the file that marks a folder as Caddie's. Without it Caddie never clears or removes
/// the folder.
inline constexpr std::string_view kMark = ".caddie";

/// Tells whether the folder carries the mark.
bool is_owned(const std::filesystem::path& folder);

/// Creates the folder and its parents, and marks it when it is new or was empty; what held something before
/// stays without a mark. Returns whether the folder carries one. Throws Error naming what cannot be written.
bool make_owned_folder(const std::filesystem::path& folder);

/// Throws Error (kUsage) when the folder holds something and carries no mark. An empty one passes: it may be
/// left from a process that was killed while it made the folder.
void check_owned(const std::filesystem::path& folder);

/// Throws Error (kUsage) when the folder carries no mark and has a file or folder of one of these names,
/// which the caller would overwrite or remove.
void check_nothing_foreign(const std::filesystem::path& folder, std::span<const char* const> names);

/// Removes the folder and all that is in it, the mark last. Does nothing where there is no folder, or an
/// empty one without a mark. Throws Error (kUsage) and leaves everything when a folder that holds something
/// has no mark.
void remove_owned(const std::filesystem::path& folder);

/// Removes all that is in the folder but the mark and the file `kept`, which may be "". Throws as
/// remove_owned() does.
void clear_owned(const std::filesystem::path& folder, std::string_view kept = "");

/// Removes the files that killed processes of this machine left half written in a folder with a mark. Nothing
/// else in this process may write there meanwhile.
void remove_leftovers(const std::filesystem::path& folder);

/// Takes the mark off a folder, which then belongs to the user.
void disown(const std::filesystem::path& folder);

}  // namespace caddie
