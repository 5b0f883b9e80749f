#include "query/masking.h"

#include "model/runner_types.h"

namespace midwatch {
namespace {

Value mask_value(const Value& value, const Value& schema, int depth);

Value mask_members(const Value& values, const Value& schemas, const Value& others, int depth) {
  if (!values.is_object()) return values;
  Value out = values;
  for (const Value::Member& member : values.members()) {
    const Value* schema = schemas.find(member.name());
    if (schema == nullptr && others.is_object()) schema = &others;
    if (schema == nullptr) continue;
    Value masked = mask_value(member.value, *schema, depth);
    if (!identical(masked, member.value)) out = with_member(out, member.name(), std::move(masked));
  }
  return out;
}

Value mask_value(const Value& value, const Value& schema, int depth) {
  if (value.is_null() || !schema.is_object()) return value;
  if (schema.get("secret").truthy() || depth > kMaskDepthMax) return kMask;
  if (value.is_object()) {
    return mask_members(value, schema.get("properties"), schema.get("additionalProperties"), depth + 1);
  }
  if (value.is_array() && schema.get("items").is_object()) {
    const Value items = schema.get("items");
    std::vector<Value> out;
    out.reserve(value.size());
    for (const Value& element : value.elements()) out.push_back(mask_value(element, items, depth + 1));
    return Value::array(std::move(out));
  }
  return value;
}

}  // namespace

Value mask_parameters(const Value& values, const Value& schemas) { return mask_members(values, schemas, Value(), 0); }

Value mask_result(const Value& result, const Action& action) {
  if (!action.output_schema.is_object() || action.output_schema.size() == 0) return result;
  const RunnerType* runner = find_runner_type(action.runner_type);
  const std::string_view key = runner == nullptr ? std::string_view() : runner->output_key;
  const Value* output = key.empty() ? &result : result.find(key);
  if (output == nullptr) return result;
  // The older form names the properties directly; the newer one is a whole schema.
  const Value* properties = action.output_schema.find("properties");
  const bool whole = properties != nullptr && action.output_schema.get("type").is_string();
  Value masked =
      whole ? mask_value(*output, action.output_schema, 0) : mask_members(*output, action.output_schema, Value(), 0);
  return key.empty() ? masked : with_member(result, key, std::move(masked));
}

}  // namespace midwatch
