// Action aliases (spec 1.12). They are checked, so that a pack's mistakes are seen; nothing serves them yet.
#include <fmt/core.h>

#include "model/node_reader.h"
#include "model/pack_parts.h"

namespace midwatch::internal {
namespace {

void check_texts(NodeReader& in, const YamlNode& list, std::string_view what) {
  for (const YamlNode& item : list.items) {
    if (!item.is_scalar()) in.error(item, fmt::format("{} is no text", what), "quote it");
  }
}

// A format is a text, or a mapping with what is shown and what is matched.
void check_format(const YamlNode& format, std::string_view file, Diagnostics& out) {
  if (format.is_scalar()) return;
  NodeReader in(format, file, out);
  if (!in.is_mapping()) return;
  (void)in.text("display");
  (void)in.flag("match_multiple", false);
  const YamlNode* representation = in.any("representation");
  if (representation != nullptr && representation->is_sequence()) {
    check_texts(in, *representation, "a representation");
  } else if (representation != nullptr && !representation->is_scalar()) {
    in.error(*representation, "expected a text or a list of texts");
  }
  in.refuse_unknown("a format");
}

// `ack` and `result`.
void check_answer(const YamlNode* answer, bool is_ack, std::string_view file, Diagnostics& out) {
  if (answer == nullptr) return;
  NodeReader in(*answer, file, out);
  if (!in.is_mapping()) return;
  (void)in.flag("enabled", true);
  (void)in.text("format");
  (void)in.object("extra");
  if (is_ack) (void)in.flag("append_url", true);
  in.refuse_unknown(is_ack ? "an acknowledgement" : "a result");
}

}  // namespace

std::optional<AliasFile> parse_alias(const MetadataFile& source, Diagnostics& out) {
  NodeReader in(source.node, source.file, out);
  if (!in.is_mapping()) return std::nullopt;
  AliasFile alias;
  alias.name = in.text("name", Need::kRequired);
  check_name_and_pack(in, alias.name, source.pack);
  (void)in.text("description");
  (void)in.flag("enabled", true);
  (void)in.text("action_ref", Need::kRequired);
  if (const YamlNode* formats = in.sequence("formats", Need::kRequired)) {
    if (formats->items.size() > kAliasFormatsMax) {
      in.error(*formats, fmt::format("{} formats, at most {} are allowed", formats->items.size(), kAliasFormatsMax));
    }
    for (const YamlNode& format : formats->items) check_format(format, source.file, out);
  }
  check_answer(in.any("ack"), true, source.file, out);
  check_answer(in.any("result"), false, source.file, out);
  (void)in.object("extra");
  (void)in.object("immutable_parameters");
  in.ignore({"id", "ref", "uid", "metadata_file"});
  in.refuse_unknown("an action alias");
  alias.where = source.node.where(source.file);
  return alias;
}

}  // namespace midwatch::internal
