// Starting, pausing, resuming, cancelling and repeating executions (spec 4.3, 4.9 and 4.10).
#include <algorithm>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "codec/json.h"
#include "query/execution_view.h"

namespace midwatch {
namespace {

// The header st2-context, merged over the context of the body.
Result<Value> requested_context(const Request& request, const Value& body) {
  Value context = body.get("context").is_object() ? body.get("context") : Value::object({});
  const std::string* header = request.header("st2-context");
  if (header == nullptr || header->empty()) return context;
  const auto given = parse_json(*header);
  if (!given || !given->is_object()) {
    return Error(Code::kInvalid, fmt::format("Unable to convert st2-context from the headers into JSON (was {}).",
                                             given ? python_type_name(*given) : std::string_view("not JSON")));
  }
  return merge_shallow(context, *given);
}

constexpr std::int64_t kDelayMillisecondsMax = 366LL * 86'400'000;

Result<Duration> requested_delay(const Value& body) {
  const Value delay = body.get("delay");
  if (delay.is_null()) return Duration(0);
  if (!delay.is_int() || delay.as_int() < 0 || delay.as_int() > kDelayMillisecondsMax) {
    return Error(Code::kInvalid, fmt::format("delay: expected milliseconds from 0 to {}", kDelayMillisecondsMax));
  }
  return Duration(std::chrono::milliseconds(delay.as_int()));
}

Result<ExecutionRequested> requested_execution(const ApiCall& call) {
  MW_TRY(const Value body, parse_object_body(call.request));
  const Value action = body.get("action");
  if (!action.is_string() || action.size() == 0) {
    return Error(Code::kInvalid, "'action' is a required property");
  }
  const Value parameters = body.get("parameters");
  if (!parameters.is_null() && !parameters.is_object()) {
    return Error(Code::kInvalid, fmt::format("parameters: expected an object, got: {}", python_type_name(parameters)));
  }
  MW_TRY(const Duration delay, requested_delay(body));
  MW_TRY(Value context, requested_context(call.request, body));
  const std::string user = body.get("user").text_or("");
  return ExecutionRequested{.action = action.to_text(),
                            .parameters = parameters,
                            .context = std::move(context),
                            .user = user.empty() ? call.identity.user : user,
                            .delay = delay};
}

// The stored form that the engine answers with, in the shape of the API.
Response shown(StoreReader* store, const std::shared_ptr<const Content>& content, const std::string& web_url,
               const Value& stored, int status) {
  auto record = execution_from_value(stored);
  if (!record) return fault(500, std::move(record).error().within("the engine's answer").to_string());
  ExecutionViews views(*store, content, {.web_url = web_url});
  const auto view =
      views.view(*record, ExecutionDetail::kRecord);  // without the store: this may be the engine's thread
  return view ? json_answer(*view, status) : fault(view.error());
}

void submit_execution(const ApiState& api, ExecutionRequested requested, Reply reply) {
  submit(api, std::move(requested), std::move(reply),
         [store = api.services.store, content = api.services.content(),
          web_url = api.options.web_url](Result<Value> said) {
           if (said) return shown(store, content, web_url, *said, 201);
           // An action that there is not is the request's mistake: 400, as the original has it.
           if (said.error().code == Code::kNotFound) return fault(400, said.error().to_string());
           return fault(said.error());
         });
}

std::string not_cancelable(ExecutionStatus status) {
  return fmt::format("Action cannot be canceled. State = {}.", to_string(status));
}

}  // namespace

void post_execution(const ApiState& api, ApiCall call, Reply reply) {
  auto requested = requested_execution(call);
  if (!requested) return reply(fault(requested.error()));
  submit_execution(api, std::move(*requested), std::move(reply));
}

void delete_execution(const ApiState& api, ApiCall call, Reply reply) {
  const std::string& id = call.arguments.at(0);
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return reply(fault(404, unknown_id_text(id)));
  auto record = api.services.store->execution(*parsed);
  if (!record) {
    return reply(record.error().code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(record.error()));
  }
  if (record->status == ExecutionStatus::kCanceled || record->status == ExecutionStatus::kCanceling) {
    return reply(shown(api.services.store, api.services.content(), api.options.web_url, to_value(*record), 200));
  }
  // The original answers 200 with a fault's text here; clients look for the text.
  if (!is_cancelable(record->status)) {
    Response refused = fault(400, not_cancelable(record->status));
    refused.status = 200;
    return reply(std::move(refused));
  }
  submit(api, CancelRequested{.execution = *parsed, .user = call.identity.user}, std::move(reply),
         [store = api.services.store, content = api.services.content(),
          web_url = api.options.web_url](Result<Value> said) {
           if (said) return shown(store, content, web_url, *said, 200);
           if (said.error().code != Code::kConflict) return fault(said.error());
           Response refused =
               fault(400, "Action cannot be canceled: it has ended.");  // between our look and the engine's
           refused.status = 200;
           return refused;
         });
}

namespace {

// Of PUT: what the body asks for.
Result<StatusRequested> requested_status(const ApiCall& call, ObjectId execution) {
  MW_TRY(const Value body, parse_object_body(call.request));
  for (const Value::Member& member : body.members()) {
    if (member.name() == "status" || member.name() == "result" || member.name() == "id") continue;
    return Error(Code::kInvalid,
                 fmt::format("Additional properties are not allowed ('{}' was unexpected)", member.name()));
  }
  const std::string text = body.get("status").text_or("");
  const auto status = execution_status(text);
  if (!status) return Error(Code::kInvalid, fmt::format("'{}' is not one of the statuses of an execution", text));
  return StatusRequested{
      .execution = execution, .status = *status, .result = body.get("result"), .user = call.identity.user};
}

std::vector<std::string> text_list(const Value& value) {
  std::vector<std::string> texts;
  for (const Value& element : value.elements()) texts.push_back(element.text_or(""));
  return texts;
}

// The executions of items whose results stay: of the original, and of what it repeated in turn.
Status add_items(const ApiState& api, const Execution& original, EarlierRun& earlier) {
  constexpr std::uint32_t kPage = 1'000;
  constexpr std::size_t kKeptItemsMax = 100'000;  // as many as a task can have
  Page<Execution> page;
  std::uint32_t offset = 0;
  do {
    MW_TRY(page,
           api.services.store->executions(
               {.parent = original.id},
               {.limit = kPage, .offset = offset, .ascending = true, .count_total = false, .large_results = true}));
    for (Execution& item : page.items) {
      const bool wanted = item.place && item.place->item && item.status == ExecutionStatus::kSucceeded &&
                          std::ranges::find(earlier.tasks, item.place->task) != earlier.tasks.end();
      if (wanted) earlier.items.push_back(std::move(item));
    }
    offset += kPage;
  } while (page.items.size() == kPage && earlier.items.size() < kKeptItemsMax);
  return {};
}

Result<std::shared_ptr<const EarlierRun>> earlier_run(const ApiState& api, const Execution& original,
                                                      std::vector<std::string> tasks, std::vector<std::string> reset) {
  auto earlier = std::make_shared<EarlierRun>();
  earlier->execution = original.id;
  earlier->completed = is_completed(original.status);
  earlier->tasks = std::move(tasks);
  earlier->reset = std::move(reset);
  if (!earlier->completed) return earlier;  // refused in the execution's result, as the original has it
  MW_TRY(std::vector<WorkflowDelta> deltas, api.services.store->deltas(original.id));
  for (WorkflowDelta& delta : deltas) earlier->journal.push_back(std::move(delta.delta));
  MW_CHECK(add_items(api, original, *earlier));
  return earlier;
}

Result<ExecutionRequested> requested_rerun(const ApiState& api, const ApiCall& call, const Execution& original) {
  MW_TRY(const Value body, parse_object_body(call.request));
  MW_TRY(const std::optional<bool> no_merge, boolean_argument(call.request, "no_merge"));
  const Value parameters = body.get("parameters");
  const std::vector<std::string> tasks = text_list(body.get("tasks"));
  const std::vector<std::string> reset = text_list(body.get("reset"));
  if ((!tasks.empty() || !reset.empty()) && parameters.size() != 0) {
    return Error(Code::kInvalid, "Parameters override is not supported when re-running task(s) for a workflow.");
  }
  const auto is_asked = [&](const std::string& task) { return std::ranges::find(tasks, task) != tasks.end(); };
  if (!std::ranges::all_of(reset, is_asked)) {
    return Error(Code::kInvalid, "List of tasks to reset does not match the tasks to rerun.");
  }
  if (!tasks.empty() && original.runner_type != "orquesta") {
    return Error(Code::kInvalid, "Task option is only supported for Orquesta workflows.");
  }
  MW_TRY(const Duration delay, requested_delay(body));
  ObjectBuilder again;
  again.set("ref", original.id.hex());
  again.set_if(!tasks.empty(), "tasks", body.get("tasks"));
  again.set_if(!reset.empty(), "reset", body.get("reset"));
  ObjectBuilder context;
  context.set("re-run", std::move(again).build());
  if (const Value* trace = original.context.find("trace_context")) context.set("trace_context", *trace);
  const std::string user = body.get("user").text_or("");
  ExecutionRequested requested{
      .action = original.action,
      .parameters = no_merge.value_or(false) ? parameters : merge_shallow(original.parameters, parameters),
      .context = std::move(context).build(),
      .user = user.empty() ? call.identity.user : user,
      .delay = delay};
  if (!tasks.empty()) {
    MW_TRY(requested.again, earlier_run(api, original, tasks, reset));
  }
  return requested;
}

}  // namespace

void put_execution(const ApiState& api, ApiCall call, Reply reply) {
  const std::string& id = call.arguments.at(0);
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return reply(fault(404, unknown_id_text(id)));
  auto requested = requested_status(call, *parsed);
  if (!requested) return reply(fault(requested.error()));
  auto record = api.services.store->execution(*parsed);
  if (!record) {
    return reply(record.error().code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(record.error()));
  }
  if (is_completed(record->status)) return reply(fault(400, "Execution is already in completed state."));
  submit(api, std::move(*requested), std::move(reply),
         [store = api.services.store, content = api.services.content(),
          web_url = api.options.web_url](Result<Value> said) {
           if (said) return shown(store, content, web_url, *said, 200);
           if (said.error().code == Code::kConflict) return fault(400, said.error().message);
           if (said.error().code != Code::kInvalid) return fault(said.error());
           return fault(400, "Failed updating execution. " + said.error().message);
         });
}

void re_run_execution(const ApiState& api, ApiCall call, Reply reply) {
  const std::string& id = call.arguments.at(0);
  const auto parsed = ObjectId::parse(id);
  auto record = parsed ? api.services.store->execution(*parsed) : Result<Execution>(parsed.error());
  if (!record) {
    const bool unknown = !parsed || record.error().code == Code::kNotFound;
    return reply(unknown ? fault(404, unknown_id_text(id)) : fault(record.error()));
  }
  auto requested = requested_rerun(api, call, *record);
  if (!requested) return reply(fault(requested.error()));
  submit_execution(api, std::move(*requested), std::move(reply));
}

}  // namespace midwatch
