#include "model/pack_parser.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "codec/yaml.h"
#include "model/node_reader.h"
#include "model/pack_parts.h"
#include "model/runner_types.h"

namespace midwatch {
namespace {

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

// Whether the file lies directly inside the folder and holds metadata.
bool is_metadata_of(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || !is_yaml(path)) return false;
  path.remove_prefix(folder.size());
  return path.find('/') == path.npos;
}

class PackParser {
 public:
  explicit PackParser(const PackSource& source) : source_(source) {
    for (const std::string& file : source.files) files_.insert(file);
    for (const SourceText& text : source.texts) files_.insert(text.path);
  }

  PackParse run() {
    parse_pack_yaml();
    parse_config_schema();
    parse_scrape();
    parse_folder("actions/", [&](const internal::MetadataFile& file) {
      add(internal::parse_action(
              file, [&](std::string_view path) { return files_.contains(path); }, out_),
          "action", pack_.actions);
    });
    parse_folder("rules/", [&](const internal::MetadataFile& file) {
      add(internal::parse_rule_node(file, out_), "rule", pack_.rules);
    });
    parse_folder("triggers/", [&](const internal::MetadataFile& file) {
      add(internal::parse_trigger_type(file, out_), "trigger type", pack_.trigger_types);
    });
    parse_folder("detectors/", [&](const internal::MetadataFile& file) {
      add(internal::parse_detector(file, out_), "detector", pack_.detectors);
    });
    parse_folder("aliases/", [&](const internal::MetadataFile& file) {
      add(internal::parse_alias(file, out_), "action alias", aliases_);
    });
    warn_of_what_is_not_read();
    warn_of_aliases();
    collect_workflows();
    pack_.config =
        internal::apply_config_schema(pack_.config_schema, source_.config == nullptr ? Value() : *source_.config,
                                      pack_.ref, source_.config_file, out_);
    pack_.path = source_.path;
    pack_.files.assign(files_.begin(), files_.end());
    std::sort(pack_.files.begin(), pack_.files.end());
    out_.sort();
    PackParse parse;
    if (!out_.has_errors()) parse.pack = std::move(pack_);
    parse.diagnostics = std::move(out_);
    return parse;
  }

 private:
  [[nodiscard]] std::string shown(std::string_view path) const { return source_.shown_path + std::string(path); }

  [[nodiscard]] const SourceText* text_of(std::string_view path) const {
    for (const SourceText& text : source_.texts) {
      if (text.path == path) return &text;
    }
    return nullptr;
  }

  std::optional<YamlNode> parse_text(const SourceText& text) {
    const std::string file = shown(text.path);
    if (text.text.size() > kPackFileBytesMax) {
      out_.error(Location{file, 0, 0},
                 fmt::format("{} bytes, at most {} are allowed", text.text.size(), kPackFileBytesMax));
      return std::nullopt;
    }
    auto node = parse_yaml(text.text, file);
    if (node) return std::move(*node);
    out_.error(node.error());
    return std::nullopt;
  }

  void parse_pack_yaml() {
    const SourceText* text = text_of("pack.yaml");
    if (text == nullptr) {
      out_.error(Location{shown("pack.yaml"), 0, 0}, "there is no pack.yaml", "every pack needs one");
      pack_.ref = source_.directory;
      return;
    }
    const auto node = parse_text(*text);
    std::optional<Pack> manifest;
    if (node) manifest = internal::parse_manifest(*node, shown(text->path), source_.directory, out_);
    if (manifest) pack_ = std::move(*manifest);
    if (pack_.ref.empty()) pack_.ref = source_.directory;
  }

  void parse_config_schema() {
    const SourceText* text = text_of("config.schema.yaml");
    if (text == nullptr) return;
    const auto node = parse_text(*text);
    if (!node) return;
    if (node->is_null()) {
      out_.error(node->where(shown(text->path)), "the file is empty", "describe the pack's settings or remove it");
      return;
    }
    pack_.config_schema = internal::parse_parameters(&*node, shown(text->path), "a config schema", out_);
  }

  void parse_scrape() {
    const SourceText* text = text_of("scrape.yaml");
    if (text == nullptr) return;
    const auto node = parse_text(*text);
    if (!node) return;
    const std::string file = shown(text->path);
    NodeReader in(*node, file, out_);
    if (!in.is_mapping()) return;
    const YamlNode* configs = in.sequence("scrape_configs", Need::kRequired);
    in.refuse_unknown("scrape.yaml");
    if (configs != nullptr) pack_.scrape_configs = configs->to_value();
  }

  template <class Parse>
  void parse_folder(std::string_view folder, Parse parse) {
    std::vector<const SourceText*> texts;
    for (const SourceText& text : source_.texts) {
      if (is_metadata_of(text.path, folder)) texts.push_back(&text);
    }
    std::sort(texts.begin(), texts.end(), [](const SourceText* a, const SourceText* b) { return a->path < b->path; });
    for (const SourceText* text : texts) {
      // A removed feature of StackStorm that old packs still carry.
      if (text->path == "actions/config.yaml" || text->path == "actions/config.yml") continue;
      const auto node = parse_text(*text);
      const std::string file = shown(text->path);
      if (node) parse({*node, file, text->path, pack_.ref});
    }
  }

  template <class Thing>
  void add(std::optional<Thing> thing, std::string_view kind, std::vector<Thing>& list) {
    if (!thing || thing->name.empty()) return;
    const auto [at, added] = seen_.try_emplace(fmt::format("{}:{}", kind, thing->name), thing->where);
    if (!added) {
      out_.error(thing->where,
                 fmt::format("{} '{}' is already defined in {}", kind, thing->name, at->second.to_string()),
                 "give one of them another name");
    } else if (list.size() >= kPackThingsMax) {
      out_.error(thing->where, fmt::format("more than {} files of this kind", kPackThingsMax));
    } else {
      list.push_back(std::move(*thing));
    }
  }

  void warn_of_what_is_not_read() {
    for (const std::string_view folder : {"sensors/", "policies/"}) {
      std::size_t count = 0;
      for (const std::string_view file : files_) count += is_metadata_of(file, folder) ? 1u : 0u;
      if (count == 0) continue;
      out_.warning(Location{shown(folder), 0, 0},
                   fmt::format("{} {} not read: {} are not in this version", count,
                               count == 1 ? "file is" : "files are", folder.substr(0, folder.size() - 1)));
    }
  }

  void warn_of_aliases() {
    if (aliases_.empty()) return;
    out_.warning(Location{shown("aliases/"), 0, 0},
                 fmt::format("{} {} checked and not served: chat is not in this version", aliases_.size(),
                             aliases_.size() == 1 ? "alias is" : "aliases are"));
  }

  void collect_workflows() {
    std::unordered_set<std::string> taken;
    for (const Action& action : pack_.actions) {
      const RunnerType* runner = find_runner_type(action.runner_type);
      if (runner == nullptr || !runner->is_workflow) continue;
      const std::string path = "actions/" + action.entry_point;
      const SourceText* text = text_of(path);
      auto& texts = runner->name == "action-chain" ? pack_.chains : pack_.workflows;
      if (text != nullptr && taken.insert(path).second) texts.push_back(*text);
    }
  }

  const PackSource& source_;
  std::unordered_set<std::string_view> files_;
  std::unordered_map<std::string, Location> seen_;
  std::vector<internal::AliasFile> aliases_;
  Pack pack_;
  Diagnostics out_;
};

}  // namespace

PackParse parse_pack(const PackSource& source) { return PackParser(source).run(); }

PackParse parse_pack(std::span<const SourceText> texts, std::string_view directory, const Value* config) {
  PackSource source;
  source.directory = directory;
  source.texts.assign(texts.begin(), texts.end());
  source.config = config;
  return parse_pack(source);
}

}  // namespace midwatch
