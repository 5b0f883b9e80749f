// query/execution_view.h — what happened, in the shapes of StackStorm's API: executions with all that a
// reader needs inside them, trigger instances, rule enforcements, keys (spec 4.1, 7.2, 9.4).
//
//   ExecutionViews views(store, content, {.web_url = "https://host"});
//   MW_TRY(Value shown, views.view(record, ExecutionDetail::kWhole));
//
// Attributes that are null, false, 0, "" or empty are left out, as StackStorm leaves them out. An
// execution whose action is no longer there still has its reference, pack and name.
// Thread-safety: one thread uses an object (it keeps the shapes of actions and runners that it made).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "model/content.h"
#include "ports/store.h"
#include "query/content_view.h"
#include "value/value.h"

namespace midwatch {

struct ViewOptions {
  std::string web_url = "http://localhost:9100";  // what links begin with, without a slash at the end
  Secrets secrets = Secrets::kMasked;
};

// How much is fetched from the store for one execution.
enum class ExecutionDetail : std::uint8_t {
  kRecord,  // what the record itself holds
  kWhole,   // also its children's ids, its trigger instance and rule
};

class ExecutionViews {
 public:
  static constexpr std::uint32_t kChildrenMax = 1'000;  // ids shown
  static constexpr int kDescendantLevelsMax = 128;
  static constexpr std::size_t kDescendantsMax = 10'000;

  ExecutionViews(StoreReader& store, std::shared_ptr<const Content> content, ViewOptions options)
      : store_(store), content_(std::move(content)), options_(std::move(options)) {}

  [[nodiscard]] Result<Value> view(const Execution& record, ExecutionDetail detail);
  // An array of all executions below one, parents before children; `levels` < 0: all.
  [[nodiscard]] Result<Value> descendants(ObjectId parent, int levels);
  // An enforcement with its trigger instance and the essentials of its execution.
  [[nodiscard]] Result<Value> enforcement_overview(const RuleEnforcement& record);

 private:
  [[nodiscard]] Value action_of(const Execution& record);
  [[nodiscard]] Value runner_of(std::string_view name);
  Status add_origin(ObjectBuilder& out, const Execution& record);

  StoreReader& store_;
  std::shared_ptr<const Content> content_;
  ViewOptions options_;
  std::map<std::string, Value, std::less<>> actions_;
  std::map<std::string, Value, std::less<>> runners_;
};

[[nodiscard]] Value trigger_instance_view(const TriggerInstance& record);
[[nodiscard]] Value enforcement_view(const RuleEnforcement& record);
[[nodiscard]] Value key_view(const KeyValue& key);

}  // namespace midwatch
