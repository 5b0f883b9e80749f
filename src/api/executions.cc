// Reading executions (spec 9.3).
#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "codec/json.h"
#include "query/execution_view.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kListDefault = 100;

ViewOptions view_options(const ApiState& api, bool show_secrets) {
  return {.web_url = api.options.web_url, .secrets = show_secrets ? Secrets::kShown : Secrets::kMasked};
}

Result<bool> show_secrets(const Request& request) {
  MW_TRY(const std::optional<bool> shown, boolean_argument(request, "show_secrets"));
  return shown.value_or(false);
}

// By id, or the newest one for `last`.
Result<Execution> find_execution(const ApiState& api, const std::string& id) {
  if (id == "last") {
    MW_TRY(Page<Execution> page, api.services.store->executions({}, {.limit = 1, .count_total = false}));
    if (page.items.empty()) return Error(Code::kNotFound, "");
    return api.services.store->execution(page.items[0].id);
  }
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return Error(Code::kNotFound, "");
  return api.services.store->execution(*parsed);
}

Response execution_fault(const Error& error, const std::string& id) {
  return error.code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(error);
}

// Nothing can match: e.g. a status that there is not.
struct ExecutionQuery {
  ExecutionFilter filter;
  bool nothing = false;
};

Result<ExecutionQuery> execution_query(const Request& request) {
  MW_CHECK(refuse_filters(request, {"trigger_type", "trigger", "runner", "user", "timestamp"}));
  ExecutionQuery out;
  ExecutionFilter& filter = out.filter;
  filter.action = text_argument(request, "action");
  filter.rule = text_argument(request, "rule");
  if (const std::string status = text_argument(request, "status"); !status.empty()) {
    filter.status = execution_status(status);
    out.nothing = !filter.status;
  }
  if (text_argument(request, "parent") == "null") {
    filter.top_level_only = true;
  } else {
    MW_TRY(filter.parent, id_argument(request, "parent"));
  }
  MW_TRY(filter.trigger_instance, id_argument(request, "trigger_instance"));
  MW_TRY(filter.incident, id_argument(request, "incident"));
  MW_TRY(filter.after, time_argument(request, "timestamp_gt"));
  MW_TRY(filter.before, time_argument(request, "timestamp_lt"));
  // What the original calls the live action has the id of the execution here.
  MW_TRY(filter.ids, ids_argument(request, request.parameter("liveaction") != nullptr ? "liveaction" : "id"));
  return out;
}

Status check_exclusions(const AttributeSelection& attributes) {
  for (const std::string& name : attributes.exclude) {
    if (name == "result" || name == "trigger_instance" || name == "status") continue;
    return Error(Code::kInvalid,
                 fmt::format("the attribute \"{}\" cannot be excluded: only result, trigger_instance and "
                             "status can",
                             name));
  }
  return {};
}

// Which of the record's surroundings a list has to fetch.
ExecutionDetail detail_for(const AttributeSelection& attributes) {
  for (const char* name : {"children", "trigger_instance", "trigger", "trigger_type", "rule"}) {
    if (attributes.wants(name)) return ExecutionDetail::kWhole;
  }
  return ExecutionDetail::kRecord;
}

Result<Response> answer_list(const ApiState& api, const Request& request) {
  MW_TRY(const ListArguments list, list_arguments(request, kListDefault, "start_timestamp"));
  MW_CHECK(check_exclusions(list.attributes));
  MW_TRY(const ExecutionQuery query, execution_query(request));
  MW_TRY(const bool secrets, show_secrets(request));
  Page<Execution> page;
  if (!query.nothing) {
    MW_TRY(page, api.services.store->executions(query.filter, list.options()));
  }
  ExecutionViews views(*api.services.store, api.services.content(), view_options(api, secrets));
  const ExecutionDetail detail = detail_for(list.attributes);
  std::vector<Value> out;
  out.reserve(page.items.size());
  for (const Execution& record : page.items) {
    MW_TRY(const Value view, views.view(record, detail));
    out.push_back(select_attributes(view, list.attributes, {"id"}));
  }
  return list_answer(Value::array(std::move(out)),
                     {page.total, list.limited ? std::optional(list.limit) : std::nullopt});
}

Result<Response> answer_one(const ApiState& api, const Request& request, const std::string& id) {
  MW_TRY(const bool secrets, show_secrets(request));
  MW_TRY(const ListArguments list, list_arguments(request, std::nullopt));
  auto record = find_execution(api, id);
  if (!record) return execution_fault(record.error(), id);
  ExecutionViews views(*api.services.store, api.services.content(), view_options(api, secrets));
  MW_TRY(const Value view, views.view(*record, ExecutionDetail::kWhole));
  return json_answer(select_attributes(view, list.attributes, {"id"}));
}

Result<Response> answer_children(const ApiState& api, const Request& request, const std::string& id) {
  MW_TRY(const std::optional<std::int64_t> depth, integer_argument(request, "depth"));
  auto record = find_execution(api, id);
  if (!record) return execution_fault(record.error(), id);
  ExecutionViews views(*api.services.store, api.services.content(), view_options(api, false));
  const auto levels = static_cast<int>(std::clamp<std::int64_t>(depth.value_or(-1), -1, INT32_MAX));
  MW_TRY(const Value below, views.descendants(record->id, levels));
  return json_answer(below);
}

// The masked result of an execution, as the view has it; null where there is none.
Result<Value> shown_attribute(const ApiState& api, const Execution& record, std::string_view name) {
  ExecutionViews views(*api.services.store, api.services.content(), view_options(api, false));
  MW_TRY(const Value view, views.view(record, ExecutionDetail::kWhole));
  return view.get(name);
}

Result<Response> answer_result(const ApiState& api, const Request& request, const std::string& id) {
  MW_CHECK(refuse_filters(request, {"compress"}));
  MW_TRY(const std::optional<bool> download, boolean_argument(request, "download"));
  MW_TRY(const std::optional<bool> pretty, boolean_argument(request, "pretty_format"));
  auto record = find_execution(api, id);
  if (!record) return execution_fault(record.error(), id);
  MW_TRY(const Value result, shown_attribute(api, *record, "result"));
  Response out;
  out.content_type = "text/json";
  out.body = pretty.value_or(false) ? to_json_pretty(result, 4) : to_json(result);
  if (download.value_or(false)) {
    out.headers.push_back(
        {"Content-Disposition", fmt::format("attachment; filename=execution_{}_result.json", record->id.hex())});
  }
  return out;
}

// What actions wrote: of one that ended, its result; of one that runs, what is there by now.
std::string output_of(const ApiState& api, const Execution& record, const std::string& type) {
  std::string out;
  for (const char* stream : {"stdout", "stderr"}) {
    if (type == "all" || type == stream) out += record.result.get(stream).text_or("");
  }
  if (!is_completed(record.status) && api.services.live_output) out += api.services.live_output(record.id, type);
  return out;
}

Result<Response> answer_output(const ApiState& api, const Request& request, const std::string& id) {
  std::string type = text_argument(request, "output_type");
  if (type.empty()) type = "all";
  if (type != "all" && type != "stdout" && type != "stderr" && type != "output") {
    return Error(Code::kInvalid, fmt::format("unknown output_type \"{}\"; expected all, stdout or stderr", type));
  }
  auto record = find_execution(api, id);
  if (!record) return execution_fault(record.error(), id);
  Response out;
  out.content_type = "text/plain; charset=UTF-8";
  out.body = output_of(api, *record, type);
  return out;
}

Result<Response> answer_attribute(const ApiState& api, const std::string& id, const std::string& name) {
  if (name != "result" && name != "trigger_instance" && name != "status") {
    return Error(
        Code::kInvalid,
        fmt::format("Invalid attribute \"{}\" specified. Valid attributes are: result, trigger_instance, status",
                    name));
  }
  auto record = find_execution(api, id);
  if (!record) return execution_fault(record.error(), id);
  MW_TRY(const Value value, shown_attribute(api, *record, name));
  return json_answer(value);
}

void send(Result<Response> answer, Reply& reply) { reply(answer ? std::move(*answer) : fault(answer.error())); }

}  // namespace

void list_executions(const ApiState& api, ApiCall call, Reply reply) { send(answer_list(api, call.request), reply); }
void get_execution(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_one(api, call.request, call.arguments.at(0)), reply);
}
void get_execution_result(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_result(api, call.request, call.arguments.at(0)), reply);
}
void get_execution_output(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_output(api, call.request, call.arguments.at(0)), reply);
}
void get_execution_attribute(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_attribute(api, call.arguments.at(0), call.arguments.at(1)), reply);
}
void get_execution_children(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_children(api, call.request, call.arguments.at(0)), reply);
}

}  // namespace midwatch
