#include "expr/diagnostic.h"

#include <algorithm>

namespace midwatch {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kSyntax: return "syntax";
    case ErrorKind::kUndefined: return "undefined";
    case ErrorKind::kType: return "type";
    case ErrorKind::kValue: return "value";
    case ErrorKind::kLimit: return "limit";
    case ErrorKind::kOther: return "other";
  }
  return "other";
}

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::uint32_t code_points(std::string_view text) {
  return static_cast<std::uint32_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

constexpr std::size_t kExcerptBytesMax = 200;

}  // namespace

Location Diagnostic::location() const {
  if (offset == kNowhere || source.empty()) return {};
  const std::string_view before = std::string_view(source).substr(0, std::min<std::size_t>(offset, source.size()));
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {.file = {},
          .line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1,
          .column = code_points(before.substr(line_start)) + 1};
}

std::string Diagnostic::caret() const {
  if (offset == kNowhere || source.empty()) return {};
  const std::size_t at = std::min<std::size_t>(offset, source.size());
  const std::string_view text(source);
  std::size_t start = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  start = start == std::string_view::npos ? 0 : start + 1;
  std::size_t end = std::min(text.find('\n', at), text.size());
  if (at - start > kExcerptBytesMax) start = at - kExcerptBytesMax;
  if (end - at > kExcerptBytesMax) end = at + kExcerptBytesMax;
  while (start < at && is_continuation(text[start])) ++start;
  while (end < text.size() && is_continuation(text[end])) ++end;
  std::string out(text.substr(start, end - start));
  out += '\n';
  out.append(code_points(text.substr(start, at - start)), ' ');
  return out + '^';
}

Error Diagnostic::to_error() const {
  Code code = Code::kInvalid;
  if (kind == ErrorKind::kUndefined) code = Code::kNotFound;
  if (kind == ErrorKind::kLimit) code = Code::kLimit;
  return Error(code, message, location());
}

Failure::Failure(ErrorKind kind, std::string_view exception, std::string message)
    : diagnostic_(std::make_unique<Diagnostic>()) {
  diagnostic_->kind = kind;
  diagnostic_->exception = exception;
  diagnostic_->message = std::move(message);
}

Failure Failure::at(std::uint32_t offset) && {
  if (diagnostic_->offset == Diagnostic::kNowhere && diagnostic_->source.empty()) diagnostic_->offset = offset;
  return std::move(*this);
}

Failure Failure::in(std::string_view source) && {
  if (diagnostic_->source.empty()) diagnostic_->source = source;
  return std::move(*this);
}

Failure syntax_error(std::string message) { return {ErrorKind::kSyntax, "TemplateSyntaxError", std::move(message)}; }
Failure undefined_error(std::string message) { return {ErrorKind::kUndefined, "UndefinedError", std::move(message)}; }
Failure type_error(std::string message) { return {ErrorKind::kType, "TypeError", std::move(message)}; }
Failure value_error(std::string message) { return {ErrorKind::kValue, "ValueError", std::move(message)}; }
Failure limit_error(std::string message) { return {ErrorKind::kLimit, "LimitError", std::move(message)}; }
Failure other_error(std::string_view exception, std::string message) {
  return {ErrorKind::kOther, exception, std::move(message)};
}

}  // namespace midwatch
