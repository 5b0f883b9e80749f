// The engine with a store in memory and no world: each test plays the world by hand.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "engine/test_support.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;
using namespace engine_testing;  // NOLINT: the whole of a test's vocabulary

TEST(Engine, AnEventThatARuleMatchesStartsItsActionOnce) {
  Shard shard({rule("r", "core.st2.webhook", "t.work", hook("go"))});
  shard.post("go");
  ASSERT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.starts[0].action, "t.work");
  EXPECT_EQ(shard.starts[0].attempt, 1u);
  EXPECT_EQ(shard.status(shard.starts[0].execution), ExecutionStatus::kRunning);
  ASSERT_EQ(shard.answers.size(), 1u);
  const ObjectId event = *ObjectId::parse(shard.answers[0].answer->get("id").to_text());
  EXPECT_EQ(shard.store.trigger_instance(event)->state, TriggerInstance::State::kProcessed);
  EnforcementFilter of_event;
  of_event.trigger_instance = event;
  EXPECT_EQ(shard.store.enforcements(of_event, {})->items.front().execution, shard.starts[0].execution);
  shard.post("elsewhere");
  EXPECT_EQ(shard.starts.size(), 1u) << "another url is another trigger";
}

TEST(Engine, AnOutcomeCountsOnceAndForItsAttempt) {
  Shard shard({rule("r", "core.st2.webhook", "t.work", hook("go"))});
  shard.post("go");
  ActionRequest request = shard.starts[0];
  ActionRequest other_attempt = request;
  other_attempt.attempt = 2;
  shard.end(other_attempt);
  EXPECT_EQ(shard.status(request.execution), ExecutionStatus::kRunning);
  shard.end(request, ExecutionStatus::kFailed);
  shard.end(request, ExecutionStatus::kSucceeded);
  EXPECT_EQ(shard.status(request.execution), ExecutionStatus::kFailed);
  EXPECT_EQ(shard.engine->counts().outcomes_ignored, 2u);
}

TEST(Engine, ParametersAreRenderedFromTheEventAndThePack) {
  Rule greet = rule("r", "core.st2.webhook", "t.hello", hook("go"));
  greet.action_parameters = Value::object({{"who", "{{ trigger.body.name }}"}});
  Shard shard({greet});
  shard.post("go", Value::object({{"name", "Ada"}}));
  ASSERT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.starts[0].parameters, Value::object({{"who", "Ada"}, {"text", "ahoy Ada"}}));
}

TEST(Engine, AParameterThatCannotBeRenderedLeavesAFailedExecutionAndAReason) {
  Rule greet = rule("r", "core.st2.webhook", "t.hello", hook("go"));
  greet.action_parameters = Value::object({{"who", "{{ trigger.body.missing }}"}});
  Shard shard({greet});
  shard.post("go");
  EXPECT_TRUE(shard.starts.empty());
  const auto enforcement = shard.store.enforcements({}, {})->items.front();
  EXPECT_FALSE(enforcement.succeeded());
  EXPECT_NE(enforcement.failure_reason.find("missing"), std::string::npos) << enforcement.failure_reason;
  EXPECT_EQ(shard.store.executions({}, {})->items.front().status, ExecutionStatus::kFailed);
}

TEST(Engine, RequestsThatCannotRunAreRefusedWithStackStormsSentences) {
  Shard shard({});
  EXPECT_EQ(shard.run("t.nothing").error().message, "Action \"t.nothing\" cannot be found.");
  EXPECT_EQ(shard.run("t.disabled").error().message, "Unable to execute. Action \"t.disabled\" is disabled.");
  EXPECT_EQ(shard.run("t.fixed", Value::object({{"to", "y"}})).error().message,
            "Override of immutable parameter(s) [to] is unsupported.");
  EXPECT_FALSE(shard.run("t.hello").has_value()) << "who is required";
  EXPECT_FALSE(shard.run("t.work", Value::object({{"unknown", 1}})).has_value());
  EXPECT_TRUE(shard.starts.empty());
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Engine, AWorkflowRunsItsTasksAndReturnsItsOutput) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.flow");
  ASSERT_EQ(shard.starts.size(), 1u);
  shard.end_last();
  ASSERT_EQ(shard.starts.size(), 2u);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kSucceeded);
  EXPECT_EQ(shard.store.execution(flow)->result.get("output"), Value::object({{"seen", 42}}));
  ExecutionFilter of_flow;
  of_flow.parent = flow;
  const auto children = shard.store.executions(of_flow, {});
  EXPECT_EQ(children->total, 2u);
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Engine, AFailedTaskThatNobodyHandlesFailsTheWorkflow) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.flow");
  shard.end_last(ExecutionStatus::kFailed);
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kFailed);
  EXPECT_GT(shard.store.execution(flow)->result.get("errors").size(), 0u);
  EXPECT_EQ(shard.starts.size(), 1u);
}

TEST(Engine, AWorkflowGoesOnAfterARestartAtEveryStep) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.flow");
  shard.end_last();
  const ActionRequest second = shard.starts.back();
  shard.begin();
  // t.work is not idempotent: the attempt that was cut off ends as abandoned, and the workflow fails.
  EXPECT_EQ(shard.status(second.execution), ExecutionStatus::kAbandoned);
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kFailed);
}

TEST(Engine, ItemsKeepTheirResultsOverARestart) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.items");
  ASSERT_EQ(shard.starts.size(), 3u);
  for (int i = 0; i < 3; ++i)
    shard.end(ActionRequest(shard.starts[i]), ExecutionStatus::kSucceeded, Value::object({{"value", i * 10}}));
  ASSERT_EQ(shard.starts.size(), 4u);
  EXPECT_EQ(shard.starts.back().action, "t.look");
  shard.begin();
  ASSERT_EQ(shard.starts.size(), 5u) << "t.look is idempotent: it starts again";
  EXPECT_EQ(shard.starts.back().attempt, 2u);
  shard.end_last();
  EXPECT_EQ(shard.store.execution(flow)->result.get("output").get("all"), Value::array({0, 10, 20}));
}

TEST(Engine, ItemsThatFailEndTheirTaskOnceAllHaveEnded) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.items");
  ASSERT_EQ(shard.starts.size(), 3u);
  shard.end(ActionRequest(shard.starts[1]), ExecutionStatus::kFailed);
  shard.end(ActionRequest(shard.starts[0]));
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kRunning);
  shard.end(ActionRequest(shard.starts[2]));
  // The transition has no condition: a failure with a next task is remediated.
  EXPECT_EQ(shard.starts.back().action, "t.look");
  shard.end_last();
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kSucceeded);
}

TEST(Engine, ItemsKeepTheirResultsOverARestartInTheMiddle) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.items");
  shard.end(ActionRequest(shard.starts[0]), ExecutionStatus::kSucceeded, Value::object({{"value", 7}}));
  shard.begin();  // the other two were cut off: abandoned, which ends the task
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kFailed) << "abandoned items have no value to publish";
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
  const auto all = shard.store.executions({}, {});
  EXPECT_EQ(all->items.size(), 4u);
  for (const Execution& record : all->items) EXPECT_TRUE(is_completed(record.status));
}

TEST(Engine, ActionsBeyondTheSlotsWaitAndStartInOrder) {
  Shard shard({}, {.running_max = 1});
  ASSERT_TRUE(shard.run("t.work").has_value());
  const ObjectId second = shard.run_id("t.work");
  EXPECT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.status(second), ExecutionStatus::kScheduled);
  shard.begin();
  EXPECT_EQ(shard.status(second), ExecutionStatus::kRunning) << "what waited may still start";
  EXPECT_EQ(shard.starts.back().execution, second);
}

TEST(Engine, AWorkflowWithManyItemsDoesNotKeepOthersWaiting) {
  std::string many = "version: 1.0\ntasks:\n  each:\n    with: <% range(0, 100).toList() %>\n    action: t.work\n";
  Shard shard({}, {.running_max = 2}, {{"many", many}});
  ASSERT_TRUE(shard.run("t.many"));
  const ObjectId other = shard.run_id("t.flow");
  shard.end(ActionRequest(shard.starts[0]));
  shard.end(ActionRequest(shard.starts[1]));
  ASSERT_EQ(shard.starts.size(), 4u);
  const auto is_of_other = [&](const ActionRequest& start) {
    return shard.store.execution(start.execution)->parent == other;
  };
  EXPECT_NE(is_of_other(shard.starts[2]), is_of_other(shard.starts[3])) << "one of two slots each";
}

TEST(Engine, ABottomlessRecursionIsRefusedWithTheLimit) {
  Shard shard({}, {.workflow_depth_max = 3}, {{"deep", "version: 1.0\ntasks:\n  again:\n    action: t.deep\n"}});
  const ObjectId top = shard.run_id("t.deep");
  EXPECT_EQ(shard.status(top), ExecutionStatus::kFailed);
  EXPECT_EQ(shard.of("t.deep").size(), 4u);
  const Value errors = shard.of("t.deep").back().result.get("errors");
  EXPECT_NE(errors.elements()[0].get("result").get("errors").elements()[0].get("message").text_or("").find(
                "nested 4 deep, at most 3"),
            std::string::npos);
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Engine, CancellingAWorkflowLeavesWhatRunsToItsEnd) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.flow");
  shard.step(CancelRequested{flow, "tester", ++shard.token});
  EXPECT_TRUE(shard.cancels.empty());
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kCanceling);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kCanceled);
  EXPECT_EQ(shard.starts.size(), 1u) << "nothing new is started";
  shard.step(CancelRequested{flow, "tester", ++shard.token});
  EXPECT_EQ(shard.answers.back().answer.error().code, Code::kConflict);
}

TEST(Engine, CancellingATaskStopsItsActionAndItsWorkflow) {
  Shard shard({});
  const ObjectId flow = shard.run_id("t.flow");
  shard.step(CancelRequested{shard.starts[0].execution, "tester", ++shard.token});
  ASSERT_EQ(shard.cancels.size(), 1u);
  shard.end_last(ExecutionStatus::kCanceled);
  EXPECT_EQ(shard.status(flow), ExecutionStatus::kCanceled);
}

TEST(Engine, ARunnerThatNeverAnswersIsGivenUp) {
  Shard shard({});
  const ObjectId work = shard.run_id("t.work");
  shard.now = *shard.engine->next_wake();
  shard.step(WokeUp{});
  EXPECT_EQ(shard.status(work), ExecutionStatus::kAbandoned);
  EXPECT_EQ(shard.cancels.size(), 1u);
}

Rule repair() {
  Rule made = rule("repair", "midwatch.anomaly", "t.work");
  made.max_runs = MaxRunsGuard{1, 10min, "{{ trigger.labels.service }}"};
  return made;
}

TEST(Engine, AnAnomalyIsRepairedVerifiedAndClosedWithNobodyWoken) {
  Shard shard({repair()});
  shard.anomaly(true);
  ASSERT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.incident().state, Incident::State::kRepairing);
  shard.anomaly(true);
  EXPECT_EQ(shard.starts.size(), 1u) << "one incident a symptom";
  shard.end_last();
  EXPECT_EQ(shard.incident().state, Incident::State::kVerifying);
  shard.anomaly(false);
  EXPECT_EQ(shard.incident().state, Incident::State::kRemediated);
  EXPECT_TRUE(shard.pages.empty());
  EXPECT_EQ(shard.engine->counts().open_incidents, 0u);
}

TEST(Engine, ARepairThatDoesNotHelpMeetsTheGuardThenAPerson) {
  Shard shard({repair()});
  shard.anomaly(true);
  shard.end_last(ExecutionStatus::kFailed, Value::object({{"stderr", "cannot start"}}));
  EXPECT_EQ(shard.starts.size(), 1u) << "the guard stops a second blind repair";
  ASSERT_EQ(shard.pages.size(), 1u);
  EXPECT_EQ(shard.pages[0].body.get("diagnostics").elements()[0].get("result"),
            Value::object({{"stderr", "cannot start"}}));
  EXPECT_EQ(shard.incident().state, Incident::State::kEscalated);
  shard.begin();
  ASSERT_EQ(shard.pages.size(), 2u) << "nobody knows whether the first page arrived";
  shard.step(PageOutcome{shard.pages[1].incident, shard.pages[1].attempt, true, ""});
  EXPECT_EQ(shard.incident().people_woken, 1u);
  shard.begin();
  EXPECT_EQ(shard.pages.size(), 2u);
}

TEST(Engine, NobodyIsPagedForWhatWasOverInTheSameBatch) {
  Shard shard({});
  AnomalyReported report;
  report.detector = "t.latency";
  report.labels = Value::object({{"service", "web"}});
  Decision decision;
  report.firing = true;
  shard.engine->step(shard.now, report, decision);
  report.firing = false;
  shard.engine->step(shard.now, report, decision);
  shard.release(std::move(decision));
  EXPECT_TRUE(shard.pages.empty());
  EXPECT_EQ(shard.incident().state, Incident::State::kResolved);
}

TEST(Engine, AGuardRemembersItsRunsOverARestart) {
  Shard shard({repair()});
  shard.anomaly(true);
  shard.end_last();
  shard.anomaly(false);
  shard.begin();
  shard.anomaly(true);
  EXPECT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.pages.size(), 1u);
}

TEST(Engine, ARepairThatTheDetectorDoesNotConfirmIsNotDone) {
  Shard shard({repair()});
  shard.anomaly(true);
  shard.end_last();
  shard.now = *shard.engine->next_wake();
  shard.step(WokeUp{});
  EXPECT_EQ(shard.incident().state, Incident::State::kEscalated);
}

TEST(Engine, KeysAreSetSeenByTemplatesAndExpire) {
  Rule greet = rule("r", "core.st2.webhook", "t.hello", hook("go"));
  greet.action_parameters = Value::object({{"who", "{{ st2kv.system.captain }}"}});
  Shard shard({greet});
  shard.step(KeySetRequested{"captain", "Grace", 10s, 0});
  shard.begin();
  shard.post("go");
  EXPECT_EQ(shard.starts.back().parameters.get("who"), Value("Grace"));
  shard.now += 1min;
  shard.post("go");
  EXPECT_NE(shard.starts.back().parameters.get("who"), Value("Grace")) << "ten seconds are over";
  shard.step(KeyDeleteRequested{"nobody", ++shard.token});
  EXPECT_EQ(shard.answers.back().answer.error().code, Code::kNotFound);
}

TEST(Engine, NewContentIsInForceAtOnceAndOldEventsKeepTheirs) {
  Shard shard({rule("r", "core.st2.webhook", "t.work", hook("go"))});
  shard.post("go");
  const std::string before = shard.store.trigger_instances({}, {})->items.front().content_version;
  shard.step(ContentChanged{content({}), ++shard.token});
  shard.post("go");
  EXPECT_EQ(shard.starts.size(), 1u);
  EXPECT_NE(shard.engine->content()->version(), before);
  EXPECT_EQ(shard.store.content_rules(before)->size(), 1u);
}

TEST(Engine, AnUnknownTriggerIsRefused) {
  Shard shard({});
  shard.step(TriggerArrived{"no.such", {}, Value::object({}), "", ++shard.token});
  EXPECT_EQ(shard.answers.back().answer.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace midwatch
