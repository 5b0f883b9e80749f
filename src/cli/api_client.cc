#include "cli/api_client.h"

#include <fstream>
#include <future>

#include <fmt/core.h>

#include "aio/http_client.h"
#include "aio/runtime.h"
#include "codec/json.h"

namespace midwatch::cli {
namespace {

constexpr std::string_view kDefaultUrl = "http://127.0.0.1:9101";
constexpr const char* kDefaultTokenFile = "midwatch-data/token";

Result<Secret> read_token(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  if (!in || line.empty()) return Error(Code::kNotFound, fmt::format("{}: there is no token in it", file));
  return Secret(std::move(line));
}

// The server's own sentence where it gave one.
Error refused(const aio::HttpAnswer& answer) {
  std::string text = fmt::format("the server answered {}", answer.status);
  if (const auto body = parse_json(answer.body); body && body->find("faultstring") != nullptr) {
    text = body->get("faultstring").text_or(text);
  }
  const Code code = answer.status == 404                           ? Code::kNotFound
                    : answer.status == 401 || answer.status == 403 ? Code::kDenied
                    : answer.status >= 500 || answer.status == 429 ? Code::kUnavailable
                                                                   : Code::kInvalid;
  const std::string hint = answer.status == 401 ? "give a token: --token-file FILE, or MIDWATCH_TOKEN_FILE" : "";
  return Error(code, std::move(text), {}, hint);
}

}  // namespace

struct ApiClient::Impl {
  aio::Runtime runtime;
  aio::HttpClient http{runtime};
  std::string url;
  Secret token;

  Result<aio::HttpAnswer> call(const std::string& method, const std::string& path, std::string body) {
    aio::HttpCall request;
    request.method = method;
    const bool is_root = path == "/readyz" || path == "/healthz" || path == "/metrics";
    request.url = url + (is_root ? "" : "/api/v1") + path;
    if (!token.empty()) request.headers.emplace_back("X-Auth-Token", token.reveal());
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    std::promise<Result<aio::HttpAnswer>> promise;
    auto answered = promise.get_future();
    http.start(std::move(request),
               [&promise](Result<aio::HttpAnswer> answer) { promise.set_value(std::move(answer)); });
    auto answer = answered.get();
    if (!answer) {
      Error error = std::move(answer).error().within(url);
      error.hint = "is midwatch serve running there? --url or MIDWATCH_URL says where it is";
      return error;
    }
    if (answer->status < 200 || answer->status > 299) return refused(*answer);
    return answer;
  }

  Result<Value> json(const std::string& method, const std::string& path, std::string body = {}) {
    MW_TRY(const aio::HttpAnswer answer, call(method, path, std::move(body)));
    if (answer.body.empty()) return Value();
    auto parsed = parse_json(answer.body);
    if (!parsed) return std::move(parsed).error().within("the server's answer");
    return parsed;
  }
};

Result<ApiClient> ApiClient::from(const Call& call) {
  const auto environment = [&call](const char* name) {
    return call.environment ? call.environment(name) : std::nullopt;
  };
  std::string url = call.get("--url", environment("MIDWATCH_URL").value_or(std::string(kDefaultUrl)));
  while (url.ends_with('/')) url.pop_back();
  Secret token;
  if (const auto file =
          call.has("--token-file") ? std::optional(call.get("--token-file")) : environment("MIDWATCH_TOKEN_FILE")) {
    MW_TRY(token, read_token(*file));
  } else if (const auto text = environment("MIDWATCH_TOKEN")) {
    token = Secret(*text);
  } else if (auto found = read_token(kDefaultTokenFile)) {
    token = std::move(*found);
  }
  return ApiClient(std::move(url), std::move(token));
}

ApiClient::ApiClient(std::string url, Secret token) : impl_(std::make_unique<Impl>()) {
  impl_->url = std::move(url);
  impl_->token = std::move(token);
}
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

Result<Value> ApiClient::get(const std::string& path) { return impl_->json("GET", path); }
Result<Value> ApiClient::post(const std::string& path, const Value& body) {
  return impl_->json("POST", path, to_json(body));
}
Result<Value> ApiClient::put(const std::string& path, const Value& body) {
  return impl_->json("PUT", path, to_json(body));
}
Result<Value> ApiClient::remove(const std::string& path) { return impl_->json("DELETE", path); }

Result<std::string> ApiClient::get_text(const std::string& path) {
  MW_TRY(aio::HttpAnswer answer, impl_->call("GET", path, {}));
  return std::move(answer.body);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace midwatch::cli
