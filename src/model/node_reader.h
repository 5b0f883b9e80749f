// model/node_reader.h — reads a mapping of a YAML file key by key and reports what is wrong in it.
//
//   NodeReader in(node, "rules/a.yaml", diagnostics);
//   rule.name = in.text("name", Need::kRequired);
//   rule.enabled = in.flag("enabled", false);
//   in.refuse_unknown("a rule");   // every key that was not asked for
//
// Reading never stops: a wrong value is reported and gives a default. Thread-safety: none; lives on the
// stack; the node and the diagnostics outlive it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/yaml.h"
#include "model/diagnostics.h"
#include "value/value.h"

namespace midwatch {

enum class Need : std::uint8_t { kOptional, kRequired };

class NodeReader {
 public:
  NodeReader(const YamlNode& node, std::string_view file, Diagnostics& out);

  [[nodiscard]] bool is_mapping() const { return node_.is_mapping(); }
  [[nodiscard]] const YamlNode& node() const { return node_; }
  [[nodiscard]] std::string_view file() const { return file_; }

  // A key whose value is null counts as absent.
  const YamlNode* any(std::string_view key, Need need = Need::kOptional);
  const YamlNode* mapping(std::string_view key, Need need = Need::kOptional);
  const YamlNode* sequence(std::string_view key, Need need = Need::kOptional);
  std::string text(std::string_view key, Need need = Need::kOptional);
  bool flag(std::string_view key, bool fallback);
  Value object(std::string_view key);                         // {} where there is none
  Value array(std::string_view key);                          // [] where there is none
  void ignore(std::initializer_list<std::string_view> keys);  // known, and not read

  // The keys that were not asked for; `what` is "an action".
  void refuse_unknown(std::string_view what);
  void warn_unknown(std::string_view what);

  void error(const YamlNode& at, std::string message, std::string hint = {});
  void error(std::string message, std::string hint = {}) { error(node_, std::move(message), std::move(hint)); }

 private:
  void wrong_type(std::string_view key, const YamlNode& found, std::string_view expected);
  void report_unknown(std::string_view what, ContentDiagnostic::Severity severity);

  const YamlNode& node_;
  std::string_view file_;
  Diagnostics& out_;
  std::vector<std::string_view> asked_;
};

}  // namespace midwatch
