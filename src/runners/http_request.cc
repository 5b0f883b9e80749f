// Spec 3.5, on aio's client. Not taken over: a string body that is a Python literal but not JSON is sent
// as it is.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "aio/http_url.h"
#include "api/http.h"
#include "codec/json.h"
#include "runners/attempt.h"
#include "runners/text.h"

namespace midwatch::runners {
namespace {

constexpr std::int64_t kHttpTimeoutSeconds = 60;
constexpr double kHttpTimeoutSecondsMax = 24.0 * 3600;
constexpr unsigned kRedirectsMax = 30;
constexpr std::size_t kAnswerBytesMax = 16u << 20;

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// {"a": [1, 2], "b": null} → "a=1&a=2", as Python's requests does.
std::string form_encoded(const Value& object) {
  std::string out;
  const auto add = [&out](std::string_view name, const Value& value) {
    if (value.is_null()) return;
    if (!out.empty()) out += '&';
    out += url_encoded(name) + "=" + url_encoded(python_str(value));
  };
  for (const Value::Member& member : object.members()) {
    if (member.value.is_array()) {
      for (const Value& element : member.value.elements()) add(member.name(), element);
    } else {
      add(member.name(), member.value);
    }
  }
  return out;
}

bool contains(const Value& hosts, std::string_view host) {
  const auto elements = hosts.elements();
  return std::any_of(elements.begin(), elements.end(), [host](const Value& element) {
    return element.is_string() && equals_ignoring_case(element.as_string(), host);
  });
}

Status check_host(const Value& runner, const aio::HttpUrl& url) {
  const Value blacklist = runner.get("url_hosts_blacklist");
  const Value whitelist = runner.get("url_hosts_whitelist");
  if (blacklist.truthy() && whitelist.truthy()) {
    return Error(
        Code::kInvalid,
        R"("url_hosts_blacklist" and "url_hosts_whitelist" parameters are mutually exclusive. Only one should be provided.)");
  }
  if (blacklist.truthy() && contains(blacklist, url.host)) {
    return Error(Code::kDenied, fmt::format(R"(URL "{}" is blacklisted)", url.to_string()));
  }
  if (whitelist.truthy() && !contains(whitelist, url.host)) {
    return Error(Code::kDenied, fmt::format(R"(URL "{}" is not whitelisted)", url.to_string()));
  }
  return {};
}

const std::string* find_field(const aio::HttpFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (equals_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

// One file as multipart/form-data. The boundary is made of the execution's id, which no file knows.
void set_file_body(aio::HttpCall& call, const ActionRequest& request) {
  const Value& parameters = request.parameters;
  const std::string boundary = "midwatch-" + request.execution.hex();
  std::string name = parameters.get("file_name").text_or("file");
  std::erase_if(name, [](char c) { return c == '"' || static_cast<unsigned char>(c) < 0x20; });
  std::string type = parameters.get("file_content_type").text_or("application/octet-stream");
  std::erase_if(type, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  call.body = fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{1}\"\r\nContent-Type: "
      "{2}\r\n\r\n{3}\r\n--{0}--\r\n",
      boundary, name, type, python_str(parameters.get("file_content")));
  call.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
}

void set_body(aio::HttpCall& call, const Value& body) {
  const std::string* type = find_field(call.headers, "content-type");
  if (type != nullptr && *type == "application/json") {
    if (!body.is_string()) {
      call.body = to_json(body);
    } else if (const auto parsed = parse_json(body.as_string())) {
      call.body = to_json(*parsed);
    } else {
      call.body = body.to_text();
    }
  } else if (body.is_object()) {
    call.body = form_encoded(body);
    if (type == nullptr) call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  } else {
    call.body = body.is_array() ? to_json(body) : python_str(body);
  }
}

void set_headers(aio::HttpCall& call, const ActionRequest& request) {
  const Value& runner = request.runner_parameters;
  call.headers.emplace_back("X-Stanley-Action", request.action);
  for (const Value::Member& field : runner.get("headers").members()) {
    call.headers.emplace_back(std::string(field.name()), python_str(field.value));
  }
  std::string cookies;
  for (const Value::Member& cookie : runner.get("cookies").members()) {
    cookies += (cookies.empty() ? "" : "; ") + std::string(cookie.name()) + "=" + python_str(cookie.value);
  }
  if (!cookies.empty()) call.headers.emplace_back("Cookie", cookies);
  const std::string username = runner.get("username").text_or("");
  if (!username.empty() && find_field(call.headers, "authorization") == nullptr) {
    call.headers.emplace_back("Authorization",
                              aio::basic_authorization(username + ":" + runner.get("password").text_or("")));
  }
}

Result<aio::HttpCall> call_of(const ActionRequest& request) {
  const Value& runner = request.runner_parameters;
  const Value& parameters = request.parameters;
  aio::HttpCall call{.url = runner.get("url").text_or(""), .body_bytes_max = kAnswerBytesMax};
  MW_TRY(const aio::HttpUrl url, aio::parse_http_url(call.url));
  MW_CHECK(check_host(runner, url));
  const Value params = parameters.get("params");
  const std::string query = params.is_string() ? params.to_text() : form_encoded(params);
  if (!query.empty()) {
    call.url = call.url.substr(0, call.url.find('#'));
    call.url += (call.url.find('?') == std::string::npos ? "?" : "&") + query;
  }
  set_headers(call, request);
  const bool has_file = parameters.get("file_content").truthy();
  const Value body = parameters.get("body");
  if (has_file) {
    set_file_body(call, request);
  } else if (body.truthy()) {
    set_body(call, body);
  }
  call.method = parameters.get("method").text_or(has_file || body.truthy() ? "POST" : "GET");
  std::transform(call.method.begin(), call.method.end(), call.method.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  call.redirects_max = runner.get("allow_redirects").bool_or(false) ? kRedirectsMax : 0;
  call.verify_tls = runner.get("verify_ssl_cert").bool_or(true);
  call.proxy = runner.get(url.is_tls ? "https_proxy" : "http_proxy").text_or("");
  const double timeout = parameters.get("timeout").double_or(static_cast<double>(kHttpTimeoutSeconds));
  if (!(timeout > 0) || timeout > kHttpTimeoutSecondsMax) {
    return Error(Code::kInvalid, fmt::format("timeout: it must be above 0 and at most {} seconds",
                                             static_cast<int>(kHttpTimeoutSecondsMax)));
  }
  call.timeout = duration_from_seconds(timeout);
  return call;
}

// Fields that come several times are joined, as Python's requests shows them.
Value headers_value(const aio::HttpFields& fields) {
  ObjectBuilder out;
  for (const auto& [name, value] : fields) {
    const std::string text = utf8_or_replaced(value);
    const Value* earlier = out.find(name);
    out.set(utf8_or_replaced(name), earlier != nullptr ? Value(earlier->to_text() + ", " + text) : Value(text));
  }
  return std::move(out).build();
}

Value answer_value(const aio::HttpAnswer& answer) {
  const std::string* type = answer.header("content-type");
  bool is_parsed = false;
  Value body(utf8_or_replaced(answer.body));
  if (type != nullptr && equals_ignoring_case(std::string_view(*type).substr(0, type->find(';')), "application/json")) {
    if (auto parsed = parse_json(answer.body)) {
      body = std::move(*parsed);
      is_parsed = true;
    }
  }
  return Value::object({{"status_code", answer.status},
                        {"body", std::move(body)},
                        {"parsed", is_parsed},
                        {"headers", headers_value(answer.headers)}});
}

void finish_http(Attempt& attempt, const Result<aio::HttpAnswer>& answer) {
  if (!answer) {
    if (answer.error().code != Code::kTimeout || attempt.is_canceled()) return attempt.fail(answer.error());
    return attempt.finish(ExecutionStatus::kTimeout, Value::object({{"error", answer.error().to_string()}}));
  }
  const bool succeeded = answer->status >= 200 && answer->status <= 206;
  attempt.finish(succeeded ? ExecutionStatus::kSucceeded : ExecutionStatus::kFailed, answer_value(*answer));
}

}  // namespace

void start_http_request(std::shared_ptr<Attempt> attempt) {
  auto call = call_of(attempt->request());
  if (!call) return attempt->fail(call.error());
  aio::HttpClient& client = attempt->services().http;
  const auto id = client.start(std::move(*call),
                               [attempt](const Result<aio::HttpAnswer>& answer) { finish_http(*attempt, answer); });
  attempt->on_cancel([&client, id] { client.cancel(id); });
}

}  // namespace midwatch::runners
