#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "model/node_reader.h"
#include "model/pack_parser.h"
#include "model/pack_parts.h"
#include "model/suggest.h"

namespace midwatch::internal {
namespace {

constexpr std::array<std::string_view, 7> kTypes = {"array",  "boolean", "integer", "null",
                                                    "number", "object",  "string"};

// What an attribute of a schema holds (spec 1.7).
enum class Holds : std::uint8_t {
  kAnything,
  kText,
  kBool,
  kNumber,
  kCount,
  kList,
  kType,
  kSchema,
  kSchemas,
  kSchemaOrBool,
  kSchemaOrSchemas,
  kSchemaMap,
  kMap,
};

struct Attribute {
  std::string_view name;
  Holds holds;
};

constexpr Attribute kAttributes[] = {
    {"id", Holds::kText},
    {"$schema", Holds::kText},
    {"title", Holds::kText},
    {"description", Holds::kText},
    {"default", Holds::kAnything},
    {"multipleOf", Holds::kNumber},
    {"maximum", Holds::kNumber},
    {"exclusiveMaximum", Holds::kBool},
    {"minimum", Holds::kNumber},
    {"exclusiveMinimum", Holds::kBool},
    {"maxLength", Holds::kCount},
    {"minLength", Holds::kCount},
    {"pattern", Holds::kText},
    {"additionalItems", Holds::kSchemaOrBool},
    {"items", Holds::kSchemaOrSchemas},
    {"maxItems", Holds::kCount},
    {"minItems", Holds::kCount},
    {"uniqueItems", Holds::kBool},
    {"maxProperties", Holds::kCount},
    {"minProperties", Holds::kCount},
    {"required", Holds::kBool},
    {"secret", Holds::kBool},
    {"additionalProperties", Holds::kSchemaOrBool},
    {"definitions", Holds::kSchemaMap},
    {"properties", Holds::kSchemaMap},
    {"patternProperties", Holds::kSchemaMap},
    {"dependencies", Holds::kMap},
    {"enum", Holds::kList},
    {"type", Holds::kType},
    {"position", Holds::kNumber},
    {"immutable", Holds::kBool},
    {"allOf", Holds::kSchemas},
    {"anyOf", Holds::kSchemas},
    {"oneOf", Holds::kSchemas},
    {"not", Holds::kSchema},
    {"format", Holds::kText},
};

std::vector<std::string_view> attribute_names() {
  std::vector<std::string_view> names;
  for (const Attribute& attribute : kAttributes) names.push_back(attribute.name);
  return names;
}

class SchemaChecker {
 public:
  SchemaChecker(std::string_view file, Diagnostics& out) : file_(file), out_(out) {}

  void check(const YamlNode& schema, std::size_t depth) {
    if (!schema.is_mapping()) return wrong(schema, "a schema", "a mapping");
    if (depth > kSchemaNestingMax) {
      return out_.error(schema.where(file_), fmt::format("schemas are nested deeper than {}", kSchemaNestingMax));
    }
    for (const YamlPair& pair : schema.pairs) check_attribute(pair, depth);
    check_default(schema);
  }

 private:
  void wrong(const YamlNode& at, std::string_view what, std::string_view expected) {
    out_.error(at.where(file_), fmt::format("{} must be {}, found {}", what, expected, at.kind_text()));
  }

  void check_attribute(const YamlPair& pair, std::size_t depth) {
    const std::string& name = pair.key.text;
    const auto* found = std::find_if(std::begin(kAttributes), std::end(kAttributes),
                                     [&](const Attribute& attribute) { return attribute.name == name; });
    if (found == std::end(kAttributes)) {
      static const std::vector<std::string_view> names = attribute_names();
      out_.error(pair.key.where(file_), fmt::format("unknown attribute '{}' of a parameter", name.substr(0, 64)),
                 did_you_mean(name, names));
      return;
    }
    // `format` is for nested schemas only.
    if (name == "format" && depth == 0) {
      out_.error(pair.key.where(file_), "'format' is not allowed at the top level of a parameter");
      return;
    }
    check_value(found->holds, name, pair.value, depth);
  }

  void check_value(Holds holds, std::string_view name, const YamlNode& value, std::size_t depth) {
    const std::string what = fmt::format("'{}'", name);
    const Value& scalar = value.scalar;
    switch (holds) {
      case Holds::kAnything: return;
      case Holds::kText:
        if (!scalar.is_string() && !value.is_null()) wrong(value, what, "a text");
        return;
      case Holds::kBool:
        if (!scalar.is_bool()) wrong(value, what, "true or false");
        return;
      case Holds::kNumber:
        if (!scalar.is_number()) wrong(value, what, "a number");
        else if (name == "position" && scalar.as_double() < 0) wrong(value, what, "0 or more");
        return;
      case Holds::kCount:
        if (!scalar.is_int() || scalar.as_int() < 0) wrong(value, what, "a count of 0 or more");
        return;
      case Holds::kList:
        if (!value.is_sequence()) wrong(value, what, "a sequence");
        else if (value.items.empty()) wrong(value, what, "a sequence that is not empty");
        return;
      case Holds::kType: return check_type(value, depth);
      case Holds::kMap:
        if (!value.is_mapping()) wrong(value, what, "a mapping");
        return;
      default: return check_nested(holds, what, value, depth);
    }
  }

  void check_nested(Holds holds, const std::string& what, const YamlNode& value, std::size_t depth) {
    if (holds == Holds::kSchemaOrBool && value.scalar.is_bool()) return;
    if (holds == Holds::kSchemaMap) {
      if (!value.is_mapping()) return wrong(value, what, "a mapping");
      for (const YamlPair& pair : value.pairs) check(pair.value, depth + 1);
    } else if (value.is_sequence() && (holds == Holds::kSchemas || holds == Holds::kSchemaOrSchemas)) {
      for (const YamlNode& item : value.items) check(item, depth + 1);
    } else if (holds == Holds::kSchemas) {
      wrong(value, what, "a sequence of schemas");
    } else {
      check(value, depth + 1);
    }
  }

  void check_type(const YamlNode& value, std::size_t depth) {
    if (value.is_sequence() && depth > 0) {
      for (const YamlNode& item : value.items) check_type(item, depth);
      return;
    }
    if (!value.scalar.is_string()) return wrong(value, "'type'", "the name of one type");
    if (std::find(kTypes.begin(), kTypes.end(), value.text) != kTypes.end()) return;
    std::string hint = did_you_mean(value.text, kTypes);
    if (hint.empty()) hint = "types: " + comma_list(kTypes);
    out_.error(value.where(file_), fmt::format("unknown type '{}'", value.text.substr(0, 64)), std::move(hint));
  }

  // A default that is a template gets its type when it is rendered.
  void check_default(const YamlNode& schema) {
    const YamlNode* type = schema.find("type");
    const YamlNode* value = schema.find("default");
    if (type == nullptr || value == nullptr || value->is_null() || !type->scalar.is_string()) return;
    if (value->scalar.is_string() && value->text.find("{{") != std::string::npos) return;
    const std::string& name = type->text;
    const bool fits = (name == "string" && value->scalar.is_string()) ||
                      (name == "integer" && (value->scalar.is_int() || value->scalar.is_bigint())) ||
                      (name == "number" && value->scalar.is_number()) ||
                      (name == "boolean" && value->scalar.is_bool()) || (name == "array" && value->is_sequence()) ||
                      (name == "object" && value->is_mapping()) || name == "null";
    if (fits || std::find(kTypes.begin(), kTypes.end(), name) == kTypes.end()) return;
    out_.warning(value->where(file_),
                 fmt::format("the default of a parameter of type {} is {}", name, value->kind_text()));
  }

  std::string_view file_;
  Diagnostics& out_;
};

}  // namespace

bool is_word(std::string_view text) {
  // \w of Python matches letters of every alphabet; bytes of a code point beyond ASCII pass.
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
  });
}

Value parse_parameters(const YamlNode* node, std::string_view file, std::string_view what, Diagnostics& out) {
  if (node == nullptr || node->is_null()) return Value::object({});
  if (!node->is_mapping()) {
    out.error(node->where(file),
              fmt::format("{} must be a mapping of names to schemas, found {}", what, node->kind_text()));
    return Value::object({});
  }
  if (node->pairs.size() > kActionParametersMax) {
    out.error(node->where(file),
              fmt::format("{} parameters, at most {} are allowed", node->pairs.size(), kActionParametersMax));
    return Value::object({});
  }
  for (const YamlPair& pair : node->pairs) {
    if (!is_word(pair.key.text)) {
      out.error(pair.key.where(file), fmt::format("'{}' is not a name of a parameter", pair.key.text.substr(0, 64)),
                "letters, digits and '_'");
    }
    // `name:` alone accepts anything.
    if (!pair.value.is_null()) SchemaChecker(file, out).check(pair.value, 0);
  }
  return node->to_value();
}

}  // namespace midwatch::internal
