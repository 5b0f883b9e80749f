#include "httpd/request_parser.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "httpd/url.h"

namespace midwatch::httpd {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view view(Text text) { return {text.data(), text.size()}; }

// What one request collects while it is parsed.
struct Collected {
  Request request;
  bool header_done = false;
  bool has_host = false;
  bool expects_continue = false;
  int version = 11;
  std::size_t body_bytes_expected = 0;
  std::optional<RequestParser::Refusal> refusal;  // ours; set together with an error for Beast
};

class Parser final : public http::basic_parser<true> {
 public:
  Parser(Collected& into, const RequestLimits& limits) : into_(into), limits_(limits) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max, 1u << 30)));
    body_limit(limits.body_bytes_max);
  }

 private:
  void refuse(int status, std::string text, ErrorCode& error) {
    into_.refusal = RequestParser::Refusal{status, std::move(text)};
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb, Text method, Text target, int version, ErrorCode& error) override {
    into_.version = version;
    into_.request.method.assign(method.data(), method.size());
    auto parsed = split_target(view(target));
    if (!parsed) return refuse(400, parsed.error().message, error);
    into_.request.path = std::move(parsed->path);
    into_.request.query = std::move(parsed->query);
  }

  void on_field_impl(http::field field, Text name, Text value, ErrorCode& error) override {
    if (into_.header_done) return;  // trailers of a chunked body are not headers
    if (into_.request.headers.size() == kHeadersMax) {
      return refuse(431, fmt::format("more than {} header fields", kHeadersMax), error);
    }
    if (field == http::field::host) {
      if (into_.has_host) return refuse(400, "two Host header fields", error);
      into_.has_host = true;
    } else if (field == http::field::expect) {
      if (!equals_ignoring_case(view(value), "100-continue")) {
        return refuse(417, "Expect: only 100-continue is known", error);
      }
      into_.expects_continue = true;
    }
    into_.request.headers.push_back({std::string(view(name)), std::string(view(value))});
  }

  void on_header_impl(ErrorCode& error) override {
    into_.header_done = true;
    if (into_.version >= 11 && !into_.has_host) refuse(400, "no Host header field", error);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (!length) return;
    into_.body_bytes_expected = static_cast<std::size_t>(*length);
    // The client only says so: memory is taken as the bytes come, the first part at once.
    into_.request.body.reserve(std::min<std::size_t>(into_.body_bytes_expected, 64u << 10));
  }

  std::size_t append(Text bytes, ErrorCode& error) {
    if (bytes.size() > limits_.body_bytes_max - into_.request.body.size()) {
      error = http::error::body_limit;
      return 0;
    }
    into_.request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  std::size_t on_body_impl(Text bytes, ErrorCode& error) override { return append(bytes, error); }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode& error) override { return append(bytes, error); }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}
  void on_response_impl(int, Text, int, ErrorCode&) override {}

  Collected& into_;
  const RequestLimits& limits_;
};

RequestParser::Refusal refusal_of(const ErrorCode& error, const Collected& collected, const RequestLimits& limits) {
  if (error == http::error::body_limit) {
    return {413, fmt::format("the body is too large, at most {} bytes are accepted", limits.body_bytes_max)};
  }
  if (error == http::error::header_limit) {
    if (collected.request.method.empty()) {
      return {414, fmt::format("the request line is too long, at most {} bytes are accepted", limits.header_bytes_max)};
    }
    return {431, fmt::format("the header is too large, at most {} bytes are accepted", limits.header_bytes_max)};
  }
  if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  return {400, fmt::format("not an HTTP request: {}", error.message())};
}

}  // namespace

struct RequestParser::Impl {
  explicit Impl(RequestLimits l) : limits(l) {}

  void restart() {
    collected = Collected{};
    parser.emplace(collected, limits);
  }

  const RequestLimits limits;
  Collected collected;
  std::optional<Parser> parser;  // none between requests
  Refusal refusal;
};

RequestParser::RequestParser(RequestLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::Fed RequestParser::feed(std::string_view bytes) {
  if (!impl_->parser) {
    // RFC 9112, 2.2: a server should ignore at least one empty line received prior to the request-line.
    const std::size_t blank = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    if (blank > 0) return {Step::kNeedMore, blank};
    if (bytes.empty()) return {Step::kNeedMore, 0};
    impl_->restart();
  }
  ErrorCode error;
  const std::size_t consumed = impl_->parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) {
    impl_->refusal = impl_->collected.refusal ? std::move(*impl_->collected.refusal)
                                              : refusal_of(error, impl_->collected, impl_->limits);
    return {Step::kRefused, consumed};
  }
  return {impl_->parser->is_done() ? Step::kComplete : Step::kNeedMore, consumed};
}

bool RequestParser::has_begun() const { return impl_->parser.has_value(); }
bool RequestParser::has_header() const { return impl_->parser && impl_->collected.header_done; }
bool RequestParser::expects_continue() const {
  return has_header() && impl_->collected.expects_continue && impl_->collected.version >= 11;
}
std::size_t RequestParser::body_bytes_expected() const { return impl_->collected.body_bytes_expected; }

RequestParser::Taken RequestParser::take() {
  Taken taken;
  taken.keep_alive = impl_->parser->keep_alive();
  taken.is_http_1_0 = impl_->collected.version < 11;
  taken.request = std::move(impl_->collected.request);
  taken.is_head = taken.request.method == "HEAD";
  if (taken.is_head) taken.request.method = "GET";
  impl_->parser.reset();
  return taken;
}

const RequestParser::Refusal& RequestParser::refusal() const { return impl_->refusal; }

}  // namespace midwatch::httpd
