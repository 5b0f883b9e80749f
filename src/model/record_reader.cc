#include "model/record_reader.h"

#include <limits>

#include <fmt/core.h>

namespace midwatch {

RecordReader::RecordReader(const Value& value, std::string_view record) : value_(value), record_(record) {
  if (!value.is_object()) error_ = Error(Code::kInvalid, fmt::format("{} record: expected an object", record));
}

void RecordReader::fail(std::string_view field, std::string_view message) {
  if (!error_) error_ = Error(Code::kInvalid, fmt::format("{} record: {}: {}", record_, field, message));
}

std::string RecordReader::text(std::string_view field) {
  const Value* found = value_.find(field);
  if (found == nullptr || !found->is_string()) {
    fail(field, found == nullptr ? "is missing" : "expected a text");
    return {};
  }
  return found->to_text();
}

std::string RecordReader::optional_text(std::string_view field) {
  return value_.find(field) == nullptr ? std::string() : text(field);
}

ObjectId RecordReader::id(std::string_view field) {
  const std::string hex = text(field);
  if (error_) return {};
  auto parsed = ObjectId::parse(hex);
  if (!parsed) fail(field, parsed.error().message);
  return parsed ? *parsed : ObjectId();
}

std::optional<ObjectId> RecordReader::optional_id(std::string_view field) {
  if (value_.find(field) == nullptr) return std::nullopt;
  return id(field);
}

Instant RecordReader::time(std::string_view field) {
  const std::string written = text(field);
  if (error_) return {};
  auto parsed = parse_iso8601(written);
  if (!parsed) fail(field, parsed.error().message);
  return parsed ? *parsed : Instant();
}

std::optional<Instant> RecordReader::optional_time(std::string_view field) {
  if (value_.find(field) == nullptr) return std::nullopt;
  return time(field);
}

std::uint32_t RecordReader::count(std::string_view field) {
  const Value* found = value_.find(field);
  if (found == nullptr) return 0;
  if (!found->is_int() || found->as_int() < 0 || found->as_int() > std::numeric_limits<std::uint32_t>::max()) {
    fail(field, "expected a count");
    return 0;
  }
  return static_cast<std::uint32_t>(found->as_int());
}

bool RecordReader::flag(std::string_view field, bool fallback) {
  const Value* found = value_.find(field);
  if (found == nullptr) return fallback;
  if (!found->is_bool()) fail(field, "expected true or false");
  return found->bool_or(fallback);
}

}  // namespace midwatch
