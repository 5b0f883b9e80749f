#include "codec/json.h"

#include <algorithm>
#include <memory>
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
  // False when the tree is deeper than `depth_left`.
  bool read(simdjson::dom::element element, std::size_t depth_left, Value& out) {
    using simdjson::dom::element_type;
    switch (element.type()) {
      case element_type::ARRAY: return depth_left != 0 && read_array(element, depth_left - 1, out);
      case element_type::OBJECT: return depth_left != 0 && read_object(element, depth_left - 1, out);
      case element_type::STRING: out = Value(element.get_string().value_unsafe()); return true;
      case element_type::INT64: out = Value(element.get_int64().value_unsafe()); return true;
      case element_type::UINT64: out = Value(element.get_uint64().value_unsafe()); return true;
      case element_type::DOUBLE: out = Value(element.get_double().value_unsafe()); return true;
      case element_type::BOOL: out = Value(element.get_bool().value_unsafe()); return true;
      case element_type::NULL_VALUE: out = Value(); return true;
    }
    std::unreachable();
  }

 private:
  bool read_array(simdjson::dom::element element, std::size_t depth_left, Value& out) {
    const std::size_t base = elements_.size();
    for (const simdjson::dom::element child : element.get_array().value_unsafe()) {
      Value value;
      if (!read(child, depth_left, value)) return false;
      elements_.push_back(std::move(value));
    }
    out = Value::array_from(std::span(elements_).subspan(base));
    elements_.resize(base);
    return true;
  }

  bool read_object(simdjson::dom::element element, std::size_t depth_left, Value& out) {
    const std::size_t base = members_.size();
    for (const auto& [key, child] : element.get_object().value_unsafe()) {
      Value value;
      if (!read(child, depth_left, value)) return false;
      members_.emplace_back(std::string_view(key), std::move(value));
    }
    out = Value::object_from(std::span(members_).subspan(base));
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(base), members_.end());
    return true;
  }

  std::vector<Value> elements_;
  std::vector<Value::Member> members_;
};

// A parser a thread: its buffers are worth keeping, unless a rare large text has blown them up.
struct ThreadParser {
  std::unique_ptr<simdjson::dom::parser> parser;

  simdjson::dom::parser& get() {
    if (!parser) parser = std::make_unique<simdjson::dom::parser>();
    return *parser;
  }
  ~ThreadParser() = default;
};

// The value, or nothing when simdjson or the depth says no: the scanner then says why.
bool parse_fast(std::string_view text, std::size_t depth_max, Value& out) {
  thread_local ThreadParser kept;
  simdjson::dom::parser& parser = kept.get();
  const simdjson::simdjson_result<simdjson::dom::element> parsed = parser.parse(text.data(), text.size(), true);
  bool read = false;
  if (parsed.error() == simdjson::SUCCESS) {
    TreeReader reader;
    read = reader.read(parsed.value_unsafe(), std::min(depth_max, kFastDepthMax), out);
  }
  if (parser.capacity() > kJsonKeptBytesMax) kept.parser.reset();
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
