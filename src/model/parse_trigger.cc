#include <utility>

#include <fmt/core.h>

#include "model/node_reader.h"
#include "model/pack_parts.h"

namespace midwatch::internal {

std::optional<TriggerType> parse_trigger_type(const MetadataFile& source, Diagnostics& out) {
  NodeReader in(source.node, source.file, out);
  if (!in.is_mapping()) return std::nullopt;
  TriggerType type;
  type.pack = source.pack;
  type.name = in.text("name", Need::kRequired);
  check_name_and_pack(in, type.name, source.pack);
  type.description = in.text("description");
  type.payload_schema = in.object("payload_schema");
  type.parameters_schema = in.object("parameters_schema");
  type.tags = in.array("tags");
  in.ignore({"id", "ref", "uid", "metadata_file"});
  in.refuse_unknown("a trigger type");
  type.metadata_file = source.metadata_file;
  type.where = source.node.where(source.file);
  return type;
}

std::optional<Detector> parse_detector(const MetadataFile& source, Diagnostics& out) {
  NodeReader in(source.node, source.file, out);
  if (!in.is_mapping()) return std::nullopt;
  Detector detector;
  detector.pack = source.pack;
  detector.name = in.text("name", Need::kRequired);
  check_name_and_pack(in, detector.name, source.pack);
  detector.description = in.text("description");
  detector.enabled = in.flag("enabled", true);
  // `pack` may stand in every metadata file and is no part of what a detector is.
  detector.definition = without_member(source.node.to_value(), "pack");
  detector.metadata_file = source.metadata_file;
  detector.where = source.node.where(source.file);
  return detector;
}

}  // namespace midwatch::internal
