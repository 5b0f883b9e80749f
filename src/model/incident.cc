#include "model/incident.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/record_reader.h"

namespace midwatch {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 6> kStateNames = {"open",       "repairing", "verifying",
                                                         "remediated", "resolved",  "escalated"};
constexpr std::array<std::string_view, 12> kEventNames = {"detected", "decided",     "denied",      "started",
                                                          "finished", "verified",    "still_there", "escalated",
                                                          "paged",    "page_failed", "cleared",     "closed"};

std::optional<Incident::State> state_of(std::string_view text) {
  const auto found = std::find(kStateNames.begin(), kStateNames.end(), text);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<Incident::State>(found - kStateNames.begin());
}

std::optional<Incident::Event> event_of(std::string_view text) {
  const auto found = std::find(kEventNames.begin(), kEventNames.end(), text);
  if (found == kEventNames.end()) return std::nullopt;
  return static_cast<Incident::Event>(found - kEventNames.begin());
}

Value timeline_value(const std::vector<Incident::Entry>& timeline) {
  std::vector<Value> entries;
  entries.reserve(timeline.size());
  for (const Incident::Entry& entry : timeline) {
    ObjectBuilder out;
    out.set("at", to_iso8601(entry.at)).set("event", to_string(entry.event)).set("text", entry.text);
    out.set_if(!entry.data.is_null(), "data", entry.data);
    entries.push_back(std::move(out).build());
  }
  return Value::array(std::move(entries));
}

Result<std::vector<Incident::Entry>> read_timeline(const Value& value) {
  std::vector<Incident::Entry> timeline;
  timeline.reserve(value.size());
  for (const Value& element : value.elements()) {
    RecordReader in(element, "incident timeline");
    Incident::Entry entry;
    entry.at = in.time("at");
    entry.event = in.word("event", event_of);
    entry.text = in.text("text");
    entry.data = in.value("data");
    MW_TRY(Incident::Entry read, in.finish(std::move(entry)));
    timeline.push_back(std::move(read));
  }
  return timeline;
}

}  // namespace

std::string_view to_string(Incident::State state) { return kStateNames.at(static_cast<std::size_t>(state)); }
std::string_view to_string(Incident::Event event) { return kEventNames.at(static_cast<std::size_t>(event)); }

Value to_value(const Incident& incident) {
  ObjectBuilder out;
  out.set("id", incident.id.hex()).set("key", incident.key).set("detector", incident.detector);
  out.set_if(!incident.labels.is_null(), "labels", incident.labels);
  out.set("state", to_string(incident.state));
  out.set("since", to_iso8601(incident.since)).set("opened", to_iso8601(incident.opened_at));
  if (incident.closed_at) out.set("closed", to_iso8601(*incident.closed_at));
  if (incident.deadline) out.set("deadline", to_iso8601(*incident.deadline));
  out.set("symptom", incident.symptom);
  out.set_if(incident.repairs != 0, "repairs", incident.repairs);
  out.set_if(incident.running != 0, "running", incident.running);
  out.set_if(incident.people_woken != 0, "people_woken", incident.people_woken);
  out.set_if(incident.page_attempts != 0, "page_attempts", incident.page_attempts);
  out.set_if(!incident.evidence.is_null(), "evidence", incident.evidence);
  out.set_if(!incident.timeline.empty(), "timeline", timeline_value(incident.timeline));
  return std::move(out).build();
}

Result<Incident> incident_from_value(const Value& value) {
  RecordReader in(value, "incident");
  Incident incident;
  incident.id = in.id("id");
  incident.key = in.text("key");
  incident.detector = in.text("detector");
  incident.labels = in.value("labels");
  incident.state = in.word("state", state_of);
  incident.since = in.time("since");
  incident.opened_at = in.time("opened");
  incident.closed_at = in.optional_time("closed");
  incident.deadline = in.optional_time("deadline");
  incident.symptom = in.flag("symptom", true);
  incident.repairs = in.count("repairs");
  incident.running = in.count("running");
  incident.people_woken = in.count("people_woken");
  incident.page_attempts = in.count("page_attempts");
  incident.evidence = in.value("evidence");
  MW_TRY(incident.timeline, read_timeline(in.value("timeline")));
  return in.finish(std::move(incident));
}

}  // namespace midwatch
