#include "rules/key_path.h"

#include <utility>

#include "jsonpath/query.h"

namespace midwatch {
namespace {

// jsonpath-rw's names without quotes.
bool is_name_byte(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' ||
         (!first && ((c >= '0' && c <= '9') || c == '-'));
}

std::string_view root_name(KeyRoot root) { return root == KeyRoot::kItem ? "item" : "trigger"; }

}  // namespace

// root(.name)*
bool KeyPath::parse_plain(std::string_view text) {
  if (!text.starts_with(root_name(root_))) return false;
  text.remove_prefix(root_name(root_).size());
  while (!text.empty()) {
    if (text[0] != '.' || names_.size() >= kKeyStepsMax) return false;
    std::size_t end = 1;
    while (end < text.size() && is_name_byte(text[end], end == 1)) ++end;
    if (end == 1) return false;
    names_.emplace_back(text.substr(1, end - 1));
    text.remove_prefix(end);
  }
  return true;
}

KeyPath KeyPath::parse(std::string_view key, KeyRoot root) {
  KeyPath out;
  out.root_ = root;
  const std::string_view text = key.substr(0, key.find('#'));
  out.is_plain_ = out.parse_plain(text);
  if (out.is_plain_) return out;
  out.names_.clear();
  auto general = jsonpath::Query::compile(text);
  if (general) out.general_ = std::move(*general);
  else out.error_ = std::move(general).error().message;
  return out;
}

Outcome<Value> KeyPath::first(const Value& subject) const {
  if (is_plain_) {
    const Value* found = find_plain(subject);
    return found == nullptr ? Value() : *found;
  }
  if (general_ == nullptr) return Failure(ErrorKind::kSyntax, "Exception", error_);
  // `system.x` is a look-up in the datastore there; nothing here reads it from a key.
  const auto found = general_->find(Value::object({{root_name(root_), subject}}));
  if (!found) return Failure(ErrorKind::kValue, "Exception", found.error().message);
  return found->empty() ? Value() : found->front();
}

}  // namespace midwatch
