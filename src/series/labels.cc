#include "series/labels.h"

#include <algorithm>

namespace midwatch {
namespace {

std::uint64_t mix(std::uint64_t h) {
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ULL;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

// FNV-1a; the zero byte keeps {"ab","c"} and {"a","bc"} apart.
std::uint64_t fnv(std::uint64_t h, std::string_view text) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h * 0x100000001b3ULL;
}

}  // namespace

Labels Labels::from_sorted(std::span<const LabelView> labels) {
  if (labels.empty()) return {};
  auto rep = std::make_shared<Rep>();
  std::size_t bytes = 0;
  for (const LabelView& label : labels) bytes += label.name.size() + label.value.size();
  rep->text.reserve(bytes);
  rep->spans.reserve(labels.size());
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const LabelView& label : labels) {
    const auto name_at = static_cast<std::uint32_t>(rep->text.size());
    rep->text.append(label.name);
    const auto value_at = static_cast<std::uint32_t>(rep->text.size());
    rep->text.append(label.value);
    rep->spans.push_back({name_at, static_cast<std::uint32_t>(label.name.size()), value_at,
                          static_cast<std::uint32_t>(label.value.size())});
    h = fnv(fnv(h, label.name), label.value);
  }
  rep->hash = mix(h);
  return Labels(std::move(rep));
}

Labels Labels::of(std::span<const LabelView> labels) {
  // Sorted by name, then by place, so that of equal names the last can win.
  struct Placed {
    LabelView label;
    std::size_t place;
  };
  std::vector<Placed> placed;
  placed.reserve(labels.size());
  for (const LabelView& label : labels) placed.push_back({label, placed.size()});
  std::sort(placed.begin(), placed.end(), [](const Placed& x, const Placed& y) {
    return x.label.name != y.label.name ? x.label.name < y.label.name : x.place < y.place;
  });
  std::vector<LabelView> sorted;
  sorted.reserve(placed.size());
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const bool last_of_its_name = i + 1 == placed.size() || placed[i + 1].label.name != placed[i].label.name;
    if (last_of_its_name && !placed[i].label.value.empty()) sorted.push_back(placed[i].label);
  }
  return from_sorted(sorted);
}

Labels Labels::of(std::initializer_list<LabelView> labels) {
  return of(std::span<const LabelView>(labels.begin(), labels.size()));
}

LabelView Labels::operator[](std::size_t index) const {
  const Span& span = rep_->spans[index];
  const std::string_view text = rep_->text;
  return {text.substr(span.name_at, span.name_bytes), text.substr(span.value_at, span.value_bytes)};
}

std::string_view Labels::get(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const LabelView label = (*this)[i];
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

std::vector<LabelView> Labels::views() const {
  std::vector<LabelView> out;
  out.reserve(size() + 1);
  for (std::size_t i = 0; i < size(); ++i) out.push_back((*this)[i]);
  return out;
}

Labels Labels::with(std::string_view name, std::string_view value) const {
  std::vector<LabelView> all = views();
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const LabelView& label, std::string_view n) { return label.name < n; });
  const bool found = at != all.end() && at->name == name;
  if (value.empty()) {
    if (!found) return *this;
    all.erase(at);
  } else if (found) {
    at->value = value;
  } else {
    all.insert(at, {name, value});
  }
  return from_sorted(all);
}

Labels Labels::without(std::string_view name) const { return with(name, {}); }

Labels Labels::keep(std::span<const std::string> names) const {
  std::vector<LabelView> kept;
  for (std::size_t i = 0; i < size(); ++i) {
    const LabelView label = (*this)[i];
    if (std::binary_search(names.begin(), names.end(), label.name, std::less<>())) kept.push_back(label);
  }
  return kept.size() == size() ? *this : from_sorted(kept);
}

Labels Labels::drop(std::span<const std::string> names) const {
  std::vector<LabelView> kept;
  for (std::size_t i = 0; i < size(); ++i) {
    const LabelView label = (*this)[i];
    if (!std::binary_search(names.begin(), names.end(), label.name, std::less<>())) kept.push_back(label);
  }
  return kept.size() == size() ? *this : from_sorted(kept);
}

std::size_t Labels::bytes() const {
  if (!rep_) return 0;
  return sizeof(Rep) + 16 + rep_->text.capacity() + rep_->spans.capacity() * sizeof(Span);
}

std::string Labels::to_string() const {
  std::string out = "{";
  for (std::size_t i = 0; i < size(); ++i) {
    const LabelView label = (*this)[i];
    if (i != 0) out += ", ";
    out += label.name;
    out += '=';
    append_quoted_label(out, label.value);
  }
  return out += '}';
}

std::string Labels::to_metric_text() const {
  const std::string_view name = metric_name();
  const Labels rest = without(kMetricName);
  if (rest.empty()) return name.empty() ? "{}" : std::string(name);
  return std::string(name) + rest.to_string();
}

Value Labels::to_value() const {
  ObjectBuilder builder;
  for (std::size_t i = 0; i < size(); ++i) builder.set((*this)[i].name, (*this)[i].value);
  return std::move(builder).build();
}

bool operator==(const Labels& a, const Labels& b) {
  if (a.rep_ == b.rep_) return true;
  if (a.size() != b.size() || a.hash() != b.hash()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  if (a.rep_ == b.rep_) return std::strong_ordering::equal;
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (const auto o = a[i] <=> b[i]; o != 0) return o;
  }
  return a.size() <=> b.size();
}

void append_quoted_label(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\n"; break;
      default: out += c;
    }
  }
  out += '"';
}

}  // namespace midwatch
