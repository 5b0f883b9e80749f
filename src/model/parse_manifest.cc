#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "model/node_reader.h"
#include "model/pack_parts.h"
#include "model/suggest.h"

namespace midwatch::internal {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ^[a-z0-9_]+$
bool is_pack_ref(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_'; });
}

// "0" or digits that do not begin with 0.
bool take_version_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0 || (length > 1 && text[0] == '0')) return false;
  text.remove_prefix(length);
  return true;
}

// Words of digits, small letters and '-', joined by dots.
bool take_version_words(std::string_view& text) {
  bool in_word = false;
  while (!text.empty() && text.front() != '+') {
    const char c = text.front();
    if (c == '.') {
      if (!in_word) return false;
      in_word = false;
    } else if (is_digit(c) || (c >= 'a' && c <= 'z') || c == '-') {
      in_word = true;
    } else {
      return false;
    }
    text.remove_prefix(1);
  }
  return in_word;
}

bool is_semantic_version(std::string_view text) {
  for (int part = 0; part < 3; ++part) {
    if (part > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    if (!take_version_number(text)) return false;
  }
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (!take_version_words(text)) return false;
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (!take_version_words(text)) return false;
  }
  return text.empty();
}

std::string pick_ref(NodeReader& in, const std::string& name, std::string_view directory) {
  const std::string written = in.text("ref");
  if (written == "_global") in.error(*in.node().find("ref"), "'_global' may not be the name of a pack");
  if (!written.empty()) {
    if (!is_pack_ref(written)) {
      in.error(*in.node().find("ref"), fmt::format("'{}' is not a reference of a pack", written.substr(0, 64)),
               "small letters, digits and '_'");
    }
    return written;
  }
  for (const std::string_view candidate : {directory, std::string_view(name)}) {
    if (is_pack_ref(candidate) && candidate != "_global") return std::string(candidate);
  }
  in.error("the pack has no reference: neither its directory nor its name is one",
           "add 'ref' in small letters, digits and '_'");
  return {};
}

// As written: 1.0 is a number in YAML and no version.
std::string read_version(NodeReader& in) {
  const YamlNode* version = in.any("version", Need::kRequired);
  if (version == nullptr) return {};
  if (!version->is_scalar() || !is_semantic_version(version->text)) {
    in.error(*version, fmt::format("'{}' is not a version", version->text.substr(0, 64)), "for example 1.0.0");
  }
  return version->text;
}

void check_python_versions(NodeReader& in) {
  const YamlNode* versions = in.sequence("python_versions");
  if (versions == nullptr) return;
  for (const YamlNode& item : versions->items) {
    if (!item.scalar.is_string() || (item.text != "2" && item.text != "3")) {
      in.error(item, "'python_versions' holds \"2\" or \"3\", in quotes");
    }
  }
}

}  // namespace

void check_name_and_pack(NodeReader& in, const std::string& name, std::string_view pack) {
  const bool bad =
      std::any_of(name.begin(), name.end(), [](char c) { return c == '/' || c == ':' || (c >= 0 && c <= ' '); });
  if (bad)
    in.error(*in.node().find("name"), fmt::format("'{}' is not a name", name.substr(0, 64)), "no blanks, '/' or ':'");
  const std::string written = in.text("pack");
  if (!written.empty() && written != pack) {
    in.error(*in.node().find("pack"),
             fmt::format("this file is of the pack '{}', not of '{}'", pack, written.substr(0, 64)),
             "remove the key or write the pack that the file lies in");
  }
}

std::optional<Pack> parse_manifest(const YamlNode& node, std::string_view file, std::string_view directory,
                                   Diagnostics& out) {
  NodeReader in(node, file, out);
  if (!in.is_mapping()) return std::nullopt;
  Pack pack;
  pack.name = in.text("name", Need::kRequired);
  pack.ref = pick_ref(in, pack.name, directory);
  pack.description = in.text("description", Need::kRequired);
  pack.version = read_version(in);
  pack.author = in.text("author", Need::kRequired);
  pack.email = in.text("email", Need::kRequired);
  for (const char* list : {"keywords", "contributors", "dependencies"}) {
    const YamlNode* found = in.sequence(list);
    if (found == nullptr) continue;
    for (const YamlNode& item : found->items) {
      if (!item.scalar.is_string()) in.error(item, fmt::format("'{}' holds texts, found {}", list, item.kind_text()));
    }
  }
  in.text("stackstorm_version");
  check_python_versions(in);
  in.mapping("system");
  in.ignore({"files", "path", "uid", "id"});
  in.warn_unknown("pack.yaml");
  pack.manifest = node.to_value();
  return pack;
}

}  // namespace midwatch::internal
