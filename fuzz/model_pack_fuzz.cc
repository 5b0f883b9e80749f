// Any text as each kind of metadata file of a pack: parsing ends, reports places, and what it accepts can
// be made into Content and checked against itself.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "model/pack_parser.h"
#include "rules/rule_matcher.h"

namespace {

constexpr std::string_view kPaths[] = {"pack.yaml",   "actions/a.yaml",     "rules/r.yaml",    "triggers/t.yaml",
                                       "scrape.yaml", "config.schema.yaml", "detectors/d.yaml"};
constexpr const char* kManifest = "name: fuzz\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: e@example.org\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midwatch;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // The same text is tried as every kind of file: a corpus then serves all of them.
  for (const std::string_view path : kPaths) {
    std::vector<SourceText> texts;
    if (path != "pack.yaml") texts.push_back({"pack.yaml", kManifest});
    texts.push_back({std::string(path), text});
    PackParse parsed = parse_pack(texts, "fuzz");
    for (const ContentDiagnostic& diagnostic : parsed.diagnostics.all()) (void)diagnostic.to_string();
    if (parsed.pack.has_value() == parsed.diagnostics.has_errors()) __builtin_trap();
    if (!parsed.pack) continue;
    const Pack* packs[] = {&*parsed.pack};
    Diagnostics crossed;
    cross_check(packs, crossed);
    for (const Rule& rule : parsed.pack->rules) {
      const bool compiles = RuleMatcher::check(rule).empty();
      const Rule* one[] = {&rule};
      const auto matcher = RuleMatcher::compile(one);
      if (matcher.has_value() != compiles) __builtin_trap();
      const Value payload = Value::object({{"a", 1}, {"b", Value::array({"x", 2.5})}});
      if (matcher) (void)matcher->explain(rule.trigger, rule.trigger_parameters, payload);
      const auto read = rule_from_value(to_value(rule));
      if (!read || !identical(to_value(*read), to_value(rule))) __builtin_trap();
    }
    auto content = Content::make({std::make_shared<const Pack>(std::move(*parsed.pack))});
    if (!content) __builtin_trap();
  }
  return 0;
}
