#include "workflow/definition.h"

#include <algorithm>
#include <utility>

#include "workflow/graph.h"
#include "workflow/inline_parameters.h"

namespace midwatch {
namespace {

constexpr std::string_view kNotMapping = "The spec is not type of json or yaml.";  // the reference's words
constexpr std::string_view kNothing = "The spec cannot be type of None.";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\f\v");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

// Python's truth of a node: absent, null, false, 0, "" and empty collections are nothing.
bool is_given(const YamlNode* node) {
  if (node == nullptr) return false;
  if (node->is_scalar()) return node->scalar.truthy();
  return !node->items.empty() || !node->pairs.empty();
}

bool is_text(const YamlNode& node) { return node.is_scalar() && node.scalar.is_string(); }

bool is_task_name(const YamlNode& key) {
  if (!is_text(key) || key.text.empty()) return false;
  return std::ranges::all_of(key.text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<signed char>(c) < 0;
  });
}

// `with: text` means `with: {items: text}`.
void write_out_shorthand(YamlNode& root) {
  for (YamlPair& member : root.pairs) {
    if (member.key.text != "tasks") continue;
    for (YamlPair& task : member.value.pairs) {
      for (YamlPair& part : task.value.pairs) {
        if (part.key.text != "with" || !is_text(part.value)) continue;
        YamlNode items = std::move(part.value);
        YamlNode key;
        key.text = "items";
        key.scalar = Value("items");
        key.line = items.line;
        key.column = items.column;
        part.value = YamlNode{};
        part.value.kind = YamlNode::Kind::kMapping;
        part.value.line = items.line;
        part.value.column = items.column;
        part.value.pairs.push_back({std::move(key), std::move(items)});
      }
    }
  }
}

}  // namespace

bool is_engine_command(std::string_view task_name) {
  return task_name == "continue" || task_name == "fail" || task_name == "noop" || task_name == "retry";
}

// Reads the tree into a Definition. Parts of the wrong type are left out (inspection reports them), but for
// those without which there is no workflow to inspect.
class DefinitionParser {
 public:
  explicit DefinitionParser(Definition& definition) : definition_(definition) {}

  [[nodiscard]] Status parse() {
    const YamlNode& root = definition_.root_;
    if (!is_given(&root)) return refuse(root, std::string(kNothing), "write at least `tasks:`");
    if (!root.is_mapping()) return refuse(root, std::string(kNotMapping));
    definition_.inputs_ = assignments(root.find("input"));
    definition_.vars_ = assignments(root.find("vars"));
    definition_.outputs_ = assignments(root.find("output"));
    const YamlNode* const tasks = root.find("tasks");
    if (!is_given(tasks)) return {};
    if (!tasks->is_mapping()) return refuse(*tasks, std::string(kNotMapping), "`tasks` maps names to tasks");
    if (tasks->pairs.size() > kWorkflowTasksMax) {
      return Error(Code::kLimit,
                   "the workflow has " + std::to_string(tasks->pairs.size()) + " tasks; at most " +
                       std::to_string(kWorkflowTasksMax) + " are allowed",
                   place(*tasks));
    }
    definition_.tasks_.reserve(tasks->pairs.size());
    for (const YamlPair& pair : tasks->pairs) {
      MW_CHECK(parse_task(pair));
    }
    return {};
  }

 private:
  Location place(const YamlNode& node) const { return node.where(definition_.file_); }
  Error refuse(const YamlNode& node, std::string message, std::string hint = {}) const {
    return Error(Code::kInvalid, std::move(message), place(node), std::move(hint));
  }

  static std::optional<Expression> expression(const YamlNode* node) {
    if (node == nullptr || node->is_null()) return std::nullopt;
    return Expression(node->to_value());
  }

  // A list of names and one-key mappings.
  std::vector<Assignment> assignments(const YamlNode* list) const {
    std::vector<Assignment> result;
    if (list == nullptr) return result;
    for (const YamlNode& entry : list->items) {
      if (is_text(entry)) {
        result.push_back({entry.text, Expression(), place(entry)});
      } else if (entry.is_mapping() && !entry.pairs.empty()) {
        const YamlPair& pair = entry.pairs.front();
        result.push_back({pair.key.text, Expression(pair.value.to_value()), place(pair.value)});
      }
    }
    return result;
  }

  Status parse_task(const YamlPair& pair) {
    if (!is_task_name(pair.key)) {
      return refuse(pair.key, "task name '" + pair.key.text + "' is none: letters, digits and _ are allowed");
    }
    const YamlNode& node = pair.value;
    if (node.is_null()) return refuse(node, "task '" + pair.key.text + "' is empty", "a mapping is expected");
    if (!node.is_mapping()) return refuse(node, std::string(kNotMapping), "a task is a mapping");
    TaskSpec task;
    task.name = pair.key.text;
    task.where = place(pair.key);
    MW_CHECK(parse_action(node, task));
    MW_CHECK(parse_with(node, task));
    MW_CHECK(parse_retry(node, task));
    task.delay = expression(node.find("delay"));
    if (const YamlNode* join = node.find("join"); join != nullptr && join->is_scalar()) {
      task.join_all = is_text(*join) && join->text == "all";
      if (join->scalar.is_int() && join->scalar.as_int() >= 0) task.join_count = join->scalar.as_int();
    }
    MW_CHECK(parse_next(node, task));
    definition_.tasks_.push_back(std::move(task));
    return {};
  }

  // Inline parameters replace `input` altogether; the action is the text before the first blank.
  Status parse_action(const YamlNode& node, TaskSpec& task) {
    task.input = expression(node.find("input"));
    const YamlNode* const action = node.find("action");
    if (action == nullptr || !is_text(*action) || action->text.empty()) return {};
    std::vector<Value::Member> inline_input;
    for (auto& [name, value] : parse_inline_parameters(action->text)) inline_input.emplace_back(name, std::move(value));
    if (inline_input.empty()) {
      task.action = Expression(action->scalar);
      return {};
    }
    const std::size_t blank = action->text.find(' ');
    if (blank == std::string::npos) {
      return refuse(*action, "no action before the inline parameters", "write `pack.action name=value`");
    }
    task.action = Expression(Value(std::string_view(action->text).substr(0, blank)));
    task.input = Expression(Value::object(std::move(inline_input)));
    return {};
  }

  Status parse_with(const YamlNode& node, TaskSpec& task) {
    const YamlNode* const with = node.find("with");
    if (!is_given(with)) return {};
    if (!with->is_mapping()) {
      return refuse(*with, "`with` is " + std::string(with->kind_text()) + "; a text or a mapping is expected");
    }
    const YamlNode* const items = with->find("items");
    if (items == nullptr || !is_text(*items)) return {};
    WithItems parsed;
    parsed.text = items->text;
    const std::size_t in = items->text.find(" in ");
    const std::string_view text = items->text;
    parsed.items_text = std::string(trim(in == std::string::npos ? text : text.substr(in + 4)));
    if (in != std::string::npos) {
      std::string name;
      for (const char c : text.substr(0, in)) {
        if (c == ',') parsed.names.push_back(std::exchange(name, {}));
        else if (c != ' ') name.push_back(c);
      }
      parsed.names.push_back(std::move(name));
    }
    parsed.items = Expression(Value(parsed.items_text));
    parsed.concurrency = expression(with->find("concurrency"));
    task.with = std::move(parsed);
    return {};
  }

  Status parse_retry(const YamlNode& node, TaskSpec& task) {
    const YamlNode* const retry = node.find("retry");
    if (!is_given(retry)) return {};
    if (!retry->is_mapping()) return refuse(*retry, std::string(kNotMapping), "`retry` is a mapping with a `count`");
    const YamlNode* const count = retry->find("count");
    if (count == nullptr) return {};
    task.retry =
        RetryPolicy{expression(retry->find("when")), Expression(count->to_value()), expression(retry->find("delay"))};
    return {};
  }

  Status parse_next(const YamlNode& node, TaskSpec& task) {
    const YamlNode* const next = node.find("next");
    if (!is_given(next)) return {};
    if (next->is_mapping()) return refuse(*next, "The spec is not type of list.", "`next` is a list: write `- do: …`");
    if (!next->is_sequence()) return refuse(*next, std::string(kNotMapping), "`next` is a list: write `- do: …`");
    for (const YamlNode& entry : next->items) {
      if (!is_given(&entry))
        return refuse(entry, std::string(kNothing), "an entry of `next` needs `when`, `publish` or `do`");
      if (!entry.is_mapping()) return refuse(entry, std::string(kNotMapping), "an entry of `next` is a mapping");
      TaskTransition transition;
      transition.where = place(entry);
      if (const YamlNode* when = entry.find("when"); is_given(when)) transition.when = expression(when);
      MW_CHECK(parse_publish(entry, transition));
      MW_CHECK(parse_targets(entry, transition));
      transition_count_ += transition.targets.size();
      if (transition_count_ > kWorkflowTransitionsMax) {
        return Error(Code::kLimit,
                     "the workflow has more than " + std::to_string(kWorkflowTransitionsMax) + " transitions",
                     place(entry));
      }
      task.next.push_back(std::move(transition));
    }
    return {};
  }

  Status parse_publish(const YamlNode& entry, TaskTransition& transition) {
    const YamlNode* const publish = entry.find("publish");
    if (publish == nullptr) return {};
    if (is_text(*publish)) {
      for (auto& [name, value] : parse_inline_parameters(publish->text)) {
        transition.publish.push_back({name, Expression(std::move(value)), place(*publish)});
      }
      return {};
    }
    for (const YamlNode& assignment : publish->items) {
      if (!assignment.is_mapping() || assignment.pairs.empty()) continue;
      const YamlPair& pair = assignment.pairs.front();
      if (!pair.key.scalar.is_string())
        return refuse(pair.key, "a published name must be a text, not " + pair.key.text);
      transition.publish.push_back({pair.key.text, Expression(pair.value.to_value()), place(pair.value)});
    }
    return {};
  }

  Status parse_targets(const YamlNode& entry, TaskTransition& transition) {
    const YamlNode* const targets = entry.find("do");
    if (!is_given(targets)) {
      transition.targets.emplace_back("continue");
      return {};
    }
    if (is_text(*targets)) {
      std::string_view rest = targets->text;
      while (true) {
        const std::size_t comma = rest.find(',');
        transition.targets.emplace_back(trim(rest.substr(0, comma)));
        if (comma == std::string_view::npos) return {};
        rest.remove_prefix(comma + 1);
      }
    }
    for (const YamlPair& pair : targets->pairs) transition.targets.push_back(pair.key.text);
    for (const YamlNode& target : targets->items) transition.targets.push_back(target.text);
    if (!transition.targets.empty()) return {};
    return refuse(*targets, "`do` is " + targets->text, "a task's name or a list of names is expected");
  }

  Definition& definition_;
  std::size_t transition_count_ = 0;
};

Definition::Definition() = default;
Definition::~Definition() = default;

Result<std::shared_ptr<const Definition>> Definition::parse(std::string_view text, std::string_view file) {
  YamlLimits limits;
  limits.bytes_max = kWorkflowTextBytesMax;
  Result<YamlNode> root = parse_yaml(text, file, limits);
  if (!root) return std::move(root.error()).within("Failed to load workflow definition because");
  const std::shared_ptr<Definition> definition(new Definition);
  definition->file_ = std::string(file);
  definition->root_ = std::move(*root);
  write_out_shorthand(definition->root_);
  MW_CHECK(DefinitionParser(*definition).parse());
  for (std::size_t i = 0; i < definition->tasks_.size(); ++i) {
    definition->task_by_name_.emplace(definition->tasks_[i].name, i);
  }
  definition->graph_ = std::make_unique<const Graph>(definition->tasks_, definition->undefined_targets_);
  return std::shared_ptr<const Definition>(definition);
}

const TaskSpec* Definition::task(std::string_view name) const {
  const auto found = task_by_name_.find(name);
  return found == task_by_name_.end() ? nullptr : &tasks_[found->second];
}

}  // namespace midwatch
