// SPDX-License-Identifier: Apache-2.0
#include "parity/upstream.h"

#include <algorithm>
#include <cctype>

#include "base/files.h"
#include "base/text.h"
#include "config/node.h"
#include "parity/case.h"

namespace caddie::parity {
namespace {

using Json = nlohmann::json;

Json to_json(const TreeNode& node) {
  switch (node.kind) {
    case TreeNode::Kind::boolean:
      return std::get<bool>(node.value);
    case TreeNode::Kind::integer:
      return std::get<int64_t>(node.value);
    case TreeNode::Kind::real:
      return std::get<double>(node.value);
    case TreeNode::Kind::string:
      return std::get<std::string>(node.value);
    case TreeNode::Kind::array: {
      Json array = Json::array();
      for (const TreeNode& child : node.children) array.push_back(to_json(child));
      return array;
    }
    default:
      fail_at(node.place, std::string("a rule cannot hold ") + node.kind_text() + " here");
  }
}

std::vector<std::string> names_of(const TreeNode& node) {
  std::vector<std::string> names;
  for (const TreeNode& child : node.children) {
    if (child.kind != TreeNode::Kind::string) fail_at(child.place, "the name of a fact is a string");
    names.push_back(std::get<std::string>(child.value));
  }
  return names;
}

/// Calls put(text) for what stands between the {names} of `format`, and name(text) for these.
template <class Put, class Name>
void scan(const std::string& format, Put put, Name name) {
  size_t at = 0;
  for (size_t open; (open = format.find('{', at)) != std::string::npos;) {
    size_t end = open + 1;
    while (end < format.size() && (std::isalnum(static_cast<unsigned char>(format[end])) ||
                                   format[end] == '_' || format[end] == '.'))
      ++end;
    bool placeholder = end > open + 1 && end < format.size() && format[end] == '}';
    put(format.substr(at, (placeholder ? open : open + 1) - at));
    at = open + 1;
    if (!placeholder) continue;
    name(format.substr(open + 1, end - open - 1));
    at = end + 1;
  }
  put(format.substr(at));
}

/// "betas.1" names an element of "betas".
std::string fact_of(const std::string& placeholder) { return placeholder.substr(0, placeholder.find('.')); }

const Json& value_of(const std::string& placeholder, const Facts& facts, const std::string& path) {
  auto fact = facts.find(fact_of(placeholder));
  if (fact == facts.end())
    skip("{}: a rule wants the fact '{}', which the case does not state", path, placeholder);
  size_t dot = placeholder.find('.');
  if (dot == std::string::npos) return fact->second;
  size_t index = std::stoul(placeholder.substr(dot + 1));
  check(fact->second.is_array() && index < fact->second.size(), "{}: the fact '{}' has no element {}", path,
        fact->first, index);
  return fact->second[index];
}

}  // namespace

void add(Facts& facts, const Json& object) {
  for (const auto& [key, value] : object.items()) facts[key] = value;
}

bool UpstreamTable::Condition::holds(const Facts& facts) const {
  auto fact = facts.find(this->fact);
  return fact != facts.end() && std::find(values.begin(), values.end(), fact->second) != values.end();
}

bool UpstreamTable::Rule::applies(const Facts& facts) const {
  return std::all_of(when.begin(), when.end(), [&](const Condition& c) { return c.holds(facts); }) &&
         std::all_of(unless.begin(), unless.end(),
                     [&](const Condition& c) { return facts.contains(c.fact) && !c.holds(facts); }) &&
         std::all_of(given.begin(), given.end(), [&](const std::string& f) { return facts.contains(f); }) &&
         std::none_of(absent.begin(), absent.end(), [&](const std::string& f) { return facts.contains(f); });
}

void UpstreamTable::Rule::mention(std::set<std::string>& names) const {
  for (const auto* conditions : {&when, &unless})
    for (const Condition& condition : *conditions) names.insert(condition.fact);
  for (const auto* list : {&given, &ignore}) names.insert(list->begin(), list->end());
  scan(
      set, [](const std::string&) {}, [&](const std::string& name) { names.insert(fact_of(name)); });
}

UpstreamTable::Rule UpstreamTable::read_rule(const TreeNode& table) {
  Rule rule;
  std::map<std::string_view, std::vector<Condition>*> conditions = {{"when", &rule.when},
                                                                    {"unless", &rule.unless}};
  std::map<std::string_view, std::vector<std::string>*> lists = {
      {"given", &rule.given}, {"absent", &rule.absent}, {"ignore", &rule.ignore}};
  for (const TreeNode& part : table.children) {
    if (auto condition = conditions.find(part.name); condition != conditions.end())
      for (const TreeNode& fact : part.children) {
        Json value = to_json(fact);
        bool list = value.is_array();
        condition->second->push_back(
            {fact.name, list ? value.get<std::vector<Json>>() : std::vector<Json>{value}});
      }
    else if (auto list = lists.find(part.name); list != lists.end())
      *list->second = names_of(part);
    else if (part.name == "set" && part.kind == TreeNode::Kind::string)
      rule.set = std::get<std::string>(part.value);
    else
      fail_at(part.key, "a rule has when, unless, given, absent, ignore, and set, which is a string");
  }
  return rule;
}

UpstreamTable::UpstreamTable(const std::filesystem::path& path) : path_(path.string()) {
  TreeNode root = parse_toml(std::make_shared<Source>(Source{path_, read_file(path)}));
  for (const TreeNode& entry : root.children) {
    if (entry.name != "rule" || !entry.is_array_of_tables())
      fail_at(entry.key, "only [[rule]] tables may stand here");
    for (const TreeNode& table : entry.children) rules_.push_back(read_rule(table));
  }
}

std::string UpstreamTable::experiment(const Facts& facts, const Facts& context,
                                      const Facts& background) const {
  Facts all = facts;
  all.insert(context.begin(), context.end());
  Facts values = all;
  values.insert(background.begin(), background.end());
  std::set<std::string> mentioned;
  std::string text;
  for (const Rule& rule : rules_) {
    if (!rule.applies(all)) continue;
    rule.mention(mentioned);
    scan(
        rule.set, [&](const std::string& part) { text += part; },
        [&](const std::string& name) { text += value_of(name, values, path_).dump(); });
    if (!rule.set.empty()) text += "\n";
  }
  std::vector<std::string> unknown;
  for (const auto& [name, value] : facts)
    if (!mentioned.contains(name)) unknown.push_back(name + " = " + value.dump());
  if (!unknown.empty()) skip("no rule covers {}", join(unknown, ", "));
  return text;
}

}  // namespace caddie::parity
