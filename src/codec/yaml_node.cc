#include <utility>

#include "codec/yaml.h"

namespace midwatch {

const YamlPair* YamlNode::find_pair(std::string_view key) const {
  for (const YamlPair& pair : pairs) {
    if (pair.key.text == key) return &pair;
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  const YamlPair* pair = find_pair(key);
  return pair == nullptr ? nullptr : &pair->value;
}

// Recursion is bounded: no tree of ours is deeper than kYamlDepthMax.
Value YamlNode::to_value() const {
  switch (kind) {
    case Kind::kScalar: return scalar;
    case Kind::kSequence: {
      std::vector<Value> elements;
      elements.reserve(items.size());
      for (const YamlNode& item : items) elements.push_back(item.to_value());
      return Value::array(std::move(elements));
    }
    case Kind::kMapping: {
      std::vector<Value::Member> members;
      members.reserve(pairs.size());
      for (const YamlPair& pair : pairs) members.emplace_back(pair.key.text, pair.value.to_value());
      return Value::object(std::move(members));
    }
  }
  std::unreachable();
}

std::string_view YamlNode::kind_text() const {
  if (kind == Kind::kSequence) return "a sequence";
  if (kind == Kind::kMapping) return "a mapping";
  switch (scalar.kind()) {
    case Value::Kind::kNull: return "nothing";
    case Value::Kind::kBool: return "a boolean";
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return "an integer";
    case Value::Kind::kDouble: return "a number";
    case Value::Kind::kString: return "a text";
    case Value::Kind::kArray:
    case Value::Kind::kObject: break;
  }
  std::unreachable();
}

Result<Value> parse_yaml_value(std::string_view text, std::string_view file, const YamlLimits& limits) {
  MW_TRY(const YamlNode root, parse_yaml(text, file, limits));
  return root.to_value();
}

}  // namespace midwatch
