// YAML: never a crash, each error names a place, limits hold, and what was read survives being written and read again.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/json.h"
#include "codec/yaml.h"

namespace {

using midwatch::YamlNode;
using midwatch::YamlPair;

// Nodes of a tree, each with a place; recursion is bounded by the depth limit.
std::size_t count_nodes(const YamlNode& node) {
  MW_ASSERT(node.line != 0 && node.column != 0, "each node has a place");
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += count_nodes(item);
  for (const YamlPair& pair : node.pairs) {
    MW_ASSERT(pair.key.is_scalar(), "keys are scalars");
    MW_ASSERT(node.find(pair.key.text) == &pair.value, "keys are unique");
    count += count_nodes(pair.key) + count_nodes(pair.value);
  }
  return count;
}

// NaN is not identical to itself once its bits differ.
bool has_nan(const midwatch::Value& value) {
  if (value.is_double()) return std::isnan(value.as_double());
  for (const midwatch::Value& element : value.elements()) {
    if (has_nan(element)) return true;
  }
  for (const midwatch::Value::Member& member : value.members()) {
    if (has_nan(member.value)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midwatch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const YamlLimits limits{.depth_max = 60, .bytes_max = 1u << 16, .nodes_max = 5000, .copied_bytes_max = 1u << 16};
  const Result<YamlNode> root = parse_yaml(text, "fuzz.yaml", limits);
  if (!root) {
    MW_ASSERT(root.error().where.file == "fuzz.yaml", "each error names the file");
    return 0;
  }
  MW_ASSERT(count_nodes(*root) <= limits.nodes_max, "the limit of nodes holds");
  const Value value = root->to_value();
  const std::string written = to_yaml(value);
  const Result<Value> again = parse_yaml_value(written, "again.yaml");
  MW_ASSERT(again.has_value(), "what is written can be read");
  MW_ASSERT(has_nan(value) || identical(*again, value), "what is written reads back identical");
  return 0;
}
