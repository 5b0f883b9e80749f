// Any text as a template and as an expression: compiled, and run against a small context.
#include <cstdint>
#include <string_view>

#include "jinja/template.h"

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
  using midwatch::jinja::Dialect;
  const std::string_view source(reinterpret_cast<const char*>(bytes), size);
  if (const auto compiled = midwatch::jinja::Template::compile_outcome(source); compiled) {
    midwatch::Evaluation evaluation(scope(), kLimits);
    const auto text = (*compiled)->render_outcome(evaluation);
    if (!text) (void)text.error().diagnostic().caret();
  } else {
    (void)compiled.error().diagnostic().caret();
  }
  if (const auto compiled = midwatch::jinja::compile_expression_outcome(source, Dialect::kOrquesta); compiled) {
    midwatch::Evaluation evaluation(scope(), kLimits);
    (void)(*compiled)->run(evaluation);
  }
  return 0;
}
