// JSON: never a crash, both readers agree, and what was read survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/json.h"
#include "codec/json_scanner.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midwatch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JsonLimits limits{.depth_max = 64};
  const Result<Value> fast = parse_json(text, limits);
  const Result<Value> slow = internal::scan_json(text, limits);
  MW_ASSERT(fast.has_value() == slow.has_value(), "simdjson and the scanner accept the same texts");
  if (!fast) {
    MW_ASSERT(fast.error().where.line != 0, "each error names a place");
    return 0;
  }
  MW_ASSERT(identical(*fast, *slow), "simdjson and the scanner read the same value");
  for (const std::string& written : {to_json(*fast), to_json_pretty(*fast)}) {
    const Result<Value> again = parse_json(written, limits);
    MW_ASSERT(again.has_value(), "what is written can be read");
    MW_ASSERT(identical(*again, *fast), "what is written reads back identical");
  }
  return 0;
}
