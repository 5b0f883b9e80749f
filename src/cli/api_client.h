// cli/api_client.h — a command's connection to a running server: JSON in, JSON out.
//
// The token comes from a file or the environment, never from the command line, where others could
// read it. Blocking; one thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/command.h"
#include "value/value.h"

namespace midwatch::cli {

class ApiClient {
 public:
  // From --url, --token-file and the environment (see with_client_options). Without a token, the
  // default file midwatch-data/token is tried.
  static Result<ApiClient> from(const Call& call);
  ApiClient(std::string url, Secret token);
  ApiClient(ApiClient&&) noexcept;
  ~ApiClient();

  // `path` begins with '/', e.g. "/executions/last". An answer that is not 2xx becomes an Error with
  // the server's own sentence.
  Result<Value> get(const std::string& path);
  Result<Value> post(const std::string& path, const Value& body);
  Result<Value> put(const std::string& path, const Value& body);
  Result<Value> remove(const std::string& path);
  Result<std::string> get_text(const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "a b/c" → "a%20b%2Fc"
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace midwatch::cli
