// api/http.h — a request and its answer as plain structs: what a handler sees of HTTP.
//
// The server (httpd) fills Request and calls HttpHandler::handle. The handler answers by calling
// the Reply it was given: at once on the same thread, or later on any thread, exactly once. A Reply
// that is destroyed without having been called answers 503, so that a lost request cannot hang its
// client. Replies are cheap to release in bulk: many that are called while the io thread is busy
// cost one wake-up.
//
// What the server has done before handle() is called: the path and the query are percent-decoded
// and are UTF-8 without NUL; the body is whole and within its limit; "X-Request-ID" is always
// among the headers (the client's or a fresh one) and is repeated in the answer. HEAD arrives as
// GET and the server leaves out the body of the answer.
//
// What the server adds to an answer: Content-Type (unless empty), Content-Length, Date, Connection
// where needed, X-Request-ID.
//
// Thread-safety: handle() is called on the io thread and must not block.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midwatch {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method;                                      // "GET", as sent: upper case by convention
  std::string path;                                        // "/api/v1/keys/a b", decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order, repeats kept
  std::vector<Header> headers;                             // in order, names as sent
  std::string body;
  std::string remote;  // address of the peer, without the port: "127.0.0.1", "::1"

  // The first header of that name in any case, or null.
  [[nodiscard]] const std::string* header(std::string_view name) const;
  // The first query parameter of that name (case matters), or null.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers{};
  std::string body{};
};

using Reply = std::move_only_function<void(Response)>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(Request request, Reply reply) = 0;
};

// "Not Found" for 404; "Status" for codes without a name of their own.
[[nodiscard]] std::string_view reason_phrase(int status);

// ASCII letters in any case are equal: header names, media types.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace midwatch
