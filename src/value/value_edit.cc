// Changed copies, comparison and hashing: everything that is built on the parts of a Value.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "value/node.h"
#include "value/value.h"

namespace midwatch {
namespace {

// Compares an int64 with a double exactly: converting the integer would round it.
std::strong_ordering order_int_double(std::int64_t a, double b) {
  if (std::isnan(b)) return std::strong_ordering::greater;
  if (b >= 9223372036854775808.0) return std::strong_ordering::less;
  if (b < -9223372036854775808.0) return std::strong_ordering::greater;
  const double whole = std::trunc(b);
  if (const auto c = a <=> static_cast<std::int64_t>(whole); c != 0) return c;
  return b > whole ? std::strong_ordering::less
                   : (b < whole ? std::strong_ordering::greater : std::strong_ordering::equal);
}

std::strong_ordering order_digits(std::string_view a, std::string_view b) {
  const bool a_negative = a.starts_with('-');
  const bool b_negative = b.starts_with('-');
  if (a_negative != b_negative) return a_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  const auto magnitude = a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
  return a_negative ? 0 <=> magnitude : magnitude;
}

std::strong_ordering order_doubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) <=> std::isnan(a);
  return a < b ? std::strong_ordering::less : (a > b ? std::strong_ordering::greater : std::strong_ordering::equal);
}

// The decimal digits of a whole double beyond int64: exact, because printf is.
std::string whole_digits(double v) {
  std::string text(400, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.0f", v)));
  return text;
}

std::strong_ordering order_numbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() <=> b.as_int();
  if (a.is_double() && b.is_double()) return order_doubles(a.as_double(), b.as_double());
  if (a.is_int() && b.is_double()) return order_int_double(a.as_int(), b.as_double());
  if (a.is_double()) return 0 <=> order_numbers(b, a);
  if (a.is_int())
    return b.bigint_digits().starts_with('-') ? std::strong_ordering::greater : std::strong_ordering::less;
  if (b.is_bigint()) return order_digits(a.bigint_digits(), b.bigint_digits());
  if (b.is_int()) return 0 <=> order_numbers(b, a);
  const double other = b.as_double();
  if (std::isnan(other)) return std::strong_ordering::greater;
  if (std::isinf(other)) return other > 0 ? std::strong_ordering::less : std::strong_ordering::greater;
  const auto c = order_digits(a.bigint_digits(), whole_digits(std::trunc(other)));
  return c;
}

int rank(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNull: return 0;
    case Value::Kind::kBool: return 1;
    case Value::Kind::kInt:
    case Value::Kind::kBigInt:
    case Value::Kind::kDouble: return 2;
    case Value::Kind::kString: return 3;
    case Value::Kind::kArray: return 4;
    case Value::Kind::kObject: return 5;
  }
  std::unreachable();
}

std::vector<const Value::Member*> by_name(const Value& object) {
  std::vector<const Value::Member*> sorted;
  sorted.reserve(object.size());
  for (const Value::Member& member : object.members()) sorted.push_back(&member);
  std::ranges::sort(sorted, {}, [](const Value::Member* m) { return m->name(); });
  return sorted;
}

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (std::rotl(h, 27) ^ v) * 0x9fb21c651e98df25ULL;
  return h ^ h >> 28;
}

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t h = mix(seed, text.size());
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min<std::size_t>(8, text.size() - at));
    h = mix(h, word);
  }
  return h;
}

std::uint64_t hash_number(const Value& value) {
  if (value.is_int()) return mix(3, static_cast<std::uint64_t>(value.as_int()));
  if (value.is_bigint()) return hash_text(value.bigint_digits(), 4);
  const double v = value.as_double();
  if (std::isfinite(v) && v == std::trunc(v)) {
    if (v >= -9223372036854775808.0 && v < 9223372036854775808.0) {
      return mix(3, static_cast<std::uint64_t>(static_cast<std::int64_t>(v)));
    }
    return hash_text(whole_digits(v), 4);
  }
  return mix(5, std::isnan(v) ? 0x7ff8ULL << 48 : std::bit_cast<std::uint64_t>(v));
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  if (a.tag() == b.tag() && std::memcmp(a.bits_, b.bits_, sizeof a.bits_) == 0) {
    return !a.is_double() || !std::isnan(a.as_double());
  }
  if (rank(a.kind()) != rank(b.kind())) return false;
  switch (a.kind()) {
    case Value::Kind::kNull: return true;
    case Value::Kind::kBool: return a.as_bool() == b.as_bool();
    case Value::Kind::kInt:
    case Value::Kind::kBigInt:
    case Value::Kind::kDouble:
      if (a.is_double() && std::isnan(a.as_double())) return false;
      return order_numbers(a, b) == 0;
    case Value::Kind::kString: return a.as_string() == b.as_string();
    case Value::Kind::kArray: return std::ranges::equal(a.elements(), b.elements());
    case Value::Kind::kObject:
      return a.size() == b.size() && std::ranges::all_of(a.members(), [&b](const Value::Member& member) {
               const Value* other = b.find(member.name());
               return other != nullptr && *other == member.value;
             });
  }
  std::unreachable();
}

bool identical(const Value& a, const Value& b) {
  if (std::memcmp(a.bits_, b.bits_, sizeof a.bits_) == 0) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kString: return a.as_string() == b.as_string();
    case Value::Kind::kBigInt: return a.bigint_digits() == b.bigint_digits();
    case Value::Kind::kArray: return std::ranges::equal(a.elements(), b.elements(), identical);
    case Value::Kind::kObject:
      return std::ranges::equal(a.members(), b.members(), [](const Value::Member& x, const Value::Member& y) {
        return x.name() == y.name() && identical(x.value, y.value);
      });
    default: return false;  // what lives in the handle was compared above
  }
}

std::strong_ordering order(const Value& a, const Value& b) {
  if (const auto c = rank(a.kind()) <=> rank(b.kind()); c != 0) return c;
  switch (a.kind()) {
    case Value::Kind::kNull: return std::strong_ordering::equal;
    case Value::Kind::kBool: return a.as_bool() <=> b.as_bool();
    case Value::Kind::kInt:
    case Value::Kind::kBigInt:
    case Value::Kind::kDouble: return order_numbers(a, b);
    case Value::Kind::kString: return a.as_string() <=> b.as_string();
    case Value::Kind::kArray: {
      const auto x = a.elements();
      const auto y = b.elements();
      return std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end(), order);
    }
    case Value::Kind::kObject: {
      const auto x = by_name(a);
      const auto y = by_name(b);
      return std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end(),
                                                    [](const Value::Member* m, const Value::Member* n) {
                                                      const auto c = m->name() <=> n->name();
                                                      return c != 0 ? c : order(m->value, n->value);
                                                    });
    }
  }
  std::unreachable();
}

std::uint64_t hash(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return 0x6e756c6cULL;
    case Value::Kind::kBool: return value.as_bool() ? 0x74ULL : 0x66ULL;
    case Value::Kind::kInt:
    case Value::Kind::kBigInt:
    case Value::Kind::kDouble: return hash_number(value);
    case Value::Kind::kString: return hash_text(value.as_string(), 1);
    case Value::Kind::kArray: {
      std::uint64_t h = 7;
      for (const Value& element : value.elements()) h = mix(h, hash(element));
      return h;
    }
    case Value::Kind::kObject: {
      // Order of members does not count: a sum of the hashes of the members.
      std::uint64_t sum = 11 + value.size();
      for (const Value::Member& member : value.members()) sum += mix(hash_text(member.name(), 2), hash(member.value));
      return sum;
    }
  }
  std::unreachable();
}

ObjectBuilder::ObjectBuilder(const Value& start) {
  MW_ASSERT(start.is_object() || start.is_null(), "a builder starts from an object");
  members_.reserve(start.size() + 4);
  for (const Value::Member& member : start.members()) set_shared(member.key, member.value);
}

std::size_t ObjectBuilder::index_of(std::string_view name, std::uint32_t name_hash) const {
  const internal::NameProbe probe(name);
  if (index_.empty()) {
    std::size_t at = 0;
    while (at < members_.size() && !probe.matches(members_[at].key)) ++at;
    return at;
  }
  const std::size_t mask = index_.size() - 1;
  for (std::size_t slot = name_hash & mask; index_[slot] != internal::kNoSlot; slot = (slot + 1) & mask) {
    if (probe.matches(members_[index_[slot]].key)) return index_[slot];
  }
  return members_.size();
}

ObjectBuilder& ObjectBuilder::set(std::string_view name, Value value) {
  return set_shared(Value(name), std::move(value));
}

ObjectBuilder& ObjectBuilder::set_shared(const Value& name, Value value) {
  MW_ASSERT(name.is_string(), "names of members are texts");
  const std::uint32_t hash = index_.empty() ? 0 : internal::name_hash(name.as_string());
  const std::size_t at = index_of(name.as_string(), hash);
  if (at < members_.size()) {
    members_[at].value = std::move(value);
    return *this;
  }
  members_.emplace_back(name, std::move(value));
  // The index always has the size that the object's will have.
  const std::uint32_t slots = internal::index_slots(members_.size());
  if (index_.size() < slots) {
    index_.assign(slots, internal::kNoSlot);
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
      internal::place_in_index(index_, internal::name_hash(members_[i].name()), i);
    }
  } else if (slots != 0) {
    internal::place_in_index(index_, hash, static_cast<std::uint32_t>(members_.size() - 1));
  }
  return *this;
}

const Value* ObjectBuilder::find(std::string_view name) const {
  const std::size_t at = index_of(name, index_.empty() ? 0 : internal::name_hash(name));
  return at < members_.size() ? &members_[at].value : nullptr;
}

Value ObjectBuilder::build() && {
  Value object = internal::Node::object(members_, index_);
  members_.clear();
  index_.clear();
  return object;
}

Value with_member(const Value& object, std::string_view name, Value value) {
  const Value::Member change(name, std::move(value));
  return internal::Node::object_with(object, {&change, 1});
}

Value without_member(const Value& object, std::string_view name) {
  if (object.find(name) == nullptr) return object;
  std::vector<Value::Member> members;
  members.reserve(object.size());
  for (const Value::Member& member : object.members()) {
    if (member.name() != name) members.push_back(member);
  }
  return Value::object(std::move(members));
}

Value with_element(const Value& array, Value appended) {
  std::vector<Value> elements;
  elements.reserve(array.size() + 1);
  elements.assign(array.elements().begin(), array.elements().end());
  elements.push_back(std::move(appended));
  return Value::array(std::move(elements));
}

Value with_path(const Value& object, std::span<const std::string_view> path, Value value) {
  if (path.empty()) return value;
  const Value* child = object.find(path.front());
  return with_member(object, path.front(),
                     with_path(child == nullptr ? Value() : *child, path.subspan(1), std::move(value)));
}

Value with_path(const Value& object, std::initializer_list<std::string_view> path, Value value) {
  return with_path(object, std::span(path.begin(), path.size()), std::move(value));
}

Value merge(const Value& base, const Value& over) {
  if (!base.is_object() || !over.is_object()) return over;
  if (over.size() == 0) return base;
  if (base.size() == 0) return over;
  std::vector<Value::Member> changes(over.members().begin(), over.members().end());
  for (Value::Member& change : changes) {
    const Value* old = change.value.is_object() ? base.find(change.name()) : nullptr;
    if (old != nullptr) change.value = merge(*old, change.value);
  }
  return internal::Node::object_with(base, changes);
}

Value merge_shallow(const Value& base, const Value& over) {
  if (over.size() == 0) return base.is_object() ? base : over;
  if (base.size() == 0) return over;
  return internal::Node::object_with(base, over.members());
}

const Value* at_path(const Value& root, std::string_view dotted) {
  const Value* at = &root;
  while (!dotted.empty() && at != nullptr) {
    const std::size_t dot = dotted.find('.');
    const std::string_view step = dotted.substr(0, dot);
    dotted = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
    if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      const bool valid = error == std::errc() && end == step.data() + step.size() && index < at->size();
      at = valid ? &at->elements()[index] : nullptr;
    } else {
      at = at->find(step);
    }
  }
  return at;
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    if (end - at >= 8) {  // runs of ASCII, eight at a time
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        at += 8;
        continue;
      }
    }
    const unsigned lead = *at;
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const int extra =
        lead >= 0xc2 && lead <= 0xdf ? 1 : (lead >= 0xe0 && lead <= 0xef ? 2 : (lead >= 0xf0 && lead <= 0xf4 ? 3 : 0));
    if (extra == 0 || end - at <= extra) return false;
    // RFC 3629, 4: the second byte excludes overlong forms, surrogates and what is beyond U+10FFFF.
    const unsigned second = at[1];
    const unsigned low = lead == 0xe0 ? 0xa0 : (lead == 0xf0 ? 0x90 : 0x80);
    const unsigned high = lead == 0xed ? 0x9f : (lead == 0xf4 ? 0x8f : 0xbf);
    if (second < low || second > high) return false;
    for (int i = 2; i <= extra; ++i) {
      if ((at[i] & 0xc0) != 0x80) return false;
    }
    at += extra + 1;
  }
  return true;
}

}  // namespace midwatch
