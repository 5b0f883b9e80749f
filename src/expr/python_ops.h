// expr/python_ops.h — operators over any values with Python's rules and Python's error texts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/datum.h"
#include "expr/evaluation.h"
#include "expr/python_number.h"

namespace midwatch {

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

// An operand that is undefined fails with its own message.
[[nodiscard]] Outcome<void> require_defined(const Datum& datum);
// bool(v); fails for a strict undefined name.
[[nodiscard]] Outcome<bool> py_truth(const Datum& datum);
[[nodiscard]] Outcome<Datum> py_arithmetic(Evaluation& evaluation, Arithmetic op, const Datum& a, const Datum& b);
[[nodiscard]] Outcome<bool> py_compare(Evaluation& evaluation, Comparison op, const Datum& a, const Datum& b);
// item in container
[[nodiscard]] Outcome<bool> py_contains(Evaluation& evaluation, const Datum& container, const Datum& item);
[[nodiscard]] Outcome<std::size_t> py_length(const Datum& datum);
[[nodiscard]] Outcome<Datum> py_negate(const Datum& datum);
[[nodiscard]] Outcome<Datum> py_slice(Evaluation& evaluation, const Datum& datum, const Datum& start, const Datum& stop,
                                      const Datum& step);
// The element at an index that may count from the end; false when out of range.
[[nodiscard]] bool py_element(const Datum& sequence_or_text, std::int64_t index, Datum& out);
// True for what Python refuses as a key of a mapping.
[[nodiscard]] Outcome<void> require_hashable(const Datum& datum);

// Whether iteration over it is possible.
[[nodiscard]] bool is_iterable(const Datum& datum);

// Goes over anything iterable: elements, code points of a text, keys of a mapping, a generator.
class Cursor {
 public:
  [[nodiscard]] static Outcome<Cursor> over(const Datum& datum);
  // False at the end. Takes a step of the evaluation.
  [[nodiscard]] Outcome<bool> next(Evaluation& evaluation, Datum& out);

 private:
  Datum source_;
  Type type_ = Type::kNone;
  std::size_t at_ = 0;
};
[[nodiscard]] Outcome<std::vector<Datum>> py_items(Evaluation& evaluation, const Datum& datum);

// What range() gives: elements are computed.
class RangeObject final : public IteratorObject {
 public:
  RangeObject(std::int64_t start, std::int64_t stop, std::int64_t step) : start_(start), stop_(stop), step_(step) {}
  [[nodiscard]] std::string type_name() const override { return "range"; }
  [[nodiscard]] bool truthy() const override { return size() != 0; }
  [[nodiscard]] std::string text() const override;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Datum at(std::size_t index) const;
  Outcome<bool> next(Evaluation& evaluation, Datum& out) override;
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;
  // The part from `first` on, every `stride`-th up to `last`: again a range.
  [[nodiscard]] Datum part(std::int64_t first, std::int64_t last, std::int64_t stride) const;

 private:
  std::int64_t start_, stop_, step_;
  std::size_t next_ = 0;
};

// A list of plain values stays one shared array; otherwise a list object. Charged to the evaluation.
[[nodiscard]] Outcome<Datum> charged_list(Evaluation& evaluation, std::vector<Datum> items);
[[nodiscard]] Outcome<Datum> charged_text(Evaluation& evaluation, std::string text);

// Stable sort by Python's `<`; fails when two items have no order.
[[nodiscard]] Outcome<void> py_sort(Evaluation& evaluation, std::vector<std::pair<Datum, Datum>>& keyed,
                                    bool descending);

}  // namespace midwatch
