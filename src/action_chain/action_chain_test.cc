#include <gtest/gtest.h>

#include "action_chain/chain_definition.h"
#include "action_chain/chain_run.h"

namespace midwatch {
namespace {

using State = ChainRun::State;
using Task = ChainRun::TaskStatus;

constexpr Instant kNow = instant_from_micros(1'700'000'000'000'000);

constexpr const char* kDeploy = R"(---
vars:
  greeting: "hello {{ who }}"
  fixed: 3
chain:
  - name: stop
    ref: shop.stop
    params:
      text: "{{ greeting }}"
      list: ["{{ who }}"]
      number: 5
    publish:
      code: "{{ stop.return_code }}"
    on-success: start
    on-failure: rescue
  - name: start
    ref: shop.start
    params:
      code: "{{ code }} of {{ __results['stop'].return_code }}"
      pack: "{{ action_context.parent.pack }} {{ config_context.region }}"
  - name: rescue
    ref: shop.rescue
)";

std::shared_ptr<const ChainDefinition> parsed(const char* text) {
  auto definition = ChainDefinition::parse(text, "chain.yaml");
  EXPECT_TRUE(definition) << definition.error().to_string();
  return *definition;
}

ChainRun::Surroundings surroundings() {
  ChainRun::Surroundings made;
  made.parameters = Value::object({{"who", "ops"}});
  made.parent = Value::object({{"pack", "shop"}});
  made.config = Value::object({{"region", "eu"}});
  return made;
}

ChainRun begun(const char* text) {
  ChainRun run(parsed(text), surroundings());
  run.begin();
  return run;
}

std::string start_next(ChainRun& run) {
  const auto offer = run.next();
  if (!offer) return "";
  run.started("execution-of-" + offer->task->name, kNow);
  return offer->task->name;
}

Value code(int n) { return Value::object({{"return_code", n}}); }

TEST(ActionChain, RunsTaskAfterTaskWithWhatIsKnown) {
  ChainRun run = begun(kDeploy);
  const auto stop = run.next();
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->task->ref, "shop.stop");
  EXPECT_EQ(stop->parameters, Value::object({{"text", "hello ops"}, {"list", Value::array({"ops"})}, {"number", 5}}));
  run.started("e1", kNow);
  EXPECT_FALSE(run.next()) << "one at a time";
  run.task_changed(Task::kSucceeded, code(0), kNow);
  const auto start = run.next();
  ASSERT_TRUE(start);
  EXPECT_EQ(start->parameters, Value::object({{"code", "0 of 0"}, {"pack", "shop eu"}}));
  run.started("e2", kNow);
  run.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(run.state(), State::kSucceeded);
  EXPECT_EQ(run.result().get("published"), Value::object({{"code", "0"}}));
  const Value first = run.result().get("tasks").elements()[0];
  EXPECT_EQ(first.get("name"), Value("stop"));
  EXPECT_EQ(first.get("execution_id"), Value("e1"));
  EXPECT_EQ(first.get("state"), Value("succeeded"));
  EXPECT_EQ(first.get("result"), code(0));
  EXPECT_TRUE(first.find("workflow")->is_null());
}

TEST(ActionChain, AFailureThatIsHandledIsASuccess) {
  ChainRun run = begun(kDeploy);
  start_next(run);
  run.task_changed(Task::kTimeout, code(-9), kNow);
  EXPECT_EQ(start_next(run), "rescue");
  run.task_changed(Task::kSucceeded, {}, kNow);
  EXPECT_EQ(run.state(), State::kSucceeded);
}

TEST(ActionChain, TheLastTaskDecides) {
  for (const auto& [status, state] : {std::pair{Task::kFailed, State::kFailed},
                                      {Task::kAbandoned, State::kFailed},
                                      {Task::kTimeout, State::kTimeout},
                                      {Task::kCanceled, State::kCanceled}}) {
    ChainRun run = begun(kDeploy);
    start_next(run);
    run.task_changed(Task::kSucceeded, code(0), kNow);
    start_next(run);
    run.task_changed(status, {}, kNow);
    EXPECT_EQ(run.state(), state);
  }
}

TEST(ActionChain, WhatCannotBeRenderedFailsTheChainAndSaysWhich) {
  ChainRun vars = begun("vars: {x: '{{ nothing }}'}\nchain: [{name: a, ref: p.a}]");
  EXPECT_EQ(vars.state(), State::kFailed);
  EXPECT_TRUE(vars.result().get("error").text_or("").starts_with("Failed initializing ``vars`` in chain.. "));
  ChainRun params = begun("chain: [{name: a, ref: p.a, params: {x: '{{ nothing }}'}}]");
  EXPECT_FALSE(params.next());
  EXPECT_TRUE(params.result().get("error").text_or("").starts_with(
      "Failed to run task \"a\". Parameter rendering failed.. Failed rendering value for action parameter \"x\""))
      << params.result().get("error").text_or("");
  ChainRun publish = begun("chain: [{name: a, ref: p.a, publish: {x: '{{ a.nothing.more }}'}}]");
  start_next(publish);
  publish.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(publish.state(), State::kFailed);
  EXPECT_NE(publish.result().get("error").text_or("").find("publish parameter \"x\""), std::string::npos);
}

TEST(ActionChain, AnActionThatRefusesIsATaskThatFailed) {
  ChainRun run = begun(kDeploy);
  ASSERT_TRUE(run.next());
  run.refused("Action is disabled.", kNow);
  EXPECT_EQ(start_next(run), "rescue");
  const Value entry = run.result().get("tasks").elements()[0];
  EXPECT_EQ(entry.get("state"), Value("failed"));
  EXPECT_EQ(entry.get("result").get("error"), Value("Failed running task \"stop\".. Action is disabled."));
  ChainRun missing = begun(kDeploy);
  ASSERT_TRUE(missing.next());
  missing.missing_action();
  EXPECT_EQ(missing.state(), State::kFailed) << "that is the chain's own mistake";
}

TEST(ActionChain, PausesBetweenTasksAndResumes) {
  ChainRun run = begun(kDeploy);
  start_next(run);
  run.pause();
  EXPECT_EQ(run.state(), State::kPausing);
  run.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(run.state(), State::kPaused);
  EXPECT_FALSE(run.next());
  run.resume();
  EXPECT_EQ(start_next(run), "start");
  run.pause();
  run.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(run.state(), State::kPaused) << "also when nothing is left";
  run.resume();
  EXPECT_EQ(run.state(), State::kSucceeded);
}

TEST(ActionChain, WaitsWhileItsTaskWaits) {
  ChainRun run = begun(kDeploy);
  start_next(run);
  run.task_changed(Task::kPending, {}, kNow);
  EXPECT_EQ(run.state(), State::kPaused);
  run.resume();
  EXPECT_EQ(run.state(), State::kPaused) << "nobody has answered";
  run.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(run.state(), State::kRunning);
  EXPECT_EQ(start_next(run), "start");
}

TEST(ActionChain, IsCanceledWhenItsTaskHasEnded) {
  ChainRun run = begun(kDeploy);
  start_next(run);
  run.cancel();
  EXPECT_EQ(run.state(), State::kCanceling);
  run.task_changed(Task::kSucceeded, code(0), kNow);
  EXPECT_EQ(run.state(), State::kCanceled);
  ChainRun waiting = begun(kDeploy);
  start_next(waiting);
  waiting.task_changed(Task::kPending, {}, kNow);
  waiting.cancel();
  EXPECT_EQ(waiting.state(), State::kCanceled);
}

TEST(ActionChain, EveryPrefixOfItsJournalGivesTheSameRun) {
  ChainRun run = begun(kDeploy);
  std::vector<Value> journal;
  const auto same = [&] {
    for (Value& delta : run.take_deltas()) journal.push_back(std::move(delta));
    ChainRun again(parsed(kDeploy), surroundings());
    ASSERT_TRUE(again.restore(
        journal, [](std::string_view execution) { return code(execution == "execution-of-stop" ? 7 : 8); }));
    EXPECT_EQ(again.state(), run.state());
    EXPECT_EQ(again.result(), run.result());
    EXPECT_EQ(again.next().has_value(), run.next().has_value());
  };
  same();
  start_next(run);
  same();
  run.task_changed(Task::kPending, {}, kNow);
  same();
  run.pause();
  same();
  run.task_changed(Task::kFailed, code(7), kNow);
  same();
  run.resume();
  same();
  EXPECT_EQ(start_next(run), "rescue");
  run.task_changed(Task::kSucceeded, code(8), kNow);
  same();
  ChainRun broken(parsed(kDeploy), surroundings());
  EXPECT_FALSE(broken.restore({Value::array({"start", "stop"})}, {}));
}

TEST(ActionChain, TheFirstTaskIsTheOneThatNobodyLeadsTo) {
  EXPECT_EQ(parsed("chain: [{name: b, ref: p.b}, {name: a, ref: p.a, on-success: b}]")->start(), "a");
  EXPECT_EQ(parsed("chain: [{name: a, ref: p.a, on-success: b}, {name: b, ref: p.b, on-failure: a}]")->start(), "a");
  EXPECT_EQ(parsed("default: b\nchain: [{name: a, ref: p.a}, {name: b, ref: p.b}]")->start(), "b");
}

TEST(ActionChain, EveryMistakeIsReportedWithItsPlace) {
  const std::vector<Error> errors = ChainDefinition::check(R"(default: nowhere
colour: red
chain:
  - name: a
    ref: p.a
    params: {x: 1}
    parameters: {x: 1}
    on-success: b
    on-failure: "{{ somewhere }}"
  - ref: p.b
    publish: [x]
)",
                                                           "c.yaml");
  std::string all;
  for (const Error& error : errors) all += error.to_string() + "\n";
  for (const char* expected :
       {"'colour' was unexpected", "but not both", "'name' is a required property", "publish: expected a mapping",
        "Unable to find node with name \"b\" referenced in \"on-success\" in task \"a\".",
        "Unable to find node with name \"nowhere\" referenced in \"default\"."}) {
    EXPECT_NE(all.find(expected), std::string::npos) << expected << "\n" << all;
  }
  EXPECT_EQ(errors.size(), 6u) << all;
  for (const Error& error : errors) EXPECT_GT(error.where.line, 0u) << error.to_string();
  EXPECT_FALSE(ChainDefinition::parse("[1]", "c.yaml"));
  EXPECT_FALSE(ChainDefinition::parse("a: [", "c.yaml"));
}

}  // namespace
}  // namespace midwatch
