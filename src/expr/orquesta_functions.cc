// Orquesta's functions over the workflow, and the datastore.
#include "expr/python_codec.h"
#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"
#include "expr/st2_functions.h"

namespace midwatch {

namespace {

Failure evaluation_error(ErrorKind kind, std::string message) {
  return {kind, "ExpressionEvaluationException", std::move(message)};
}

// ctx(), ctx(name): variables whose names begin with "__" are the conductor's own.
Outcome<Datum> ctx(Call& call) {
  const Scope& scope = call.evaluation.scope;
  if (!call.has(0) || !truthy(call.args[0])) {
    const Value all = scope.all();
    bool hidden = false;
    for (const Value::Member& member : all.members()) hidden = hidden || member.name().starts_with("__");
    if (!hidden) return Datum(all);
    ObjectBuilder shown;
    for (const Value::Member& member : all.members()) {
      if (!member.name().starts_with("__")) shown.set(member.key, member.value);
    }
    return Datum(std::move(shown).build());
  }
  MW_TRY(const std::string key, py_str(call.evaluation, call.args[0]));
  const Value* found = scope.find(key);
  // What the conductor keeps beside the variables is there, but not for expressions.
  const bool internal =
      call.evaluation.workflow != nullptr && (key == "__state" || key == "__current_task" || key == "__current_item");
  if (found == nullptr && !internal) {
    return Failure(ErrorKind::kUndefined, "VariableUndefinedError", "The variable \"" + key + "\" is undefined.");
  }
  if (key.starts_with("__")) {
    return other_error("VariableInaccessibleError",
                       "The variable \"" + key + "\" is for internal use and inaccessible.");
  }
  return Datum(*found);
}

Outcome<const WorkflowFunctions*> workflow(Call& call) {
  if (call.evaluation.workflow == nullptr) {
    return evaluation_error(ErrorKind::kUndefined,
                            std::string(call.name) + "() has a meaning only inside of a workflow");
  }
  return call.evaluation.workflow;
}

Outcome<Value> current_task(Call& call) {
  MW_TRY(const WorkflowFunctions* functions, workflow(call));
  auto task = functions->current_task();
  if (!task) return evaluation_error(ErrorKind::kUndefined, "The current task is not set in the context.");
  return std::move(*task);
}

Outcome<Datum> item(Call& call) {
  MW_TRY(const WorkflowFunctions* functions, workflow(call));
  const auto current = functions->current_item();
  if (!call.has(0) || call.args[0].is_none()) return current ? Datum(*current) : Datum();
  if (!current || !current->is_object()) {
    return evaluation_error(ErrorKind::kType, "Item is not type of collections.abc.Mapping.");
  }
  MW_TRY(const std::string key, py_str(call.evaluation, call.args[0]));
  const Value* member = current->find(key);
  if (member == nullptr) return evaluation_error(ErrorKind::kUndefined, "Item does not have key \"" + key + "\".");
  return Datum(*member);
}

Outcome<std::optional<std::int64_t>> route_argument(Call& call, std::size_t index) {
  if (!call.has(index) || call.args[index].is_none()) return std::optional<std::int64_t>();
  MW_TRY(const std::int64_t route, int_argument(call.args[index]));
  return std::optional<std::int64_t>(route);
}

Outcome<std::optional<std::string>> current_status(Call& call) {
  MW_TRY(const Value task, current_task(call));
  return call.evaluation.workflow->task_status(task.get("id").text_or(""), task.get("route").int_or(0));
}

Outcome<Datum> task_status(Call& call) {
  MW_TRY(const WorkflowFunctions* functions, workflow(call));
  MW_TRY(const std::string task, py_str(call.evaluation, call.args[0]));
  MW_TRY(const auto route, route_argument(call, 1));
  const auto status = functions->task_status(task, route);
  return Datum(std::string_view(status && !status->empty() ? *status : "null"));
}

Outcome<Datum> succeeded(Call& call) {
  MW_TRY(const auto status, current_status(call));
  return Datum(status == "succeeded");
}
Outcome<Datum> failed(Call& call) {
  MW_TRY(const auto status, current_status(call));
  return Datum(status == "failed");
}
Outcome<Datum> completed(Call& call) {
  MW_TRY(const auto status, current_status(call));
  return Datum(status == "succeeded" || status == "failed" || status == "timeout" || status == "abandoned" ||
               status == "canceled");
}

Outcome<Datum> result(Call& call) {
  MW_TRY(const Value task, current_task(call));
  return Datum(task.get("result"));
}

Outcome<Datum> task(Call& call) {
  MW_TRY(const WorkflowFunctions* functions, workflow(call));
  std::string name;
  MW_TRY(auto route, route_argument(call, 1));
  if (call.has(0) && !call.args[0].is_none()) {
    MW_TRY(name, py_str(call.evaluation, call.args[0]));
  } else {
    MW_TRY(const Value current, current_task(call));
    name = current.get("id").text_or("");
    if (!route) route = current.get("route").int_or(0);
  }
  auto record = functions->task_record(name, route);
  if (!record) return evaluation_error(ErrorKind::kUndefined, "Unable to find task execution for \"" + name + "\".");
  return Datum(std::move(*record));
}

Outcome<Datum> json(Call& call) {
  const Datum& value = call.args[0];
  MW_CHECK(require_defined(value));
  if (value.is_dict()) return value;
  if (!value.is_string()) return type_error("Given object is not typeof string or dict.");
  return json_from_text(value.text());
}

Outcome<Datum> zip(Call& call) {
  Datum pad;
  for (auto& [name, value] : call.named) {
    if (name != "pad") return type_error("zip() got an unexpected keyword argument '" + name + "'");
    pad = value;
  }
  if (call.rest.empty()) return make_list({});
  if (call.rest.size() == 1 && !call.rest[0].is_none()) return call.rest[0];
  std::vector<std::vector<Datum>> columns;
  std::size_t longest = 0;
  for (const Datum& column : call.rest) {
    if (column.is_none()) {
      if (call.rest.size() == 1) return make_list({});
      columns.emplace_back();
      continue;
    }
    MW_TRY(std::vector<Datum> items, py_items(call.evaluation, column));
    longest = std::max(longest, items.size());
    columns.push_back(std::move(items));
  }
  std::vector<Datum> rows;
  for (std::size_t i = 0; i < longest; ++i) {
    std::vector<Datum> row;
    for (const auto& column : columns) row.push_back(i < column.size() ? column[i] : pad);
    rows.push_back(make_tuple(std::move(row)));
  }
  return charged_list(call.evaluation, std::move(rows));
}

Outcome<Datum> st2kv(Call& call) {
  MW_TRY(const std::string_view key, text_argument(call.args[0], "Given key is not typeof string"));
  if (call.has(1) && !call.args[1].is_bool()) return type_error("Decrypt parameter is not typeof bool.");
  const bool decrypt = call.has(1) && truthy(call.args[1]);
  std::string user = call.evaluation.user;
  if (user.empty()) {
    const Value* st2 = call.evaluation.scope.find("st2");
    if (st2 != nullptr) user = st2->get("user").text_or("");
    if (user.empty()) return Failure(ErrorKind::kUndefined, "KeyError", "Could not get user from context.");
  }
  Datastore::Owner owner = Datastore::Owner::kUser;
  std::string_view name = key;
  if (key.starts_with("system.")) {
    owner = Datastore::Owner::kSystem;
    name.remove_prefix(7);
  } else if (key.starts_with("user.")) {
    name.remove_prefix(5);
  }
  if (call.evaluation.datastore != nullptr) {
    auto found = call.evaluation.datastore->get(owner, user, name, decrypt);
    if (!found) return evaluation_error(ErrorKind::kValue, found.error().to_string());
    if (*found) return Datum(std::string_view(**found));
  }
  if (call.has(2)) return call.args[2];
  return evaluation_error(ErrorKind::kUndefined,
                          "The key \"" + std::string(key) + "\" does not exist in the StackStorm datastore.");
}

constexpr NativeEntry kEntries[] = {
    {"ctx", "key=", &ctx},
    {"item", "key=", &item},
    {"task_status", "task_id, route=", &task_status},
    {"succeeded", "", &succeeded},
    {"failed", "", &failed},
    {"completed", "", &completed},
    {"result", "", &result},
    {"task", "task_id=, route=", &task},
    {"json", "value", &json},
    {"zip", "*args, **kwargs", &zip},
    {"st2kv", "key, decrypt=, default=", &st2kv},
};

}  // namespace

void add_orquesta_functions(FunctionTable& table) {
  add_st2_functions(table);
  table.add(kEntries);
  constexpr std::pair<std::string_view, std::string_view> kAliases[] = {{"json_dump", "to_json_string"},
                                                                        {"json_parse", "from_json_string"},
                                                                        {"yaml_dump", "to_yaml_string"},
                                                                        {"yaml_parse", "from_yaml_string"}};
  for (const auto& [alias, name] : kAliases) table.alias(alias, name);
}

}  // namespace midwatch
