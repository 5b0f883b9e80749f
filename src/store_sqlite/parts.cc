#include "store_sqlite/parts.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch::store_sqlite {
namespace {

constexpr std::size_t kMarkBytes = 16;
constexpr char kHead = '\1';
constexpr int kScannedMax = 256;  // values looked at before one is taken for large
constexpr const char* kInsert = "INSERT INTO parts(body, unpacked, digest) VALUES (?1, ?2, ?3)";
constexpr const char* kSelect = "SELECT body, unpacked, digest FROM parts WHERE row = ?1";

// Where a value's content lies; null for what lives in the handle.
const void* storage_of(const Value& value) {
  if (value.is_array()) return value.elements().data();
  if (value.is_object()) return value.members().data();
  if (value.is_string() && value.size() > kMarkBytes) return value.as_string().data();
  return nullptr;
}

std::string random_mark() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

// The row that a value refers to; nullopt when it is no reference.
std::optional<std::int64_t> reference_in(const Value& value, std::string_view mark) {
  if (!value.is_object() || value.size() != 1) return std::nullopt;
  const Value::Member& member = value.members()[0];
  const std::string_view name = member.name();
  if (name.size() != 1 + kMarkBytes || name[0] != '\0' || name.substr(1) != mark || !member.value.is_int()) {
    return std::nullopt;
  }
  return member.value.as_int();
}

Result<Value> read_part(Database& db, std::int64_t row, int height) {
  const std::string name = fmt::format("{}", row);
  if (height > kPartHeightMax) return damaged("parts", name);
  if (db.part_cache != nullptr) {
    if (const auto known = db.part_cache->find(row); known != db.part_cache->end()) return known->second;
  }
  // A statement of its own for each: a part may need others before it has been read.
  MW_TRY(auto query, db.prepare(kSelect));
  query->bind(1, row);
  MW_TRY(const bool found, query->step());
  if (!found) return damaged("parts", name);
  const std::string_view stored = query->blob(0);
  Columns columns;
  columns.add(query->integer(1));
  if (columns.digest(stored) != query->integer(2)) return damaged("parts", name);
  std::string buffer;
  MW_TRY(const std::string_view text, unpack(stored, query->integer(1), buffer));
  MW_TRY(Value value, parse_with_parts(db, text, height));
  if (db.part_cache != nullptr) db.part_cache->emplace(row, value);
  return value;
}

// References are no deeper than the writer took things apart; a record puts a few levels around that.
constexpr int kReferenceDepthMax = kPartDepthMax + 4;

struct Resolver {
  Database& db;
  std::string_view mark;
  int height;

  Result<Value> resolve(const Value& value, int depth) const {
    if (depth > kReferenceDepthMax) return value;
    if (const auto row = reference_in(value, mark)) return read_part(db, *row, height + 1);
    if (value.is_array()) {
      std::vector<Value> elements;
      elements.reserve(value.size());
      for (const Value& element : value.elements()) {
        MW_TRY(Value whole, resolve(element, depth + 1));
        elements.push_back(std::move(whole));
      }
      return Value::array(std::move(elements));
    }
    if (value.is_object()) {
      std::vector<Value::Member> members;
      members.reserve(value.size());
      for (const Value::Member& member : value.members()) {
        MW_TRY(Value whole, resolve(member.value, depth + 1));
        members.emplace_back(member.key, std::move(whole));
      }
      return Value::object(std::move(members));
    }
    return value;
  }
};

}  // namespace

PartWriter::PartWriter(Database& db) : db_(db), head_(kHead + random_mark()) {}

// A quick look that decides for nearly all records: is there a text above the size, something that is known
// already, or more than can be looked at quickly?
bool PartWriter::may_be_large(const Value& value, int depth, int& left) const {
  if (--left < 0 || depth > kPartDepthMax) return left < 0;
  if (value.is_string()) return value.size() >= kPartBytesMin;
  if (!value.is_array() && !value.is_object()) return false;
  if (value.size() != 0 && !known_.empty() && known_.contains(storage_of(value))) return true;
  for (const Value& element : value.elements()) {
    if (may_be_large(element, depth + 1, left)) return true;
  }
  for (const Value::Member& member : value.members()) {
    if (may_be_large(member.value, depth + 1, left)) return true;
  }
  return false;
}

Status PartWriter::append(std::string& out, const Value& value, Itself itself) {
  int left = kScannedMax;
  if (may_be_large(value, 0, left)) return write(out, value, itself == Itself::kMayBePart ? 1 : 0);
  append_json(out, value);
  return {};
}

Status PartWriter::write(std::string& out, const Value& value, int depth) {
  const void* const storage = value.size() == 0 ? nullptr : storage_of(value);
  if (storage == nullptr || depth > kPartDepthMax) {
    append_json(out, value);
    return {};
  }
  if (const auto known = known_.find(storage); known != known_.end() && known->second.height < kPartHeightMax) {
    refer(out, known->second);
    return {};
  }
  const std::size_t start = out.size();
  const int height_before = std::exchange(height_, 0);
  MW_CHECK(write_members(out, value, depth));
  const int height = height_;
  const std::size_t bytes = out.size() - start;
  height_ = std::max(height_before, height);
  if (depth == 0 || bytes < kPartBytesMin || height >= kPartHeightMax) return {};
  const std::string text = (height != 0 ? head_ : std::string()) + out.substr(start);
  out.resize(start);
  height_ = height_before;
  MW_TRY(const std::int64_t row, store(text));
  refer(out, remember(value, {value, row, bytes, height + 1, false}));
  return {};
}

Status PartWriter::write_members(std::string& out, const Value& value, int depth) {
  if (value.is_string()) {
    append_json_string(out, value.as_string());
    return {};
  }
  char separator = value.is_array() ? '[' : '{';
  const char* const end = value.is_array() ? "]" : "}";
  for (const Value& element : value.elements()) {
    out += std::exchange(separator, ',');
    MW_CHECK(write(out, element, depth + 1));
  }
  for (const Value::Member& member : value.members()) {
    out += std::exchange(separator, ',');
    append_json_string(out, member.name());
    out += ':';
    MW_CHECK(write(out, member.value, depth + 1));
  }
  out += end;
  return {};
}

void PartWriter::refer(std::string& out, const Known& part) {
  out += fmt::format("{{\"\\u0000{}\":{}}}", head_.substr(1), part.row);
  height_ = std::max(height_, part.height);
}

Result<std::int64_t> PartWriter::store(std::string_view text) {
  MW_TRY(const Body body, pack(text, packed_));
  Columns columns;
  columns.add(body.unpacked);
  MW_TRY(Statement * insert, db_.statement(kInsert));
  insert->bind_blob(1, body.bytes);
  insert->bind(2, body.unpacked);
  insert->bind(3, columns.digest(body.bytes));
  MW_CHECK(insert->run());
  if (packed_.capacity() > kPartBytesMin) packed_ = std::string();
  return db_.inserted_row();
}

const PartWriter::Known& PartWriter::remember(const Value& value, Known part) {
  const void* const storage = storage_of(value);
  // What is too high to be referred to is stored again each time; the latest of them is kept.
  const auto [at, added] = known_.insert_or_assign(storage, std::move(part));
  if (!added) return at->second;
  order_.push_back(storage);
  bytes_ += at->second.bytes;
  // The newest stays in any case: it is about to be used again.
  while (bytes_ > kPartsKeptBytesMax && order_.size() > 1) {
    const auto oldest = known_.find(order_.front());
    bytes_ -= oldest->second.bytes;
    known_.erase(oldest);
    order_.pop_front();
  }
  return at->second;
}

void PartWriter::committed() {
  for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
    Known& known = known_.at(*at);
    if (known.committed) break;
    known.committed = true;
  }
}

void PartWriter::undone() {
  while (!order_.empty()) {
    const auto newest = known_.find(order_.back());
    if (newest->second.committed) break;
    bytes_ -= newest->second.bytes;
    known_.erase(newest);
    order_.pop_back();
  }
}

Result<Value> parse_with_parts(Database& db, std::string_view text, int height) {
  const bool refers = text.size() > kMarkBytes && text[0] == kHead;
  if (!refers) return parse_json(text, kStoredJson);
  MW_TRY(const Value value, parse_json(text.substr(1 + kMarkBytes), kStoredJson));
  return Resolver{db, text.substr(1, kMarkBytes), height}.resolve(value, 0);
}

}  // namespace midwatch::store_sqlite
