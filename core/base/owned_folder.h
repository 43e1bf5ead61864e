// SPDX-License-Identifier: Apache-2.0
// Folders that Caddie made carry a mark, and nothing without it is ever cleared or removed.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string_view>

namespace caddie {

/// This is the file that marks a folder as Caddie's. Who deletes it keeps the folder.
inline constexpr std::string_view kMark = ".caddie";

/// Tells whether the folder carries the mark.
bool is_owned(const std::filesystem::path& folder);

/// Creates the folder and its parents, and marks it when it is new or was empty; what held something before
/// stays without a mark. Returns whether the folder carries one. Throws Error naming what cannot be written.
bool make_owned_folder(const std::filesystem::path& folder);

/// Throws Error (kUsage) when the folder holds something and carries no mark. One that holds nothing may be
/// what is left of making one.
void check_owned(const std::filesystem::path& folder);

/// Throws Error (kUsage) when the folder carries no mark and one of the names is there, which the caller
/// would overwrite or remove.
void check_nothing_foreign(const std::filesystem::path& folder, std::span<const char* const> names);

/// Removes the folder and all that is in it, the mark last; does nothing where there is no folder, or
/// an empty one without a mark. Throws Error (kUsage) and leaves everything when others carry no mark.
void remove_owned(const std::filesystem::path& folder);

/// Removes all that is in the folder but the mark and the file `kept`, which may be "". Throws as
/// remove_owned() does.
void clear_owned(const std::filesystem::path& folder, std::string_view kept = "");

/// Removes the files that killed processes of this machine left half written in a folder with a mark. The
/// caller is the only one of its process that writes there.
void remove_leftovers(const std::filesystem::path& folder);

/// Takes the mark off a folder, which then is the user's.
void disown(const std::filesystem::path& folder);

}  // namespace caddie
