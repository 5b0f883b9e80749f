#include "api/body.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch {
namespace {

// "application/json; charset=utf-8" → "application/json".
std::string_view media_type(const Request& request) {
  const std::string* header = request.header("Content-Type");
  if (header == nullptr) return {};
  std::string_view type = std::string_view(*header).substr(0, header->find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// '+' is a blank; a '%' that begins no escape stands for itself.
std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Result<Value> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::vector<Value>>> fields;
  std::size_t count = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('&', start), text.size());
    const std::string_view pair = text.substr(start, end - start);
    start = end + 1;
    if (pair.empty()) continue;
    if (++count > kFormFieldsMax) return Error(Code::kInvalid, fmt::format("more than {} form fields", kFormFieldsMax));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = form_decoded(pair.substr(0, equals));
    const std::string value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!is_utf8(name) || !is_utf8(value)) return Error(Code::kInvalid, "a form field is not UTF-8");
    const auto known = std::ranges::find(fields, name, &std::pair<std::string, std::vector<Value>>::first);
    if (known != fields.end()) {
      known->second.emplace_back(value);
    } else {
      fields.push_back({name, {Value(value)}});
    }
  }
  ObjectBuilder out;
  for (auto& [name, values] : fields) out.set(name, Value::array(std::move(values)));
  return std::move(out).build();
}

Result<Value> parse_json_body(const std::string& text) {
  if (text.empty()) return Value::object({});
  auto parsed = parse_json(text, {.depth_max = kBodyDepthMax, .bytes_max = kBodyTextMax});
  if (parsed) return parsed;
  // A limit of the parser is the sender's mistake too: 400, not "come back later".
  Error error = std::move(parsed).error();
  error.code = Code::kInvalid;
  if (error.where.known()) error.where.file = "body";
  return std::move(error).within("Failed to parse request body");
}

}  // namespace

Result<Value> parse_body(const Request& request) {
  const std::string_view type = media_type(request);
  if (type.empty() || equals_ignoring_case(type, "application/json") || type.ends_with("+json")) {
    return parse_json_body(request.body);
  }
  if (equals_ignoring_case(type, "application/x-www-form-urlencoded")) return parse_form(request.body);
  if (type.size() > 5 && equals_ignoring_case(type.substr(0, 5), "text/")) {
    if (!is_utf8(request.body)) return Error(Code::kInvalid, "Failed to parse request body: it is not UTF-8");
    return Value(request.body);
  }
  return Error(Code::kInvalid, fmt::format("Failed to parse request body: Unsupported Content-Type: \"{}\"", type));
}

Result<Value> parse_object_body(const Request& request) {
  MW_TRY(Value body, parse_body(request));
  if (body.is_object()) return body;
  return Error(Code::kInvalid, fmt::format("the body needs to be an object, got: {}", python_type_name(body)));
}

std::string_view python_type_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "NoneType";
    case Value::Kind::kBool: return "bool";
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return "int";
    case Value::Kind::kDouble: return "float";
    case Value::Kind::kString: return "str";
    case Value::Kind::kArray: return "list";
    case Value::Kind::kObject: return "dict";
  }
  std::unreachable();
}

}  // namespace midwatch
