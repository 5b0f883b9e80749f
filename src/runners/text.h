// runners/text.h — what processes print, made into Values, and Values made into arguments. Pure.
#pragma once

#include <string>
#include <string_view>

#include "value/value.h"

namespace midwatch::runners {

// Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string utf8_or_replaced(std::string_view bytes);

// Pieces of a stream to pieces of UTF-8: a character cut in two is held back until the rest comes.
class Utf8Stream {
 public:
  [[nodiscard]] std::string next(std::string_view bytes);

 private:
  std::string held_;
};

// Spec 3.2: at most one trailing "\n" and then at most one trailing "\r".
[[nodiscard]] std::string_view without_last_newline(std::string_view text);

// Spec 3.1: text that is JSON becomes what it says, any other stays a text.
[[nodiscard]] Value value_of_output(std::string_view text);

// Python's str(): True, None, 1.0, ['a', {'b': 1}]. What StackStorm gives to scripts.
[[nodiscard]] std::string python_str(const Value& value);

}  // namespace midwatch::runners
