// Pausing, resuming, cancelling and asking people, at every depth and over restarts.
#include <gtest/gtest.h>

#include "engine/test_support.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;
using namespace engine_testing;  // NOLINT: the whole of a test's vocabulary

using enum ExecutionStatus;

constexpr const char* kTwo = R"(version: 1.0
tasks:
  first:
    action: t.work
    next:
      - when: <% succeeded() %>
        do: second
  second:
    action: t.work
)";

constexpr const char* kParent = R"(version: 1.0
tasks:
  child:
    action: t.two
    next:
      - when: <% succeeded() %>
        do: after
  after:
    action: t.work
)";

// An inquiry, and beside it work that goes on for a while.
constexpr const char* kAsk = R"(version: 1.0
tasks:
  question:
    action: t.ask
    next:
      - when: <% succeeded() %>
        publish: go=<% result().response.continue %>
        do: both
  work:
    action: t.work
    next:
      - when: <% succeeded() %>
        do: both
  both:
    join: all
    action: t.look
output:
  - go: <% ctx().go %>
)";

constexpr const char* kAskTwice = R"(version: 1.0
tasks:
  one:
    action: t.ask
    next:
      - when: <% succeeded() %>
        do: after_one
  after_one:
    action: t.work
    next:
      - when: <% succeeded() %>
        do: end
  two:
    action: t.ask
    next:
      - when: <% succeeded() %>
        do: end
  end:
    join: all
    action: t.look
)";

constexpr const char* kAskItems = R"(version: 1.0
tasks:
  each:
    with: <% list(1, 2, 3) %>
    action: t.ask
    next:
      - when: <% succeeded() %>
        publish: answers=<% result().select($.response.continue) %>
output:
  - answers: <% ctx().answers %>
)";

constexpr const char* kStrictItems = R"(version: 1.0
tasks:
  each:
    with: <% list(1, 2, 3) %>
    action: t.look
    next:
      - when: <% succeeded() %>
        publish: all=<% result().select($.value) %>
output:
  - all: <% ctx().all %>
)";

constexpr const char* kAskBelow = R"(version: 1.0
tasks:
  below:
    action: t.ask_twice
    next:
      - when: <% succeeded() %>
        do: after
  beside:
    action: t.work
  after:
    action: t.look
)";

constexpr const char* kAskBriefly = R"(version: 1.0
input: [given]
tasks:
  question:
    action: t.ask
    input:
      ttl: 5
      default_response: <% ctx().given %>
    next:
      - when: <% succeeded() %>
        do: go
      - when: <% failed() %>
        do: stay
  go:
    action: t.work
  stay:
    action: t.look
)";

constexpr const char* kChain = R"(vars:
  greeting: hello
chain:
  - name: one
    ref: t.hello
    params:
      who: "{{ greeting }} you"
    publish:
      value: "{{ one.value }}"
    on-success: ask
    on-failure: sorry
  - name: ask
    ref: t.ask
    on-success: two
  - name: two
    ref: t.two
    on-success: three
  - name: three
    ref: t.hello
    params:
      who: "{{ value }} {{ ask.response.continue }}"
  - name: sorry
    ref: t.look
)";

std::vector<Flow> flows() {
  return {{"two", kTwo},
          {"parent", kParent},
          {"asks", kAsk},
          {"ask_twice", kAskTwice},
          {"ask_items", kAskItems},
          {"ask_below", kAskBelow},
          {"ask_briefly", kAskBriefly},
          {"strict_items", kStrictItems},
          {"chain", kChain, "action-chain"}};
}

// What the API makes of POST /executions/{id}/re_run with tasks.
std::shared_ptr<const EarlierRun> earlier(Shard& shard, ObjectId id, std::vector<std::string> tasks,
                                          std::vector<std::string> reset = {}) {
  auto made = std::make_shared<EarlierRun>();
  made->execution = id;
  made->completed = is_completed(shard.status(id));
  for (const WorkflowDelta& delta : *shard.store.deltas(id)) made->journal.push_back(delta.delta);
  for (const Execution& item : shard.store.executions({.parent = id}, {})->items) {
    if (item.status == kSucceeded) made->items.push_back(item);
  }
  made->tasks = std::move(tasks);
  made->reset = std::move(reset);
  return made;
}

ObjectId run_again(Shard& shard, const char* ref, const std::shared_ptr<const EarlierRun>& of, Duration delay = {}) {
  std::vector<Value> tasks(of->tasks.begin(), of->tasks.end());
  std::vector<Value> reset(of->reset.begin(), of->reset.end());
  const Value context = Value::object({{"re-run", Value::object({{"ref", of->execution.hex()},
                                                                 {"tasks", Value::array(std::move(tasks))},
                                                                 {"reset", Value::array(std::move(reset))}})}});
  shard.step(ExecutionRequested{ref, Value::object({}), context, "tester", ++shard.token, delay, of});
  return *ObjectId::parse(shard.answer()->get("id").to_text());
}

struct Flows : Shard {
  Flows() : Shard({}, {}, flows()) {}
  ObjectId question(std::size_t number = 0) { return of("t.ask").at(number).id; }
};

TEST(Pause, WhatRunsEndsAndNothingNewStarts) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  EXPECT_EQ(shard.answer()->get("status").to_text(), "pausing");
  EXPECT_EQ(shard.status(flow), kPausing);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kPaused);
  EXPECT_EQ(shard.starts.size(), 1u);
  EXPECT_EQ(shard.store.execution(flow)->context.get("paused_by").to_text(), "tester");
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  EXPECT_EQ(shard.answer()->get("status").to_text(), "resuming");
  EXPECT_EQ(shard.status(flow), kRunning);
  ASSERT_EQ(shard.starts.size(), 2u);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
  EXPECT_EQ(shard.store.execution(flow)->context.get("resumed_by").to_text(), "tester");
}

TEST(Pause, HoldsOverARestart) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  shard.end_last();
  shard.begin();
  EXPECT_EQ(shard.status(flow), kPaused);
  EXPECT_EQ(shard.starts.size(), 1u);
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  ASSERT_EQ(shard.starts.size(), 2u);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Pause, GoesDownAndUpAgain) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.parent");
  const ObjectId child = shard.of("t.two").at(0).id;
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  EXPECT_EQ(shard.status(child), kPausing);
  shard.end_last();
  EXPECT_EQ(shard.status(child), kPaused);
  EXPECT_EQ(shard.status(flow), kPaused);
  shard.begin();
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  EXPECT_EQ(shard.status(child), kRunning);
  EXPECT_EQ(shard.status(flow), kRunning);
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Pause, OfAChildPausesItsParentAndItsResumeResumesIt) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.parent");
  const ObjectId child = shard.of("t.two").at(0).id;
  ASSERT_TRUE(shard.set_status(child, kPausing));
  EXPECT_EQ(shard.status(flow), kRunning);
  shard.end_last();
  EXPECT_EQ(shard.status(child), kPaused);
  EXPECT_EQ(shard.status(flow), kPaused) << "nothing else is active there";
  ASSERT_TRUE(shard.set_status(child, kResuming));
  EXPECT_EQ(shard.status(child), kRunning);
  EXPECT_EQ(shard.status(flow), kRunning);
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Pause, OfAChildCanBeUndoneFromAbove) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.parent");
  ASSERT_TRUE(shard.set_status(shard.of("t.two").at(0).id, kPausing));
  shard.end_last();
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Pause, WithNothingLeftTheResumedWorkflowSucceeds) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  shard.end_last();
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kPaused);
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Pause, IsRefusedWithStackStormsSentences) {
  Flows shard;
  const ObjectId work = shard.run_id("t.work");
  const std::string id = work.hex();
  EXPECT_EQ(shard.set_status(work, kPausing).error().message,
            "Unable to pause liveaction \"" + id + "\" because it is not supported by the \"noop\" runner.");
  EXPECT_EQ(shard.set_status(work, kResuming).error().message,
            "Unable to resume liveaction \"" + id + "\" because it is not supported by the \"noop\" runner.");
  shard.end_last();
  EXPECT_EQ(shard.set_status(work, kPausing).error().message, "Execution is already in completed state.");
  const ObjectId flow = shard.run_id("t.two");
  EXPECT_TRUE(shard.set_status(flow, kResuming)) << "it runs already";
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  EXPECT_EQ(shard.set_status(flow, kResuming).error().message,
            "Unable to resume liveaction \"" + flow.hex() +
                "\" because it is in \"pausing\" state and not in \"paused\" state.");
}

TEST(Pause, APausedWorkflowCanBeCanceled) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.parent");
  const ObjectId child = shard.of("t.two").at(0).id;
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  shard.end_last();
  shard.step(CancelRequested{child, "tester", ++shard.token});
  EXPECT_EQ(shard.status(child), kCanceled);
  EXPECT_EQ(shard.status(flow), kCanceled) << "the request goes up to the root";
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Update, SomeoneElseMayEndAnExecution) {
  Flows shard;
  const ObjectId work = shard.run_id("t.work");
  shard.step(StatusRequested{work, kSucceeded, Value::object({{"by", "hand"}}), "tester", ++shard.token});
  EXPECT_EQ(shard.status(work), kSucceeded);
  EXPECT_EQ(shard.store.execution(work)->result, Value::object({{"by", "hand"}}));
  ASSERT_EQ(shard.cancels.size(), 1u);
  shard.end_last(kFailed);
  EXPECT_EQ(shard.status(work), kSucceeded);
}

TEST(Inquiry, IsPendingUntilSomeoneAnswers) {
  Rule page = rule("page", "core.st2.generic.inquiry", "t.work");
  Shard shard({page});
  const ObjectId inquiry = shard.run_id("t.ask");
  EXPECT_EQ(shard.status(inquiry), kPending);
  const Value asked = shard.store.execution(inquiry)->result;
  EXPECT_EQ(asked.get("ttl"), Value(1440));
  EXPECT_EQ(asked.get("schema").get("title").to_text(), "response_data");
  ASSERT_EQ(shard.starts.size(), 1u) << "the rule on core.st2.generic.inquiry";
  EXPECT_EQ(shard.store.trigger_instances({}, {})->items.front().payload,
            Value::object({{"id", inquiry.hex()}, {"route", ""}}));
  ASSERT_TRUE(shard.respond(inquiry));
  EXPECT_EQ(*shard.answer(), Value::object({{"id", inquiry.hex()}, {"response", Value::object({{"continue", true}})}}));
  EXPECT_EQ(shard.status(inquiry), kSucceeded);
  EXPECT_EQ(shard.store.execution(inquiry)->result.get("response").get("continue"), Value(true));
}

TEST(Inquiry, CannotBeAnsweredTwiceNorWrongly) {
  Shard shard({});
  const ObjectId inquiry = shard.run_id("t.ask", Value::object({{"users", Value::array({"tester"})}}));
  const std::string id = inquiry.hex();
  const Value wrong = Value::object({{"continue", "perhaps"}});
  EXPECT_TRUE(shard.respond(inquiry, wrong)
                  .error()
                  .message.starts_with("Response for inquiry \"" + id + "\" did not pass schema validation. "))
      << shard.answer().error().message;
  EXPECT_EQ(shard.respond(inquiry, Value::object({})).error().code, Code::kInvalid);
  shard.step(InquiryAnswered{inquiry, Value::object({{"continue", true}}), "stranger", ++shard.token});
  EXPECT_EQ(shard.answer().error().message,
            "User \"stranger\" does not have permission to respond to inquiry \"" + id + "\".");
  EXPECT_EQ(shard.status(inquiry), kPending);
  EXPECT_EQ(shard.set_status(inquiry, kCanceled).error().code, Code::kInvalid) << "pending is not cancelable";
  ASSERT_TRUE(shard.respond(inquiry));
  EXPECT_EQ(shard.respond(inquiry).error().message, "Inquiry \"" + id + "\" has already been responded to.");
  const ObjectId work = shard.run_id("t.work");
  EXPECT_EQ(shard.respond(work).error().message, "Action execution \"" + work.hex() + "\" is not an inquiry.");
}

TEST(Inquiry, IsAnsweredWhileItsWorkflowIsStillPausing) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.asks");
  EXPECT_EQ(shard.status(flow), kPausing) << "work beside it runs";
  ASSERT_TRUE(shard.respond(shard.question()));
  EXPECT_EQ(shard.status(flow), kRunning);
  shard.end_last();
  ASSERT_EQ(shard.starts.back().action, "t.look");
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
  EXPECT_EQ(shard.store.execution(flow)->result.get("output").get("go"), Value(true));
}

TEST(Inquiry, PausesItsWorkflowAndItsAnswerResumesIt) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.asks");
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kPaused);
  shard.begin();
  EXPECT_EQ(shard.status(flow), kPaused);
  ASSERT_TRUE(shard.respond(shard.question()));
  ASSERT_EQ(shard.starts.back().action, "t.look");
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Inquiry, OneOfTwoIsAnsweredAndItsBranchGoesOn) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId flow = shard.run_id("t.ask_twice");
    EXPECT_EQ(shard.status(flow), kPaused);
    ASSERT_TRUE(shard.respond(shard.question(0)));
    ASSERT_EQ(shard.starts.size(), 1u) << "after_one runs while two is open";
    EXPECT_EQ(shard.status(flow), kRunning);
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kPaused);
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.respond(shard.question(1)));
    ASSERT_EQ(shard.starts.size(), 2u);
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kSucceeded);
    EXPECT_EQ(shard.engine->counts().open_executions, 0u);
  }
}

TEST(Inquiry, TheOtherOfTwoIsAnsweredFirst) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.ask_twice");
  ASSERT_TRUE(shard.respond(shard.question(1)));
  EXPECT_EQ(shard.status(flow), kPaused) << "its branch waits at the join";
  ASSERT_TRUE(shard.respond(shard.question(0)));
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Inquiry, ManyItemsAskAtOnceAndAreAnsweredInAnyOrder) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId flow = shard.run_id("t.ask_items");
    ASSERT_EQ(shard.of("t.ask").size(), 3u);
    EXPECT_EQ(shard.status(flow), kPaused);
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.respond(shard.question(1), Value::object({{"continue", false}})));
    EXPECT_EQ(shard.status(flow), kPaused);
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.respond(shard.question(2)));
    ASSERT_TRUE(shard.respond(shard.question(0)));
    EXPECT_EQ(shard.status(flow), kSucceeded);
    EXPECT_EQ(shard.store.execution(flow)->result.get("output").get("answers"), Value::array({true, false, true}));
  }
}

TEST(Inquiry, BelowAnotherWorkflowPausesBothAndResumesBoth) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId flow = shard.run_id("t.ask_below");
    const ObjectId child = shard.of("t.ask_twice").at(0).id;
    EXPECT_EQ(shard.status(child), kPaused);
    EXPECT_EQ(shard.status(flow), kRunning) << "work beside it runs";
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kPaused);
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.respond(shard.question(0)));
    EXPECT_EQ(shard.status(child), kRunning);
    EXPECT_EQ(shard.status(flow), kRunning);
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kPaused);
    ASSERT_TRUE(shard.respond(shard.question(1)));
    shard.end_last();
    EXPECT_EQ(shard.status(child), kSucceeded);
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kSucceeded);
  }
}

TEST(Inquiry, AnAnswerDoesNotWakeAWorkflowThatAPersonPaused) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.ask_below");
  shard.end_last();
  ASSERT_TRUE(shard.set_status(flow, kPausing));
  shard.begin();
  const std::size_t started = shard.starts.size();
  ASSERT_TRUE(shard.respond(shard.question(0)));
  ASSERT_TRUE(shard.respond(shard.question(1)));
  EXPECT_EQ(shard.status(flow), kPaused);
  EXPECT_EQ(shard.starts.size(), started);
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  shard.end_last();  // after_one
  shard.end_last();  // end
  shard.end_last();  // after
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Inquiry, ResumingAWorkflowThatWaitsForAnAnswerWaitsOn) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.ask_twice");
  ASSERT_TRUE(shard.set_status(flow, kResuming));
  EXPECT_EQ(shard.status(flow), kPaused);
  ASSERT_TRUE(shard.respond(shard.question(0)));
  ASSERT_TRUE(shard.respond(shard.question(1)));
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
}

TEST(Inquiry, IsCanceledWithItsWorkflow) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.ask_below");
  shard.step(CancelRequested{flow, "tester", ++shard.token});
  EXPECT_EQ(shard.status(shard.question(0)), kCanceled);
  EXPECT_EQ(shard.status(shard.question(1)), kCanceled);
  EXPECT_EQ(shard.status(flow), kCanceling);
  EXPECT_EQ(shard.respond(shard.question(0)).error().code, Code::kConflict);
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kCanceled);
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Inquiry, OfAWorkflowThatFailedIsNotLeftOpen) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.asks");
  shard.end_last(kFailed);
  EXPECT_EQ(shard.status(flow), kFailed);
  EXPECT_EQ(shard.status(shard.question()), kCanceled);
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(Inquiry, ItsTimeToLiveEndsItAsTimeout) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId flow = shard.run_id("t.ask_briefly");
    const Instant asked = shard.now;
    if (restarts) shard.begin();
    EXPECT_EQ(*shard.engine->next_wake() - asked, 5min);
    shard.wake();
    EXPECT_EQ(shard.status(shard.question()), kTimeout);
    ASSERT_EQ(shard.starts.back().action, "t.look") << "the failure is handled";
    shard.end_last();
    EXPECT_EQ(shard.status(flow), kSucceeded);
  }
}

TEST(Inquiry, ADeclaredDefaultAnswersWhenTheTimeIsOver) {
  Flows shard;
  const Value fallback = Value::object({{"continue", false}});
  const ObjectId flow = shard.run_id("t.ask_briefly", Value::object({{"given", fallback}}));
  shard.wake();
  EXPECT_EQ(shard.status(shard.question()), kSucceeded);
  EXPECT_EQ(shard.store.execution(shard.question())->result.get("response"), fallback);
  ASSERT_EQ(shard.starts.back().action, "t.work");
  shard.end_last();
  EXPECT_EQ(shard.status(flow), kSucceeded);
  const ObjectId wrong = shard.run_id("t.ask", Value::object({{"default_response", Value::object({{"continue", 7}})}}));
  EXPECT_EQ(shard.status(wrong), kFailed) << "a default that cannot be an answer is refused at once";
}

TEST(Chain, RunsItsTasksOneAfterAnotherOverRestarts) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId chain = shard.run_id("t.chain");
    ASSERT_EQ(shard.starts.size(), 1u);
    EXPECT_EQ(shard.starts[0].parameters.get("who").to_text(), "hello you");
    EXPECT_EQ(shard.starts[0].context.get("chain").get("name").to_text(), "one");
    EXPECT_EQ(shard.starts[0].context.get("parent").get("execution_id").to_text(), chain.hex());
    shard.end_last();
    EXPECT_EQ(shard.status(chain), kPaused) << "it asks";
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.respond(shard.question()));
    EXPECT_EQ(shard.status(chain), kRunning);
    shard.end_last();
    shard.end_last();
    EXPECT_EQ(shard.starts.back().action, "t.hello");
    shard.end_last(kTimeout);
    EXPECT_EQ(shard.status(chain), kTimeout) << "the last task decides";
  }
}

TEST(Chain, PausesAndResumesWithWhatIsBelow) {
  for (const bool restarts : {false, true}) {
    Flows shard;
    const ObjectId chain = shard.run_id("t.chain");
    shard.end_last();
    ASSERT_TRUE(shard.respond(shard.question()));
    ASSERT_TRUE(shard.set_status(chain, kPausing));
    shard.end_last();
    EXPECT_EQ(shard.status(shard.of("t.two").at(0).id), kPaused);
    EXPECT_EQ(shard.status(chain), kPaused);
    if (restarts) shard.begin();
    ASSERT_TRUE(shard.set_status(chain, kResuming));
    EXPECT_EQ(shard.status(chain), kRunning);
    shard.end_last();
    EXPECT_EQ(shard.starts.back().parameters.get("who").to_text(), "41 True");
    shard.end_last();
    EXPECT_EQ(shard.status(chain), kSucceeded);
    const Value result = shard.store.execution(chain)->result;
    EXPECT_EQ(result.get("published"), Value::object({{"value", "41"}}));
    ASSERT_EQ(result.get("tasks").size(), 4u);
    EXPECT_EQ(result.get("tasks").elements()[1].get("result").get("response").get("continue"), Value(true));
    EXPECT_EQ(shard.engine->counts().open_executions, 0u);
  }
}

TEST(Chain, FailuresGoTheirOwnWayAndCancellingEndsIt) {
  Flows shard;
  const ObjectId handled = shard.run_id("t.chain");
  shard.end_last(kFailed);
  ASSERT_EQ(shard.starts.back().action, "t.look");
  shard.end_last();
  EXPECT_EQ(shard.status(handled), kSucceeded);
  const ObjectId canceled = shard.run_id("t.chain");
  shard.end_last();
  shard.step(CancelRequested{canceled, "tester", ++shard.token});
  EXPECT_EQ(shard.status(canceled), kCanceled);
  EXPECT_EQ(shard.status(shard.question()), kCanceled);
  EXPECT_EQ(shard.engine->counts().open_executions, 0u);
}

TEST(ReRun, OfATaskGoesOnFromThere) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  shard.end_last();
  shard.end_last(kFailed);
  ASSERT_EQ(shard.status(flow), kFailed);
  const ObjectId again = run_again(shard, "t.two", earlier(shard, flow, {"second"}));
  ASSERT_EQ(shard.starts.size(), 3u) << "first does not run again";
  EXPECT_EQ(shard.store.execution(shard.starts.back().execution)->parent, again);
  shard.begin();  // the attempt is cut off: abandoned
  EXPECT_EQ(shard.status(again), kFailed);
  const ObjectId third = run_again(shard, "t.two", earlier(shard, again, {"second"}));
  shard.end_last();
  EXPECT_EQ(shard.status(third), kSucceeded);
  EXPECT_EQ(shard.status(flow), kFailed) << "the original stays as it was";
}

TEST(ReRun, MayBeDelayedAndARestartLosesNothing) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  shard.end_last(kFailed);
  const ObjectId again = run_again(shard, "t.two", earlier(shard, flow, {"first"}), 90s);
  EXPECT_EQ(shard.status(again), kDelayed);
  shard.begin();
  EXPECT_EQ(shard.status(again), kDelayed);
  shard.wake();
  ASSERT_EQ(shard.starts.size(), 2u);
  shard.end_last();
  shard.end_last();
  EXPECT_EQ(shard.status(again), kSucceeded);
}

TEST(ReRun, OfATaskWithItemsRepeatsTheFailedOnesOnlyUnlessReset) {
  for (const bool resets : {false, true}) {
    for (const bool restarts : {false, true}) {
      Flows shard;
      const ObjectId flow = shard.run_id("t.strict_items");
      const auto result = [](int n) { return Value::object({{"value", n}}); };
      shard.end(ActionRequest(shard.starts[0]), kSucceeded, result(0));
      shard.end(ActionRequest(shard.starts[1]), kFailed, result(-1));
      shard.end(ActionRequest(shard.starts[2]), kSucceeded, result(20));
      ASSERT_EQ(shard.status(flow), kFailed);
      const std::vector<std::string> reset(resets ? 1 : 0, "each");
      const ObjectId again = run_again(shard, "t.strict_items", earlier(shard, flow, {"each"}, reset));
      ASSERT_EQ(shard.starts.size(), resets ? 6u : 4u);
      if (restarts) shard.begin();  // t.look is idempotent and starts again
      const std::vector<ActionRequest> last(shard.starts.end() - (resets ? 3 : 1), shard.starts.end());
      for (const ActionRequest& start : last) {
        const auto item = static_cast<int>(*shard.store.execution(start.execution)->place->item);
        shard.end(start, kSucceeded, result(item * 10));
      }
      EXPECT_EQ(shard.status(again), kSucceeded);
      EXPECT_EQ(shard.store.execution(again)->result.get("output").get("all"), Value::array({0, 10, 20}));
    }
  }
}

TEST(ReRun, OfWhatCannotRunAgainFailsWithTheReason) {
  Flows shard;
  const ObjectId flow = shard.run_id("t.two");
  const ObjectId early = run_again(shard, "t.two", earlier(shard, flow, {"first"}));
  EXPECT_EQ(shard.status(early), kFailed);
  const Value result = shard.store.execution(early)->result;
  EXPECT_EQ(result.get("errors").elements()[0].get("message").to_text(),
            "Unable to rerun workflow execution \"" + flow.hex() + "\" because it is not in a completed state.");
  EXPECT_NE(result.find("output"), nullptr);
  shard.end_last(kFailed);
  const ObjectId unknown = run_again(shard, "t.two", earlier(shard, flow, {"second"}));
  EXPECT_EQ(shard.status(unknown), kFailed) << "second never ran";
}

}  // namespace
}  // namespace midwatch
