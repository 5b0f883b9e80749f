// The expression languages: one look-up, one query, compiling, and a large context.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "expr/scope.h"
#include "jinja/template.h"
#include "orquesta_expr/compiled_value.h"
#include "yaql/expression.h"

namespace midwatch {
namespace {

Value context(std::size_t hosts_count) {
  std::vector<Value> hosts;
  for (std::size_t i = 0; i < hosts_count; ++i) {
    hosts.push_back(Value::object({{"name", "web" + std::to_string(i)}, {"load", static_cast<double>(i % 10) / 10}}));
  }
  return Value::object(
      {{"a", 5},
       {"hosts", Value::array(std::move(hosts))},
       {"trigger", Value::object({{"body", Value::object({{"host", "web1.example.org"}, {"load", 0.95}})}})}});
}

void jinja_path(benchmark::State& state) {
  const MapScope scope(context(static_cast<std::size_t>(state.range(0))));
  const auto program = jinja::Template::compile("{{ trigger.body.host }}");
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize((*program)->render(evaluation));
  }
}
BENCHMARK(jinja_path)->Arg(10)->Arg(100'000);

void jinja_scalar(benchmark::State& state) {
  const MapScope scope(context(static_cast<std::size_t>(state.range(0))));
  const auto program = jinja::compile_expression("trigger.body.load > 0.9");
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize((*program)->evaluate(evaluation));
  }
}
BENCHMARK(jinja_scalar)->Arg(10)->Arg(100'000);

void jinja_filters(benchmark::State& state) {
  const MapScope scope(context(10));
  const auto program =
      jinja::Template::compile("{{ hosts|selectattr('load', 'gt', 0.8)|map(attribute='name')|join(', ') }}");
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize((*program)->render(evaluation));
  }
}
BENCHMARK(jinja_filters);

void yaql_path(benchmark::State& state) {
  const MapScope scope(context(static_cast<std::size_t>(state.range(0))));
  const auto program = yaql::compile("ctx().a");
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize((*program)->evaluate(evaluation));
  }
}
BENCHMARK(yaql_path)->Arg(10)->Arg(100'000);  // the size of the context does not count

void yaql_query(benchmark::State& state) {
  const MapScope scope(context(static_cast<std::size_t>(state.range(0))));
  const auto program = yaql::compile("ctx().hosts.where($.load > 0.8).select($.name)");
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize((*program)->evaluate(evaluation));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(yaql_query)->RangeMultiplier(10)->Range(10, 100'000);

void orquesta_input(benchmark::State& state) {
  const MapScope scope(context(10));
  const auto statement = CompiledValue::compile(Value::object(
      {{"host", "<% ctx().trigger.body.host %>"}, {"text", "load <% ctx().trigger.body.load %> on {host}"}, {"n", 3}}));
  for (auto unused : state) {
    Evaluation evaluation(scope);
    benchmark::DoNotOptimize(statement->evaluate(evaluation));
  }
}
BENCHMARK(orquesta_input);

void jinja_compile(benchmark::State& state) {
  for (auto unused : state) {
    benchmark::DoNotOptimize(
        jinja::Template::compile("{% if trigger.body.load > 0.9 %}{{ trigger.body.host|upper }} is hot{% endif %}"));
  }
}
BENCHMARK(jinja_compile);

void yaql_compile(benchmark::State& state) {
  for (auto unused : state) benchmark::DoNotOptimize(yaql::compile("ctx().hosts.where($.load > 0.8).select($.name)"));
}
BENCHMARK(yaql_compile);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
