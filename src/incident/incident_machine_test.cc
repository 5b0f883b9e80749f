#include "incident/incident_machine.h"

#include <gtest/gtest.h>

namespace midwatch {
namespace {

using namespace std::chrono_literals;

const Instant kStart = instant_from_micros(1'700'000'000'000'000);
const IncidentMachine kMachine({.verify_within = 20s, .repair_attempts_max = 2});

struct Story {
  Incident incident;
  IncidentNeed need;
  Story() {
    need = kMachine.open(
        incident,
        {.key = "k", .detector = "demo.p99", .labels = {}, .since = kStart - 3s, .evidence = {}, .text = "p99 is high"},
        kStart);
  }
  std::string events() const {
    std::string text;
    for (const auto& entry : incident.timeline) text += (text.empty() ? "" : " ") + std::string(to_string(entry.event));
    return text;
  }
};

TEST(IncidentMachine, ARepairThatTheDetectorConfirmsClosesWithNobodyWoken) {
  Story s;
  EXPECT_EQ(s.need, IncidentNeed::kDispatch);
  kMachine.started(s.incident, "demo.r", "demo.repair", "id", kStart + 1s);
  EXPECT_EQ(kMachine.dispatched(s.incident, kStart + 1s), IncidentNeed::kNothing);
  EXPECT_EQ(kMachine.repair_finished(s.incident, true, "repaired", Value::object({}), kStart + 5s),
            IncidentNeed::kNothing);
  EXPECT_EQ(s.incident.state, Incident::State::kVerifying);
  EXPECT_EQ(s.incident.deadline, kStart + 25s);
  EXPECT_EQ(kMachine.symptom_changed(s.incident, false, kStart + 9s), IncidentNeed::kNothing);
  EXPECT_EQ(s.incident.state, Incident::State::kRemediated);
  EXPECT_EQ(s.incident.people_woken, 0u);
  const Value figures = incident_figures(s.incident);
  EXPECT_EQ(figures.get("detected_after"), Value(3.0));
  EXPECT_EQ(figures.get("decided_in"), Value(1.0));
  EXPECT_EQ(figures.get("repaired_in"), Value(4.0));
  EXPECT_EQ(figures.get("verified_in"), Value(4.0));
}

TEST(IncidentMachine, ARepairThatOnlySaysSoIsTriedAgainThenEscalated) {
  Story s;
  for (int attempt = 0; attempt < 2; ++attempt) {
    kMachine.started(s.incident, "demo.r", "demo.repair", "id", kStart);
    kMachine.dispatched(s.incident, kStart);
    kMachine.repair_finished(s.incident, true, "repaired", Value::object({}), kStart + 1s);
    EXPECT_EQ(kMachine.deadline_reached(s.incident, kStart + 21s),
              attempt == 0 ? IncidentNeed::kDispatch : IncidentNeed::kPage);
  }
  EXPECT_EQ(s.incident.state, Incident::State::kEscalated);
  EXPECT_EQ(kMachine.page_delivered(s.incident, kStart + 22s), IncidentNeed::kNothing);
  EXPECT_EQ(s.incident.people_woken, 1u);
  kMachine.symptom_changed(s.incident, false, kStart + 60s);
  EXPECT_EQ(s.incident.state, Incident::State::kResolved);
}

TEST(IncidentMachine, ADenialOfTheGuardEngagesAPerson) {
  Story s;
  kMachine.started(s.incident, "demo.r", "demo.repair", "id", kStart);
  kMachine.dispatched(s.incident, kStart);
  EXPECT_EQ(kMachine.repair_finished(s.incident, false, "check failed", Value::object({{"tail", "x"}}), kStart + 5s),
            IncidentNeed::kDispatch);
  kMachine.denied(s.incident, "demo.r", "guard max_runs: 2 runs", kStart + 5s);
  EXPECT_EQ(kMachine.dispatched(s.incident, kStart + 5s), IncidentNeed::kPage);
  EXPECT_EQ(s.events(), "detected decided finished still_there denied escalated");
  const Value page = page_body(s.incident);
  EXPECT_EQ(page.get("reason").text_or(""), "escalated to a person: no rule may act on it");
  ASSERT_EQ(page.find("diagnostics")->size(), 1u);
  EXPECT_EQ(page.find("diagnostics")->elements()[0].get("tail"), Value("x"));
}

TEST(IncidentMachine, APageThatIsNotDeliveredIsSentAgainLaterAndLater) {
  Story s;
  EXPECT_EQ(kMachine.dispatched(s.incident, kStart), IncidentNeed::kPage);
  kMachine.page_failed(s.incident, "connection refused", kStart);
  EXPECT_EQ(s.incident.deadline, kStart + 5s);
  EXPECT_EQ(kMachine.deadline_reached(s.incident, kStart + 5s), IncidentNeed::kPage);
  kMachine.page_failed(s.incident, "connection refused", kStart + 5s);
  EXPECT_EQ(s.incident.deadline, kStart + 15s);
}

TEST(IncidentMachine, ASymptomThatGoesByItselfNeedsNobody) {
  Story s;
  kMachine.symptom_changed(s.incident, false, kStart + 1s);
  EXPECT_EQ(s.incident.state, Incident::State::kResolved);
  EXPECT_TRUE(s.incident.closed());
}

TEST(IncidentMachine, TheSymptomMayGoBeforeTheRepairEnds) {
  Story s;
  kMachine.started(s.incident, "demo.r", "demo.repair", "id", kStart);
  kMachine.dispatched(s.incident, kStart);
  kMachine.symptom_changed(s.incident, false, kStart + 2s);
  EXPECT_EQ(s.incident.state, Incident::State::kRepairing);
  kMachine.repair_finished(s.incident, true, "repaired", Value::object({}), kStart + 3s);
  EXPECT_EQ(s.incident.state, Incident::State::kRemediated);
}

}  // namespace
}  // namespace midwatch
