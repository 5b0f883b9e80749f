#include "rules/interim_path.h"

#include <charconv>
#include <utility>

#include <fmt/core.h>

namespace midwatch::jsonpath {

class KeyParser {
 public:
  explicit KeyParser(std::string_view key) : key_(key), rest_(key) {}

  Outcome<Path> run() {
    if (rest_.starts_with("$.")) rest_.remove_prefix(2);
    MW_TRY(std::string root, name());
    path_.steps_.push_back({Path::Kind::kMember, std::move(root)});
    while (!rest_.empty()) {
      if (path_.steps_.size() >= 64u) return wrong(fmt::format("more than {} steps", 64u));
      if (rest_.front() == '[') MW_CHECK(bracket());
      else if (rest_.front() == '.') MW_CHECK(dot());
      else return wrong(fmt::format("unexpected '{}'", rest_.substr(0, 1)), "unions and conditions are not supported");
    }
    return std::move(path_);
  }

 private:
  Failure wrong(std::string_view message, std::string hint = {}) const {
    (void)hint;
    return Failure(ErrorKind::kSyntax, "Exception", std::string(message));
  }

  static bool is_name_byte(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || (c & 0x80) != 0 ||
           (!first && ((c >= '0' && c <= '9') || c == '-'));
  }

  Outcome<std::string> name() {
    if (rest_.starts_with('\'') || rest_.starts_with('"')) {
      const std::size_t end = rest_.find(rest_.front(), 1);
      if (end == rest_.npos) return wrong("a quote is not closed");
      std::string quoted(rest_.substr(1, end - 1));
      rest_.remove_prefix(end + 1);
      return quoted;
    }
    std::size_t length = 0;
    while (length < rest_.size() && is_name_byte(rest_[length], length == 0)) ++length;
    if (length == 0) {
      return wrong(rest_.empty() ? std::string("expected a name at the end")
                                 : fmt::format("expected a name before '{}'", rest_.substr(0, 16)),
                   "put names with other characters in quotes");
    }
    std::string plain(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return plain;
  }

  Outcome<void> dot() {
    rest_.remove_prefix(1);
    if (rest_.starts_with('.')) return wrong("'..' is not supported", "write the whole path");
    if (rest_.starts_with('[')) return bracket();
    if (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      path_.steps_.push_back({Path::Kind::kEveryMember});
      return {};
    }
    MW_TRY(std::string member, name());
    path_.steps_.push_back({Path::Kind::kMember, std::move(member)});
    return {};
  }

  Outcome<void> bracket() {
    rest_.remove_prefix(1);
    const std::size_t digits = rest_.find_first_not_of("-0123456789");
    if (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      path_.steps_.push_back({Path::Kind::kEveryElement});
    } else if (digits != 0 && digits != rest_.npos) {
      std::int64_t index = 0;
      const auto [end, failed] = std::from_chars(rest_.data(), rest_.data() + digits, index);
      if (failed != std::errc() || end != rest_.data() + digits)
        return wrong("expected a whole number between brackets");
      rest_.remove_prefix(digits);
      path_.steps_.push_back({Path::Kind::kElement, {}, index});
    } else {
      MW_TRY(std::string member, name());
      path_.steps_.push_back({Path::Kind::kMember, std::move(member)});
    }
    if (!rest_.starts_with(']')) return wrong("expected ']'", "slices and unions are not supported");
    rest_.remove_prefix(1);
    return {};
  }

  std::string_view key_;
  std::string_view rest_;
  Path path_;
};

Outcome<Path> Path::parse(std::string_view key) { return KeyParser(key).run(); }

const Value* Path::first_from(const Value& value, std::size_t step) const {
  const Value* at = &value;
  for (; step < steps_.size() && at != nullptr; ++step) {
    const Step& now = steps_[step];
    switch (now.kind) {
      case Kind::kMember: at = at->find(now.name); break;
      case Kind::kElement: {
        const auto elements = at->elements();
        const auto size = static_cast<std::int64_t>(elements.size());
        const std::int64_t index = now.index < 0 ? now.index + size : now.index;
        at = index >= 0 && index < size ? &elements[static_cast<std::size_t>(index)] : nullptr;
        break;
      }
      case Kind::kEveryMember:
        for (const Value::Member& member : at->members()) {
          if (const Value* found = first_from(member.value, step + 1)) return found;
        }
        return nullptr;
      case Kind::kEveryElement:
        // What is no list counts as a list of itself, as in the reference.
        if (!at->is_array()) break;
        for (const Value& element : at->elements()) {
          if (const Value* found = first_from(element, step + 1)) return found;
        }
        return nullptr;
    }
  }
  return at;
}

}  // namespace midwatch::jsonpath
