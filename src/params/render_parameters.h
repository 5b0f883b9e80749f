// params/render_parameters.h — action parameters that are templates (StackStorm's rules, spec 4.4).
//
//   auto rendered = render_parameters({.supplied = params, .schema = merged, .contexts = {{"trigger", payload}}});
//
// A parameter may refer to any other by name, to the extra contexts and to the datastore; they are
// rendered in dependency order. What is rendered is text, then cast to the type of the schema. In a
// list or an object a member that is exactly "{{name}}" keeps the type of what it names. A value that
// does not parse as a template is a plain value. Pure: same input, same output.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "expr/evaluation.h"
#include "value/value.h"

namespace midwatch {

struct ParameterRequest {
  Value supplied{};  // name → value or template
  Value schema{};    // name → property, merged over runner and action (merge_parameter_schemas)
  // {"trigger": payload, "action_context": {…}, "config_context": {…}, …}: further names for templates.
  Value contexts{};
  const Datastore* datastore = nullptr;  // st2kv
  std::string user{};
  EvalLimits limits{};
};

// The live pass, when a request is created: what was supplied, rendered and cast, and defaults that
// are templates. Plain defaults are not filled in.
[[nodiscard]] Result<Value> render_live_parameters(const ParameterRequest& request);
// The final pass, when the runner starts: supplied values are taken as they are (no second
// rendering), defaults are rendered and filled in for all the others.
[[nodiscard]] Result<Value> render_final_parameters(const ParameterRequest& request);
// Both passes in one, for callers that run what they create at once: supplied values and defaults.
[[nodiscard]] Result<Value> render_parameters(const ParameterRequest& request);
// Keeps the kind of the error.
[[nodiscard]] Outcome<Value> render_live_parameters_outcome(const ParameterRequest& request);

// Runner parameters with the action's laid over them, attribute by attribute.
[[nodiscard]] Value merge_parameter_schemas(const Value& runner, const Value& action);

// One text template → value of the declared type ("string", "integer", …, or "" for no cast).
[[nodiscard]] Outcome<Value> cast_parameter(const Value& rendered, std::string_view type);

// A mapping of templates rendered one by one, as rules, chains and notifications do (spec 6.1): what
// rendering leaves unchanged keeps its type; lists and objects are rendered as one JSON text.
[[nodiscard]] Outcome<Value> render_values(const Value& mapping, Evaluation& evaluation);

}  // namespace midwatch
