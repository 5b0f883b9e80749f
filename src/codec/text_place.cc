#include "codec/text_place.h"

#include <algorithm>

#include <fmt/format.h>

#include "value/value.h"

namespace midwatch::internal {
namespace {

// The bytes of the code point that begins with `lead`, if it is a valid one.
std::size_t length_from_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

}  // namespace

Location place_of(std::string_view text, std::size_t offset, std::string_view file) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  const std::string_view line = last_break == std::string_view::npos ? before : before.substr(last_break + 1);
  Location place;
  place.file = std::string(file);
  place.line = 1 + static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
  place.column = 1 + static_cast<std::uint32_t>(std::ranges::count_if(
                         line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  return place;
}

std::string found_at(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return "the end of the text";
  const auto lead = static_cast<unsigned char>(text[offset]);
  if (lead >= 0x20 && lead < 0x7f) return fmt::format("'{}'", text[offset]);
  const std::string_view character = text.substr(offset, length_from_lead(lead));
  if (lead > 0x7f && is_utf8(character)) return fmt::format("'{}'", character);
  return fmt::format("byte {:#04x}", lead);
}

std::size_t first_invalid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string_view::npos;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = length_from_lead(static_cast<unsigned char>(text[at]));
    const std::string_view character = text.substr(at, length);
    if (character.size() < length || !is_utf8(character)) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace midwatch::internal
