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
                                   std::string_view("_.<").find(format[end]) != std::string_view::npos))
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

/// The facts that a placeholder names: "betas.1" an element of "betas", "a<b" both "a" and "b".
std::vector<std::string> facts_of(const std::string& placeholder) {
  std::vector<std::string> names;
  for (const std::string& part : split(placeholder, '<')) names.push_back(part.substr(0, part.find('.')));
  return names;
}

const Json& value_of(const std::string& name, const Facts& facts, const std::string& path) {
  size_t dot = name.find('.');
  auto fact = facts.find(name.substr(0, dot));
  if (fact == facts.end()) skip("{}: a rule wants the fact '{}', which the case does not state", path, name);
  if (dot == std::string::npos) return fact->second;
  size_t index = std::stoul(name.substr(dot + 1));
  check(fact->second.is_array() && index < fact->second.size(), "{}: the fact '{}' has no element {}", path,
        fact->first, index);
  return fact->second[index];
}

/// What stands for a placeholder in an experiment.
std::string text_of(const std::string& placeholder, const Facts& facts, const std::string& path) {
  size_t less = placeholder.find('<');
  const Json& value = value_of(placeholder.substr(0, less), facts, path);
  if (less == std::string::npos) return value.dump();
  const Json& limit = value_of(placeholder.substr(less + 1), facts, path);
  check(value.is_number() && limit.is_number(), "{}: '{}' compares {} with {}; wanted two numbers", path,
        placeholder, value.dump(), limit.dump());
  return std::min(value, limit).dump();
}

/// Equal, or a text that fits the glob.
bool fits(const Json& value, const Json& wanted) {
  if (value.is_string() && wanted.is_string())
    return matches(wanted.get<std::string>(), value.get<std::string>());
  return value == wanted;
}

bool fits_one(const Json& value, const std::vector<Json>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const Json& one) { return fits(value, one); });
}

}  // namespace

void add(Facts& facts, const Json& object) {
  for (const auto& [key, value] : object.items()) facts[key] = value;
}

bool UpstreamTable::Condition::holds(const Facts& facts) const {
  auto found = facts.find(fact);
  return found != facts.end() && fits_one(found->second, values);
}

bool UpstreamTable::Condition::has_list(const Facts& facts) const {
  auto found = facts.find(fact);
  return found != facts.end() && found->second.is_array();
}

bool UpstreamTable::Condition::holds_inside(const Facts& facts) const {
  if (!has_list(facts)) return false;
  const Json& list = facts.at(fact);
  return std::any_of(list.begin(), list.end(), [&](const Json& one) { return fits_one(one, values); });
}

bool UpstreamTable::Rule::applies(const Facts& facts) const {
  auto all = [](const auto& list, auto holds) { return std::all_of(list.begin(), list.end(), holds); };
  auto is_there = [&](const std::string& fact) { return facts.contains(fact); };
  return all(when, [&](const Condition& c) { return c.holds(facts); }) &&
         all(unless, [&](const Condition& c) { return is_there(c.fact) && !c.holds(facts); }) &&
         all(includes, [&](const Condition& c) { return c.holds_inside(facts); }) &&
         all(excludes, [&](const Condition& c) { return c.has_list(facts) && !c.holds_inside(facts); }) &&
         all(given, is_there) && std::none_of(absent.begin(), absent.end(), is_there);
}

void UpstreamTable::mention(const Rule& rule, std::set<std::string>& names) const {
  for (const auto* conditions : {&rule.when, &rule.unless, &rule.includes, &rule.excludes})
    for (const Condition& condition : *conditions) names.insert(condition.fact);
  for (const auto* list : {&rule.given, &rule.ignore}) names.insert(list->begin(), list->end());
  scan(
      rule.set, [](const std::string&) {},
      [&](const std::string& placeholder) {
        for (const std::string& name : facts_of(placeholder)) names.insert(name);
      });
}

std::string UpstreamTable::fill(const std::string& format, const Facts& facts) const {
  std::string filled;
  scan(
      format, [&](const std::string& part) { filled += part; },
      [&](const std::string& placeholder) {
        auto text = texts_.find(placeholder);
        filled += text != texts_.end() ? fill(text->second, facts) : text_of(placeholder, facts, path_);
      });
  return filled;
}

UpstreamTable::Rule UpstreamTable::read_rule(const TreeNode& table) {
  Rule rule;
  std::map<std::string_view, std::vector<Condition>*> conditions = {{"when", &rule.when},
                                                                    {"unless", &rule.unless},
                                                                    {"includes", &rule.includes},
                                                                    {"excludes", &rule.excludes}};
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
      fail_at(
          part.key,
          "a rule has when, unless, includes, excludes, given, absent, ignore, and set, which is a string");
  }
  return rule;
}

UpstreamTable::UpstreamTable(const std::filesystem::path& path) : path_(path.string()) {
  TreeNode root = parse_toml(std::make_shared<Source>(Source{path_, read_file(path)}));
  for (const TreeNode& entry : root.children)
    if (entry.name == "text" && entry.kind == TreeNode::Kind::table)
      for (const TreeNode& text : entry.children) {
        if (text.kind != TreeNode::Kind::string) fail_at(text.place, "an entry of [text] is a string");
        texts_[text.name] = std::get<std::string>(text.value);
      }
    else if (entry.name == "rule" && entry.is_array_of_tables())
      for (const TreeNode& table : entry.children) rules_.push_back(read_rule(table));
    else
      fail_at(entry.key, "only [text] and [[rule]] tables may stand here");
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
    mention(rule, mentioned);
    if (!rule.set.empty()) text += fill(rule.set, values) + "\n";
  }
  std::vector<std::string> unknown;
  for (const auto& [name, value] : facts)
    if (!mentioned.contains(name) && !is_off(value)) unknown.push_back(name + " = " + value.dump());
  if (!unknown.empty()) skip("no rule covers {}", join(unknown, ", "));
  return text;
}

}  // namespace caddie::parity
