#include "model/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/core.h>

namespace midwatch {

std::string ContentDiagnostic::to_string() const {
  std::string text = where.known() ? where.to_string() + ": " : std::string();
  text += severity == Severity::kError ? "error: " : "warning: ";
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

void Diagnostics::error(Location where, std::string message, std::string hint) {
  add({ContentDiagnostic::Severity::kError, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::warning(Location where, std::string message, std::string hint) {
  add({ContentDiagnostic::Severity::kWarning, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::error(const Error& error) {
  add({ContentDiagnostic::Severity::kError, error.where, error.message, error.hint});
}

void Diagnostics::add(ContentDiagnostic diagnostic) {
  if (diagnostic.severity == ContentDiagnostic::Severity::kError) ++error_count_;
  if (kept_.size() < kKeptMax) kept_.push_back(std::move(diagnostic));
}

void Diagnostics::sort() {
  const auto place = [](const ContentDiagnostic& d) {
    return std::tie(d.where.file, d.where.line, d.where.column, d.message);
  };
  std::sort(kept_.begin(), kept_.end(),
            [&](const ContentDiagnostic& a, const ContentDiagnostic& b) { return place(a) < place(b); });
}

void Diagnostics::append(const Diagnostics& other) {
  // Errors that `other` only counted stay counted.
  const std::size_t count = error_count_ + other.error_count_;
  for (const ContentDiagnostic& diagnostic : other.kept_) add(diagnostic);
  error_count_ = count;
}

Error Diagnostics::to_error() const {
  const ContentDiagnostic* first = nullptr;
  for (const ContentDiagnostic& diagnostic : kept_) {
    if (diagnostic.severity != ContentDiagnostic::Severity::kError) continue;
    first = &diagnostic;
    break;
  }
  if (first == nullptr) return Error(Code::kInvalid, fmt::format("{} errors", error_count_));
  if (error_count_ == 1) return Error(Code::kInvalid, first->message, first->where, first->hint);
  std::string text = fmt::format("{} errors", error_count_);
  for (const ContentDiagnostic& diagnostic : kept_) {
    if (diagnostic.severity == ContentDiagnostic::Severity::kError) text += "\n" + diagnostic.to_string();
  }
  return Error(Code::kInvalid, std::move(text));
}

}  // namespace midwatch
