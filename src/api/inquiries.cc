// Inquiries: what people are asked, and their responses (spec 9.3). They are executions of runner inquirer.
#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kListDefault = 20;

Value inquiry_view(const Execution& record) {
  ObjectBuilder out;
  out.set("id", record.id.hex());
  for (const char* name : {"route", "ttl", "users", "roles", "schema"}) out.set(name, record.result.get(name));
  if (const Value* fallback = record.result.find("default_response")) out.set("default_response", *fallback);
  return std::move(out).build();
}

Result<Response> answer_list(const ApiState& api, const Request& request) {
  MW_TRY(const ListArguments list, list_arguments(request, kListDefault));
  const ExecutionFilter pending{.status = ExecutionStatus::kPending};  // nothing else is ever pending
  MW_TRY(const Page<Execution> page, api.services.store->executions(pending, list.options()));
  std::vector<Value> out;
  out.reserve(page.items.size());
  for (const Execution& record : page.items) {
    out.push_back(select_attributes(inquiry_view(record), list.attributes, {"id"}));
  }
  return list_answer(Value::array(std::move(out)),
                     {page.total, list.limited ? std::optional(list.limit) : std::nullopt});
}

// One that can be responded to, or the fault that says why it cannot.
std::optional<Response> find_inquiry(const ApiState& api, const std::string& id, Execution& found) {
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return fault(404, unknown_id_text(id));
  auto record = api.services.store->execution(*parsed);
  if (!record) {
    return record.error().code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(record.error());
  }
  if (record->runner_type != "inquirer") {
    return fault(400, fmt::format("Action execution \"{}\" is not an inquiry.", id));
  }
  if (record->status == ExecutionStatus::kTimeout) {
    return fault(400, fmt::format("Inquiry \"{}\" timed out and cannot be responded to.", id));
  }
  if (record->status != ExecutionStatus::kPending) {
    return fault(400, fmt::format("Inquiry \"{}\" has already been responded to.", id));
  }
  found = std::move(*record);
  return std::nullopt;
}

Result<Value> response_of(const Request& request) {
  MW_TRY(const Value body, parse_object_body(request));
  const Value* response = body.find("response");
  if (response == nullptr) return Error(Code::kInvalid, "'response' is a required property");
  return *response;
}

}  // namespace

void list_inquiries(const ApiState& api, ApiCall call, Reply reply) {
  auto answer = answer_list(api, call.request);
  reply(answer ? std::move(*answer) : fault(answer.error()));
}

void get_inquiry(const ApiState& api, ApiCall call, Reply reply) {
  Execution record;
  if (auto refused = find_inquiry(api, call.arguments.at(0), record)) return reply(std::move(*refused));
  reply(json_answer(inquiry_view(record)));
}

void put_inquiry(const ApiState& api, ApiCall call, Reply reply) {
  const auto response = response_of(call.request);
  if (!response) return reply(fault(response.error()));
  Execution record;
  if (auto refused = find_inquiry(api, call.arguments.at(0), record)) return reply(std::move(*refused));
  submit(api, InquiryAnswered{.execution = record.id, .response = *response, .user = call.identity.user},
         std::move(reply), [](Result<Value> said) {
           if (said) return json_answer(*said);
           // Someone else was faster: also the request's mistake.
           return said.error().code == Code::kConflict ? fault(400, said.error().message) : fault(said.error());
         });
}

}  // namespace midwatch
