// engine/test_support.h — an engine with a store in memory and no world, for tests: each plays the world
// by hand.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "ports/memory_store.h"

namespace midwatch::engine_testing {

inline const Instant kStart = instant_from_micros(1'700'000'000'000'000);

inline constexpr const char* kFlow = R"(version: 1.0
input:
  - n: 1
tasks:
  first:
    action: t.work
    next:
      - when: <% succeeded() %>
        publish:
          - seen: <% result().value + ctx().n %>
        do: second
  second:
    action: t.work
output:
  - seen: <% ctx().seen %>
)";

inline constexpr const char* kItems = R"(version: 1.0
tasks:
  each:
    with: <% list(1, 2, 3) %>
    action: t.work
    next:
      - publish:
          - all: <% result().select($.value) %>
        do: last
  last:
    action: t.look
output:
  - all: <% ctx().all %>
)";

inline Action action(const char* name, const char* runner, bool idempotent = false, const char* entry_point = "") {
  Action made;
  made.pack = "t";
  made.name = name;
  made.runner_type = runner;
  made.idempotent = idempotent;
  made.entry_point = entry_point;
  made.parameters = Value::object({});
  return made;
}

inline Rule rule(const char* name, const char* trigger, const char* runs,
                 Value trigger_parameters = Value::object({})) {
  Rule made;
  made.pack = "t";
  made.name = name;
  made.enabled = true;
  made.trigger = trigger;
  made.trigger_parameters = std::move(trigger_parameters);
  made.action = runs;
  made.action_parameters = Value::object({});
  return made;
}

inline std::shared_ptr<const Pack> types_of(const char* ref, std::vector<const char*> names) {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = ref;
  pack->config = Value::object({});
  for (const char* name : names) {
    TriggerType type;
    type.pack = ref;
    type.name = name;
    pack->trigger_types.push_back(type);
  }
  return pack;
}

// Further workflows: the action's name, its runner, and the text of its definition. Each takes `given`.
struct Flow {
  std::string name;
  std::string text;
  std::string runner = "orquesta";
};

inline std::shared_ptr<const Content> content(std::vector<Rule> rules, const std::vector<Flow>& flows = {}) {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = "t";
  pack->config = Value::object({{"greeting", "ahoy"}});
  Action disabled = action("disabled", "noop");
  disabled.enabled = false;
  Action fixed = action("fixed", "noop");
  fixed.parameters =
      Value::object({{"to", Value::object({{"type", "string"}, {"default", "x"}, {"immutable", true}})}});
  Action hello = action("hello", "noop");
  hello.parameters = Value::object(
      {{"who", Value::object({{"type", "string"}, {"required", true}})},
       {"text", Value::object({{"type", "string"}, {"default", "{{ config_context.greeting }} {{ who }}"}})}});
  pack->actions = {action("work", "noop"),
                   action("look", "noop", true),
                   action("ask", "inquirer"),
                   disabled,
                   fixed,
                   hello,
                   action("flow", "orquesta", false, "workflows/flow.yaml"),
                   action("items", "orquesta", false, "workflows/items.yaml")};
  pack->workflows = {{"actions/workflows/flow.yaml", kFlow}, {"actions/workflows/items.yaml", kItems}};
  for (const Flow& flow : flows) {
    pack->actions.push_back(action(flow.name.c_str(), flow.runner.c_str(), false, (flow.name + ".yaml").c_str()));
    pack->actions.back().parameters = Value::object({{"given", Value::object({{"type", "object"}})}});
    pack->workflows.push_back({"actions/" + flow.name + ".yaml", flow.text});
  }
  pack->rules = std::move(rules);
  auto made = Content::make(
      {types_of("core", {"st2.webhook", "st2.generic.inquiry"}), types_of("midwatch", {"anomaly"}), pack});
  EXPECT_TRUE(made.has_value()) << made.error().to_string();
  return *made;
}

inline Value hook(const char* url) { return Value::object({{"url", url}}); }

// An engine, its store, and what it wants done.
struct Shard {
  MemoryStore store;
  std::shared_ptr<const Content> what;
  Engine::Options options;
  std::optional<Engine> engine;
  Instant now = kStart;
  std::vector<ActionRequest> starts;
  std::vector<CancelAction> cancels;
  std::vector<PageRequest> pages;
  std::vector<Acknowledge> answers;
  AckToken token = 0;
  std::uint16_t life = 0;

  explicit Shard(std::vector<Rule> rules, Engine::Options o = {}, const std::vector<Flow>& flows = {})
      : what(content(std::move(rules), flows)), options(std::move(o)) {
    begin();
  }

  // Also what a restart is: nothing but the store survives.
  void begin() {
    options.id_origin = ++life;
    auto made = Engine::create(what, options);
    ASSERT_TRUE(made.has_value()) << made.error().to_string();
    engine.emplace(std::move(*made));
    auto open = store.load_open(now - std::chrono::hours(24));
    ASSERT_TRUE(open.has_value());
    release(engine->recover(std::move(*open), now));
  }
  void release(Decision decision) {
    ASSERT_TRUE(store.commit(std::span(&decision.changes, 1)).has_value());
    for (Effect& effect : decision.effects) {
      if (auto* start = std::get_if<ActionRequest>(&effect)) starts.push_back(*start);
      if (auto* cancel = std::get_if<CancelAction>(&effect)) cancels.push_back(*cancel);
      if (auto* page = std::get_if<PageRequest>(&effect)) pages.push_back(*page);
      if (auto* answer = std::get_if<Acknowledge>(&effect)) answers.push_back(*answer);
    }
  }
  void step(Input input) {
    now += std::chrono::milliseconds(1);
    Decision decision;
    engine->step(now, std::move(input), decision);
    release(std::move(decision));
  }
  void post(const char* url, Value body = Value::object({})) {
    step(TriggerArrived{"core.st2.webhook", hook(url), Value::object({{"body", std::move(body)}}), "", ++token});
  }
  Result<Value> run(const char* ref, Value parameters = Value::object({})) {
    step(ExecutionRequested{ref, std::move(parameters), {}, "tester", ++token});
    return answers.back().answer;
  }
  ObjectId run_id(const char* ref, Value parameters = Value::object({})) {
    return *ObjectId::parse(run(ref, std::move(parameters))->get("id").to_text());
  }
  void end(const ActionRequest& request, ExecutionStatus status = ExecutionStatus::kSucceeded,
           Value result = Value::object({{"value", 41}})) {
    step(ActionOutcome{request.execution, request.attempt, status, std::move(result)});
  }
  // By value: starts grows while outcomes are told.
  void end_last(ExecutionStatus status = ExecutionStatus::kSucceeded, Value result = Value::object({{"value", 41}})) {
    const ActionRequest last = starts.back();
    end(last, status, std::move(result));
  }
  Result<Value> answer() { return answers.back().answer; }
  Result<Value> set_status(ObjectId id, ExecutionStatus wanted) {
    step(StatusRequested{id, wanted, {}, "tester", ++token});
    return answer();
  }
  Result<Value> respond(ObjectId id, Value response = Value::object({{"continue", true}})) {
    step(InquiryAnswered{id, std::move(response), "tester", ++token});
    return answer();
  }
  void wake() {
    now = *engine->next_wake();
    step(WokeUp{});
  }
  // The executions of an action, oldest first.
  std::vector<Execution> of(const char* ref) {
    ExecutionFilter filter;
    filter.action = ref;
    return store.executions(filter, {.limit = 1'000, .ascending = true})->items;
  }
  ExecutionStatus status(ObjectId id) { return store.execution(id)->status; }
  void anomaly(bool firing) {
    AnomalyReported report;
    report.detector = "t.latency";
    report.labels = Value::object({{"service", "web"}});
    report.firing = firing;
    report.value = 0.9;
    report.since = now - std::chrono::seconds(2);
    step(report);
  }
  Incident incident() { return store.incidents(std::nullopt, {})->items.front(); }
};

}  // namespace midwatch::engine_testing
