// model/record_reader.h — reads the stored form of a record, field by field.
//
//   RecordReader in(value, "execution");
//   record.id = in.id("id");
//   …
//   return in.finish(std::move(record));   // the first thing that was wrong, or the record
//
// The first error is kept and later reads give defaults, so that a reader is a list of fields.
// Thread-safety: none; lives on the stack. `value` must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

class RecordReader {
 public:
  RecordReader(const Value& value, std::string_view record);

  ObjectId id(std::string_view field);
  std::optional<ObjectId> optional_id(std::string_view field);
  Instant time(std::string_view field);
  std::optional<Instant> optional_time(std::string_view field);
  std::string text(std::string_view field);           // required
  std::string optional_text(std::string_view field);  // "" where there is none
  std::uint32_t count(std::string_view field);        // 0 where there is none
  bool flag(std::string_view field, bool fallback);
  Value value(std::string_view field) const { return value_.get(field); }

  // A word of a fixed vocabulary: `parse` gives an optional.
  template <class Parse>
  auto word(std::string_view field, Parse parse) {
    const std::string found = text(field);
    auto parsed = parse(found);
    if (!parsed) fail(field, "unknown word '" + found.substr(0, 64) + "'");
    return parsed ? *parsed : typename decltype(parsed)::value_type{};
  }

  void fail(std::string_view field, std::string_view message);
  template <class Record>
  Result<Record> finish(Record record) {
    if (error_) return *error_;
    return record;
  }

 private:
  const Value& value_;
  std::string_view record_;
  std::optional<Error> error_;
};

}  // namespace midwatch
