// A format of an action alias, and after the first line feed a command for it: compiled and matched, once and
// everywhere.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "alias/alias_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (!midwatch::is_utf8(text)) return 0;
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const auto format = midwatch::AliasFormat::compile_outcome(text.substr(0, cut));
  if (!format) return 0;
  const std::string_view command = text.substr(std::min(cut + 1, text.size()));
  const auto one = format->match_outcome(command);
  const auto many = format->match_all_outcome(command);
  // What matches somewhere matches first there, with the same parameters.
  if (one && many && (many->elements().empty() || many->elements()[0] != *one)) std::abort();
  return 0;
}
