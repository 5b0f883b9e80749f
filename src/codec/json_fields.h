// codec/json_fields.h — of a JSON text only the members that somebody will read.
//
//   const JsonFields fields({{"body", "host"}, {"body", "load"}});
//   Result<Value> some = parse_json_fields(text, fields);      // {"body": {"host": …, "load": …}}
//
// Values are made only of what the paths name; what lies beside them is skipped unread, which is most of the cost of a
// parse. So what is wrong there may go unnoticed: this is for filters that look at many events and keep few, and
// whoever keeps an event parses it in full. What this does not take (escapes in names and in the fields' texts,
// integers of more than 18 digits, a text that is wrong) is left to parse_json(), whose whole value has the fields too.
//
// Paths are names of members; what a path ends at is there with all that is in it. A member that comes twice
// counts as its last occurrence. A path that leads through what is no object gives that as it is.
// Thread-safety: JsonFields is immutable, parse_json_fields() as parse_json().
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
