#include "action_chain/chain_definition.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "codec/yaml.h"

namespace midwatch {
namespace {

bool is_template(std::string_view text) { return text.find("{{") != text.npos || text.find("{%") != text.npos; }

constexpr std::string_view kChainKeys[] = {"chain", "default", "vars"};
constexpr std::string_view kTaskKeys[] = {"name",       "ref",        "params",  "parameters",
                                          "on-success", "on-failure", "publish", "notify"};

}  // namespace

class ChainParser {
 public:
  ChainParser(ChainDefinition& definition, std::string_view file) : definition_(definition), file_(file) {}

  std::vector<Error> parse(std::string_view text) {
    const auto root = parse_yaml(text, file_);
    if (!root) return {root.error()};
    if (!root->is_mapping()) {
      wrong(*root, fmt::format("expected a mapping with 'chain', found {}", root->kind_text()));
      return std::move(errors_);
    }
    refuse_unknown(*root, kChainKeys);
    const YamlNode* chain = root->find("chain");
    if (chain == nullptr) wrong(*root, "'chain' is a required property");
    else if (!chain->is_sequence()) wrong(*chain, fmt::format("chain: expected a list, found {}", chain->kind_text()));
    else if (chain->items.size() > kChainTasksMax) wrong(*chain, fmt::format("more than {} tasks", kChainTasksMax));
    else
      for (const YamlNode& item : chain->items) parse_task(item);
    if (const YamlNode* vars = root->find("vars"); vars != nullptr) definition_.vars_ = mapping(*vars, "vars");
    check_names(*root);
    return std::move(errors_);
  }

 private:
  void wrong(const YamlNode& at, std::string text) {
    Error error(Code::kInvalid, std::move(text));
    error.where = at.where(file_);
    errors_.push_back(std::move(error));
  }

  template <std::size_t kCount>
  void refuse_unknown(const YamlNode& node, const std::string_view (&known)[kCount]) {
    for (const YamlPair& pair : node.pairs) {
      if (std::ranges::find(known, pair.key.text) != std::end(known)) continue;
      wrong(pair.key,
            fmt::format("Additional properties are not allowed ('{}' was unexpected)", pair.key.text.substr(0, 128)));
    }
  }

  Value mapping(const YamlNode& node, std::string_view what) {
    if (node.is_mapping()) return node.to_value();
    if (!node.is_null()) wrong(node, fmt::format("{}: expected a mapping, found {}", what, node.kind_text()));
    return Value::object({});
  }

  std::string text_of(const YamlNode& task, std::string_view key, bool required) {
    const YamlNode* node = task.find(key);
    if (node == nullptr || node->is_null()) {
      if (required) wrong(node == nullptr ? task : *node, fmt::format("'{}' is a required property", key));
      return "";
    }
    if (!node->is_scalar() || !node->scalar.is_string()) {
      wrong(*node, fmt::format("{}: expected a text, found {}", key, node->kind_text()));
      return "";
    }
    return node->scalar.to_text();
  }

  void parse_task(const YamlNode& node) {
    if (!node.is_mapping()) return wrong(node, fmt::format("chain: expected a mapping, found {}", node.kind_text()));
    refuse_unknown(node, kTaskKeys);
    ChainTask task;
    task.where = node.where(file_);
    task.name = text_of(node, "name", true);
    task.ref = text_of(node, "ref", true);
    task.on_success = text_of(node, "on-success", false);
    task.on_failure = text_of(node, "on-failure", false);
    const YamlNode* params = node.find("params");
    const YamlNode* parameters = node.find("parameters");
    if (params != nullptr && parameters != nullptr) {
      wrong(*parameters, "either \"params\" or \"parameters\" attribute needs to be provided, but not both");
    }
    const YamlNode* given = params != nullptr ? params : parameters;
    task.parameters = given == nullptr ? Value::object({}) : mapping(*given, "parameters");
    const YamlNode* publish = node.find("publish");
    task.publish = publish == nullptr ? Value::object({}) : mapping(*publish, "publish");
    if (const YamlNode* notify = node.find("notify"); notify != nullptr) task.notify = notify->to_value();
    const auto [at, added] = definition_.by_name_.try_emplace(task.name, definition_.tasks_.size());
    if (!added && !task.name.empty()) wrong(node, fmt::format("the task \"{}\" comes twice", task.name));
    definition_.tasks_.push_back(std::move(task));
  }

  [[nodiscard]] bool is_known(const std::string& name) const {
    return name.empty() || is_template(name) || definition_.by_name_.contains(name);
  }

  void check_names(const YamlNode& root) {
    std::set<std::string> reached;
    for (const ChainTask& task : definition_.tasks_) {
      for (const auto& [key, name] : {std::pair("on-success", &task.on_success), {"on-failure", &task.on_failure}}) {
        reached.insert(*name);
        if (is_known(*name)) continue;
        Error error(Code::kInvalid,
                    fmt::format("Unable to find node with name \"{}\" referenced in \"{}\" in task \"{}\".", *name, key,
                                task.name));
        error.where = task.where;
        errors_.push_back(std::move(error));
      }
    }
    if (const YamlNode* start = root.find("default"); start != nullptr && !start->is_null()) {
      definition_.start_ = text_of(root, "default", false);
      if (!is_known(definition_.start_)) {
        wrong(*start,
              fmt::format("Unable to find node with name \"{}\" referenced in \"default\".", definition_.start_));
      }
    }
    if (!definition_.start_.empty()) return;
    // "The first node with no references is the default node."
    const auto first =
        std::ranges::find_if(definition_.tasks_, [&](const ChainTask& task) { return !reached.contains(task.name); });
    if (first != definition_.tasks_.end()) definition_.start_ = first->name;
    else if (!definition_.tasks_.empty()) definition_.start_ = definition_.tasks_.front().name;
  }

  ChainDefinition& definition_;
  std::string file_;
  std::vector<Error> errors_;
};

Value ChainTask::to_value() const {
  return Value::object({{"name", name},
                        {"ref", ref},
                        {"params", parameters},
                        {"on_success", on_success},
                        {"on_failure", on_failure},
                        {"publish", publish},
                        {"notify", notify.is_null() ? Value::object({}) : notify}});
}

Result<std::shared_ptr<const ChainDefinition>> ChainDefinition::parse(std::string_view text, std::string_view file) {
  auto definition = std::make_shared<ChainDefinition>();
  std::vector<Error> errors = ChainParser(*definition, file).parse(text);
  if (!errors.empty()) return std::move(errors.front());
  return std::shared_ptr<const ChainDefinition>(std::move(definition));
}

std::vector<Error> ChainDefinition::check(std::string_view text, std::string_view file) {
  ChainDefinition definition;
  return ChainParser(definition, file).parse(text);
}

const ChainTask* ChainDefinition::task(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : &tasks_[found->second];
}

}  // namespace midwatch
