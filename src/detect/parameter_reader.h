// detect/parameter_reader.h — reads the members of a mapping by name, typed, and knows what nobody read.
//
//   ParameterReader reader(value, "/parameters");
//   const double threshold = reader.number("threshold", 6);
//   MW_CHECK(reader.finish());   // the first mistake, or an unknown key with the names that are known
//
// Errors carry a JSON-pointer-like path: "/parameters/window: expected a duration …".
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

class ParameterReader {
 public:
  // Null reads as an empty mapping.
  ParameterReader(const Value& mapping, std::string path);

  std::string text(std::string_view name, std::string_view otherwise);
  bool boolean(std::string_view name, bool otherwise);
  double number(std::string_view name, double otherwise);
  std::optional<double> optional_number(std::string_view name);
  std::size_t count(std::string_view name, std::size_t otherwise, std::size_t most);
  Duration duration(std::string_view name, Duration otherwise);  // "5m", or a number of seconds
  // One of the choices; its index.
  std::size_t choice(std::string_view name, std::initializer_list<std::string_view> choices, std::size_t otherwise);
  const Value* raw(std::string_view name);

  void require(std::string_view name);
  void fail(std::string_view name, std::string message);
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] Status finish();

 private:
  const Value* take(std::string_view name);

  const Value& mapping_;
  std::string path_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace midwatch
