// Any request target is taken apart or refused; what comes out is UTF-8 without NUL and survives being
// escaped and taken apart again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "httpd/url.h"
#include "value/value.h"

namespace {

using namespace midwatch;

void check(bool condition) {
  if (!condition) std::abort();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  }
  return out;
}

void check_text(const std::string& text) {
  check(is_utf8(text));
  check(text.find('\0') == std::string::npos);
  check(httpd::percent_decode(escaped(text), httpd::Plus::kIsBlank).value_or("") == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto decoded = httpd::percent_decode(text, httpd::Plus::kIsPlus)) check_text(*decoded);
  const auto target = httpd::split_target(text);
  if (!target) {
    check(!target.error().message.empty());
    return 0;
  }
  check_text(target->path);
  check(target->query.size() <= httpd::kQueryParametersMax);
  std::string again;
  for (const auto& [name, value] : target->query) {
    check_text(name);
    check_text(value);
    again += escaped(name) + "=" + escaped(value) + "&";
  }
  check(httpd::parse_query(again).value() == target->query);
  return 0;
}
