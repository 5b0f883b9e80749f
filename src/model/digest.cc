#include "model/digest.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/core.h>

namespace midwatch {
namespace {

__extension__ typedef unsigned __int128 Word;

class Fnv {
 public:
  void byte(std::uint8_t b) { state_ = (state_ ^ b) * kPrime; }
  void number(std::uint64_t n) {
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(n >> shift));
  }
  void text(std::string_view t) {
    number(t.size());
    for (const char c : t) byte(static_cast<std::uint8_t>(c));
  }
  [[nodiscard]] std::string hex() const {
    return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(state_ >> 64), static_cast<std::uint64_t>(state_));
  }

 private:
  static constexpr Word kPrime = (Word{1} << 88) + 0x13b;
  Word state_ = (Word{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
};

// Depth is bounded by the parsers that made the value.
void feed(Fnv& out, const Value& value) {
  out.byte(static_cast<std::uint8_t>(value.kind()));
  switch (value.kind()) {
    case Value::Kind::kNull: return;
    case Value::Kind::kBool: return out.byte(value.as_bool() ? 1 : 0);
    case Value::Kind::kInt: return out.number(static_cast<std::uint64_t>(value.as_int()));
    case Value::Kind::kBigInt: return out.text(value.bigint_digits());
    case Value::Kind::kDouble: return out.number(std::bit_cast<std::uint64_t>(value.as_double()));
    case Value::Kind::kString: return out.text(value.as_string());
    case Value::Kind::kArray:
      out.number(value.size());
      for (const Value& element : value.elements()) feed(out, element);
      return;
    case Value::Kind::kObject: {
      std::vector<const Value::Member*> members;
      members.reserve(value.size());
      for (const Value::Member& member : value.members()) members.push_back(&member);
      std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
      out.number(members.size());
      for (const Value::Member* member : members) {
        out.text(member->name());
        feed(out, member->value);
      }
      return;
    }
  }
}

}  // namespace

std::string digest(const Value& value) {
  Fnv out;
  feed(out, value);
  return out.hex();
}

}  // namespace midwatch
