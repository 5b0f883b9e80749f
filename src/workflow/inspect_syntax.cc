// workflow/inspect_syntax.cc — spec 5.2 as a schema; messages in the words of the reference's validator.
#include <algorithm>
#include <initializer_list>
#include <set>

#include "expr/python_text.h"
#include "workflow/inspection.h"

namespace midwatch::internal {
namespace {

using Type = InspectionError::Type;

std::string repr(const YamlNode& node) {
  std::string text;
  append_py_repr(text, node.to_value());
  return text;
}

bool is_hex(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  return std::ranges::all_of(text.substr(at, count), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

// The reference passes messages through an escape decoder made for bytes: escapes are decoded, and each
// byte of a non-ASCII character becomes a Latin-1 character.
std::string decode_escapes(std::string_view text) {
  static constexpr std::string_view kNames = "ntr\\'\"abfv";
  static constexpr std::string_view kMeans = "\n\t\r\\'\"\a\b\f\v";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      append_code_point(out, static_cast<unsigned char>(text[i]));
      continue;
    }
    const char next = text[i + 1];
    const std::size_t digits = next == 'x' ? 2 : next == 'u' ? 4 : next == 'U' ? 8 : 0;
    if (const std::size_t known = kNames.find(next); known != std::string_view::npos) {
      out.push_back(kMeans[known]);
      ++i;
    } else if (digits != 0 && is_hex(text, i + 2, digits)) {
      const unsigned long code = std::stoul(std::string(text.substr(i + 2, digits)), nullptr, 16);
      const bool valid = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
      append_code_point(out, valid ? static_cast<char32_t>(code) : U'\ufffd');
      i += 1 + digits;
    } else {
      out.push_back('\\');
    }
  }
  return out;
}

bool is_text(const YamlNode& node) { return node.is_scalar() && node.scalar.is_string(); }
bool is_count(const YamlNode& node) {
  if (!node.is_scalar()) return false;
  return (node.scalar.is_int() && node.scalar.as_int() >= 0) ||
         (node.scalar.is_bigint() && !node.scalar.bigint_digits().starts_with('-'));
}
bool is_one_key_mapping(const YamlNode& node) { return node.is_mapping() && node.pairs.size() == 1; }

bool are_unique(const YamlNode& list) {
  std::set<std::string> seen;
  return std::ranges::all_of(list.items, [&](const YamlNode& item) { return seen.insert(repr(item)).second; });
}

// {{ … }} or <% … %> and nothing else, on one line.
bool is_expression(std::string_view text) {
  text = strip_space(text);
  if (text.find('\n') != std::string_view::npos || text.size() < 4) return false;
  return (text.starts_with("{{") && text.ends_with("}}")) || (text.starts_with("<%") && text.ends_with("%>"));
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<signed char>(c) < 0;
}

// "x in <expression>", "x, y in <expression>" or "<expression>".
bool is_items_text(std::string_view text) {
  if (is_expression(text)) return true;
  text = strip_space(text);
  while (true) {
    const auto end = std::ranges::find_if_not(text, is_word);
    if (end == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (!text.starts_with(',')) break;
    text = strip_space(text.substr(1));
  }
  const std::string_view rest = strip_space(text);
  if (rest.size() == text.size() || !rest.starts_with("in")) return false;
  const std::string_view items = strip_space(rest.substr(2));
  return items.size() < rest.size() - 2 && is_expression(items);
}

class SyntaxInspector {
 public:
  explicit SyntaxInspector(Findings& findings) : findings_(findings) {}

  void workflow(const YamlNode& root) {
    const InspectionPlace top;
    only(root, top, {"name", "version", "description", "tags", "input", "vars", "output", "tasks"});
    if (root.find("tasks") == nullptr) add("'tasks' is a required property", top.schema("required"), root);
    if (const YamlNode* version = root.find("version")) check_version(*version, top.property("version"));
    for (const std::string_view name : {"name", "description"}) {
      if (const YamlNode* text = root.find(name)) filled_text(*text, top.property(name));
    }
    if (const YamlNode* tags = root.find("tags")) text_list(*tags, top.property("tags"));
    if (const YamlNode* input = root.find("input")) check_input(*input, top.property("input"));
    for (const std::string_view name : {"vars", "output"}) {
      if (const YamlNode* list = root.find(name)) assignments(*list, top.property(name));
    }
    const YamlNode* const tasks = root.find("tasks");
    if (tasks == nullptr || !of_type(*tasks, tasks->is_mapping(), "object", top.property("tasks"))) return;
    if (tasks->pairs.empty()) add("{} should be non-empty", top.property("tasks").schema("minProperties"), *tasks);
    for (const YamlPair& pair : tasks->pairs) task(pair.value, task_place(pair.key.text));
  }

 private:
  void add(std::string_view message, const InspectionPlace& place, const YamlNode& node) {
    findings_.add(Type::kSyntax, decode_escapes(message), place, node);
  }
  bool of_type(const YamlNode& node, bool is_type, std::string_view type, const InspectionPlace& place) {
    if (!is_type) add(repr(node) + " is not of type '" + std::string(type) + "'", place.schema("type"), node);
    return is_type;
  }
  void fits_one(const YamlNode& node, bool fits, const InspectionPlace& place) {
    if (!fits) add(repr(node) + " is not valid under any of the given schemas", place.schema("oneOf"), node);
  }

  void only(const YamlNode& node, const InspectionPlace& place, std::initializer_list<std::string_view> allowed) {
    std::vector<const YamlNode*> extra;
    for (const YamlPair& pair : node.pairs) {
      if (std::ranges::find(allowed, pair.key.text) == allowed.end()) extra.push_back(&pair.key);
    }
    if (extra.empty()) return;
    std::ranges::sort(extra, {}, [](const YamlNode* key) { return std::string_view(key->text); });
    std::string names;
    for (const YamlNode* key : extra) names += (names.empty() ? "" : ", ") + py_repr_text(key->text);
    add("Additional properties are not allowed (" + names + (extra.size() == 1 ? " was" : " were") + " unexpected)",
        place.schema("additionalProperties"), *extra.front());
  }

  void check_version(const YamlNode& version, const InspectionPlace& place) {
    const bool known = version.scalar == Value("1.0") || (version.scalar.is_number() && version.scalar == Value(1.0));
    if (!known) add(repr(version) + " is not one of ['1.0', 1.0]", place.schema("enum"), version);
  }

  void filled_text(const YamlNode& node, const InspectionPlace& place) {
    if (!of_type(node, is_text(node), "string", place)) return;
    if (node.text.empty()) add("'' should be non-empty", place.schema("minLength"), node);
  }

  bool list(const YamlNode& node, const InspectionPlace& place) {
    if (!of_type(node, node.is_sequence(), "array", place)) return false;
    if (node.items.empty()) add("[] should be non-empty", place.schema("minItems"), node);
    if (!are_unique(node)) add(repr(node) + " has non-unique elements", place.schema("uniqueItems"), node);
    return true;
  }

  void text_list(const YamlNode& node, const InspectionPlace& place) {
    if (!list(node, place)) return;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      filled_text(node.items[i], place.element(i).schema("items"));
    }
  }

  void check_input(const YamlNode& node, const InspectionPlace& place) {
    if (!list(node, place)) return;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      fits_one(item, (is_text(item) && !item.text.empty()) || is_one_key_mapping(item),
               place.element(i).schema("items"));
    }
  }

  void assignments(const YamlNode& node, const InspectionPlace& place) {
    if (!list(node, place)) return;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      const InspectionPlace here = place.element(i).schema("items");
      if (!of_type(item, item.is_mapping(), "object", here)) continue;
      if (item.pairs.empty()) add("{} should be non-empty", here.schema("minProperties"), item);
      if (item.pairs.size() > 1) add(repr(item) + " has too many properties", here.schema("maxProperties"), item);
    }
  }

  void text_or_count(const YamlNode& parent, std::string_view name, const InspectionPlace& place) {
    const YamlNode* const node = parent.find(name);
    if (node == nullptr) return;
    fits_one(*node, (is_text(*node) && !node->text.empty()) || is_count(*node), place.property(name));
  }

  void task(const YamlNode& node, const InspectionPlace& place) {
    if (!of_type(node, node.is_mapping(), "object", place)) return;
    only(node, place, {"delay", "join", "with", "action", "input", "retry", "next"});
    text_or_count(node, "delay", place);
    if (const YamlNode* join = node.find("join")) {
      fits_one(*join, (is_text(*join) && join->text == "all") || is_count(*join), place.property("join"));
    }
    if (const YamlNode* with = node.find("with")) check_with(*with, place.property("with"));
    if (const YamlNode* action = node.find("action")) filled_text(*action, place.property("action"));
    if (const YamlNode* input = node.find("input")) {
      const bool fits = (is_text(*input) && !input->text.empty()) || (input->is_mapping() && !input->pairs.empty());
      fits_one(*input, fits, place.property("input"));
    }
    if (const YamlNode* retry = node.find("retry")) check_retry(*retry, place.property("retry"));
    const YamlNode* const next = node.find("next");
    if (next == nullptr || !of_type(*next, next->is_sequence(), "array", place.property("next"))) return;
    for (std::size_t i = 0; i < next->items.size(); ++i) {
      transition(next->items[i], place.property("next").element(i).schema("items"));
    }
  }

  void check_with(const YamlNode& with, const InspectionPlace& place) {
    if (!of_type(with, with.is_mapping(), "object", place)) return;
    only(with, place, {"items", "concurrency"});
    text_or_count(with, "concurrency", place);
    const YamlNode* const items = with.find("items");
    if (items == nullptr || !of_type(*items, is_text(*items), "string", place.property("items"))) return;
    const InspectionPlace here = place.property("items");
    if (items->text.empty()) add("'' should be non-empty", here.schema("minLength"), *items);
    if (is_items_text(items->text)) return;
    constexpr std::string_view kPattern =
        R"(^(\\s+)?({{.*?}}|<%.*?%>)(\\s+)?$|^(\\s+)?((\\w+,\\s?|\\s+)+)?(\\w+)\\s+in\\s+({{.*?}}|<%.*?%>)(\\s+)?$)";
    add(repr(*items) + " does not match '" + std::string(kPattern) + "'", here.schema("pattern"), *items);
  }

  void check_retry(const YamlNode& retry, const InspectionPlace& place) {
    if (!of_type(retry, retry.is_mapping(), "object", place)) return;
    only(retry, place, {"when", "count", "delay"});
    if (retry.find("count") == nullptr) add("'count' is a required property", place.schema("required"), retry);
    if (const YamlNode* when = retry.find("when")) filled_text(*when, place.property("when"));
    text_or_count(retry, "count", place);
    text_or_count(retry, "delay", place);
  }

  void transition(const YamlNode& node, const InspectionPlace& place) {
    if (!of_type(node, node.is_mapping(), "object", place)) return;
    only(node, place, {"when", "publish", "do"});
    if (const YamlNode* when = node.find("when")) filled_text(*when, place.property("when"));
    if (const YamlNode* publish = node.find("publish")) {
      const bool is_list = publish->is_sequence() && !publish->items.empty() && are_unique(*publish) &&
                           std::ranges::all_of(publish->items, is_one_key_mapping);
      fits_one(*publish, is_list || (is_text(*publish) && !publish->text.empty()), place.property("publish"));
    }
    if (const YamlNode* targets = node.find("do")) {
      const bool is_list = targets->is_sequence() && !targets->items.empty() && are_unique(*targets) &&
                           std::ranges::all_of(targets->items, [](const YamlNode& target) {
                             return is_text(target) && !target.text.empty();
                           });
      fits_one(*targets, is_list || (is_text(*targets) && !targets->text.empty()), place.property("do"));
    }
  }

  Findings& findings_;
};

}  // namespace

void inspect_syntax(const YamlNode& root, Findings& findings) { SyntaxInspector(findings).workflow(root); }

}  // namespace midwatch::internal
