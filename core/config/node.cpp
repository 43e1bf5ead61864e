// SPDX-License-Identifier: Apache-2.0
// Finds, adds and merges nodes.
#include "config/node.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace caddie {
namespace {

/// Returns the first entry of a table whose name does not come before `name`.
template <class Children>
auto place_in_table(Children& children, std::string_view name) {
  return std::lower_bound(
      children.begin(), children.end(), name,
      [](const TreeNode& node, std::string_view wanted) { return node.name.compare(wanted) < 0; });
}

/// Returns the element of an array that is called `name`, its index; the end when there is none.
template <class Children>
auto place_in_array(Children& children, std::string_view name) {
  size_t index = children.size();
  std::from_chars(name.data(), name.data() + name.size(), index);
  return children.begin() + long(std::min(index, children.size()));
}

/// Returns where a name stands as a word of its own in a text; npos when it does not.
size_t find_word(std::string_view text, std::string_view name) {
  auto goes_on = [&](size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_');
  };
  for (size_t at = text.find(name); at != text.npos && !name.empty(); at = text.find(name, at + 1))
    if (!(at > 0 && goes_on(at - 1)) && !goes_on(at + name.size())) return at;
  return text.npos;
}

}  // namespace

bool TreeNode::is_array_of_tables() const {
  return kind == Kind::array && !children.empty() &&
         std::all_of(children.begin(), children.end(),
                     [](const TreeNode& n) { return n.kind == Kind::table; });
}

const TreeNode* TreeNode::find(std::string_view child) const {
  auto found = kind == Kind::array ? place_in_array(children, child) : place_in_table(children, child);
  return found == children.end() || found->name != child ? nullptr : &*found;
}

TreeNode* TreeNode::find(std::string_view child) {
  return const_cast<TreeNode*>(static_cast<const TreeNode*>(this)->find(child));
}

TreeNode& TreeNode::at(std::string_view child) {
  auto where = kind == Kind::array ? place_in_array(children, child) : place_in_table(children, child);
  if (where != children.end() && where->name == child) return *where;
  TreeNode made;
  made.name = child;
  return *children.insert(where, std::move(made));
}

const char* TreeNode::kind_text() const {
  switch (kind) {
    case Kind::table:
      return "a table";
    case Kind::array:
      return "an array";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
      return "an integer";
    case Kind::real:
      return "a float";
    case Kind::string:
      return "a string";
    case Kind::date:
      return "a date or time";
  }
  return "";
}

const TreeNode* entry_named_in(std::string_view message, const TreeNode& table) {
  auto assigned = [](const TreeNode& node) {
    const Source* source = node.place.source.get();
    return source && source->name.starts_with(kAssigned) ? source->order : -1;
  };
  const TreeNode* named = nullptr;
  size_t first = 0;
  for (const TreeNode& child : table.children) {
    size_t at = find_word(message, child.name);
    if (at == message.npos) continue;
    int order = assigned(child), most = named ? assigned(*named) : -1;
    if (named && (order < most || (order == most && at > first))) continue;
    named = &child;
    first = at;
  }
  return named;
}

void note_other_plugin(TreeNode& table, const TreeNode& use) {
  const TreeNode* now = table.find("use");
  const auto* name = std::get_if<std::string>(&use.value);
  const auto* old = now ? std::get_if<std::string>(&now->value) : nullptr;
  if (!name || !old || *name == *old) return;
  for (TreeNode& child : table.children) child.for_other_plugin = true;
}

void merge(TreeNode& base, const TreeNode& over) {
  if (base.kind != TreeNode::Kind::table || over.kind != TreeNode::Kind::table) {
    std::string name = base.name;
    base = over;
    base.name = name;
    return;
  }
  if (const TreeNode* use = over.find("use")) note_other_plugin(base, *use);
  for (const TreeNode& child : over.children) {
    TreeNode& here = base.at(child.name);
    merge(here, child);
    here.for_other_plugin = child.for_other_plugin;
  }
  base.key = over.key;
  base.place = over.place;
}

}  // namespace caddie
