#include "params/validate_parameters.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <re2/re2.h>

#include "expr/python_text.h"

namespace midwatch {
namespace {

std::string repr(const Value& value) {
  std::string out;
  append_py_repr(out, value);
  constexpr std::size_t kShownMax = 200;
  if (out.size() > kShownMax) out = out.substr(0, code_point_offset(out, kShownMax)) + "…";
  return out;
}

// Booleans are no integers; whole floats are none either; integers are numbers (spec 1.7).
bool has_type(const Value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int() || value.is_bigint();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return false;
}

bool is_optional(const Value& property) {
  const Value* fallback = property.find("default");
  return !property.get("required").bool_or(false) || (fallback != nullptr && fallback->is_null());
}

class Validator {
 public:
  // Checks and returns the value with the defaults of its nested properties.
  Result<Value> check(const Value& schema, const Value& value, bool nullable, int depth) {
    if (depth > kSchemaDepthMax)
      return Error(Code::kLimit, fmt::format("a schema nests deeper than {}", kSchemaDepthMax));
    if (!schema.is_object() || schema.size() == 0) return value;
    if (nullable && value.is_null()) return value;
    MW_CHECK(check_type(schema, value));
    MW_CHECK(check_enum(schema, value));
    if (value.is_number()) MW_CHECK(check_number(schema, value));
    if (value.is_string()) MW_CHECK(check_text(schema, value));
    MW_CHECK(check_combinations(schema, value, depth));
    if (value.is_array()) return check_array(schema, value, depth);
    if (value.is_object()) return check_object(schema, value, depth);
    return value;
  }

  // The members of an object against properties that may be null, have defaults, or be required.
  Result<Value> check_members(const Value& properties, const Value& object, int depth) {
    ObjectBuilder out(object);
    for (const Value::Member& property : properties.members()) {
      const Value* given = object.find(property.name());
      const Value* fallback = property.value.find("default");
      Value value = given == nullptr ? Value() : *given;
      const bool missing = given == nullptr || given->is_null();
      if (missing && fallback != nullptr && !fallback->is_null()) value = *fallback;
      else if (given == nullptr && property.value.get("required").bool_or(false) && fallback == nullptr) {
        return Error(Code::kInvalid, fmt::format("'{}' is a required property", property.name()));
      } else if (given == nullptr && fallback == nullptr) {
        continue;
      }
      auto checked = check(property.value, value, is_optional(property.value), depth + 1);
      if (!checked) return std::move(checked).error().within(fmt::format("'{}'", property.name()));
      out.set(property.key, std::move(*checked));
    }
    return std::move(out).build();
  }

 private:
  Status check_type(const Value& schema, const Value& value) {
    const Value* type = schema.find("type");
    if (type == nullptr) return {};
    if (type->is_string()) {
      if (has_type(value, type->as_string())) return {};
    } else {
      for (const Value& one : type->elements()) {
        if (one.is_string() && has_type(value, one.as_string())) return {};
      }
    }
    return Error(Code::kInvalid, fmt::format("{} is not of type {}", repr(value), repr(*type)));
  }

  Status check_enum(const Value& schema, const Value& value) {
    const Value* allowed = schema.find("enum");
    if (allowed == nullptr || std::ranges::find(allowed->elements(), value) != allowed->elements().end()) return {};
    return Error(Code::kInvalid, fmt::format("{} is not one of {}", repr(value), repr(*allowed)));
  }

  Status check_number(const Value& schema, const Value& value) {
    const double number = value.as_double();
    if (const Value* least = schema.find("minimum"); least != nullptr && least->is_number()) {
      const bool exclusive = schema.get("exclusiveMinimum").bool_or(false);
      if (order(value, *least) < 0 || (exclusive && value == *least)) {
        return Error(Code::kInvalid, fmt::format("{} is less than the minimum of {}", repr(value), repr(*least)));
      }
    }
    if (const Value* most = schema.find("maximum"); most != nullptr && most->is_number()) {
      const bool exclusive = schema.get("exclusiveMaximum").bool_or(false);
      if (order(value, *most) > 0 || (exclusive && value == *most)) {
        return Error(Code::kInvalid, fmt::format("{} is greater than the maximum of {}", repr(value), repr(*most)));
      }
    }
    if (const Value* step = schema.find("multipleOf"); step != nullptr && step->double_or(0) > 0) {
      const double parts = number / step->as_double();
      if (parts != std::trunc(parts)) {
        return Error(Code::kInvalid, fmt::format("{} is not a multiple of {}", repr(value), repr(*step)));
      }
    }
    return {};
  }

  Status check_text(const Value& schema, const Value& value) {
    const std::size_t length = code_point_count(value.as_string());
    if (length < static_cast<std::size_t>(std::max<std::int64_t>(0, schema.get("minLength").int_or(0)))) {
      return Error(Code::kInvalid, fmt::format("{} is too short", repr(value)));
    }
    const std::int64_t most = schema.get("maxLength").int_or(-1);
    if (most >= 0 && length > static_cast<std::size_t>(most)) {
      return Error(Code::kInvalid, fmt::format("{} is too long", repr(value)));
    }
    const Value* pattern = schema.find("pattern");
    if (pattern == nullptr || !pattern->is_string()) return {};
    MW_TRY(const bool matches, search(pattern->as_string(), value.as_string()));
    if (matches) return {};
    return Error(Code::kInvalid, fmt::format("{} does not match {}", repr(value), repr(*pattern)));
  }

  Result<bool> search(std::string_view pattern, std::string_view text) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(1 << 20);
    const re2::RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!compiled.ok()) {
      return Error(Code::kInvalid,
                   fmt::format("the schema's pattern '{}' is not a regular expression: {}", pattern, compiled.error()));
    }
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled);
  }

  Status check_combinations(const Value& schema, const Value& value, int depth) {
    const auto holds = [&](const Value& one) { return check(one, value, false, depth + 1).has_value(); };
    for (const Value& one : schema.get("allOf").elements()) {
      MW_TRY(const Value checked, check(one, value, false, depth + 1));
    }
    const auto count = [&](const Value& list) { return std::ranges::count_if(list.elements(), holds); };
    if (const Value* any = schema.find("anyOf"); any != nullptr && any->size() > 0 && count(*any) == 0) {
      return Error(Code::kInvalid, fmt::format("{} is not valid under any of the given schemas", repr(value)));
    }
    if (const Value* one = schema.find("oneOf"); one != nullptr && one->size() > 0) {
      const auto valid = count(*one);
      if (valid == 0)
        return Error(Code::kInvalid, fmt::format("{} is not valid under any of the given schemas", repr(value)));
      if (valid > 1)
        return Error(Code::kInvalid, fmt::format("{} is valid under more than one of the given schemas", repr(value)));
    }
    if (const Value* none = schema.find("not"); none != nullptr && none->is_object() && holds(*none)) {
      return Error(Code::kInvalid, fmt::format("{} should not be valid under {}", repr(value), repr(*none)));
    }
    return {};
  }

  Result<Value> check_array(const Value& schema, const Value& value, int depth) {
    const std::int64_t least = schema.get("minItems").int_or(0);
    const std::int64_t most = schema.get("maxItems").int_or(-1);
    const auto size = static_cast<std::int64_t>(value.size());
    if (size < least) return Error(Code::kInvalid, fmt::format("{} is too short", repr(value)));
    if (most >= 0 && size > most) return Error(Code::kInvalid, fmt::format("{} is too long", repr(value)));
    if (schema.get("uniqueItems").bool_or(false)) MW_CHECK(check_unique(value));
    const Value* items = schema.find("items");
    if (items == nullptr) return value;
    std::vector<Value> checked;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Value* one = items;
      if (items->is_array()) {
        one = i < items->size() ? &items->elements()[i] : schema.find("additionalItems");
        if (one != nullptr && one->is_bool() && !one->as_bool()) {
          return Error(Code::kInvalid,
                       fmt::format("Additional items are not allowed ({} was unexpected)", repr(value.elements()[i])));
        }
      }
      if (one == nullptr || !one->is_object()) {
        checked.push_back(value.elements()[i]);
        continue;
      }
      auto item = check(*one, value.elements()[i], false, depth + 1);
      if (!item) return std::move(item).error().within(fmt::format("[{}]", i));
      checked.push_back(std::move(*item));
    }
    return Value::array(std::move(checked));
  }

  Status check_unique(const Value& value) {
    std::vector<Value> sorted(value.elements().begin(), value.elements().end());
    std::ranges::sort(sorted, [](const Value& a, const Value& b) { return order(a, b) < 0; });
    if (std::ranges::adjacent_find(sorted) == sorted.end()) return {};
    return Error(Code::kInvalid, fmt::format("{} has non-unique elements", repr(value)));
  }

  Result<Value> check_object(const Value& schema, const Value& value, int depth) {
    const auto size = static_cast<std::int64_t>(value.size());
    if (size < schema.get("minProperties").int_or(0)) {
      return Error(Code::kInvalid, fmt::format("{} does not have enough properties", repr(value)));
    }
    const std::int64_t most = schema.get("maxProperties").int_or(-1);
    if (most >= 0 && size > most) return Error(Code::kInvalid, fmt::format("{} has too many properties", repr(value)));
    const Value properties = schema.get("properties");
    const Value patterns = schema.get("patternProperties");
    const Value* additional = schema.find("additionalProperties");
    MW_TRY(Value checked, check_members(properties, value, depth));
    for (const Value::Member& member : value.members()) {
      bool known = properties.find(member.name()) != nullptr;
      for (const Value::Member& pattern : patterns.members()) {
        MW_TRY(const bool matches, search(pattern.name(), member.name()));
        if (!matches) continue;
        known = true;
        MW_TRY(const Value one, check(pattern.value, member.value, false, depth + 1));
      }
      if (known || additional == nullptr) continue;
      if (additional->is_bool() && !additional->as_bool()) {
        return Error(Code::kInvalid,
                     fmt::format("Additional properties are not allowed ('{}' was unexpected)", member.name()));
      }
      if (additional->is_object()) {
        MW_TRY(const Value one, check(*additional, member.value, false, depth + 1));
      }
    }
    for (const Value::Member& dependency : schema.get("dependencies").members()) {
      if (value.find(dependency.name()) == nullptr) continue;
      for (const Value& needed : dependency.value.elements()) {
        if (needed.is_string() && value.find(needed.as_string()) == nullptr) {
          return Error(Code::kInvalid, fmt::format("{} is a dependency of '{}'", repr(needed), dependency.name()));
        }
      }
    }
    return checked;
  }
};

}  // namespace

Result<Value> validate_parameters(const Value& schema, const Value& values) {
  std::string unknown;
  std::size_t count = 0;
  for (const Value::Member& given : values.members()) {
    if (schema.find(given.name()) != nullptr) continue;
    unknown += fmt::format("{}'{}'", unknown.empty() ? "" : ", ", given.name());
    ++count;
  }
  if (count > 0) {
    return Error(Code::kInvalid, fmt::format("Additional properties are not allowed ({} {} unexpected)", unknown,
                                             count == 1 ? "was" : "were"));
  }
  return Validator().check_members(schema, values.is_object() ? values : Value::object({}), 0);
}

Result<Value> validate_value(const Value& schema, const Value& value) {
  return Validator().check(schema, value, is_optional(schema), 0);
}

}  // namespace midwatch
