#include <utility>

#include <fmt/core.h>

#include "model/pack_parser.h"
#include "model/pack_parts.h"

namespace midwatch::internal {
namespace {

struct ConfigCheck {
  std::string_view pack;
  std::string_view file;
  Diagnostics& out;

  void error(const std::string& path, std::string_view message) const {
    out.error(Location{std::string(file), 0, 0},
              fmt::format("Failed validating attribute \"{}\" in config for pack \"{}\": {}", path, pack, message));
  }
};

std::string_view type_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "null";
    case Value::Kind::kBool: return "boolean";
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return "integer";
    case Value::Kind::kDouble: return "number";
    case Value::Kind::kString: return "string";
    case Value::Kind::kArray: return "array";
    case Value::Kind::kObject: return "object";
  }
  std::unreachable();
}

bool is_template(const Value& value) {
  return value.is_string() && (value.as_string().find("{{") != std::string_view::npos ||
                               value.as_string().find("{%") != std::string_view::npos);
}

Value apply(const ConfigCheck& check, const Value& schema, const Value& values, const std::string& path,
            std::size_t depth);

Value apply_one(const ConfigCheck& check, const Value& schema, const Value& value, const std::string& path,
                std::size_t depth) {
  const std::string type = schema.get("type").text_or("");
  // A template has its type when it is rendered.
  if (!type.empty() && type != type_of(value) && !is_template(value) && !(type == "number" && value.is_int())) {
    check.error(path, fmt::format("expected {}, found {}", type, type_of(value)));
    return value;
  }
  const Value properties = schema.get("properties");
  if (value.is_object() && properties.is_object()) return apply(check, properties, value, path + ".", depth + 1);
  return value;
}

Value apply(const ConfigCheck& check, const Value& schema, const Value& values, const std::string& path,
            std::size_t depth) {
  if (depth > kSchemaNestingMax) return values;
  ObjectBuilder out(values);
  for (const Value::Member& member : schema.members()) {
    const std::string here = path + std::string(member.name());
    const Value* value = values.find(member.name());
    if (value != nullptr && !value->is_null()) {
      out.set(member.name(), apply_one(check, member.value, *value, here, depth));
      continue;
    }
    const Value* fallback = member.value.find("default");
    if (fallback != nullptr) {
      out.set(member.name(), *fallback);
    } else if (member.value.get("properties").is_object()) {
      const Value inner = apply(check, member.value.get("properties"), Value::object({}), here + ".", depth + 1);
      if (inner.size() != 0) out.set(member.name(), inner);
    } else if (member.value.get("required").bool_or(false)) {
      check.error(here, "a value is required");
    }
  }
  return std::move(out).build();
}

}  // namespace

Value apply_config_schema(const Value& schema, const Value& values, std::string_view pack, std::string_view file,
                          Diagnostics& out) {
  const ConfigCheck check{pack, file, out};
  if (!values.is_null() && !values.is_object()) {
    check.error("", fmt::format("expected a mapping, found {}", type_of(values)));
    return Value::object({});
  }
  return apply(check, schema, values.is_null() ? Value::object({}) : values, "", 0);
}

}  // namespace midwatch::internal
