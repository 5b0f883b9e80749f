// expr/python_codec.h — json.dumps, yaml.safe_dump and their counterparts as the reference has them.
#pragma once

#include <string>
#include <string_view>

#include "expr/datum.h"
#include "expr/evaluation.h"

namespace midwatch {

struct JsonStyle {
  int indent = -1;  // negative: one line
  bool sort_keys = false;
  bool ascii = true;  // escape everything beyond ASCII
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool html_safe = false;  // tojson: <, >, & and ' as escapes
};
[[nodiscard]] Outcome<std::string> py_json_text(Evaluation& evaluation, const Datum& datum, const JsonStyle& style);

// yaml.safe_dump(v, default_flow_style=False): block style, sorted keys, trailing newline.
struct YamlStyle {
  int indent = 2;
  bool allow_unicode = true;
};
[[nodiscard]] Outcome<std::string> py_yaml_text(Evaluation& evaluation, const Datum& datum,
                                                const YamlStyle& style = {});

// Strict JSON and safe YAML. Errors are of kind value.
[[nodiscard]] Outcome<Datum> json_from_text(std::string_view text);
[[nodiscard]] Outcome<Datum> yaml_from_text(std::string_view text);

}  // namespace midwatch
