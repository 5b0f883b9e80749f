// model/pack_parts.h — the parts of parse_pack: one function for each kind of file.
//
// Each adds what is wrong to `out` and gives nothing for something that cannot be used. `file` is what
// diagnostics name; `metadata_file` is relative to the pack.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "codec/yaml.h"
#include "model/content.h"
#include "model/diagnostics.h"
#include "model/node_reader.h"

namespace midwatch::internal {

struct MetadataFile {
  const YamlNode& node;
  std::string_view file;           // as shown
  std::string_view metadata_file;  // relative to the pack
  std::string_view pack;           // reference
};

using HasFile = std::function<bool(std::string_view path)>;  // relative to the pack

// pack.yaml; the reference is made from `ref`, the directory's name or the name.
std::optional<Pack> parse_manifest(const YamlNode& node, std::string_view file, std::string_view directory,
                                   Diagnostics& out);
std::optional<Action> parse_action(const MetadataFile& source, const HasFile& has_file, Diagnostics& out);
std::optional<Rule> parse_rule_node(const MetadataFile& source, Diagnostics& out);
std::optional<TriggerType> parse_trigger_type(const MetadataFile& source, Diagnostics& out);
inline constexpr std::size_t kAliasFormatsMax = 256;  // of one alias
struct AliasFile {
  std::string name;
  Location where;
};
std::optional<AliasFile> parse_alias(const MetadataFile& source, Diagnostics& out);
std::optional<Detector> parse_detector(const MetadataFile& source, Diagnostics& out);

// {name: schema} of parameters, in the dialect of spec 1.7; {} when it is absent or wrong.
Value parse_parameters(const YamlNode* node, std::string_view file, std::string_view what, Diagnostics& out);

// The values with the schema's defaults laid under them; wrong types are reported.
Value apply_config_schema(const Value& schema, const Value& values, std::string_view pack, std::string_view file,
                          Diagnostics& out);

// The name that was read and the key `pack`, which must be the pack that the file lies in.
void check_name_and_pack(NodeReader& in, const std::string& name, std::string_view pack);
// ^\w+$
bool is_word(std::string_view text);

}  // namespace midwatch::internal
