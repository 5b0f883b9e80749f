#include "model/node_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "model/suggest.h"

namespace midwatch {

NodeReader::NodeReader(const YamlNode& node, std::string_view file, Diagnostics& out)
    : node_(node), file_(file), out_(out) {
  if (!node.is_mapping()) error(fmt::format("expected a mapping, found {}", node.kind_text()));
}

void NodeReader::error(const YamlNode& at, std::string message, std::string hint) {
  out_.error(at.where(file_), std::move(message), std::move(hint));
}

void NodeReader::wrong_type(std::string_view key, const YamlNode& found, std::string_view expected) {
  error(found, fmt::format("'{}' must be {}, found {}", key, expected, found.kind_text()));
}

const YamlNode* NodeReader::any(std::string_view key, Need need) {
  asked_.push_back(key);
  const YamlNode* found = node_.find(key);
  if (found != nullptr && !found->is_null()) return found;
  if (need == Need::kRequired && node_.is_mapping()) {
    if (found == nullptr) error(fmt::format("key '{}' is missing", key));
    else error(*found, fmt::format("'{}' must have a value", key));
  }
  return nullptr;
}

const YamlNode* NodeReader::mapping(std::string_view key, Need need) {
  const YamlNode* found = any(key, need);
  if (found == nullptr || found->is_mapping()) return found;
  wrong_type(key, *found, "a mapping");
  return nullptr;
}

const YamlNode* NodeReader::sequence(std::string_view key, Need need) {
  const YamlNode* found = any(key, need);
  if (found == nullptr || found->is_sequence()) return found;
  wrong_type(key, *found, "a sequence");
  return nullptr;
}

std::string NodeReader::text(std::string_view key, Need need) {
  const YamlNode* found = any(key, need);
  if (found == nullptr) return {};
  if (found->is_scalar() && found->scalar.is_string()) return found->scalar.to_text();
  wrong_type(key, *found, "a text");
  return {};
}

bool NodeReader::flag(std::string_view key, bool fallback) {
  const YamlNode* found = any(key);
  if (found == nullptr) return fallback;
  if (found->is_scalar() && found->scalar.is_bool()) return found->scalar.as_bool();
  wrong_type(key, *found, "true or false");
  return fallback;
}

Value NodeReader::object(std::string_view key) {
  const YamlNode* found = mapping(key);
  return found == nullptr ? Value::object({}) : found->to_value();
}

Value NodeReader::array(std::string_view key) {
  const YamlNode* found = sequence(key);
  return found == nullptr ? Value::array({}) : found->to_value();
}

void NodeReader::ignore(std::initializer_list<std::string_view> keys) { asked_.insert(asked_.end(), keys); }

void NodeReader::refuse_unknown(std::string_view what) { report_unknown(what, ContentDiagnostic::Severity::kError); }
void NodeReader::warn_unknown(std::string_view what) { report_unknown(what, ContentDiagnostic::Severity::kWarning); }

void NodeReader::report_unknown(std::string_view what, ContentDiagnostic::Severity severity) {
  for (const YamlPair& pair : node_.pairs) {
    const std::string& key = pair.key.text;
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    std::string hint = did_you_mean(key, asked_);
    if (hint.empty() && severity == ContentDiagnostic::Severity::kError) hint = "known keys: " + comma_list(asked_);
    std::string message = fmt::format("unknown key '{}' in {}", key.substr(0, kSuggestLengthMax), what);
    if (severity == ContentDiagnostic::Severity::kError) error(pair.key, std::move(message), std::move(hint));
    else out_.warning(pair.key.where(file_), std::move(message), std::move(hint));
  }
}

}  // namespace midwatch
