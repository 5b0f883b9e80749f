#include "params/render_parameters.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include <fmt/core.h>

#include "codec/json.h"
#include "expr/python_text.h"
#include "jinja/template.h"

namespace midwatch {
namespace {

constexpr std::size_t kParametersMax = 2'000;

bool looks_like_template(std::string_view text) {
  return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Every "{{name}}", quotes included, becomes {{name | to_complex}}: the type of what it names is kept.
std::string with_complex_references(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const std::size_t open = json.find("\"{{");
    const std::size_t close = open == std::string_view::npos ? open : json.find("}}\"", open);
    if (close == std::string_view::npos) break;
    const std::string_view name = json.substr(open + 3, close - open - 3);
    if (is_name(name)) {
      out += json.substr(0, open);
      out += fmt::format("{{{{{} | to_complex}}}}", name);
      json.remove_prefix(close + 3);
    } else {
      out += json.substr(0, open + 1);
      json.remove_prefix(open + 1);
    }
  }
  return out + std::string(json);
}

// One name that templates may use: a parameter, a default, or a context.
struct Node {
  Value value;
  std::shared_ptr<const jinja::Template> program;  // null for a plain value
  std::vector<std::string> needs;                  // the names that it refers to
  bool is_structure = false;                       // a list or an object, rendered as one JSON text
  enum class State : std::uint8_t { kNew, kActive, kReady } state = State::kNew;
};

class Graph {
 public:
  explicit Graph(const ParameterRequest& request) : request_(request) {
    for (const Value::Member& context : request.contexts.members()) {
      nodes_[std::string(context.name())] = Node{context.value, nullptr, {}, false, Node::State::kReady};
    }
  }

  Outcome<void> add(std::string_view name, const Value& value, bool render) {
    if (nodes_.size() >= kParametersMax) return limit_error(fmt::format("more than {} parameters", kParametersMax));
    Node node;
    node.value = value;
    node.is_structure = value.is_array() || value.is_object();
    // Whether it is a template, and what it refers to, is read from Python's spelling of a list or an object.
    const std::string text = node.is_structure ? py_str(value) : std::string(value.text_or(""));
    if (render && looks_like_template(text)) {
      auto compiled = jinja::Template::compile_outcome(text);
      if (compiled) {
        node.needs = (*compiled)->free_variables();
        node.program = std::move(*compiled);
      } else if (compiled.error().message().starts_with("No filter named") ||
                 compiled.error().message().starts_with("No test named")) {
        return std::move(compiled).error();
      }  // what does not parse is a plain value
      if (node.program != nullptr && node.is_structure) {
        // What is rendered is the JSON text, with the references of a whole member marked.
        auto rewritten = jinja::Template::compile_outcome(with_complex_references(to_json(value)));
        if (!rewritten) return failed("render", name, std::move(rewritten).error());
        node.program = std::move(*rewritten);
      }
    }
    nodes_[std::string(name)] = std::move(node);
    return {};
  }

  [[nodiscard]] bool has(std::string_view name) const { return nodes_.contains(std::string(name)); }
  [[nodiscard]] bool is_template(std::string_view name) const {
    return nodes_.at(std::string(name)).program != nullptr;
  }

  // The value of a node, rendered after everything that it refers to. It is cast only where it leaves the graph: a
  // template that refers to it sees the text.
  Outcome<Value> resolve(const std::string& name) {
    const auto found = nodes_.find(name);
    if (found == nodes_.end()) {
      return Failure(ErrorKind::kUndefined, "ParamException",
                     fmt::format("Dependency unsatisfied in variable \"{}\"", name));
    }
    Node& node = found->second;
    if (node.state == Node::State::kReady) return node.value;
    if (node.state == Node::State::kActive) return cycle();
    node.state = Node::State::kActive;
    if (node.program != nullptr) {
      auto rendered = render(name, node);
      if (!rendered) return std::move(rendered).error();
      node.value = std::move(*rendered);
    }
    node.state = Node::State::kReady;
    return node.value;
  }

  Outcome<Value> result(const std::string& name) {
    auto value = resolve(name);
    if (!value) return value;
    const Value* schema = request_.schema.find(name);
    auto cast = cast_parameter(*value, schema == nullptr ? "" : schema->get("type").text_or(""));
    if (!cast) return failed("cast", name, std::move(cast).error());
    return cast;
  }

 private:
  static Failure failed(std::string_view what, std::string_view name, Failure failure) {
    failure.diagnostic().message = fmt::format("Failed to {} parameter \"{}\": {}", what, name, failure.message());
    return failure;
  }
  Outcome<Value> render(const std::string& name, const Node& node) {
    MapScope scope;
    for (const std::string& needed : node.needs) {
      if (needed == "st2kv" && request_.datastore != nullptr && !nodes_.contains(needed)) continue;
      auto value = resolve(needed);
      if (!value) return std::move(value).error();
      scope.set(needed, std::move(*value));
    }
    Evaluation evaluation(scope, request_.limits);
    evaluation.datastore = request_.datastore;
    evaluation.user = request_.user;
    auto text = node.program->render_outcome(evaluation);
    if (!text) return failed("render", name, std::move(text).error());
    if (!node.is_structure) return Value(*text);
    auto parsed = parse_json(*text);
    if (!parsed) return value_error(fmt::format("Failed to render parameter \"{}\": {}", name, parsed.error().message));
    return std::move(*parsed);
  }

  Failure cycle() const {
    std::string names;
    for (const auto& [name, node] : nodes_) {
      if (node.state == Node::State::kActive) names += (names.empty() ? "" : ", ") + name;
    }
    return other_error("ParamException",
                       fmt::format("Cyclic dependency found in the following variables: {}. Likely the variable is "
                                   "referencing itself",
                                   names));
  }

  const ParameterRequest& request_;
  std::map<std::string, Node> nodes_;
};

enum class Pass : std::uint8_t { kLive, kFinal, kBoth };

Outcome<Value> render(const ParameterRequest& request, Pass pass) {
  Graph graph(request);
  for (const Value::Member& given : request.supplied.members()) {
    if (auto added = graph.add(given.name(), given.value, pass != Pass::kFinal); !added)
      return std::move(added).error();
  }
  std::vector<std::string> defaults;
  for (const Value::Member& property : request.schema.members()) {
    const Value* supplied = request.supplied.find(property.name());
    const bool immutable = property.value.get("immutable").bool_or(false);
    if (supplied != nullptr && !supplied->is_null() && !immutable) continue;
    const Value* fallback = property.value.find("default");
    if (fallback == nullptr && supplied != nullptr) continue;
    if (auto added = graph.add(property.name(), fallback == nullptr ? Value() : *fallback, true); !added) {
      return std::move(added).error();
    }
    // Live: only what differs from the schema is worth keeping, and immutable ones are never kept.
    const bool wanted = pass == Pass::kLive ? !immutable && graph.is_template(property.name()) : fallback != nullptr;
    if (wanted && (supplied == nullptr || immutable)) defaults.emplace_back(property.name());
  }
  ObjectBuilder out;
  for (const Value::Member& given : request.supplied.members()) {
    auto value = graph.result(std::string(given.name()));
    if (!value) return std::move(value).error();
    out.set(given.key, std::move(*value));
  }
  for (const std::string& name : defaults) {
    auto value = graph.result(name);
    if (!value) return std::move(value).error();
    out.set(name, std::move(*value));
  }
  return std::move(out).build();
}

}  // namespace

Outcome<Value> render_live_parameters_outcome(const ParameterRequest& request) { return render(request, Pass::kLive); }
Result<Value> render_live_parameters(const ParameterRequest& request) {
  return to_result(render(request, Pass::kLive));
}
Result<Value> render_final_parameters(const ParameterRequest& request) {
  return to_result(render(request, Pass::kFinal));
}
Result<Value> render_parameters(const ParameterRequest& request) { return to_result(render(request, Pass::kBoth)); }

Value merge_parameter_schemas(const Value& runner, const Value& action) { return merge(runner, action); }

Outcome<Value> render_values(const Value& mapping, Evaluation& evaluation) {
  if (mapping.size() == 0 || evaluation.scope.all().size() == 0) return mapping;
  MapScope scope(evaluation.scope.all());
  scope.set("__context", evaluation.scope.all());
  Evaluation inner(scope, evaluation.limits);
  inner.datastore = evaluation.datastore;
  inner.user = evaluation.user;
  inner.lenient_undefined = evaluation.lenient_undefined;
  ObjectBuilder out;
  for (const Value::Member& member : mapping.members()) {
    const bool structure = member.value.is_array() || member.value.is_object();
    const std::string text = structure ? to_json(member.value) : py_str(member.value);
    auto compiled = jinja::Template::compile_outcome(text);
    if (!compiled) return std::move(compiled).error();
    auto rendered = (*compiled)->render_outcome(inner);
    if (!rendered) return std::move(rendered).error();
    if (*rendered == text) {
      out.set(member.key, member.value);
    } else if (structure) {
      auto parsed = parse_json(*rendered);
      if (!parsed) return value_error(parsed.error().message);
      out.set(member.key, std::move(*parsed));
    } else {
      out.set(member.key, Value(*rendered));
    }
  }
  return std::move(out).build();
}

}  // namespace midwatch
