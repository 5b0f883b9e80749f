#include "sim/scenario.h"

#include <string>
#include <utility>
#include <vector>

namespace midwatch {
namespace {

constexpr const char* kTwoSteps = R"(version: 1.0
tasks:
  first:
    action: sim.work
    next:
      - when: <% succeeded() %>
        do: second
  second:
    action: sim.work
)";

// Two branches, one of which forgives a failure, and a join.
constexpr const char* kFan = R"(version: 1.0
input:
  - n: 1
tasks:
  left:
    action: sim.look
    next:
      - publish:
          - left: <% ctx().n + 1 %>
        do: both
  right:
    action: sim.work
    next:
      - publish:
          - right: <% ctx().n + 2 %>
        do: both
  both:
    join: all
    action: sim.look
    next:
      - when: <% succeeded() %>
        do: inner
  inner:
    action: sim.two_steps
output:
  - sum: <% ctx().left + ctx().right %>
)";

constexpr const char* kRepair = R"(version: 1.0
tasks:
  look:
    action: sim.look
    next:
      - do: restart
  restart:
    action: sim.restart
    next:
      - when: <% succeeded() %>
        do: check
  check:
    action: sim.look
)";

// Two questions side by side, work beside them, and a join. What nobody answers in time has an answer.
constexpr const char* kAsk = R"(version: 1.0
tasks:
  one:
    action: sim.ask
    next:
      - do: after
  after:
    action: sim.work
    next:
      - do: end
  two:
    action: sim.ask
    input:
      ttl: 7
      default_response:
        continue: false
    next:
      - when: <% succeeded() %>
        do: end
  beside:
    action: sim.look
    next:
      - do: end
  end:
    join: all
    action: sim.two_steps
)";

constexpr const char* kItems = R"(version: 1.0
tasks:
  each:
    with:
      items: <% list(1, 2, 3, 4, 5) %>
      concurrency: 2
    action: sim.work
    retry:
      when: <% failed() %>
      count: 1
      delay: 3
    next:
      - do: asked
  asked:
    with: <% list(1, 2, 3) %>
    action: sim.ask
    next:
      - do: below
  below:
    action: sim.ask_flow
)";

constexpr const char* kChain = R"(chain:
  - name: work
    ref: sim.work
    on-success: ask
    on-failure: fan
  - name: ask
    ref: sim.ask
    on-success: fan
    on-failure: look
  - name: fan
    ref: sim.ask_flow
    on-success: look
    on-failure: look
  - name: look
    ref: sim.look
)";

Action action(std::string name, std::string runner, bool idempotent, std::string entry_point = "") {
  Action made;
  made.pack = "sim";
  made.name = std::move(name);
  made.runner_type = std::move(runner);
  made.idempotent = idempotent;
  made.entry_point = std::move(entry_point);
  made.parameters = Value::object({});
  return made;
}

Rule rule(std::string name, std::string trigger, Value trigger_parameters, std::string runs) {
  Rule made;
  made.pack = "sim";
  made.name = std::move(name);
  made.enabled = true;
  made.trigger = std::move(trigger);
  made.trigger_parameters = std::move(trigger_parameters);
  made.action = std::move(runs);
  made.action_parameters = Value::object({});
  return made;
}

TriggerType trigger_type(std::string pack, std::string name) {
  TriggerType made;
  made.pack = std::move(pack);
  made.name = std::move(name);
  return made;
}

std::shared_ptr<const Pack> pack_of_types(std::string ref, std::vector<std::string> types) {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = ref;
  pack->config = Value::object({});
  for (std::string& type : types) pack->trigger_types.push_back(trigger_type(pack->ref, std::move(type)));
  return pack;
}

}  // namespace

Result<std::shared_ptr<const Content>> simulated_content() {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = "sim";
  pack->config = Value::object({});
  pack->actions = {action("work", "noop", false),
                   action("look", "noop", true),
                   action("restart", "noop", true),
                   action("two_steps", "orquesta", false, "workflows/two_steps.yaml"),
                   action("fan", "orquesta", false, "workflows/fan.yaml"),
                   action("repair", "orquesta", false, "workflows/repair.yaml"),
                   action("ask", "inquirer", false),
                   action("ask_flow", "orquesta", false, "workflows/ask.yaml"),
                   action("items", "orquesta", false, "workflows/items.yaml"),
                   action("chain", "action-chain", false, "chains/chain.yaml")};
  // Most are answered or time out while the storm lasts.
  for (Action& made : pack->actions) {
    if (made.name == "ask") made.parameters = Value::object({{"ttl", Value::object({{"default", 11}})}});
  }
  pack->chains = {{"actions/chains/chain.yaml", kChain}};
  pack->workflows = {{"actions/workflows/two_steps.yaml", kTwoSteps},
                     {"actions/workflows/fan.yaml", kFan},
                     {"actions/workflows/repair.yaml", kRepair},
                     {"actions/workflows/ask.yaml", kAsk},
                     {"actions/workflows/items.yaml", kItems}};
  const auto hook = [](const char* url) { return Value::object({{"url", url}}); };
  Rule guarded = rule("guarded", "core.st2.webhook", hook("guarded"), "sim.work");
  guarded.max_runs = MaxRunsGuard{3, std::chrono::minutes(5), "{{ trigger.body.host }}"};
  Rule repair = rule("on_anomaly", "midwatch.anomaly", Value::object({}), "sim.repair");
  repair.max_runs = MaxRunsGuard{2, std::chrono::minutes(10), "{{ trigger.labels.service }}"};
  pack->rules = {rule("work", "core.st2.webhook", hook("work"), "sim.work"),
                 rule("flow", "core.st2.webhook", hook("flow"), "sim.two_steps"),
                 rule("fan", "core.st2.webhook", hook("fan"), "sim.fan"),
                 rule("fan_too", "core.st2.webhook", hook("fan"), "sim.work"),
                 rule("someone_asks", "core.st2.generic.inquiry", Value::object({}), "sim.look"),
                 guarded,
                 repair};
  return Content::make(
      {pack_of_types("core", {"st2.webhook", "st2.generic.inquiry"}), pack_of_types("midwatch", {"anomaly"}), pack});
}

}  // namespace midwatch
