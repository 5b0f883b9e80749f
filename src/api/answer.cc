#include "api/answer.h"

#include <utility>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch {
namespace {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kLimit: return 429;
    case Code::kDenied: return 403;
    case Code::kTimeout: return 504;
    case Code::kUnavailable: return 503;
  }
  std::unreachable();
}

}  // namespace

Response json_answer(const Value& body, int status) {
  Response out;
  out.status = status;
  append_json(out.body, body);
  return out;
}

Response fault(int status, std::string_view text) {
  Response out;
  out.status = status;
  out.body = "{\"faultstring\":";
  append_json_string(out.body, text);
  out.body += '}';
  if (status == 429 || status == 503) out.headers.push_back({"Retry-After", "1"});
  return out;
}

Response fault(const Error& error) { return fault(status_of(error.code), error.to_string()); }

Response list_answer(const Value& array, const Paging& paging) {
  Response out = json_answer(array);
  if (paging.total) out.headers.push_back({"X-Total-Count", fmt::format("{}", *paging.total)});
  if (paging.limit) out.headers.push_back({"X-Limit", fmt::format("{}", *paging.limit)});
  return out;
}

std::string not_found_text(std::string_view ref_or_id) {
  return fmt::format("Resource with a reference or id \"{}\" not found", ref_or_id);
}
std::string unknown_id_text(std::string_view id) {
  return fmt::format("Unable to identify resource with id \"{}\".", id);
}

}  // namespace midwatch
