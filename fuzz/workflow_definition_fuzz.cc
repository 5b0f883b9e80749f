// Any text as a workflow definition: parsed, inspected, drawn and, where it can run, run for some steps with ends
// chosen by its length; the conductor that is restored from the journal must be the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "flowgraph/dot.h"
#include "flowgraph/picture.h"
#include "flowgraph/svg.h"
#include "workflow/conductor.h"
#include "workflow/inspect.h"

namespace {

using namespace midwatch;

constexpr int kRoundsMax = 12;
constexpr std::size_t kStartedMax = 60;

void run(const std::shared_ptr<const Definition>& definition, std::size_t seed) {
  auto created = Conductor::create(definition);
  if (!created) return;
  Conductor conductor = std::move(*created);
  (void)conductor.request_status(FlowStatus::kRunning);
  std::size_t started = 0;
  for (int round = 0; round < kRoundsMax && started < kStartedMax; ++round) {
    for (const OfferedTask& task : conductor.next_tasks()) {
      const FlowStatus end = (++started + seed) % 5 == 0 ? FlowStatus::kFailed : FlowStatus::kSucceeded;
      if (task.items_count && *task.items_count != 0) {
        for (const OfferedAction& action : task.actions) {
          (void)conductor.on_item(task.id, task.route, *action.item, FlowStatus::kRunning);
          (void)conductor.on_item(task.id, task.route, *action.item, end, Value(1));
        }
        continue;
      }
      (void)conductor.on_task(task.id, task.route, FlowStatus::kRunning);
      (void)conductor.on_task(task.id, task.route, end, Value::object({{"n", started}}));
      if (started >= kStartedMax) break;
    }
  }
  (void)conductor.render_output();
  const std::vector<Value> journal = conductor.take_deltas();
  const auto restored = Conductor::restore(definition, journal);
  if (!restored || !(restored->state() == conductor.state()) || !(restored->errors() == conductor.errors()))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto definition = Definition::parse(text, "fuzz.yaml");
  if (!definition) {
    (void)definition.error().to_string();
    return 0;
  }
  for (const InspectionError& error : inspect(**definition)) (void)to_json(error.to_value());
  const Picture picture = picture_of(**definition);
  (void)to_dot(picture);
  (void)to_svg(picture);
  run(*definition, size);
  return 0;
}
