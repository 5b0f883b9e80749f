// httpd/url.h — takes a request target apart: percent-decoding of the path and the query.
//
// The decoded texts are UTF-8 without NUL, so that they can become Values and file names without a
// second check. "+" is a blank in the query only. Pure and linear; the caller bounds the length.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace midwatch::httpd {

inline constexpr std::size_t kQueryParametersMax = 256;

enum class Plus : bool { kIsPlus, kIsBlank };

// "a%20b" → "a b". kInvalid names the position of what is wrong, counted from 1.
Result<std::string> percent_decode(std::string_view text, Plus plus);

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

// Accepts "/path?query", the absolute form "http://host/path?query" and "*".
Result<Target> split_target(std::string_view target);

// "a=1&b=&c" → {a,1} {b,} {c,}. Empty pieces are skipped.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace midwatch::httpd
