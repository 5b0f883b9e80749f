#include "httpd/url.h"

#include <fmt/format.h>

#include "value/value.h"

namespace midwatch::httpd {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What of the text is printed in an error: it came from a stranger.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 8)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Error(Code::kInvalid, fmt::format("'{}' at position {}: '%' must be followed by two hexadecimal digits",
                                                 shown(text.substr(i, 3)), i + 1));
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::kIsBlank) {
      c = ' ';
    }
    if (c == '\0') return Error(Code::kInvalid, fmt::format("a NUL byte at position {} is not allowed", i + 1));
    out += c;
  }
  if (!is_utf8(out)) return Error(Code::kInvalid, "the decoded text is not UTF-8");
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (piece.empty()) continue;
    if (out.size() == kQueryParametersMax) {
      return Error(Code::kLimit, fmt::format("more than {} query parameters", kQueryParametersMax));
    }
    const std::size_t equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), Plus::kIsBlank);
    if (!name) return std::move(name).error().within("query parameter name");
    auto value = percent_decode(equals == std::string_view::npos ? "" : piece.substr(equals + 1), Plus::kIsBlank);
    if (!value) return std::move(value).error().within("query parameter value");
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

Result<Target> split_target(std::string_view target) {
  Target out;
  if (target == "*") {
    out.path = "*";
    return out;
  }
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) {
      return Error(Code::kInvalid, fmt::format("request target '{}': must begin with '/'", shown(target)));
    }
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  auto path = percent_decode(target.substr(0, question), Plus::kIsPlus);
  if (!path) return std::move(path).error().within("path");
  out.path = path->empty() ? "/" : std::move(*path);
  if (question != std::string_view::npos) {
    MW_TRY(out.query, parse_query(target.substr(question + 1)));
  }
  return out;
}

}  // namespace midwatch::httpd
