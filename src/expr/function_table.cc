#include "expr/function_table.h"

#include <algorithm>

namespace midwatch {

Signature::Signature(std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    if (item.empty()) continue;
    if (item == "/") {
      positional_only_ = parameters_.size();
    } else if (item.starts_with("**")) {
      takes_named_ = true;
    } else if (item.front() == '*') {
      takes_rest_ = true;
    } else {
      const bool optional = item.back() == '=';
      if (optional) item.remove_suffix(1);
      parameters_.push_back({std::string(item), !optional});
    }
  }
}

Outcome<void> Signature::bind(Call& call) const {
  const std::string name(call.name);
  const std::size_t count = parameters_.size();
  if (call.args.size() > count) {
    if (!takes_rest_) {
      return type_error(name + "() takes " + std::to_string(count) + " positional arguments but " +
                        std::to_string(call.args.size()) + " were given");
    }
    call.rest.assign(std::make_move_iterator(call.args.begin() + static_cast<std::ptrdiff_t>(count)),
                     std::make_move_iterator(call.args.end()));
  }
  const std::size_t positional = std::min(call.args.size(), count);
  call.args.resize(count);
  call.given.assign(count, false);
  for (std::size_t i = 0; i < positional; ++i) call.given[i] = true;
  std::vector<std::pair<std::string, Datum>> unknown;
  for (auto& [keyword, value] : call.named) {
    const auto found =
        std::find_if(parameters_.begin() + static_cast<std::ptrdiff_t>(positional_only_), parameters_.end(),
                     [&name = keyword](const Parameter& p) { return p.name == name; });
    if (found == parameters_.end()) {
      if (!takes_named_) return type_error(name + "() got an unexpected keyword argument '" + keyword + "'");
      unknown.emplace_back(std::move(keyword), std::move(value));
      continue;
    }
    const std::size_t at = static_cast<std::size_t>(found - parameters_.begin());
    if (call.given[at]) return type_error(name + "() got multiple values for argument '" + keyword + "'");
    call.args[at] = std::move(value);
    call.given[at] = true;
  }
  call.named = std::move(unknown);
  for (std::size_t i = 0; i < count; ++i) {
    if (parameters_[i].required && !call.given[i]) {
      return type_error(name + "() missing 1 required positional argument: '" + parameters_[i].name + "'");
    }
  }
  return {};
}

Outcome<Datum> Function::invoke(Call& call) const {
  call.name = name;
  MW_CHECK(signature.bind(call));
  return native(call);
}

void FunctionTable::add(std::span<const NativeEntry> entries) {
  for (const NativeEntry& entry : entries) {
    functions_.insert_or_assign(std::string(entry.name),
                                Function{std::string(entry.name), Signature(entry.signature), entry.function});
  }
}

void FunctionTable::alias(std::string_view name, std::string_view existing) {
  const Function copy = functions_.find(existing)->second;
  functions_.insert_or_assign(std::string(name), copy);
}

const Function* FunctionTable::find(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> out;
  for (const auto& [name, function] : functions_) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace midwatch
