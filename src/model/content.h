// model/content.h — the nouns that packs are made of (spec chapter 1), and the immutable set of all of
// them that is in force.
//
// A Pack is made by parse_pack (model/pack_parser.h) from the texts of its files; Content holds the
// packs of a running engine and finds things by reference. Both are immutable and shared: a reload
// makes a new Content and swaps the pointer.
//
// Thread-safety: immutable after construction. Cost of a look-up: O(log n) or better.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

// An action (spec 1.6).
struct Action {
  std::string pack;
  std::string name;
  std::string description;
  bool enabled = true;
  std::string runner_type;
  std::string entry_point;  // as written; relative to <pack>/actions
  Value parameters;         // object: name → schema (spec 1.7); {} when none
  Value output_schema;      // object or null
  Value notify;
  Value tags;                 // array
  std::string metadata_file;  // relative to the pack
  bool idempotent = false;    // ours: an attempt that was cut off may be started again
  Location where;

  [[nodiscard]] std::string ref() const { return pack + "." + name; }
};

// One line of a rule's criteria: `trigger.load: {type: gt, pattern: 0.9}` (spec 2.3).
struct Criterion {
  std::string key;  // as written, with a '#' suffix if there is one
  std::string op;   // the operator's name, as written
  Value pattern;
  std::string condition;  // of `search`
  Location where;
};

// Ours: at most `count` runs for one value of `key` within `window`; the rule's action is denied
// beyond that. An empty key denies: an unset target is never "everything".
struct MaxRunsGuard {
  std::uint32_t count = 1;
  Duration window{};
  std::string key;  // a Jinja template over the trigger, e.g. "{{ trigger.labels.service }}"
};

// A rule (spec 1.11).
struct Rule {
  enum class Type : std::uint8_t { kStandard, kBackstop };
  std::string pack;
  std::string name;
  std::string description;
  bool enabled = false;
  Type type = Type::kStandard;
  std::string trigger;       // reference of the trigger type
  Value trigger_parameters;  // object
  std::vector<Criterion> criteria;
  std::string action;       // reference
  Value action_parameters;  // object; texts in it are Jinja templates
  Value context;
  Value tags;
  std::optional<MaxRunsGuard> max_runs;  // key `guards: {max_runs: {count, window, key}}`
  std::string metadata_file;
  Location where;

  [[nodiscard]] std::string ref() const { return pack + "." + name; }
};

// A trigger type (spec 1.9).
struct TriggerType {
  std::string pack;
  std::string name;
  std::string description;
  Value payload_schema;
  Value parameters_schema;
  Value tags;
  std::string metadata_file;
  Location where;

  [[nodiscard]] std::string ref() const { return pack + "." + name; }
};

// A detector: what is normal for a series, and when it is not. `definition` is checked and compiled by
// detect/, which is a layer above.
struct Detector {
  std::string pack;
  std::string name;
  std::string description;
  bool enabled = true;
  Value definition;  // the whole mapping as written, without `pack`
  std::string metadata_file;
  Location where;

  [[nodiscard]] std::string ref() const { return pack + "." + name; }
};

// The text of a file of a pack that a layer above compiles (workflow definitions).
struct SourceText {
  std::string path;  // relative to the pack, e.g. "actions/workflows/repair.yaml"
  std::string text;
};

struct Pack {
  std::string ref;
  std::string name;
  std::string description;
  std::string version;
  std::string author;
  std::string email;
  Value manifest;    // pack.yaml as written, for what the API shows
  std::string path;  // absolute directory
  std::vector<Action> actions;
  std::vector<Rule> rules;
  std::vector<TriggerType> trigger_types;
  std::vector<Detector> detectors;
  Value scrape_configs;               // array of scrape.yaml's `scrape_configs`, Prometheus' form; null when none
  Value config_schema;                // object or null
  Value config;                       // values of configs/<pack>.yaml with defaults filled in; {} when none
  std::vector<SourceText> workflows;  // of runner orquesta
  std::vector<SourceText> chains;     // of runner action-chain
  std::vector<std::string> files;

  // The text of the definition of an action that is a workflow or a chain, or null.
  [[nodiscard]] const SourceText* workflow_of(const Action& action) const;
};

// Everything in force at one moment.
class Content {
 public:
  // A pack that comes twice, or two things of one kind and name in it, are refused.
  static Result<std::shared_ptr<const Content>> make(std::vector<std::shared_ptr<const Pack>> packs);

  [[nodiscard]] std::span<const std::shared_ptr<const Pack>> packs() const { return packs_; }
  [[nodiscard]] const Pack* pack(std::string_view ref) const;
  [[nodiscard]] const Action* action(std::string_view ref) const;
  [[nodiscard]] const Rule* rule(std::string_view ref) const;
  [[nodiscard]] const TriggerType* trigger_type(std::string_view ref) const;
  [[nodiscard]] const std::vector<const Action*>& actions() const { return actions_; }  // by ref
  [[nodiscard]] const std::vector<const Rule*>& rules() const { return rules_; }        // by ref
  [[nodiscard]] const std::vector<const TriggerType*>& trigger_types() const { return trigger_types_; }
  [[nodiscard]] const std::vector<const Detector*>& detectors() const { return detectors_; }
  // Rules of type core.st2.webhook by their `url` parameter, without leading or trailing slash.
  [[nodiscard]] bool has_webhook(std::string_view url) const;

  // A digest of all rules: the same rules have the same version, on every machine. It is stored with
  // each trigger instance, so that "why" can be answered with what was in force then.
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  Content() = default;
  std::vector<std::shared_ptr<const Pack>> packs_;
  std::unordered_map<std::string_view, const Pack*> pack_by_ref_;
  std::unordered_map<std::string, const Action*> action_by_ref_;
  std::unordered_map<std::string, const Rule*> rule_by_ref_;
  std::unordered_map<std::string, const TriggerType*> trigger_type_by_ref_;
  std::vector<const Action*> actions_;
  std::vector<const Rule*> rules_;
  std::vector<const TriggerType*> trigger_types_;
  std::vector<const Detector*> detectors_;
  std::vector<std::string> webhooks_;  // sorted
  std::string version_;
};

// The texts that rules and actions are stored and shown as; API shapes of spec 9.4 without the ids.
[[nodiscard]] Value to_value(const Rule& rule);
[[nodiscard]] Result<Rule> rule_from_value(const Value& value);
[[nodiscard]] Value to_value(const Action& action);
[[nodiscard]] Value to_value(const TriggerType& type);
[[nodiscard]] Value to_value(const Pack& pack);

}  // namespace midwatch
