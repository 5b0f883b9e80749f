#include "base/result.h"

#include <utility>

#include <fmt/core.h>

namespace midwatch {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not-found";
    case Code::kConflict: return "conflict";
    case Code::kLimit: return "limit";
    case Code::kDenied: return "denied";
    case Code::kTimeout: return "timeout";
    case Code::kUnavailable: return "unavailable";
  }
  std::unreachable();
}

std::string Location::to_string() const {
  if (line == 0) return file;
  if (file.empty()) return fmt::format("{}:{}", line, column);
  return fmt::format("{}:{}:{}", file, line, column);
}

std::string Error::to_string() const {
  std::string text = where.known() ? where.to_string() + ": " + message : message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace midwatch
