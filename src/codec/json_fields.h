// codec/json_fields.h — of a JSON text only the members that somebody will read.
//
//   const JsonFields fields({{"body", "host"}, {"body", "load"}});
//   Result<Value> some = parse_json_fields(text, fields);      // {"body": {"host": …, "load": …}}
//
// The whole text is checked, as parse_json() does, but values are made only of what the paths name, which is most
// of the cost of a parse. For filters that look at many events and keep few: whoever keeps an event parses it
// in full. Where simdjson does not read a text (integers beyond 64 bits) the answer is the whole value, which
// has the fields too.
//
// Paths are names of members; what a path ends at is there with all that is in it. A member that comes twice
// counts as its last occurrence. Thread-safety: JsonFields is immutable, parse_json_fields() as parse_json().
// Cost: linear in the text; nodes for the fields only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "value/value.h"

namespace midwatch {

class JsonFields {
 public:
  using Path = std::vector<std::string>;
  explicit JsonFields(std::span<const Path> paths);

  struct Node {
    Value name;
    bool whole = false;  // a path ends here
    std::vector<std::uint32_t> parts;
  };
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }  // the first is the text's value

 private:
  std::vector<Node> nodes_;
};

[[nodiscard]] Result<Value> parse_json_fields(std::string_view text, const JsonFields& fields,
                                              const JsonLimits& limits = {});

}  // namespace midwatch
