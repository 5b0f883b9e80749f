// api/route.h — the table of what the API answers: method, pattern, who may, and the function that does.
//
// A pattern is segments after "/api/v1": "executions/{id}/result". A segment in braces takes any one
// segment, "{name*}" at the end takes all that is left. The first route that fits is taken.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"

namespace midwatch {

// One request on its way to its handler. `arguments` are what the braces took, in order.
struct ApiCall {
  Request request;
  std::vector<std::string> arguments;
  Identity identity;
};

struct ApiState;  // what handlers see of the program: handlers.h

struct Route {
  enum class Access : std::uint8_t { kOpen, kToken };
  // kOffloaded: it reads the store, or does other things that may take a while.
  enum class Runs : std::uint8_t { kAtOnce, kOffloaded };
  std::string_view method;
  std::string_view pattern;
  Access access;
  Runs runs;
  void (*handler)(const ApiState& api, ApiCall call, Reply reply);
};

// All routes, in the order in which they are tried.
[[nodiscard]] std::span<const Route> routes();

// What is left of a path without "/api", "/v1" (or "/exp") and slashes at the ends; "actionexecutions"
// is "executions".
[[nodiscard]] std::string_view inner_path(std::string_view path);

// True when the pattern takes the path; fills `arguments`.
[[nodiscard]] bool match_pattern(std::string_view pattern, std::string_view path, std::vector<std::string>& arguments);

}  // namespace midwatch
