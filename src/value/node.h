// value/node.h — the shared nodes behind a Value; for value's own sources only.
//
// One allocation a node: the header is followed by the bytes of a text, the elements of an array, or
// the members of an object and, above kIndexedMembersMin members, its hash index.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "value/value.h"

namespace midwatch::internal {

struct alignas(8) Node {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t size = 0;        // bytes, elements or members
  std::uint32_t index_size = 0;  // slots of an object's index, a power of two, or 0

  static constexpr std::size_t kIndexedMembersMin = 9;

  static Node* make(Value::Tag tag, std::size_t payload_bytes);
  static void destroy(Value::Tag tag, Node* node) noexcept;
  static Value wrap(Value::Tag tag, Node* node) noexcept { return Value(tag, node); }

  // Whether two texts are equal: short ones by their handles alone.
  static bool same_text(const Value& a, const Value& b) {
    if (std::memcmp(a.bits_, b.bits_, sizeof a.bits_) == 0) return true;
    return a.tag() == Value::Tag::kText && b.tag() == Value::Tag::kText && a.node()->view() == b.node()->view();
  }

  static Value text(std::string_view bytes);
  static Value bigint(std::string_view digits);

  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] Value* elements() { return reinterpret_cast<Value*>(this + 1); }
  [[nodiscard]] Value::Member* members() { return reinterpret_cast<Value::Member*>(this + 1); }
  [[nodiscard]] std::uint32_t* index() { return reinterpret_cast<std::uint32_t*>(members() + size); }
  [[nodiscard]] std::string_view view() { return {bytes(), size}; }
};
static_assert(sizeof(Node) % alignof(Value) == 0);

// Hash of a member's name; used by the index of objects and of builders.
std::uint32_t name_hash(std::string_view name);
constexpr std::uint32_t kNoSlot = 0xffffffffU;

// The number of index slots for `members` members: at most half full.
std::uint32_t index_slots(std::size_t members);

}  // namespace midwatch::internal
