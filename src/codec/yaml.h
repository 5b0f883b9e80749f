// codec/yaml.h — YAML 1.1 text to a tree that knows where each node was written.
//
// For what people write by hand (packs, rules, workflows, settings): whoever reads the tree can name
// file, line and column of whatever is wrong in it.
//
//   MW_TRY(const YamlNode root, parse_yaml(text, "rules/cpu.yaml"));
//   if (const YamlNode* trigger = root.find("trigger")) { … trigger->line, trigger->scalar … }
//
// Scalars resolve as PyYAML's SafeLoader resolves them: yes/no/on/off are booleans, ~ and nothing are
// null, 012 is octal, 0b1 and 0x1f, 1_000, 1:30:00 is 5400, a float needs a dot (1e3 is a text, 1.0e+3
// a float), .inf and .nan. Where we differ, on purpose:
//   - timestamps (2024-01-31, 2024-01-31T10:00:00Z) stay texts, as written;
//   - the plain scalars `=` and, where it is not a merge key, `<<` are texts (PyYAML refuses them);
//   - a key that comes twice in a mapping is refused, with both places; `1` and "1" are the same key;
//   - !!binary, !!set, !!omap, !!pairs and tags of one's own are refused.
// Keys: a mapping's keys are scalars and count as written: `yes: 1` and `1: a` have the keys "yes" and
// "1"; that text is what find() and to_value() use. Merge keys (`<<`) are resolved: merged pairs come
// first, as in PyYAML, and own pairs override them. An alias becomes a copy of the anchored node, with
// the anchored node's place; copies count against the limits.
//
// One document a text; an empty text is a null scalar at 1:1. Errors carry file:line:column. Columns
// count code points. Thread-safety: plain data; free functions over const input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

struct YamlLimits {
  std::size_t depth_max = 100;               // no more than kYamlDepthMax, whatever is asked
  std::size_t bytes_max = 16u << 20;         // of text
  std::size_t nodes_max = 500'000;           // scalars, sequences and mappings, copies of aliases included
  std::size_t copied_bytes_max = 16u << 20;  // of scalar text that aliases and merge keys copy
};

inline constexpr std::size_t kYamlDepthMax = 1000;
inline constexpr std::size_t kYamlDirectivesMax = 100;  // lines that begin with %

struct YamlPair;

struct YamlNode {
  enum class Kind : std::uint8_t { kScalar, kSequence, kMapping };

  Kind kind = Kind::kScalar;
  bool quoted = false;  // a scalar in quotes, a block scalar, or one tagged !!str: never anything but a text
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  Value scalar;      // resolved; null for sequences and mappings
  std::string text;  // the scalar before it was resolved (after escapes and folding)
  std::vector<YamlNode> items;
  std::vector<YamlPair> pairs;  // keys are scalars and unique

  [[nodiscard]] bool is_scalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::kSequence; }
  [[nodiscard]] bool is_mapping() const { return kind == Kind::kMapping; }
  [[nodiscard]] bool is_null() const { return is_scalar() && scalar.is_null(); }

  // The value, or the pair, of a mapping's key; null where there is none or this is no mapping. O(pairs).
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  [[nodiscard]] const YamlPair* find_pair(std::string_view key) const;

  // The same shape without places. .inf and .nan stay doubles.
  [[nodiscard]] Value to_value() const;

  [[nodiscard]] Location where(std::string_view file) const { return {std::string(file), line, column}; }
  // "a text", "an integer", "a mapping", …: for messages that say what was found.
  [[nodiscard]] std::string_view kind_text() const;
};

struct YamlPair {
  YamlNode key;
  YamlNode value;
};

// `file` is only what errors name.
[[nodiscard]] Result<YamlNode> parse_yaml(std::string_view text, std::string_view file, const YamlLimits& limits = {});
[[nodiscard]] Result<Value> parse_yaml_value(std::string_view text, std::string_view file,
                                             const YamlLimits& limits = {});

// What a plain (unquoted) scalar of this text resolves to. kInvalid for the few texts that look like
// a number and are none ("0x_").
[[nodiscard]] Result<Value> resolve_yaml_scalar(std::string_view text);

// Block style for people, flow style from the 50th level on; ends with a newline. Texts that would resolve
// to something else, or that PyYAML would take for a date, are quoted: parse_yaml_value(to_yaml(v)) is
// identical to v where v holds no NaN and is within the limits. No recursion beyond those 50 levels.
[[nodiscard]] std::string to_yaml(const Value& value);

}  // namespace midwatch
