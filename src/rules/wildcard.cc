#include "rules/wildcard.h"

#include <algorithm>

#include <fmt/format.h>

#include "expr/python_text.h"

namespace midwatch {

bool Wildcard::Element::accepts(char32_t c) const {
  switch (kind) {
    case Kind::kCharacter: return c == character;
    case Kind::kAnyOne: return true;
    case Kind::kAnyRun: return false;
    case Kind::kSet:
      return negated != std::ranges::any_of(ranges, [c](const auto& r) { return r.first <= c && c <= r.second; });
  }
  return false;
}

// What stands between the brackets, as fnmatch.translate of Python 3.11 reads it: a '-' makes a range
// unless it is first, last, or right after the end of a range; a range that is empty is dropped together
// with its two ends.
Wildcard::Element Wildcard::set_of(std::u32string_view inside) {
  Element set{.kind = Kind::kSet};
  set.negated = inside.starts_with(U'!');
  if (set.negated) inside.remove_prefix(1);
  std::vector<std::u32string> chunks;
  std::size_t begin = 0;
  for (std::size_t from = 1; from < inside.size();) {
    const std::size_t dash = inside.find(U'-', from);
    if (dash == inside.npos) break;
    chunks.emplace_back(inside.substr(begin, dash - begin));
    begin = dash + 1;
    from = dash + 3;
  }
  if (begin < inside.size() || chunks.empty()) chunks.emplace_back(inside.substr(begin));
  else chunks.back() += U'-';
  for (std::size_t k = chunks.size() - 1; k > 0; --k) {
    if (chunks[k - 1].back() <= chunks[k].front()) continue;
    chunks[k - 1].pop_back();
    chunks[k - 1] += chunks[k].substr(1);
    chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(k));
  }
  // A '!' that comes first only now negates too, as there.
  if (!set.negated && chunks.front().starts_with(U'!')) {
    set.negated = true;
    chunks.front().erase(0, 1);
  }
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    for (const char32_t c : chunks[k]) set.ranges.emplace_back(c, c);
    if (k > 0) set.ranges.emplace_back(chunks[k - 1].back(), chunks[k].front());
  }
  return set;
}

Wildcard Wildcard::compile(std::string_view pattern) {
  const std::u32string text = to_code_points(pattern);
  Wildcard out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == U'*') {
      if (out.elements_.empty() || out.elements_.back().kind != Kind::kAnyRun)
        out.elements_.push_back({.kind = Kind::kAnyRun});
    } else if (c == U'?') {
      out.elements_.push_back({.kind = Kind::kAnyOne});
    } else if (c == U'[') {
      // A ']' right after '[' or '[!' is a member of the set.
      std::size_t end = i + 1;
      if (end < text.size() && text[end] == U'!') ++end;
      if (end < text.size() && text[end] == U']') ++end;
      while (end < text.size() && text[end] != U']') ++end;
      if (end >= text.size()) {
        out.elements_.push_back({.character = c});
        continue;
      }
      out.elements_.push_back(set_of(std::u32string_view(text).substr(i + 1, end - i - 1)));
      i = end;
    } else {
      out.elements_.push_back({.character = c});
    }
  }
  return out;
}

// Greedy with one place to go back to: the last star.
bool Wildcard::matches(std::string_view text) const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t element = 0;
  std::size_t at = 0;
  std::size_t star = kNone;
  std::size_t star_at = 0;
  while (at < text.size()) {
    if (element < elements_.size() && elements_[element].kind == Kind::kAnyRun) {
      star = element++;
      star_at = at;
      continue;
    }
    std::size_t after = at;
    if (element < elements_.size() && elements_[element].accepts(next_code_point(text, after))) {
      at = after;
      ++element;
      continue;
    }
    if (star == kNone) return false;
    element = star + 1;
    (void)next_code_point(text, star_at);
    at = star_at;
  }
  while (element < elements_.size() && elements_[element].kind == Kind::kAnyRun) ++element;
  return element == elements_.size();
}

std::string Wildcard::literal_prefix() const {
  std::string out;
  for (const Element& element : elements_) {
    if (element.kind != Kind::kCharacter) break;
    append_code_point(out, element.character);
  }
  return out;
}

std::string Wildcard::literal_suffix() const {
  const auto last = std::find_if(elements_.rbegin(), elements_.rend(),
                                 [](const Element& element) { return element.kind != Kind::kCharacter; });
  std::string out;
  for (auto it = last.base(); it != elements_.end(); ++it) append_code_point(out, it->character);
  return out;
}

std::string Wildcard::re2_source() const {
  std::string out = "(?s:\\A";
  for (const Element& element : elements_) {
    switch (element.kind) {
      case Kind::kCharacter: out += fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(element.character)); break;
      case Kind::kAnyOne: out += '.'; break;
      case Kind::kAnyRun: out += ".*"; break;
      case Kind::kSet:
        if (element.ranges.empty()) {
          out += element.negated ? "." : "[^\\x{0}-\\x{10ffff}]";
          break;
        }
        out += element.negated ? "[^" : "[";
        for (const auto& [first, last] : element.ranges) {
          out += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<std::uint32_t>(first),
                             static_cast<std::uint32_t>(last));
        }
        out += ']';
        break;
    }
  }
  return out + "\\z)";
}

}  // namespace midwatch
