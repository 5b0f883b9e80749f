#include "detect/parameter_reader.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

namespace midwatch {
namespace {

std::string shown(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "nothing";
    case Value::Kind::kBool: return value.as_bool() ? "true" : "false";
    case Value::Kind::kInt: return fmt::format("{}", value.as_int());
    case Value::Kind::kBigInt: return "a big integer";
    case Value::Kind::kDouble: return fmt::format("{}", value.as_double());
    case Value::Kind::kString: return fmt::format("'{}'", value.as_string());
    case Value::Kind::kArray: return "a list";
    case Value::Kind::kObject: return "a mapping";
  }
  std::unreachable();
}

}  // namespace

ParameterReader::ParameterReader(const Value& mapping, std::string path) : mapping_(mapping), path_(std::move(path)) {
  if (!mapping.is_object() && !mapping.is_null()) {
    error_ = Error(Code::kInvalid,
                   fmt::format("{}: expected a mapping, found {}", path_.empty() ? "/" : path_, shown(mapping)));
  }
}

void ParameterReader::fail(std::string_view name, std::string message) {
  if (!error_) error_ = Error(Code::kInvalid, fmt::format("{}/{}: {}", path_, name, message));
}

bool ParameterReader::has(std::string_view name) const {
  const Value* found = mapping_.find(name);
  return found != nullptr && !found->is_null();
}

const Value* ParameterReader::take(std::string_view name) {
  known_.emplace_back(name);
  return has(name) ? mapping_.find(name) : nullptr;
}

const Value* ParameterReader::raw(std::string_view name) { return take(name); }

void ParameterReader::require(std::string_view name) {
  if (!has(name)) fail(name, "is required");
}

std::string ParameterReader::text(std::string_view name, std::string_view otherwise) {
  const Value* value = take(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) fail(name, fmt::format("expected a text, found {}", shown(*value)));
  return value->text_or(otherwise);
}

bool ParameterReader::boolean(std::string_view name, bool otherwise) {
  const Value* value = take(name);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) fail(name, fmt::format("expected true or false, found {}", shown(*value)));
  return value->bool_or(otherwise);
}

std::optional<double> ParameterReader::optional_number(std::string_view name) {
  const Value* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->as_double())) {
    fail(name, fmt::format("expected a number, found {}", shown(*value)));
    return std::nullopt;
  }
  return value->as_double();
}

double ParameterReader::number(std::string_view name, double otherwise) {
  return optional_number(name).value_or(otherwise);
}

std::size_t ParameterReader::count(std::string_view name, std::size_t otherwise, std::size_t most) {
  const Value* value = take(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int() || value->as_int() < 1 || value->as_int() > static_cast<std::int64_t>(most)) {
    fail(name, fmt::format("expected an integer from 1 to {}, found {}", most, shown(*value)));
    return otherwise;
  }
  return static_cast<std::size_t>(value->as_int());
}

Duration ParameterReader::duration(std::string_view name, Duration otherwise) {
  const Value* value = take(name);
  if (value == nullptr) return otherwise;
  if (value->is_string()) {
    if (auto parsed = parse_duration(value->as_string())) return *parsed;
  } else if (value->is_number() && value->as_double() >= 0 && value->as_double() < 1e12) {
    return duration_from_seconds(value->as_double());
  }
  fail(name, fmt::format("expected a duration like 30s or 1h30m, found {}", shown(*value)));
  return otherwise;
}

std::size_t ParameterReader::choice(std::string_view name, std::initializer_list<std::string_view> choices,
                                    std::size_t otherwise) {
  const Value* value = take(name);
  if (value == nullptr) return otherwise;
  std::string all;
  std::size_t index = 0;
  for (const std::string_view choice : choices) {
    if (value->is_string() && value->as_string() == choice) return index;
    all += (all.empty() ? "" : ", ") + std::string(choice);
    ++index;
  }
  fail(name, fmt::format("expected one of {}, found {}", all, shown(*value)));
  return otherwise;
}

Status ParameterReader::finish() {
  for (const Value::Member& member : mapping_.members()) {
    if (error_) break;
    if (std::find(known_.begin(), known_.end(), member.name()) != known_.end()) continue;
    std::string all;
    for (const std::string& name : known_) all += (all.empty() ? "" : ", ") + name;
    fail(member.name(), fmt::format("unknown key, expected one of {}", all));
  }
  if (error_) return *error_;
  return {};
}

}  // namespace midwatch
