// codec/test_values.h — random values for the property tests of codec; for tests only.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "value/value.h"

namespace midwatch::internal {

// Values that hit what is hard: numbers at their limits, texts that look like something else, names that
// come twice, every kind of nesting. Finite doubles only. The same seed gives the same values.
class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : bits_(seed) {}

  Value next(int depth = 4) {
    switch (below(depth > 0 ? 10 : 7)) {
      case 0: return {};
      case 1: return below(2) == 0;
      case 2: return integer();
      case 3: return number();
      case 4:
      case 5:
      case 6: return Value(text());
      case 7: {
        std::vector<Value> elements(below(5));
        for (Value& element : elements) element = next(depth - 1);
        return Value::array(std::move(elements));
      }
      default: {
        std::vector<Value::Member> members;
        for (std::uint64_t count = below(below(8) == 0 ? 20 : 6); count != 0; --count) {
          members.emplace_back(text(), next(depth - 1));
        }
        return Value::object(std::move(members));
      }
    }
  }

  std::uint64_t below(std::uint64_t limit) { return bits_() % limit; }

 private:
  Value integer() {
    if (below(4) != 0) return static_cast<std::int64_t>(bits_() >> below(64)) * (below(2) == 0 ? 1 : -1);
    std::string digits = below(2) == 0 ? "-" : "";
    for (std::uint64_t count = 1 + below(40); count != 0; --count) digits += static_cast<char>('0' + below(10));
    return *Value::integer(digits);
  }

  Value number() {
    if (below(2) == 0) return static_cast<double>(static_cast<std::int64_t>(below(2'000'001)) - 1'000'000) / 1000;
    const auto any = std::bit_cast<double>(bits_());
    return std::isfinite(any) ? any : -0.0;
  }

  std::string text() {
    static const std::vector<std::string> kPieces = {"a",
                                                     "host",
                                                     "yes",
                                                     "no",
                                                     "null",
                                                     "~",
                                                     "1",
                                                     "0x1f",
                                                     "1:30",
                                                     ".5",
                                                     "e",
                                                     "-",
                                                     " ",
                                                     "\n",
                                                     "\t",
                                                     "\r",
                                                     "#",
                                                     ": ",
                                                     ":",
                                                     "'",
                                                     "\"",
                                                     "\\",
                                                     "{",
                                                     "[",
                                                     "]",
                                                     ",",
                                                     "&",
                                                     "*",
                                                     "!",
                                                     "|",
                                                     ">",
                                                     "%",
                                                     "@",
                                                     "`",
                                                     "ü",
                                                     "漢",
                                                     "🙂",
                                                     "\u0085",
                                                     "\u2028",
                                                     "<<",
                                                     "\ufeff",
                                                     "=",
                                                     "\x01",
                                                     "\x7f",
                                                     "/",
                                                     "2024-01-31",
                                                     "long enough for a node of its own",
                                                     "...",
                                                     "---",
                                                     "\n\n",
                                                     "  two"};
    std::string out;
    for (std::uint64_t count = below(6); count != 0; --count) out += kPieces[below(kPieces.size())];
    if (below(40) == 0) out += std::string(200, 'x');
    if (below(60) == 0) out += std::string(1, '\0');
    return out;
  }

  std::mt19937_64 bits_;
};

}  // namespace midwatch::internal
