#include "value/value.h"

#include <algorithm>
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
struct IndexSeed {
  std::uint64_t first = 0x9e3779b97f4a7c15ULL;
  std::uint64_t second = 0xe7037ed1a0b428dbULL;
  IndexSeed() {
    const auto* bytes = reinterpret_cast<const char*>(::getauxval(AT_RANDOM));
    if (bytes == nullptr) return;
    std::memcpy(&first, bytes, sizeof first);
    std::memcpy(&second, bytes + sizeof first, sizeof second);
  }
};
const IndexSeed& index_seed() {
  static const IndexSeed seed;
  return seed;
}

std::uint64_t load8(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
std::uint64_t load4(const char* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// Folded products of two secret-masked words: the last up to 16 bytes may overlap those before.
std::uint32_t name_hash(std::string_view name) {
  const IndexSeed& seed = index_seed();
  const char* at = name.data();
  const std::size_t size = name.size();
  std::uint64_t h = seed.second ^ size;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size > 16) {
    for (std::size_t left = size; left > 16; left -= 16, at += 16) {
      h = fold_multiply(load8(at) ^ seed.first, load8(at + 8) ^ h);
    }
    const char* end = name.data() + size;
    a = load8(end - 16);
    b = load8(end - 8);
  } else if (size >= 8) {
    a = load8(at);
    b = load8(at + size - 8);
  } else if (size >= 4) {
    a = load4(at);
    b = load4(at + size - 4);
  } else if (size != 0) {
    const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    a = byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
  }
  h = fold_multiply(a ^ seed.first, b ^ h);
  return static_cast<std::uint32_t>(h ^ h >> 32);
}

std::uint32_t index_slots(std::size_t members) {
  if (members < Node::kIndexedMembersMin) return 0;
  return static_cast<std::uint32_t>(std::bit_ceil(members * 2));
}

std::size_t Node::position(const Value& object, std::string_view name) {
  const std::span<const Value::Member> members = object.members();
  if (members.empty()) return 0;
  const NameProbe probe(name);
  Node* node = object.node();
  if (node->index_size == 0) {
    std::size_t at = 0;
    while (at < members.size() && !probe.matches(members[at].key)) ++at;
    return at;
  }
  const std::uint32_t* index = node->index();
  const std::size_t mask = node->index_size - 1;
  for (std::size_t slot = name_hash(name) & mask; index[slot] != kNoSlot; slot = (slot + 1) & mask) {
    if (probe.matches(members[index[slot]].key)) return index[slot];
  }
  return members.size();
}

Value Node::object(std::span<Value::Member> moved, std::span<const std::uint32_t> index) {
  Node* node = make(Value::Tag::kObject, moved.size_bytes() + index.size_bytes());
  node->size = static_cast<std::uint32_t>(moved.size());
  node->index_size = static_cast<std::uint32_t>(index.size());
  std::uninitialized_move(moved.begin(), moved.end(), node->members());
  if (!index.empty()) std::memcpy(node->index(), index.data(), index.size_bytes());
  return wrap(Value::Tag::kObject, node);
}

Value Node::object_with(const Value& base, std::span<const Value::Member> changes) {
  const std::span<const Value::Member> old = base.members();
  std::vector<std::size_t> places(changes.size());  // of each change in `old`
  std::size_t total = old.size();
  for (std::size_t i = 0; i < changes.size(); ++i) {
    places[i] = position(base, changes[i].name());
    if (places[i] == old.size()) ++total;
  }
  const std::uint32_t slots = index_slots(total);
  Node* node = make(Value::Tag::kObject, total * sizeof(Value::Member) + slots * sizeof(std::uint32_t));
  node->size = static_cast<std::uint32_t>(total);
  node->index_size = slots;
  Value::Member* end = std::uninitialized_copy(old.begin(), old.end(), node->members());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (places[i] == old.size()) std::construct_at(end++, changes[i]);
    else node->members()[places[i]].value = changes[i].value;
  }
  if (slots != 0) {
    const std::span<std::uint32_t> index(node->index(), slots);
    Node* before = old.empty() ? nullptr : base.node();
    std::size_t first = 0;
    if (before != nullptr && before->index_size == slots) {
      std::memcpy(index.data(), before->index(), index.size_bytes());
      first = old.size();
    } else {
      std::ranges::fill(index, kNoSlot);
    }
    for (std::size_t i = first; i < total; ++i) {
      place_in_index(index, name_hash(node->members()[i].name()), static_cast<std::uint32_t>(i));
    }
  }
  return wrap(Value::Tag::kObject, node);
}

}  // namespace internal

void Value::set_text(std::string_view text) {
  Value made = Node::text(text);
  swap(made);
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

void Value::release() noexcept {
  Node* shared = node();
  if (shared->references.load(std::memory_order_acquire) == 1 ||
      shared->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (tag() <= Tag::kText) {
      std::destroy_at(shared);
      ::operator delete(shared);
    } else {
      Node::destroy(tag(), shared);
    }
  }
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
  const std::size_t slots = internal::index_slots(members.size());
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

std::string_view Value::bigint_digits() const {
  MW_ASSERT(is_bigint(), "asked a value that is no big integer");
  return node()->view();
}

std::string Value::text_or(std::string_view fallback) const {
  return std::string(is_string() ? as_string() : fallback);
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
  const std::size_t at = Node::position(*this, name);
  const std::span<const Member> all = members();
  return at < all.size() ? &all[at].value : nullptr;
}

const Value* Value::find_key(const Value& name) const {
  if (tag() != Tag::kObject) return nullptr;
  if (node()->index_size != 0) return find(name.as_string());
  for (const Member& member : members()) {
    if (Node::same_text(member.key, name)) return &member.value;
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
