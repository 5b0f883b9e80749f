// model/pack_parser.h — makes a Pack of the texts of its files (spec chapter 1). Pure.
//
//   PackParse parsed = parse_pack({.directory = "demo", .texts = texts, .files = all_files});
//   if (!parsed.pack) … parsed.diagnostics says everything that is wrong, not only the first thing
//
// Read are pack.yaml, config.schema.yaml, scrape.yaml and every *.yaml or *.yml directly inside
// actions/, rules/, triggers/, detectors/ and aliases/ (these are checked only). Every error names file, line, column,
// what was expected and how to mend it. What StackStorm refuses is an error; what it tolerates is at most a warning. A
// pack with an error gives no Pack.
//
// Definitions of workflows are carried along as text; detectors are carried as values; layers above
// check both. What concerns several packs is checked by cross_check.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/content.h"
#include "model/diagnostics.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kPackFileBytesMax = 1u << 20;  // of one metadata file
inline constexpr std::size_t kPackThingsMax = 20'000;       // actions, rules, triggers, detectors of a pack
inline constexpr std::size_t kRuleCriteriaMax = 64;         // of one rule
inline constexpr std::size_t kActionParametersMax = 256;    // of one action
inline constexpr std::size_t kSchemaNestingMax = 32;        // of parameter schemas

struct PackSource {
  std::string directory{};           // the name of the pack's directory
  std::string path{};                // absolute, for what the API shows
  std::string shown_path{};          // what places begin with ("packs/demo/"); empty: relative to the pack
  std::vector<SourceText> texts{};   // of the files that are read
  std::vector<std::string> files{};  // every file of the pack; where empty, those of `texts`
  const Value* config = nullptr;     // what configs/<pack>.yaml holds, or null
  std::string config_file{};         // what errors about it name
};

struct PackParse {
  std::optional<Pack> pack;  // none when there are errors
  Diagnostics diagnostics;
};

[[nodiscard]] PackParse parse_pack(const PackSource& source);
[[nodiscard]] PackParse parse_pack(std::span<const SourceText> texts, std::string_view directory,
                                   const Value* config = nullptr);

// One rule in the form of a rule file, as the API and the tools take it: adds to `out` and gives nothing
// when it is wrong.
[[nodiscard]] std::optional<Rule> parse_rule(std::string_view text, std::string_view file, std::string_view pack,
                                             Diagnostics& out);

// What can only be seen with all packs at hand: rules on unknown triggers or with unknown actions,
// parameters that nothing takes. One Diagnostics a pack, in the order given.
[[nodiscard]] std::vector<Diagnostics> cross_check_each(std::span<const Pack* const> packs);
// The same, all in one.
void cross_check(std::span<const Pack* const> packs, Diagnostics& out);

}  // namespace midwatch
