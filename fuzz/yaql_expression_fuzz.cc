// Any text as a YAQL expression, and as an Orquesta statement around it: compiled, and run against a small context.
#include <cstdint>
#include <string>
#include <string_view>

#include "orquesta_expr/compiled_value.h"
#include "yaql/expression.h"

namespace {

const midwatch::MapScope& scope() {
  using midwatch::Value;
  static const midwatch::MapScope instance(
      Value::object({{"s", "ab ä"},
                     {"i", 3},
                     {"f", 1.5},
                     {"n", nullptr},
                     {"t", true},
                     {"l", Value::array({Value(1), Value("x")})},
                     {"d", Value::object({{"k", Value::array({Value::object({{"name", "v"}})})}})}}));
  return instance;
}

constexpr midwatch::EvalLimits kLimits{.steps_max = 20'000, .output_bytes_max = 1u << 20};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(bytes), size);
  if (const auto compiled = midwatch::yaql::compile_outcome(source); compiled) {
    midwatch::Evaluation evaluation(scope(), kLimits);
    const auto value = (*compiled)->run(evaluation);
    if (!value) (void)value.error().diagnostic().caret();
  } else {
    (void)compiled.error().diagnostic().caret();
  }
  if (midwatch::is_utf8(source)) {
    const auto statement = midwatch::CompiledValue::compile_outcome(midwatch::Value(source));
    midwatch::Evaluation evaluation(scope(), kLimits);
    if (statement) (void)statement->run(evaluation);
  }
  return 0;
}
