#include <algorithm>

#include <gtest/gtest.h>

#include "model/execution.h"
#include "model/incident.h"

namespace midwatch {
namespace {

ObjectId id(int n) {
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  bytes[11] = static_cast<std::uint8_t>(n);
  return ObjectId(bytes);
}

const Instant kT = instant_from_micros(1'795'000'000'123'456);

Execution full_execution() {
  Execution e;
  e.id = id(1);
  e.action = "demo.repair";
  e.runner_type = "orquesta";
  e.status = ExecutionStatus::kTimeout;
  e.parameters = Value::object({{"n", 1}, {"x", 1.0}});
  e.result = Value::object({{"output", nullptr}});
  e.context = Value::object({{"user", "stanley"}});
  e.start = kT;
  e.end = kT + Duration(1);
  e.parent = id(2);
  e.place = TaskPlace{"restart", 3, 0};
  e.trigger_instance = id(3);
  e.rule = "demo.slow";
  e.incident = id(4);
  e.attempt = 2;
  e.log = {{kT, ExecutionStatus::kRequested}, {kT + Duration(5), ExecutionStatus::kTimeout}};
  return e;
}

Execution small_execution() {
  Execution e;
  e.id = id(9);
  e.action = "core.noop";
  return e;
}

TEST(Records, AnExecutionReadsBackExactly) {
  for (const Execution& e : {full_execution(), small_execution()}) {
    const Value stored = to_value(e);
    const auto read = execution_from_value(stored);
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_TRUE(identical(to_value(*read), stored));
    EXPECT_EQ(read->end, e.end);
    EXPECT_EQ(read->place.has_value(), e.place.has_value());
    EXPECT_EQ(read->log.size(), e.log.size());
    EXPECT_TRUE(identical(read->parameters, e.parameters)) << "1 stays an integer and 1.0 a double";
  }
}

TEST(Records, WhatIsNotSetIsNotStored) {
  const Value stored = to_value(small_execution());
  EXPECT_EQ(stored.size(), 5u) << "id, action, runner, status, start";
}

TEST(Records, TriggerInstancesAndEnforcementsReadBack) {
  TriggerInstance t;
  t.id = id(1);
  t.trigger = "core.st2.webhook";
  t.payload = Value::object({{"body", 1}});
  t.occurrence_time = kT;
  t.state = TriggerInstance::State::kProcessed;
  t.trace_tag = "tag";
  t.content_version = "0123";
  const auto instance = trigger_instance_from_value(to_value(t));
  ASSERT_TRUE(instance.has_value()) << instance.error().to_string();
  EXPECT_TRUE(identical(to_value(*instance), to_value(t)));
  EXPECT_EQ(instance->occurrence_time, kT);

  RuleEnforcement e{id(2), id(1), id(3), "demo.slow", "denied by its guard", kT};
  const auto enforcement = rule_enforcement_from_value(to_value(e));
  ASSERT_TRUE(enforcement.has_value()) << enforcement.error().to_string();
  EXPECT_EQ(enforcement->execution, id(3));
  EXPECT_FALSE(enforcement->succeeded());
}

TEST(Records, AnIncidentReadsBackExactly) {
  Incident i;
  i.id = id(7);
  i.key = "demo.p99{service=shop}";
  i.detector = "demo.p99";
  i.labels = Value::object({{"service", "shop"}});
  i.state = Incident::State::kEscalated;
  i.since = kT;
  i.opened_at = kT + Duration(10);
  i.deadline = kT + Duration(20);
  i.symptom = false;
  i.repairs = 1;
  i.people_woken = 1;
  i.timeline = {{kT, Incident::Event::kStillThere, "p99 is still 2.1 s", Value::object({{"score", 8.5}})},
                {kT, Incident::Event::kClosed, "closed", Value()}};
  const auto read = incident_from_value(to_value(i));
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_TRUE(identical(to_value(*read), to_value(i)));
  EXPECT_FALSE(read->symptom);
  EXPECT_EQ(read->timeline.at(0).event, Incident::Event::kStillThere);
}

TEST(Records, ADamagedRecordSaysWhatIsWrong) {
  const auto error = [](const Value& value) {
    const auto read = execution_from_value(value);
    return read ? std::string("no error") : read.error().to_string();
  };
  EXPECT_EQ(error(Value(3)), "execution record: expected an object");
  EXPECT_EQ(error(Value::object({})), "execution record: id: is missing");
  const Value good = to_value(full_execution());
  EXPECT_EQ(error(with_member(good, "status", "asleep")), "execution record: status: unknown word 'asleep'");
  EXPECT_EQ(error(with_member(good, "attempt", -1)), "execution record: attempt: expected a count");
  EXPECT_EQ(error(with_member(good, "log", Value::array({1}))),
            "execution record: log: expected pairs of time and status");
}

TEST(Records, EveryStatusHasItsNameAndItsGroups) {
  int completed = 0, failed = 0, cancelable = 0;
  for (int n = 0; n <= static_cast<int>(ExecutionStatus::kResuming); ++n) {
    const auto status = static_cast<ExecutionStatus>(n);
    EXPECT_EQ(execution_status(to_string(status)), status);
    completed += is_completed(status) ? 1 : 0;
    failed += is_failed(status) ? 1 : 0;
    cancelable += is_cancelable(status) ? 1 : 0;
    EXPECT_FALSE(is_completed(status) && is_cancelable(status));
  }
  EXPECT_EQ(completed, 5);
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(cancelable, 7);
}

}  // namespace
}  // namespace midwatch
