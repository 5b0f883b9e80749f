// value/value.h — the one value type: immutable, JSON-shaped, shared.
//
// A Value is a handle of 16 bytes. Null, booleans, integers, doubles and texts of up to 14 bytes live
// in the handle; longer texts, big integers, arrays and objects live in shared, reference counted,
// immutable nodes. Copying is a pointer copy; a changed copy shares everything but the path to the
// change. From the socket to the store, events, contexts, parameters and results are Values.
//
//   Value event = Value::object({{"host", "web1"}, {"load", 0.95}});
//   event.find("load")->as_double();
//   Value later = with_path(event, {"labels", "zone"}, "a");   // event is unchanged
//
// Shapes: objects keep the order of insertion and have unique keys; int64 and double are apart, and
// an integer beyond int64 is a big integer (exact, held as decimal digits). Texts are UTF-8: the
// codecs check it at the border. Doubles may be non-finite in memory; JSON writes null for them.
//
// Equality is that of the expression languages: 1 == 1.0, and objects compare without regard to
// order. identical() tells int from double too.
//
// Thread-safety: a Value may be read, copied and destroyed on any thread (counts are atomic); one
// handle must not be assigned on two threads at once.
// Cost: copy O(1); find O(1) for objects above 8 members, else a scan; with_* O(size of the
// containers on the path); destruction is not recursive, so depth cannot exhaust the stack.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace midwatch {

namespace internal {
struct Node;  // value/node.h
struct alignas(8) NodeHeader {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t size = 0;        // bytes, elements or members
  std::uint32_t index_size = 0;  // slots of an object's index, a power of two, or 0
};
}  // namespace internal

class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kBigInt, kDouble, kString, kArray, kObject };
  struct Member;

  Value() noexcept : bits_{} {}
  Value(std::nullptr_t) noexcept : Value() {}
  Value(bool v) noexcept : bits_{} { bits_[15] = static_cast<unsigned char>(v ? Tag::kTrue : Tag::kFalse); }
  template <class Int>
    requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool> && !std::is_same_v<Int, char>)
  Value(Int v) : Value(from_integer(v)) {}
  Value(double v) noexcept : bits_{} {
    std::memcpy(bits_, &v, sizeof v);
    bits_[15] = static_cast<unsigned char>(Tag::kDouble);
  }
  Value(std::string_view text) : bits_{} {  // must be UTF-8
    if (text.size() <= kShortBytesMax) {
      set_short(text);
    } else {
      set_text(text);
    }
  }
  Value(const char* text) : Value(std::string_view(text)) {}
  Value(const std::string& text) : Value(std::string_view(text)) {}

  Value(const Value& other) noexcept {
    std::memcpy(bits_, other.bits_, sizeof bits_);
    retain();
  }
  Value(Value&& other) noexcept {
    std::memcpy(bits_, other.bits_, sizeof bits_);
    std::memset(other.bits_, 0, sizeof bits_);
  }
  // What is assigned may be a part of what this handle owns: it is taken before the old value is let go.
  Value& operator=(const Value& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Value() {
    if (is_shared()) release();
  }
  void swap(Value& other) noexcept {
    Words mine = words();
    const Words theirs = other.words();
    std::memcpy(other.bits_, &mine, sizeof bits_);
    std::memcpy(bits_, &theirs, sizeof bits_);
  }

  static Value array(std::vector<Value> elements);
  // Later members with the same name replace earlier ones and keep their place.
  static Value object(std::vector<Member> members);
  // The same from storage that the caller keeps and reuses: what it holds is moved out.
  static Value array_from(std::span<Value> elements);
  static Value object_from(std::span<Member> members);
  static Value array(std::initializer_list<Value> elements);
  static Value object(std::initializer_list<Member> members);
  // Any integer as decimal digits with an optional '-': becomes an int64 if it fits. nullopt when the
  // text is not such a number.
  static std::optional<Value> integer(std::string_view decimal);

  [[nodiscard]] Kind kind() const noexcept { return kKinds[static_cast<std::size_t>(tag())]; }
  [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::kNull; }
  [[nodiscard]] bool is_bool() const noexcept { return kind() == Kind::kBool; }
  [[nodiscard]] bool is_int() const noexcept { return kind() == Kind::kInt; }
  [[nodiscard]] bool is_bigint() const noexcept { return kind() == Kind::kBigInt; }
  [[nodiscard]] bool is_double() const noexcept { return kind() == Kind::kDouble; }
  [[nodiscard]] bool is_number() const noexcept { return is_int() || is_double() || is_bigint(); }
  [[nodiscard]] bool is_string() const noexcept { return kind() == Kind::kString; }
  [[nodiscard]] bool is_array() const noexcept { return kind() == Kind::kArray; }
  [[nodiscard]] bool is_object() const noexcept { return kind() == Kind::kObject; }

  // Each asserts the kind: ask first.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_int() const {
    MW_ASSERT(is_int(), "asked a value that is no integer");
    return static_cast<std::int64_t>(words().low);
  }
  [[nodiscard]] double as_double() const;              // of any number; big integers are rounded
  [[nodiscard]] std::string_view as_string() const& {  // valid while this handle lives
    if (tag() == Tag::kShort) return {reinterpret_cast<const char*>(bits_), static_cast<std::size_t>(bits_[15] >> 4)};
    MW_ASSERT(tag() == Tag::kText, "asked a value that is no text");
    return {static_cast<const char*>(payload()), header()->size};
  }
  std::string_view as_string() const&& = delete;
  [[nodiscard]] std::string_view bigint_digits() const;  // "-123…"
  [[nodiscard]] std::string to_text() const { return std::string(as_string()); }

  // Asks and gets in one: a default when the kind is another.
  [[nodiscard]] std::string text_or(std::string_view fallback) const;
  [[nodiscard]] std::int64_t int_or(std::int64_t fallback) const { return is_int() ? as_int() : fallback; }
  [[nodiscard]] double double_or(double fallback) const { return is_number() ? as_double() : fallback; }
  [[nodiscard]] bool bool_or(bool fallback) const { return is_bool() ? as_bool() : fallback; }

  // Elements of an array, members of an object (in order of insertion); empty for any other kind.
  [[nodiscard]] std::span<const Value> elements() const {
    if (tag() != Tag::kArray) return {};
    return {static_cast<const Value*>(payload()), header()->size};
  }
  [[nodiscard]] std::span<const Member> members() const;
  [[nodiscard]] std::size_t size() const;  // elements, members, or bytes of a text; else 0

  // The member of an object, or null where there is none or this is no object.
  [[nodiscard]] const Value* find(std::string_view name) const;
  // The same for a name that is kept as a value, a text: cheaper, where objects are asked for it often.
  [[nodiscard]] const Value* find_key(const Value& name) const;
  [[nodiscard]] Value get(std::string_view name) const;  // null value where there is none

  // Python's truth: null, false, 0, 0.0, "" and empty containers are false.
  [[nodiscard]] bool truthy() const;

  friend bool operator==(const Value& a, const Value& b);

  // Shared node, for tests of sharing; null for what lives in the handle.
  [[nodiscard]] const void* node_for_testing() const;

 private:
  friend bool identical(const Value& a, const Value& b);
  friend struct internal::Node;
  enum class Tag : std::uint8_t { kNull, kFalse, kTrue, kInt, kDouble, kShort, kBigInt, kText, kArray, kObject };
  static constexpr Kind kKinds[] = {Kind::kNull,   Kind::kBool,   Kind::kBool,   Kind::kInt,   Kind::kDouble,
                                    Kind::kString, Kind::kBigInt, Kind::kString, Kind::kArray, Kind::kObject};

  static Value from_integer(std::int64_t v) noexcept;
  static Value from_integer(std::uint64_t v);
  template <class Int>
  static Value from_integer(Int v) {
    if constexpr (std::is_signed_v<Int>) return from_integer(static_cast<std::int64_t>(v));
    else return from_integer(static_cast<std::uint64_t>(v));
  }
  Value(Tag tag, internal::Node* node) noexcept : bits_{} {
    std::memcpy(bits_, &node, sizeof node);
    bits_[15] = static_cast<unsigned char>(tag);
  }
  [[nodiscard]] Tag tag() const noexcept { return static_cast<Tag>(bits_[15] & 0x0f); }
  [[nodiscard]] bool is_shared() const noexcept { return tag() >= Tag::kBigInt; }
  [[nodiscard]] internal::Node* node() const noexcept {
    internal::Node* n;
    std::memcpy(&n, bits_, sizeof n);
    return n;
  }
  [[nodiscard]] internal::NodeHeader* header() const noexcept {
    internal::NodeHeader* h;
    std::memcpy(&h, bits_, sizeof h);
    return h;
  }
  [[nodiscard]] const void* payload() const noexcept { return header() + 1; }

  void retain() const noexcept {
    if (is_shared()) header()->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;  // only where is_shared()

  static constexpr std::size_t kShortBytesMax = 14;
  void set_short(std::string_view text) {
    // Two fixed copies that overlap: a copy of variable length is a call.
    const char* from = text.data();
    const std::size_t size = text.size();
    if (size >= 8) {
      std::memcpy(bits_, from, 8);
      std::memcpy(bits_ + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(bits_, from, 4);
      std::memcpy(bits_ + size - 4, from + size - 4, 4);
    } else {
      for (std::size_t i = 0; i < size; ++i) bits_[i] = static_cast<unsigned char>(from[i]);
    }
    bits_[15] = static_cast<unsigned char>(static_cast<unsigned>(Tag::kShort) | size << 4);
  }
  void set_text(std::string_view text);

  struct Words {
    std::uint64_t low;
    std::uint64_t high;
    friend bool operator==(const Words&, const Words&) = default;
  };
  [[nodiscard]] Words words() const noexcept {
    Words w;
    std::memcpy(&w, bits_, sizeof w);
    return w;
  }

  // Payload in the first 8 bytes, or up to 14 bytes of text; byte 15 is the tag in the low half and
  // the length of a short text in the high half.
  alignas(8) unsigned char bits_[16];
};
static_assert(sizeof(Value) == 16);

struct Value::Member {
  Value key;  // always a string
  Value value;

  Member(std::string_view name, Value v) : key(name), value(std::move(v)) {}
  Member(const Value& name, Value v) : key(name), value(std::move(v)) {}
  Member(const char* name, Value v) : key(name), value(std::move(v)) {}
  Member(const std::string& name, Value v) : key(name), value(std::move(v)) {}
  [[nodiscard]] std::string_view name() const { return key.as_string(); }
};

inline std::span<const Value::Member> Value::members() const {
  if (tag() != Tag::kObject) return {};
  return {static_cast<const Member*>(payload()), header()->size};
}

// Same kind, same content, same order of members.
[[nodiscard]] bool identical(const Value& a, const Value& b);

// A total order over all values: null < booleans < numbers < texts < arrays < objects. Equal values
// (operator==) compare equal. NaN sorts below all numbers.
[[nodiscard]] std::strong_ordering order(const Value& a, const Value& b);
// Equal values have equal hashes. Stable over runs and machines.
[[nodiscard]] std::uint64_t hash(const Value& value);

// Builds an object member by member; cheaper than with_member in a loop. O(1) a call.
class ObjectBuilder {
 public:
  ObjectBuilder() = default;
  explicit ObjectBuilder(const Value& start);  // an object, or null for empty
  ObjectBuilder& set(std::string_view name, Value value);
  template <class V>
    requires std::is_same_v<V, Value>  // no conversions: a text goes to the overload above
  ObjectBuilder& set(const V& name, Value value) {
    return set_shared(name, std::move(value));
  }
  ObjectBuilder& set_if(bool condition, std::string_view name, Value value) {
    return condition ? set(name, std::move(value)) : *this;
  }
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] Value build() &&;

 private:
  ObjectBuilder& set_shared(const Value& name, Value value);
  [[nodiscard]] std::size_t index_of(std::string_view name, std::uint32_t name_hash) const;
  std::vector<Value::Member> members_;
  std::vector<std::uint32_t> index_;  // as an object's, above 8 members
};

// A copy with one change. Containers that are not on the path are shared with the original.
[[nodiscard]] Value with_member(const Value& object, std::string_view name, Value value);
[[nodiscard]] Value without_member(const Value& object, std::string_view name);
[[nodiscard]] Value with_element(const Value& array, Value appended);
// Missing objects on the path are made; a step on a non-object replaces it.
[[nodiscard]] Value with_path(const Value& object, std::span<const std::string_view> path, Value value);
[[nodiscard]] Value with_path(const Value& object, std::initializer_list<std::string_view> path, Value value);

// `over` laid on `base`: objects are merged member by member, at every depth; anything else of `over`
// replaces. Parts that do not change are shared with `base`.
[[nodiscard]] Value merge(const Value& base, const Value& over);
// The same for the top level only.
[[nodiscard]] Value merge_shallow(const Value& base, const Value& over);

// "a.b.0.c": names and array indexes. Null where the path leads nowhere.
[[nodiscard]] const Value* at_path(const Value& root, std::string_view dotted);

// Well-formed UTF-8 without surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace midwatch
