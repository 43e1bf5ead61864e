// SPDX-License-Identifier: Apache-2.0
// Loads and merges files, applies assignments, and remembers what was read; read() itself is in reader.cpp.
#include "config/tree.h"

#include <caddie/error.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "config/folders.h"
#include "config/renamed_keys.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the names of a path. Throws Error that shows the place when it is none.
std::vector<std::string> split_at(std::string_view path, const SourcePlace& place) {
  try {
    return split_path(path);
  } catch (const Error& error) {
    caddie::fail_at(place, error.what());
  }
}

/// Reads a file, and before it the files that it extends. One that several of them extend counts once, before
/// all of these.
class Loader {
 public:
  TreeNode load(const fs::path& file) {
    read(file);
    TreeNode merged;
    for (const TreeNode& layer : layers_) merge(merged, layer);
    return merged;
  }

  int sources() const { return sources_; }

 private:
  void read(const fs::path& file) {
    auto source =
        std::make_shared<const Source>(Source{file.string(), with_new_names(read_file(file)), sources_++});
    TreeNode own = parse_toml(source);
    place_plugin_folders(own, folder_of(file));
    open_.push_back(file);
    if (const TreeNode* extends = own.find("extends")) {
      // A file that was read before this list is not read again. Within the list it is, so that a file named
      // last wins even if an earlier entry extends it.
      std::set<fs::path> before = done_;
      for (const TreeNode* name : bases(*extends)) {
        fs::path path = base_path(*name), same = fs::weakly_canonical(path);
        done_.insert(same);
        if (!before.contains(same)) read(path);
      }
      own.children.erase(own.children.begin() + (extends - own.children.data()));
    }
    open_.pop_back();
    layers_.push_back(std::move(own));
  }

  /// Returns the nodes that name the files which are extended. Throws Error at one that is no string.
  static std::vector<const TreeNode*> bases(const TreeNode& extends) {
    std::vector<const TreeNode*> names;
    if (extends.kind == TreeNode::Kind::array)
      for (const TreeNode& child : extends.children) names.push_back(&child);
    else
      names.push_back(&extends);
    for (const TreeNode* name : names) {
      if (name->kind != TreeNode::Kind::string)
        caddie::fail_at(name->place,
                        message("'extends' is {}; wanted a path or an array of paths", {name->kind_text()}));
    }
    return names;
  }

  /// Returns the path of an extended file. Throws Error when it is missing, or is one of those being read.
  fs::path base_path(const TreeNode& name) const {
    fs::path path = (folder_of(open_.back()) / std::get<std::string>(name.value)).lexically_normal();
    if (std::string why = why_no_file(path); !why.empty())
      caddie::fail_at(name.place, message("'extends' names {}: {}", {path.string(), why}));
    for (size_t i = 0; i < open_.size(); ++i) {
      if (!fs::equivalent(open_[i], path)) continue;
      std::string circle;
      for (size_t j = i; j < open_.size(); ++j) circle += open_[j].string() + " -> ";
      caddie::fail_at(name.place, message("'extends' goes in a circle: {}{}", {circle, path.string()}));
    }
    return path;
  }

  std::vector<fs::path> open_;    // These files are being read, each named by the one before it.
  std::set<fs::path> done_;       // These files have been read as a base of others.
  std::vector<TreeNode> layers_;  // Each file has one, behind those of the files that it extends.
  int sources_ = 0;
};

/// Gives a node and all below it one place.
void set_places(TreeNode& node, const SourcePlace& place) {
  node.key = node.place = place;
  for (TreeNode& child : node.children) set_places(child, place);
}

/// Returns the value of an assignment: TOML, or else the text itself as a string. Throws Error for a text
/// that opens like TOML and is none.
TreeNode assigned_value(std::string_view text, const SourcePlace& place) {
  if (text.empty()) fail_at(place, "there is no value behind '='; write \"\" for an empty string");
  try {
    TreeNode root = parse_toml(std::make_shared<const Source>(Source{"", "value = " + std::string(text)}));
    if (root.children.size() == 1 && root.find("value")) return root.children[0];
  } catch (const Error&) {
    if (std::string_view("[{\"'").find(text[0]) != std::string_view::npos)
      fail_at(place, message("{} is not a TOML value; close its quotes and brackets", {text}));
  }
  TreeNode node;
  node.kind = TreeNode::Kind::string;
  node.value = std::string(text);
  return node;
}

/// Holds what is written in a tree and has not been read.
struct Unread {
  const TreeNode* node;
  std::string path;      // This is the path of the table around it.
  const TreeNode* read;  // This is the same table as read, or null.
};

/// Finds in `written` the first node, by place, that has no counterpart in `read`.
void find_unread(const TreeNode& written, const TreeNode* read, const std::string& path,
                 std::optional<Unread>& first) {
  for (const TreeNode& child : written.children) {
    if (child.for_other_plugin) continue;
    const TreeNode* found = read ? read->find(child.name) : nullptr;
    if (found && child.is_container() == found->is_container()) {
      find_unread(child, found, join_path(path, child.name), first);
    } else if (!found || found->is_container()) {
      if (!first || child.key.before(first->node->key)) first = {&child, path, read};
    }
  }
}

/// Returns the node at `path`, or null.
const TreeNode* find_in(const TreeNode& root, std::string_view path) {
  const TreeNode* node = &root;
  for (const std::string& name : split_path(path)) {
    node = node->find(name);
    if (!node) return nullptr;
  }
  return node;
}

/// Copies what lies at `path` in `from` to the same path in `to`.
void copy_path(const TreeNode& from, std::string_view path, TreeNode& to) {
  if (!find_in(from, path)) return;
  const TreeNode* source = &from;
  TreeNode* target = &to;
  for (const std::string& name : split_path(path)) {
    source = source->find(name);
    target = &target->at(name);
    target->kind = source->kind;
  }
  *target = *source;
}

/// Appends the values below a node, each with its path and origin.
void collect(const TreeNode& node, const std::string& path, std::vector<Tree::Value>& values) {
  for (const TreeNode& child : node.children) {
    std::string name = join_path(path, child.name);
    if (child.kind == TreeNode::Kind::table || child.is_array_of_tables())
      collect(child, name, values);
    else
      values.push_back({name, toml_text(child), child.place.origin(), child.stage});
  }
}

}  // namespace

Tree Tree::load(const fs::path& file, std::span<const std::string> overrides) {
  if (std::string why = why_no_file(file); !why.empty()) fail_usage("{}: {}", file.string(), why);
  Loader loader;
  Tree tree;
  tree.root_ = loader.load(file);
  tree.sources_ = loader.sources();
  for (const std::string& assignment : overrides) tree.override_with(assignment);
  return tree;
}

Tree Tree::parse(std::string_view toml, std::string name) {
  Tree tree;
  tree.root_ = parse_toml(std::make_shared<const Source>(Source{std::move(name), with_new_names(toml)}));
  tree.sources_ = 1;
  return tree;
}

void Tree::override_with(std::string_view assignment) {
  SourcePlace place{
      std::make_shared<const Source>(Source{std::string(kAssigned).append(assignment), "", sources_++})};
  if (!is_valid_utf8(assignment)) caddie::fail_at(place, "an assignment must be UTF-8");
  if (assignment.starts_with('~')) return remove(trimmed(assignment.substr(1)), place);
  size_t equals = find_equals(assignment);
  if (equals == std::string_view::npos || trimmed(assignment.substr(0, equals)).empty())
    caddie::fail_at(place, "wanted an assignment such as train.lr=0.02");
  TreeNode value = assigned_value(trimmed(assignment.substr(equals + 1)), place);
  set_places(value, place);

  TreeNode *node = &root_, *parent = nullptr;
  for (const std::string& name : split_at(trimmed(assignment.substr(0, equals)), place)) {
    parent = node;
    if (!node->is_container())
      caddie::fail_at(place, message("'{}' is {}; wanted a table", {node->name, node->kind_text()}));
    bool absent = !node->find(name);
    if (absent && node->kind == TreeNode::Kind::array)
      caddie::fail_at(place, message("'{}' has {} elements; there is no element {}",
                                     {node->name, node->children.size(), name}));
    node = &node->at(name);
    if (absent) set_places(*node, place);
  }
  if (parent && node->name == "use") note_other_plugin(*parent, value);
  merge(*node, value);
  if (parent == &root_ && node->name == kPluginFolders) place_plugin_folders(root_, "");
  read_ = {};
  known_.clear();
  values_.reset();
}

void Tree::remove(std::string_view path, const SourcePlace& place) {
  if (path.empty()) caddie::fail_at(place, "wanted a path behind '~', such as ~train.averager");
  TreeNode* parent = nullptr;
  TreeNode* node = &root_;
  for (const std::string& name : split_at(path, place)) {
    parent = node;
    node = parent->find(name);
    if (!node || parent->kind == TreeNode::Kind::array)
      caddie::fail_at(place, message("'{}' is not in a table; there is nothing to take away", {path}));
  }
  parent->children.erase(parent->children.begin() + (node - parent->children.data()));
  read_ = {};
  known_.clear();
  values_.reset();
}

const TreeNode* Tree::find(std::string_view path) const { return find_in(root_, path); }

bool Tree::has(std::string_view path) const { return find(path) != nullptr; }

bool Tree::is_table(std::string_view path) const {
  const TreeNode* node = find(path);
  return node && node->kind == TreeNode::Kind::table;
}

bool Tree::is_array(std::string_view path) const {
  const TreeNode* node = find(path);
  return node && node->kind == TreeNode::Kind::array;
}

std::vector<std::string> Tree::children(std::string_view path) const {
  std::vector<std::string> names;
  if (const TreeNode* node = find(path))
    for (const TreeNode& child : node->children) names.push_back(child.name);
  return names;
}

TreeNode& Tree::remembered(std::string_view path) {
  values_.reset();
  TreeNode* node = &read_;
  const TreeNode* written = &root_;
  for (const std::string& name : split_path(path)) {
    if (written) written = written->find(name);
    bool absent = !node->find(name);
    node = &node->at(name);
    if (!absent || !written || written->kind != TreeNode::Kind::array) continue;
    // All elements are made at once, so that their indices are right whatever is read first.
    node->kind = TreeNode::Kind::array;
    for (const TreeNode& element : written->children) node->at(element.name);
  }
  return *node;
}

void Tree::remember(std::string_view path, TreeNode value) {
  TreeNode& node = remembered(path);
  value.name = node.name;
  value.stage = node.stage;
  node = std::move(value);
}

std::string Tree::read_text(std::string_view path) {
  const TreeNode* node = find(path);
  if (!node) fail_at(path, message("'{}' is missing", {path}));
  remember(path, *node);
  return toml_text(*node);
}

std::vector<std::string> Tree::read_texts(std::string_view path) {
  read_text(path);
  const TreeNode* node = find(path);
  if (node->kind != TreeNode::Kind::array)
    fail_at(path, message("'{}' is {}; wanted an array", {node->name, node->kind_text()}));
  std::vector<std::string> texts;
  for (const TreeNode& element : node->children) texts.push_back(toml_text(element));
  return texts;
}

void Tree::know(std::string_view path, std::span<const std::string> names) {
  known_.emplace(path);
  if (has(path)) remembered(path);
  for (const std::string& name : names) {
    std::string child = join_path(path, name);
    known_.insert(child);
    const TreeNode* node = find(child);
    if (!node) continue;
    if (node->kind == TreeNode::Kind::table || node->is_array_of_tables())
      remembered(child);
    else
      remember(child, *node);
  }
}

std::vector<std::string> Tree::known_names(std::string_view path, const TreeNode* remembered) const {
  std::set<std::string> names;
  std::vector<std::string> around = split_path(path);
  for (const std::string& known : known_)
    if (std::vector<std::string> parts = split_path(known);
        parts.size() > around.size() && std::equal(around.begin(), around.end(), parts.begin()))
      names.insert(parts[around.size()]);
  if (remembered)
    for (const TreeNode& child : remembered->children) names.insert(child.name);
  return {names.begin(), names.end()};
}

void Tree::check_all_read(const Explain& explain) const {
  std::optional<Unread> first;
  find_unread(root_, &read_, "", first);
  if (!first) return;
  const TreeNode& node = *first->node;
  std::string renamed = renamed_in(join_path(first->path, node.name));
  if (!renamed.empty()) caddie::fail_at(node.key, renamed);
  bool section = node.kind == TreeNode::Kind::table || node.is_array_of_tables();
  std::string place = first->path.empty() ? "" : " in [" + first->path + "]";
  std::string why = explain ? explain(first->path, node.name) : "";
  if (why.empty()) why = suggestion(node.name, known_names(first->path, first->read));
  caddie::fail_at(node.key,
                  message("unknown {} '{}'{}{}", {section ? "table" : "key", node.name, place, why}));
}

Origin Tree::origin(std::string_view path) const {
  const TreeNode* node = find(path);
  return node ? node->place.origin() : Origin();
}

void Tree::fail_at(std::string_view path, const std::string& headline) const {
  const TreeNode* node = &root_;
  for (const std::string& name : split_path(path)) {
    const TreeNode* child = node->find(name);
    if (!child) break;
    node = child;
  }
  caddie::fail_at(node->place, headline);
}

void Tree::fail_about(std::string_view path, const std::string& headline) const {
  const TreeNode* table = find(path);
  const TreeNode* named = table ? entry_named_in(headline, *table) : nullptr;
  if (named) caddie::fail_at(named->place, headline);
  fail_at(path, headline);
}

std::string Tree::resolved() const { return toml_document(read_, true); }

std::string Tree::canonical(std::span<const std::string> prefixes) const {
  if (prefixes.empty()) return toml_document(read_, false);
  TreeNode chosen;
  for (const std::string& prefix : prefixes) copy_path(read_, prefix, chosen);
  return toml_document(chosen, false);
}

const std::vector<Tree::Value>& Tree::values() const {
  if (!values_) collect(read_, "", values_.emplace());
  return *values_;
}

}  // namespace caddie
