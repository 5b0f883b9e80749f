#include "codec/yaml_events.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "codec/text_place.h"

namespace midwatch::internal {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// libyaml compares each directive with all before it.
std::size_t directive_count(std::string_view text) {
  std::size_t count = text.starts_with('%') ? 1 : 0;
  for (std::size_t at = text.find("\n%"); at != std::string_view::npos; at = text.find("\n%", at + 2)) ++count;
  for (std::size_t at = text.find("\r%"); at != std::string_view::npos; at = text.find("\r%", at + 2)) ++count;
  return count;
}

}  // namespace

YamlEvents::YamlEvents(std::string_view text, std::string_view file) : text_(text), file_(file), parser_{} {
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  const int initialized = yaml_parser_initialize(&parser_);
  MW_ASSERT(initialized == 1, "no memory for a YAML parser");
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
}

Status YamlEvents::check(const YamlLimits& limits) const {
  const Location whole{.file = std::string(file_)};
  if (text_.size() > limits.bytes_max) {
    return Error(Code::kLimit,
                 fmt::format("a YAML text of {} bytes, at most {} are read", text_.size(), limits.bytes_max), whole);
  }
  if (const std::size_t bad = first_invalid_utf8(text_); bad != std::string_view::npos) {
    return Error(Code::kInvalid,
                 fmt::format("found byte {:#04x} that is not UTF-8", static_cast<unsigned char>(text_[bad])),
                 place_of(text_, bad, file_), "save the file as UTF-8");
  }
  if (const std::size_t count = directive_count(text_); count > kYamlDirectivesMax) {
    return Error(Code::kLimit, fmt::format("{} lines begin with '%', at most {} may", count, kYamlDirectivesMax),
                 whole);
  }
  return {};
}

Status YamlEvents::next(YamlEvent& event) {
  if (yaml_parser_parse(&parser_, event.raw()) == 1) return {};
  return parser_error();
}

Location YamlEvents::place(const yaml_mark_t& mark) const {
  return {std::string(file_), static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// The byte at a mark, whose index counts code points.
char YamlEvents::byte_at(const yaml_mark_t& mark) const {
  std::size_t left = mark.index;
  for (const char c : text_) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    if (left-- == 0) return c;
  }
  return '\0';
}

Error YamlEvents::parser_error() const {
  const std::string problem = parser_.problem == nullptr ? "no memory for this text" : parser_.problem;
  if (parser_.error == YAML_READER_ERROR) {
    const std::size_t at = parser_.problem_offset;
    return Error(Code::kInvalid, fmt::format("found {}: {}", found_at(text_, at), problem), place_of(text_, at, file_));
  }
  if (parser_.error == YAML_MEMORY_ERROR) return Error(Code::kLimit, problem, Location{.file = std::string(file_)});
  std::string message = problem;
  if (parser_.context != nullptr) {
    message += fmt::format(" {}", parser_.context);
    if (parser_.context_mark.line != parser_.problem_mark.line ||
        parser_.context_mark.column != parser_.problem_mark.column) {
      message += fmt::format(" (it begins at line {}, column {})", parser_.context_mark.line + 1,
                             parser_.context_mark.column + 1);
    }
  }
  std::string hint;
  const char found = byte_at(parser_.problem_mark);
  if (problem.find("cannot start any token") != std::string::npos) {
    message += fmt::format(": '{}'", found == '\t' ? "tab" : std::string(1, found));
    hint = found == '\t' ? "indent with spaces" : "quote the text that begins with it";
  } else if (problem.find("mapping values are not allowed") != std::string::npos) {
    hint = "quote a text that has ': ' in it, and check the indentation";
  }
  return Error(Code::kInvalid, std::move(message), place(parser_.problem_mark), std::move(hint));
}

}  // namespace midwatch::internal
