// series/labels.h — the name of a series: a sorted, immutable, shared set of labels.
//
//   const Labels cpu = Labels::of({{"__name__", "cpu_seconds_total"}, {"mode", "idle"}});
//   cpu.get("mode");                       // "idle"
//   cpu.without(kMetricName).to_string();  // {mode="idle"}
//
// A Labels is a handle: copying copies a pointer, and equal handles compare by that pointer first.
// The empty value means "no such label", as in Prometheus: such labels are never stored.
//
// Thread-safety: a Labels may be read and copied on any thread.
// Cost: get O(labels); hash is computed once; with/without build a new set.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "value/value.h"

namespace midwatch {

inline constexpr std::string_view kMetricName = "__name__";

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

class Labels {
 public:
  Labels() = default;
  // In any order. Of equal names the last wins.
  static Labels of(std::span<const LabelView> labels);
  static Labels of(std::initializer_list<LabelView> labels);

  [[nodiscard]] std::size_t size() const { return rep_ ? rep_->spans.size() : 0; }
  [[nodiscard]] bool empty() const { return rep_ == nullptr; }
  [[nodiscard]] LabelView operator[](std::size_t index) const;      // in order of names
  [[nodiscard]] std::string_view get(std::string_view name) const;  // "" where there is none
  [[nodiscard]] bool has(std::string_view name) const { return !get(name).empty(); }
  [[nodiscard]] std::string_view metric_name() const { return get(kMetricName); }
  // All of them, valid while a handle to the same set lives.
  [[nodiscard]] std::vector<LabelView> views() const;

  [[nodiscard]] Labels with(std::string_view name, std::string_view value) const;
  [[nodiscard]] Labels without(std::string_view name) const;
  // Only the named labels, or all but the named ones. `names` must be sorted.
  [[nodiscard]] Labels keep(std::span<const std::string> names) const;
  [[nodiscard]] Labels drop(std::span<const std::string> names) const;

  [[nodiscard]] std::uint64_t hash() const { return rep_ ? rep_->hash : 0; }
  [[nodiscard]] std::size_t bytes() const;  // of memory, roughly, for accounting
  // Identity of the shared set: equal pointers mean equal labels, not the other way round.
  [[nodiscard]] const void* identity() const { return rep_.get(); }

  [[nodiscard]] std::string to_string() const;       // {__name__="up", job="a"}
  [[nodiscard]] std::string to_metric_text() const;  // up{job="a"}; {} when empty
  [[nodiscard]] Value to_value() const;              // {"__name__": "up", "job": "a"}

  friend bool operator==(const Labels& a, const Labels& b);
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  struct Span {
    std::uint32_t name_at, name_bytes, value_at, value_bytes;
  };
  struct Rep {
    std::uint64_t hash = 0;
    std::string text;  // names and values, one after the other
    std::vector<Span> spans;
  };
  // Sorted by name, names unique, values not empty.
  static Labels from_sorted(std::span<const LabelView> labels);
  explicit Labels(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  std::shared_ptr<const Rep> rep_;
};

// The text in double quotes, with \\, \" and \n escaped as the exposition format wants it.
void append_quoted_label(std::string& out, std::string_view text);

}  // namespace midwatch

template <>
struct std::hash<midwatch::Labels> {
  std::size_t operator()(const midwatch::Labels& labels) const { return labels.hash(); }
};
