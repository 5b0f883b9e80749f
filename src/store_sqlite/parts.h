// store_sqlite/parts.h — large values are stored once, however many records hold them.
//
// A result of 8 MB that a workflow publishes and passes on through five tasks is in contexts, parameters
// and results: always the same Value. Its text goes into the table `parts` once, and the records refer to
// it. That two values are the same is known by their storage (Value is shared and immutable), not by their
// content, so that finding it out costs nothing; what was forgotten meanwhile is stored again.
//
// A text with references begins with the byte 1 and a mark of 16 characters; a reference is the object
// {"\0<mark>": row} in the JSON that follows. The mark is random for each store that is opened: no payload
// can hold it. Parts may refer to parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "codec/json.h"
#include "store_sqlite/body.h"
#include "store_sqlite/database.h"
#include "value/value.h"

namespace midwatch::store_sqlite {

inline constexpr std::size_t kPartBytesMin = 64u << 10;       // of JSON; what is smaller stays where it is
inline constexpr std::size_t kPartsKeptBytesMax = 32u << 20;  // of values whose parts are known
inline constexpr int kPartDepthMax = 64;                      // of arrays and objects; below, nothing is taken apart
inline constexpr int kPartHeightMax = 100;                    // parts in parts

// What was written as JSON is read whatever its depth: only what is stored bounds it.
inline constexpr JsonLimits kStoredJson{.depth_max = 100'000, .bytes_max = kBodyBytesMax};

// Of the connection that writes. Thread-safety: none.
class PartWriter {
 public:
  explicit PartWriter(Database& db);

  // Appends the value as JSON; large values in it become references, the value itself only if it may.
  // O(what was not stored before).
  enum class Itself : std::uint8_t { kMayBePart, kStays };
  Status append(std::string& out, const Value& value, Itself itself);
  // Whether anything since begin() became a reference, and what the text must begin with then.
  void begin() { height_ = 0; }
  [[nodiscard]] bool refers() const { return height_ != 0; }
  [[nodiscard]] const std::string& head() const { return head_; }

  void committed();  // what was stored since is there to stay
  void undone();     // … is not there

 private:
  struct Known {
    Value value;  // keeps its storage alive, so that nothing else can have the address
    std::int64_t row = 0;
    std::size_t bytes = 0;
    int height = 0;  // parts in it, and it
    bool committed = false;
  };
  Status write(std::string& out, const Value& value, int depth);
  Status write_members(std::string& out, const Value& value, int depth);
  void refer(std::string& out, const Known& part);
  Result<std::int64_t> store(std::string_view text);
  const Known& remember(const Value& value, Known part);
  [[nodiscard]] bool may_be_large(const Value& value, int depth, int& left) const;

  Database& db_;
  std::string head_;  // "\1" and the mark
  int height_ = 0;    // of the highest part that was referred to
  std::unordered_map<const void*, Known> known_;
  std::deque<const void*> order_;
  std::size_t bytes_ = 0;
  std::string packed_;
};

// What was read, with its parts. `text` as it was stored; `height`: parts around it. O(size of what it
// stands for).
Result<Value> parse_with_parts(Database& db, std::string_view text, int height = 0);

}  // namespace midwatch::store_sqlite
