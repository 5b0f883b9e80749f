// Pausing, resuming, cancelling and asking people, at every depth and over restarts.
#include <gtest/gtest.h>

#include "engine/test_support.h"

namespace midwatch {
namespace {

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

std::vector<Flow> flows() {
  return {{"two", kTwo},           {"parent", kParent},         {"asks", kAsk},
          {"ask_twice", kAskTwice}, {"ask_items", kAskItems},   {"ask_below", kAskBelow},
          {"ask_briefly", kAskBriefly}};
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
  EXPECT_TRUE(shard.respond(inquiry, wrong).error().message.starts_with("Response for inquiry \"" + id +
                                                                        "\" did not pass schema validation. "))
      << shard.answer().error().message;
  EXPECT_EQ(shard.respond(inquiry, Value::object({})).error().code, Code::kInvalid);
  shard.step(InquiryAnswered{inquiry, Value::object({{"continue", true}}), "stranger", ++shard.token});
  EXPECT_EQ(shard.answer().error().message,
            "User \"stranger\" does not have permission to respond to inquiry \"" + id + "\".");
  EXPECT_EQ(shard.status(inquiry), kPending);
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

}  // namespace
}  // namespace midwatch
