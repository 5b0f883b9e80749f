#include "detect/detector_spec.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch {
namespace {

std::string type_names() {
  std::string names;
  for (const DetectorType& type : detector_types()) names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

Result<PromQuery> parse_query(const std::string& text) {
  auto query = PromQuery::parse(text);
  if (!query) {
    Error error = std::move(query).error();
    error.message.insert(0, fmt::format("/query: {}:{}: ", error.where.line, error.where.column));
    error.where = {};
    return error;
  }
  if (query->type() != PromType::kVector && query->type() != PromType::kScalar) {
    return Error(Code::kInvalid,
                 fmt::format("/query: expected an instant vector or a scalar, found a {}", to_string(query->type())));
  }
  return query;
}

}  // namespace

Result<DetectorSpec> parse_detector_spec(const Value& definition, std::string ref) {
  ParameterReader top(definition, "");
  for (const std::string_view required : {"name", "type", "query"}) top.require(required);
  const std::string name = top.text("name", "");
  const std::string description = top.text("description", "");
  const bool enabled = top.boolean("enabled", true);
  const std::string type_name = top.text("type", "");
  const std::string query_text = top.text("query", "");
  const Duration every = top.duration("every", std::chrono::seconds(10));
  const Value* given = top.raw("parameters");
  const DetectorType* type = find_detector_type(type_name);
  if (type == nullptr) top.fail("type", fmt::format("expected one of {}, found '{}'", type_names(), type_name));
  if (every < DetectorSpec::kEveryMin || every > DetectorSpec::kEveryMax) {
    top.fail("every", fmt::format("must be from {} to {}", to_duration_text(DetectorSpec::kEveryMin),
                                  to_duration_text(DetectorSpec::kEveryMax)));
  }
  MW_CHECK(top.finish());
  MW_TRY(PromQuery query, parse_query(query_text));

  DetectorSpec spec{std::move(ref), name, description, enabled, type_name, std::move(query), every, {}, {}, {}, {}};
  const Value nothing;
  ParameterReader parameters(given == nullptr ? nothing : *given, "/parameters");
  spec.make_scorer = type->prepare(parameters);
  spec.times.hold_for = parameters.duration("for", Duration::zero());
  spec.times.clear_for = parameters.duration("clear_for", Duration::zero());
  spec.times.relearn_after = parameters.duration("relearn_after", std::chrono::hours(1));
  spec.no_data_after = parameters.duration("no_data_after", std::max<Duration>(5 * every, std::chrono::minutes(1)));
  spec.on_absent = static_cast<OnAbsent>(parameters.choice("on_absent", {"no_data", "clear"}, 0));
  MW_CHECK(parameters.finish());
  return spec;
}

}  // namespace midwatch
