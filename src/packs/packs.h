// packs/packs.h — packs from directories to Content, and the report of `midwatch validate`.
//
//   packs::Loaded loaded = packs::load_all({"/etc/midwatch/packs"}, {.configs_directory = "…"}, running.get());
//   if (loaded.content) …   // in force; loaded.diagnostics says what was refused
//
// A path is a pack (it has a pack.yaml) or a directory of packs. Of a pack that comes twice the first
// counts. A pack with errors is refused whole: where `running` has it, that version stays in force, else
// the pack is left out. So a mistake in one pack never takes down another, except one that needs it.
//
// Blocking (reads files); any thread. Cost: linear in the files; 1,000 rule files load in well under a
// second.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/content.h"
#include "model/pack_parser.h"
#include "packs/files.h"

namespace midwatch::packs {

inline constexpr std::size_t kPacksMax = 1'000;

struct LoadOptions {
  std::string configs_directory{};  // holds <pack>.yaml; empty: no configs
  FileLimits limits{};
};

// One pack, with everything that concerns it alone.
[[nodiscard]] PackParse load_directory(const std::string& path, const LoadOptions& options = {});

struct Loaded {
  std::shared_ptr<const Content> content;  // null only when packs contradict each other
  Diagnostics diagnostics;
  std::vector<std::string> refused;  // directories of packs with errors
};
[[nodiscard]] Loaded load_all(std::span<const std::string> paths, const LoadOptions& options = {},
                              const Content* running = nullptr);

struct ValidateOptions {
  std::vector<std::string> known{};  // packs that exist besides, e.g. core and midwatch: not reported on
  LoadOptions load{};
};
struct ValidationReport {
  Diagnostics diagnostics;
  std::size_t pack_count = 0, action_count = 0, rule_count = 0, workflow_count = 0, detector_count = 0;

  [[nodiscard]] bool ok() const { return !diagnostics.has_errors(); }
  // A diagnostic a line and a line of counts, for people.
  [[nodiscard]] std::string to_text() const;
  // {"ok", "errors", "warnings", "packs", …, "diagnostics": [{"severity", "file", "line", "column", "message",
  // "hint"}]}
  [[nodiscard]] Value to_value() const;
};
[[nodiscard]] ValidationReport validate(std::span<const std::string> paths, const ValidateOptions& options = {});

}  // namespace midwatch::packs
