// Any text as a query: compiled, and run against a small value.
#include <cstdint>
#include <string_view>

#include "jsonpath/query.h"

namespace {

const midwatch::Value& document() {
  using midwatch::Value;
  static const Value instance = Value::object(
      {{"a", Value::array({Value(1), Value("text"), Value(nullptr), Value::array({Value(2.5), Value(true)})})},
       {"b", Value::object({{"c", Value::object({{"a", 3}})}, {"a", Value::array({})}})},
       {"s", "ab ä"}});
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto query = midwatch::jsonpath::Query::compile(text); query) (void)(*query)->find(document());
  return 0;
}
