#include "value/value.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

#include <sys/auxv.h>

#include "base/assert.h"
#include "value/node.h"

namespace midwatch {

using internal::Node;

namespace internal {

Node* Node::make(Value::Tag, std::size_t payload_bytes) {
  return new (::operator new(sizeof(Node) + payload_bytes)) Node;
}

// Children are moved to a work list first, so that depth costs memory, not stack.
void Node::destroy(Value::Tag tag, Node* node) noexcept {
  std::vector<Value> orphans;
  const auto adopt = [&orphans](Value& child) {
    if (child.tag() == Value::Tag::kArray || child.tag() == Value::Tag::kObject) orphans.push_back(std::move(child));
  };
  const auto empty = [&adopt](Value::Tag kind, Node* dying) {
    if (kind == Value::Tag::kArray) {
      for (Value& child : std::span(dying->elements(), dying->size)) {
        adopt(child);
        std::destroy_at(&child);
      }
    } else if (kind == Value::Tag::kObject) {
      for (Value::Member& member : std::span(dying->members(), dying->size)) {
        adopt(member.value);
        std::destroy_at(&member);
      }
    }
    std::destroy_at(dying);
    ::operator delete(dying);
  };
  empty(tag, node);
  while (!orphans.empty()) {
    Value child = std::move(orphans.back());
    orphans.pop_back();
    Node* inner = child.node();
    if (inner->references.load(std::memory_order_acquire) == 1) {
      const Value::Tag inner_tag = child.tag();
      std::memset(child.bits_, 0, sizeof child.bits_);  // the handle no longer owns it
      empty(inner_tag, inner);
    }
  }
}

Value Node::text(std::string_view bytes) {
  MW_ASSERT(bytes.size() < std::numeric_limits<std::uint32_t>::max(), "a text is below 4 GiB");
  Node* node = make(Value::Tag::kText, bytes.size());
  node->size = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(node->bytes(), bytes.data(), bytes.size());
  return Value(Value::Tag::kText, node);
}

Value Node::bigint(std::string_view digits) {
  Node* node = make(Value::Tag::kBigInt, digits.size());
  node->size = static_cast<std::uint32_t>(digits.size());
  std::memcpy(node->bytes(), digits.data(), digits.size());
  return Value(Value::Tag::kBigInt, node);
}

namespace {

// Names come from outside: with a known hash a sender could make all of them collide. The kernel gives
// each process 16 random bytes. Nothing can be told from the seed but the places in an index; what is
// iterated, compared or hashed for others does not depend on it.
std::uint64_t index_seed() {
  static const std::uint64_t seed = [] {
    std::uint64_t word = 0x9e3779b97f4a7c15ULL;
    if (const auto* bytes = reinterpret_cast<const char*>(::getauxval(AT_RANDOM))) std::memcpy(&word, bytes + 8, 8);
    return word;
  }();
  return seed;
}

std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint32_t name_hash(std::string_view name) {
  constexpr std::uint64_t kOdd = 0xa0761d6478bd642fULL;
  std::uint64_t h = index_seed() ^ (name.size() * 0xe7037ed1a0b428dbULL);
  while (name.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, name.data(), 8);
    h = fold_multiply(h ^ word, kOdd);
    name.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!name.empty()) std::memcpy(&tail, name.data(), name.size());
  h = fold_multiply(h ^ tail, kOdd);
  return static_cast<std::uint32_t>(h ^ h >> 32);
}

std::uint32_t index_slots(std::size_t members) { return static_cast<std::uint32_t>(std::bit_ceil(members * 2)); }

}  // namespace internal

Value::Value(std::string_view text) : bits_{} {
  if (text.size() <= 14) {
    if (!text.empty()) std::memcpy(bits_, text.data(), text.size());
    bits_[15] = static_cast<unsigned char>(static_cast<unsigned>(Tag::kShort) | text.size() << 4);
  } else {
    *this = Node::text(text);
  }
}

Value::Value(Tag tag, Node* node) noexcept : bits_{} {
  std::memcpy(bits_, &node, sizeof node);
  bits_[15] = static_cast<unsigned char>(tag);
}

Value Value::from_integer(std::int64_t v) noexcept {
  Value value;
  std::memcpy(value.bits_, &v, sizeof v);
  value.bits_[15] = static_cast<unsigned char>(Tag::kInt);
  return value;
}

Value Value::from_integer(std::uint64_t v) {
  if (v <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return from_integer(static_cast<std::int64_t>(v));
  }
  return Node::bigint(std::to_string(v));
}

std::optional<Value> Value::integer(std::string_view decimal) {
  const bool negative = decimal.starts_with('-');
  std::string_view digits = negative ? decimal.substr(1) : decimal;
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  const std::string canonical = (negative && digits != "0" ? "-" : "") + std::string(digits);
  std::int64_t v = 0;
  const auto [end, error] = std::from_chars(canonical.data(), canonical.data() + canonical.size(), v);
  if (error == std::errc() && end == canonical.data() + canonical.size()) return from_integer(v);
  return Node::bigint(canonical);
}

void Value::retain() const noexcept { node()->references.fetch_add(1, std::memory_order_relaxed); }

void Value::release() noexcept {
  Node* shared = node();
  if (shared->references.load(std::memory_order_acquire) == 1 ||
      shared->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Node::destroy(tag(), shared);
  }
}

Value& Value::operator=(const Value& other) noexcept {
  if (this != &other) {
    // `other` may be a part of what this handle owns: take its bits before letting go.
    unsigned char taken[sizeof bits_];
    std::memcpy(taken, other.bits_, sizeof bits_);
    if (other.is_shared()) other.retain();
    if (is_shared()) release();
    std::memcpy(bits_, taken, sizeof bits_);
  }
  return *this;
}
Value& Value::operator=(Value&& other) noexcept {
  if (this != &other) {
    // `other` may be a part of what this handle owns: take it out before letting go.
    unsigned char taken[sizeof bits_];
    std::memcpy(taken, other.bits_, sizeof bits_);
    std::memset(other.bits_, 0, sizeof bits_);
    if (is_shared()) release();
    std::memcpy(bits_, taken, sizeof bits_);
  }
  return *this;
}

Value Value::array(std::initializer_list<Value> elements) { return array(std::vector<Value>(elements)); }

Value Value::array(std::vector<Value> elements) { return array_from(elements); }

Value Value::array_from(std::span<Value> elements) {
  MW_ASSERT(elements.size() < std::numeric_limits<std::uint32_t>::max(), "an array has less than 2^32 elements");
  Node* node = Node::make(Tag::kArray, elements.size() * sizeof(Value));
  node->size = static_cast<std::uint32_t>(elements.size());
  std::uninitialized_move(elements.begin(), elements.end(), node->elements());
  return {Tag::kArray, node};
}

Value Value::object(std::initializer_list<Member> members) { return object(std::vector<Member>(members)); }
Value Value::object(std::vector<Member> members) { return object_from(members); }

namespace {

// Fills `index` from the names; returns false when a name is there twice.
bool fill_index(std::span<const Value::Member> members, std::span<std::uint32_t> index) {
  std::ranges::fill(index, internal::kNoSlot);
  const std::size_t mask = index.size() - 1;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    const Value& key = members[i].key;
    std::size_t slot = internal::name_hash(key.as_string()) & mask;
    while (index[slot] != internal::kNoSlot) {
      if (internal::Node::same_text(members[index[slot]].key, key)) return false;
      slot = (slot + 1) & mask;
    }
    index[slot] = i;
  }
  return true;
}

// For the few members that need no index.
bool names_are_unique(std::span<const Value::Member> members) {
  for (std::size_t i = 1; i < members.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (internal::Node::same_text(members[i].key, members[j].key)) return false;
    }
  }
  return true;
}

}  // namespace

Value Value::object_from(std::span<Member> members) {
  MW_ASSERT(members.size() < std::numeric_limits<std::uint32_t>::max() / 4, "an object has less than 2^30 members");
  for (const Member& member : members) MW_ASSERT(member.key.is_string(), "names of members are texts");
  const std::size_t slots = members.size() < Node::kIndexedMembersMin ? 0 : internal::index_slots(members.size());
  if (slots == 0 && !names_are_unique(members)) {
    ObjectBuilder builder;
    for (Member& member : members) builder.set(member.key, std::move(member.value));
    return std::move(builder).build();
  }
  Node* node = Node::make(Tag::kObject, members.size() * sizeof(Member) + slots * sizeof(std::uint32_t));
  node->size = static_cast<std::uint32_t>(members.size());
  node->index_size = static_cast<std::uint32_t>(slots);
  std::uninitialized_move(members.begin(), members.end(), node->members());
  Value object(Tag::kObject, node);
  if (slots != 0 && !fill_index({node->members(), node->size}, {node->index(), slots})) {
    ObjectBuilder builder;
    for (Member& member : std::span(node->members(), node->size)) builder.set(member.key, member.value);
    return std::move(builder).build();
  }
  return object;
}

bool Value::as_bool() const {
  MW_ASSERT(is_bool(), "asked a value that is no boolean");
  return tag() == Tag::kTrue;
}

std::int64_t Value::as_int() const {
  MW_ASSERT(is_int(), "asked a value that is no integer");
  std::int64_t v;
  std::memcpy(&v, bits_, sizeof v);
  return v;
}

double Value::as_double() const {
  if (tag() == Tag::kDouble) {
    double v;
    std::memcpy(&v, bits_, sizeof v);
    return v;
  }
  if (tag() == Tag::kInt) return static_cast<double>(as_int());
  MW_ASSERT(tag() == Tag::kBigInt, "asked a value that is no number");
  return std::strtod(std::string(node()->view()).c_str(), nullptr);
}

std::string_view Value::as_string() const& {
  if (tag() == Tag::kShort) return {reinterpret_cast<const char*>(bits_), static_cast<std::size_t>(bits_[15] >> 4)};
  MW_ASSERT(tag() == Tag::kText, "asked a value that is no text");
  return node()->view();
}

std::string_view Value::bigint_digits() const {
  MW_ASSERT(is_bigint(), "asked a value that is no big integer");
  return node()->view();
}

std::string Value::text_or(std::string_view fallback) const {
  return std::string(is_string() ? as_string() : fallback);
}

std::span<const Value> Value::elements() const {
  if (tag() != Tag::kArray) return {};
  return {node()->elements(), node()->size};
}

std::span<const Value::Member> Value::members() const {
  if (tag() != Tag::kObject) return {};
  return {node()->members(), node()->size};
}

std::size_t Value::size() const {
  switch (tag()) {
    case Tag::kShort: return bits_[15] >> 4;
    case Tag::kText:
    case Tag::kArray:
    case Tag::kObject: return node()->size;
    default: return 0;
  }
}

const Value* Value::find(std::string_view name) const {
  if (tag() != Tag::kObject) return nullptr;
  Node* object = node();
  const Member* members = object->members();
  if (object->index_size == 0) {
    for (std::uint32_t i = 0; i < object->size; ++i) {
      if (members[i].name() == name) return &members[i].value;
    }
    return nullptr;
  }
  const std::uint32_t* index = object->index();
  const std::size_t mask = object->index_size - 1;
  for (std::size_t slot = internal::name_hash(name) & mask; index[slot] != internal::kNoSlot;
       slot = (slot + 1) & mask) {
    if (members[index[slot]].name() == name) return &members[index[slot]].value;
  }
  return nullptr;
}

Value Value::get(std::string_view name) const {
  const Value* found = find(name);
  return found == nullptr ? Value() : *found;
}

bool Value::truthy() const {
  switch (kind()) {
    case Kind::kNull: return false;
    case Kind::kBool: return as_bool();
    case Kind::kInt: return as_int() != 0;
    case Kind::kDouble: return as_double() != 0;
    case Kind::kBigInt: return true;
    case Kind::kString:
    case Kind::kArray:
    case Kind::kObject: return size() != 0;
  }
  std::unreachable();
}

const void* Value::node_for_testing() const { return is_shared() ? node() : nullptr; }

}  // namespace midwatch
