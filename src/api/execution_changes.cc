// Starting and cancelling executions (spec 4.3 and 4.9).
#include <fmt/core.h>

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
  if (body.get("delay").truthy()) return Error(Code::kInvalid, "delay is not available here");
  MW_TRY(Value context, requested_context(call.request, body));
  const std::string user = body.get("user").text_or("");
  return ExecutionRequested{.action = action.to_text(),
                            .parameters = parameters,
                            .context = std::move(context),
                            .user = user.empty() ? call.identity.user : user};
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

std::string not_cancelable(ExecutionStatus status) {
  return fmt::format("Action cannot be canceled. State = {}.", to_string(status));
}

}  // namespace

void post_execution(const ApiState& api, ApiCall call, Reply reply) {
  auto requested = requested_execution(call);
  if (!requested) return reply(fault(requested.error()));
  submit(api, std::move(*requested), std::move(reply),
         [store = api.services.store, content = api.services.content(),
          web_url = api.options.web_url](Result<Value> said) {
           if (said) return shown(store, content, web_url, *said, 201);
           // An action that there is not is the request's mistake: 400, as the original has it.
           if (said.error().code == Code::kNotFound) return fault(400, said.error().to_string());
           return fault(said.error());
         });
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

}  // namespace midwatch
