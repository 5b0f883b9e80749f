#include "runners/script_arguments.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "codec/json.h"
#include "runners/text.h"

namespace midwatch::runners {
namespace {

// Spec 3.2: "string/number None → '', number → str; boolean → 1/0 (None → empty); array → comma-joined
// str of items; object → JSON; null → empty; other → str".
std::string positional_text(std::string_view type, const Value& value) {
  if (value.is_null() || type == "null") return "";
  if (type == "boolean") return value.truthy() ? "1" : "0";
  if (type == "array" && value.is_array()) {
    std::string out;
    for (const Value& element : value.elements()) {
      if (&element != value.elements().data()) out += ',';
      out += python_str(element);
    }
    return out;
  }
  if (type == "object" && value.is_object()) return to_json(value);
  return python_str(value);
}

}  // namespace

std::vector<std::string> script_arguments(const Value& schema, const Value& parameters, std::string_view kwarg_op) {
  struct Positional {
    std::int64_t position;
    std::size_t order;  // for equal positions: as declared
    std::string text;
  };
  std::vector<std::string> out;
  std::vector<Positional> positional;
  // A positional one that was not given still takes its place.
  for (const Value::Member& member : schema.members()) {
    const Value position = member.value.get("position");
    if (!position.is_int()) continue;
    positional.push_back({position.as_int(), positional.size(),
                          positional_text(member.value.get("type").text_or("string"), parameters.get(member.name()))});
  }
  for (const Value::Member& parameter : parameters.members()) {
    if (schema.get(parameter.name()).get("position").is_int()) continue;
    const Value& value = parameter.value;
    // "None or empty string skipped; True → just the flag, False → omitted; others str()".
    if (value.is_null() || (value.is_string() && value.size() == 0)) continue;
    std::string flag = std::string(kwarg_op) + std::string(parameter.name());
    if (value.is_bool()) {
      if (value.as_bool()) out.push_back(std::move(flag));
      continue;
    }
    out.push_back(flag + "=" + python_str(value));
  }
  std::sort(positional.begin(), positional.end(), [](const Positional& a, const Positional& b) {
    return std::pair(a.position, a.order) < std::pair(b.position, b.order);
  });
  for (Positional& argument : positional) out.push_back(std::move(argument.text));
  return out;
}

}  // namespace midwatch::runners
