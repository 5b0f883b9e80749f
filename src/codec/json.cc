#include "codec/json.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "codec/json_scanner.h"

namespace midwatch {
namespace {

// Deeper texts are left to the scanner, which does not recurse.
constexpr std::size_t kFastDepthMax = 512;

// Turns simdjson's tree into Values. Children are gathered on two stacks that all containers share, so
// that a container costs one allocation: its own node.
class TreeReader {
 public:
  // False when the tree is deeper than kFastDepthMax or `depth_max`.
  bool read(simdjson::dom::element root, std::size_t depth_max, Value& out) {
    too_deep_ = false;
    elements_.clear();
    members_.clear();
    out = value(root, std::min(depth_max, kFastDepthMax));
    return !too_deep_;
  }

 private:
  Value value(simdjson::dom::element element, std::size_t depth_left) {
    using simdjson::dom::element_type;
    switch (element.type()) {
      case element_type::ARRAY: return array(element.get_array().value_unsafe(), depth_left);
      case element_type::OBJECT: return object(element.get_object().value_unsafe(), depth_left);
      case element_type::STRING: return element.get_string().value_unsafe();
      case element_type::INT64: return element.get_int64().value_unsafe();
      case element_type::UINT64: return element.get_uint64().value_unsafe();
      case element_type::DOUBLE: return element.get_double().value_unsafe();
      case element_type::BOOL: return element.get_bool().value_unsafe();
      case element_type::NULL_VALUE: return {};
    }
    std::unreachable();
  }

  Value array(simdjson::dom::array children, std::size_t depth_left) {
    if (depth_left == 0) return give_up();
    const std::size_t base = elements_.size();
    for (const simdjson::dom::element child : children) elements_.push_back(value(child, depth_left - 1));
    Value made = Value::array_from(std::span(elements_).subspan(base));
    elements_.resize(base);
    return made;
  }

  Value object(simdjson::dom::object children, std::size_t depth_left) {
    if (depth_left == 0) return give_up();
    const std::size_t base = members_.size();
    for (const auto& [key, child] : children) members_.emplace_back(key, value(child, depth_left - 1));
    Value made = Value::object_from(std::span(members_).subspan(base));
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(base), members_.end());
    return made;
  }

  Value give_up() {
    too_deep_ = true;
    return {};
  }

  bool too_deep_ = false;
  std::vector<Value> elements_;
  std::vector<Value::Member> members_;
};

// What a thread keeps between texts, unless a rare large one has blown it up.
struct ThreadParser {
  simdjson::dom::parser parser;
  TreeReader reader;
};

// False when simdjson or the depth says no: the scanner then says why, or reads what simdjson cannot.
bool parse_fast(std::string_view text, std::size_t depth_max, Value& out) {
  thread_local std::unique_ptr<ThreadParser> kept;
  if (!kept) kept = std::make_unique<ThreadParser>();
  const simdjson::simdjson_result<simdjson::dom::element> parsed = kept->parser.parse(text.data(), text.size(), true);
  const bool read = parsed.error() == simdjson::SUCCESS && kept->reader.read(parsed.value_unsafe(), depth_max, out);
  if (text.size() > kJsonKeptBytesMax) kept.reset();
  return read;
}

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return Error(Code::kLimit,
                 fmt::format("a JSON text of {} bytes, at most {} are read", text.size(), limits.bytes_max));
  }
  Value value;
  if (parse_fast(text, limits.depth_max, value)) return value;
  return internal::scan_json(text, limits);
}

}  // namespace midwatch
