// codec/text_place.h — from a byte of a text to what a person is told of it, for codec's own sources.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midwatch::internal {

// Line and column (in code points) of the byte at `offset`. O(offset).
Location place_of(std::string_view text, std::size_t offset, std::string_view file = {});

// "'x'", "'é'", "byte 0x07", "the end of the text": what is at `offset`.
std::string found_at(std::string_view text, std::size_t offset);

// The offset of the first byte that is not well-formed UTF-8, or npos.
std::size_t first_invalid_utf8(std::string_view text);

}  // namespace midwatch::internal
