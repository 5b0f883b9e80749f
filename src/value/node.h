// value/node.h — the shared nodes behind a Value; for value's own sources only.
//
// One allocation a node: the header is followed by the bytes of a text, the elements of an array, or
// the members of an object and, above kIndexedMembersMin members, its hash index.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "value/value.h"

namespace midwatch::internal {

struct Node : NodeHeader {
  static constexpr std::size_t kIndexedMembersMin = 9;

  static Node* make(Value::Tag tag, std::size_t payload_bytes);
  static void destroy(Value::Tag tag, Node* node) noexcept;
  static Value wrap(Value::Tag tag, Node* node) noexcept { return Value(tag, node); }

  // Whether two texts are equal: short ones by their handles alone.
  static bool same_text(const Value& a, const Value& b) {
    if (a.words() == b.words()) return true;
    return a.tag() == Value::Tag::kText && b.tag() == Value::Tag::kText && a.as_string() == b.as_string();
  }

  // Which of an object's members has this name, or how many there are when none has.
  static std::size_t position(const Value& object, std::string_view name);
  // An object of unique names; `index` is filled for them, or empty below kIndexedMembersMin.
  static Value object(std::span<Value::Member> moved, std::span<const std::uint32_t> index);
  // `base`, an object, with the members of `changes`, whose names are unique.
  static Value object_with(const Value& base, std::span<const Value::Member> changes);

  static Value text(std::string_view bytes);
  static Value bigint(std::string_view digits);

  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] Value* elements() { return reinterpret_cast<Value*>(this + 1); }
  [[nodiscard]] Value::Member* members() { return reinterpret_cast<Value::Member*>(this + 1); }
  [[nodiscard]] std::uint32_t* index() { return reinterpret_cast<std::uint32_t*>(members() + size); }
  [[nodiscard]] std::string_view view() { return {bytes(), size}; }
};
static_assert(sizeof(Node) == sizeof(NodeHeader) && sizeof(Node) % alignof(Value) == 0);

// A name to look for: a short one is compared as a handle is.
class NameProbe {
 public:
  explicit NameProbe(std::string_view name) : name_(name), key_(name.size() <= 14 ? Value(name) : Value()) {}
  [[nodiscard]] bool matches(const Value& key) const {
    return key_.is_null() ? key.as_string() == name_ : Node::same_text(key, key_);
  }

 private:
  std::string_view name_;
  Value key_;
};

// Hash of a member's name, for the indexes of objects and of builders; differs from process to process.
std::uint32_t name_hash(std::string_view name);
constexpr std::uint32_t kNoSlot = 0xffffffffU;

// The number of index slots for `members` members: at most half full; 0 below kIndexedMembersMin.
std::uint32_t index_slots(std::size_t members);

// Puts member number `member`, whose name is not there yet, into an index.
inline void place_in_index(std::span<std::uint32_t> index, std::uint32_t hash, std::uint32_t member) {
  const std::size_t mask = index.size() - 1;
  std::size_t slot = hash & mask;
  while (index[slot] != kNoSlot) slot = (slot + 1) & mask;
  index[slot] = member;
}

}  // namespace midwatch::internal
