// codec/json_scanner.h — the slow and exact reader behind parse_json, for codec's own sources.
//
// simdjson says that a text is wrong, not where, and refuses integers beyond 64 bits. What it refuses
// is read again by scan_json, which either can read it or names the place and what was expected there.
// It accepts exactly what parse_json documents, with the same result wherever simdjson accepts too
// (fuzz/codec_json_fuzz.cc holds both to that).
#pragma once

#include <string_view>

#include "base/result.h"
#include "codec/json.h"

namespace midwatch::internal {

Result<Value> scan_json(std::string_view text, const JsonLimits& limits);

}  // namespace midwatch::internal
