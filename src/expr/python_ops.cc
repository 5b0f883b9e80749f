#include "expr/python_ops.h"

#include <algorithm>

#include "expr/markup.h"
#include "expr/python_format.h"
#include "expr/python_text.h"

namespace midwatch {

Outcome<void> require_defined(const Datum& datum) {
  if (datum.is_undefined()) return static_cast<const UndefinedObject*>(datum.object())->failure();
  return {};
}

Outcome<bool> py_truth(const Datum& datum) {
  if (datum.is_undefined()) {
    const auto& undefined = static_cast<const UndefinedObject&>(*datum.object());
    if (undefined.strict()) return undefined.failure();
  }
  return truthy(datum);
}

Outcome<Datum> charged_text(Evaluation& evaluation, std::string text) {
  if (!evaluation.take_bytes(text.size())) return evaluation.too_many_bytes();
  return Datum(std::string_view(text));
}

Outcome<Datum> charged_list(Evaluation& evaluation, std::vector<Datum> items) {
  if (!evaluation.take_bytes(items.size() * sizeof(Datum))) return evaluation.too_many_bytes();
  return make_list(std::move(items));
}

namespace {

std::optional<Value> as_number(const Datum& datum) {
  if (datum.is_number()) return datum.plain();
  if (datum.is_bool()) return Value(datum.plain().as_bool() ? 1 : 0);
  return std::nullopt;
}

Failure unsupported(Arithmetic op, const Datum& a, const Datum& b) {
  return type_error("unsupported operand type(s) for " + std::string(symbol(op)) + ": '" + type_name(a) + "' and '" +
                    type_name(b) + "'");
}

std::vector<Datum> copied_items(const Datum& sequence) {
  std::vector<Datum> out;
  out.reserve(sequence_size(sequence));
  for (std::size_t i = 0; i < sequence_size(sequence); ++i) out.push_back(sequence_at(sequence, i));
  return out;
}

Outcome<Datum> add_sequences(Evaluation& evaluation, const Datum& a, const Datum& b) {
  if (a.is_string()) {
    if (!b.is_string()) return type_error("can only concatenate str (not \"" + type_name(b) + "\") to str");
    if (is_markup(a) || is_markup(b)) {
      MW_TRY(std::string safe, escaped_text(evaluation, a));
      MW_TRY(const std::string more, escaped_text(evaluation, b));
      return make_markup(evaluation, std::move(safe += more));
    }
    std::string text(a.text());
    return charged_text(evaluation, text += b.text());
  }
  if (a.type() != b.type()) {
    const std::string kind = a.type() == Type::kList ? "list" : "tuple";
    return type_error("can only concatenate " + kind + " (not \"" + type_name(b) + "\") to " + kind);
  }
  std::vector<Datum> items = copied_items(a);
  for (std::size_t i = 0; i < sequence_size(b); ++i) items.push_back(sequence_at(b, i));
  if (!evaluation.take_steps(items.size())) return evaluation.too_many_steps();
  if (!evaluation.take_bytes(items.size() * sizeof(Datum))) return evaluation.too_many_bytes();
  return a.type() == Type::kList ? make_list(std::move(items)) : make_tuple(std::move(items));
}

Outcome<Datum> repeat(Evaluation& evaluation, const Datum& sequence, const Value& times) {
  const std::int64_t count = times.is_int()                         ? std::max<std::int64_t>(times.as_int(), 0)
                             : times.bigint_digits().front() == '-' ? 0
                                                                    : INT64_MAX;
  const std::size_t unit = sequence.is_string() ? sequence.text().size() : sequence_size(sequence) * sizeof(Datum);
  if (unit == 0 || count == 0) {
    if (sequence.is_string()) return Datum("");
    return sequence.type() == Type::kList ? make_list({}) : make_tuple({});
  }
  if (static_cast<std::uint64_t>(count) > evaluation.limits.output_bytes_max / unit ||
      !evaluation.take_bytes(unit * static_cast<std::size_t>(count))) {
    return evaluation.too_many_bytes();
  }
  if (sequence.is_string()) {
    std::string text;
    for (std::int64_t i = 0; i < count; ++i) text += sequence.text();
    return Datum(std::string_view(text));
  }
  std::vector<Datum> items;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < sequence_size(sequence); ++k) items.push_back(sequence_at(sequence, k));
  }
  return sequence.type() == Type::kList ? make_list(std::move(items)) : make_tuple(std::move(items));
}

bool is_repeatable(const Datum& datum) { return datum.is_string() || datum.is_sequence(); }

Outcome<Datum> multiply_sequence(Evaluation& evaluation, const Datum& a, const Datum& b) {
  const Datum& sequence = is_repeatable(a) ? a : b;
  const Datum& times = is_repeatable(a) ? b : a;
  const auto count = as_number(times);
  if (!count || count->is_double()) {
    return type_error("can't multiply sequence by non-int of type '" + type_name(times) + "'");
  }
  MW_TRY(const Datum repeated, repeat(evaluation, sequence, *count));
  return is_markup(sequence) ? marked(repeated) : repeated;
}

}  // namespace

Outcome<Datum> py_arithmetic(Evaluation& evaluation, Arithmetic op, const Datum& a, const Datum& b) {
  const auto x = as_number(a);
  const auto y = as_number(b);
  if (x && y) return number_arithmetic(op, *x, *y);
  MW_CHECK(require_defined(a));
  if (op == Arithmetic::kModulo && a.is_string()) {
    MW_TRY(std::string text, percent_format(evaluation, a.text(), b, is_markup(a) ? Escaping::kHtml : Escaping::kNone));
    if (is_markup(a)) return make_markup(evaluation, std::move(text));
    return charged_text(evaluation, std::move(text));
  }
  MW_CHECK(require_defined(b));
  if (op == Arithmetic::kAdd && (a.is_string() || a.is_sequence())) return add_sequences(evaluation, a, b);
  if (op == Arithmetic::kMultiply && (is_repeatable(a) || is_repeatable(b))) return multiply_sequence(evaluation, a, b);
  if (op == Arithmetic::kSubtract && a.type() == Type::kSet && b.type() == Type::kSet) {
    auto out = std::make_shared<SetObject>();
    for (const auto& [item, unused] : a.as<SetObject>()->members.entries) {
      if (!b.as<SetObject>()->contains(item)) out->insert(item);
    }
    return Datum(out);
  }
  return unsupported(op, a, b);
}

// ---------------------------------------------------------------- comparison

namespace {

std::string_view comparison_symbol(Comparison op) {
  switch (op) {
    case Comparison::kLess: return "<";
    case Comparison::kLessEqual: return "<=";
    case Comparison::kGreater: return ">";
    case Comparison::kGreaterEqual: return ">=";
    default: return "==";
  }
}

bool holds(Comparison op, int relation) {
  switch (op) {
    case Comparison::kLess: return relation < 0;
    case Comparison::kLessEqual: return relation <= 0;
    case Comparison::kGreater: return relation > 0;
    case Comparison::kGreaterEqual: return relation >= 0;
    case Comparison::kEqual: return relation == 0;
    case Comparison::kNotEqual: return relation != 0;
  }
  return false;
}

bool subset(const SetObject& a, const SetObject& b) {
  return std::all_of(a.members.entries.begin(), a.members.entries.end(),
                     [&](const auto& entry) { return b.contains(entry.first); });
}

bool compare_sets(Comparison op, const SetObject& a, const SetObject& b) {
  const std::size_t an = a.members.entries.size();
  const std::size_t bn = b.members.entries.size();
  switch (op) {
    case Comparison::kLess: return an < bn && subset(a, b);
    case Comparison::kLessEqual: return subset(a, b);
    case Comparison::kGreater: return bn < an && subset(b, a);
    default: return subset(b, a);
  }
}

Outcome<bool> compare_sequences(Evaluation& evaluation, Comparison op, const Datum& a, const Datum& b) {
  const std::size_t an = sequence_size(a);
  const std::size_t bn = sequence_size(b);
  for (std::size_t i = 0; i < std::min(an, bn); ++i) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    const Datum x = sequence_at(a, i);
    const Datum y = sequence_at(b, i);
    bool same = false;
    // Python asks for equality first, which a strict undefined refuses; only with itself it is not asked.
    if (x.is_undefined() || y.is_undefined()) {
      if (x.is_undefined() && y.is_undefined() && x.object() == y.object()) continue;
      MW_TRY(same, py_compare(evaluation, Comparison::kEqual, x, y));
    } else {
      same = equal(x, y);
    }
    if (!same) {
      const Evaluation::Level level(evaluation);
      if (!level.ok()) return evaluation.too_deep();
      return py_compare(evaluation, op, x, y);
    }
  }
  return holds(op, an < bn ? -1 : an > bn ? 1 : 0);
}

}  // namespace

Outcome<bool> py_compare(Evaluation& evaluation, Comparison op, const Datum& a, const Datum& b) {
  const bool equality = op == Comparison::kEqual || op == Comparison::kNotEqual;
  for (const Datum* side : {&a, &b}) {
    if (side->is_undefined() && (!equality || static_cast<const UndefinedObject*>(side->object())->strict())) {
      MW_CHECK(require_defined(*side));
    }
  }
  if (equality) return equal(a, b) == (op == Comparison::kEqual);
  const auto x = as_number(a);
  const auto y = as_number(b);
  if (x && y) {
    const auto relation = compare_numbers(*x, *y);
    return relation && holds(op, *relation);
  }
  if (a.is_string() && b.is_string()) return holds(op, a.text().compare(b.text()));
  if (a.is_sequence() && a.type() == b.type()) return compare_sequences(evaluation, op, a, b);
  if (a.type() == Type::kSet && b.type() == Type::kSet) return compare_sets(op, *a.as<SetObject>(), *b.as<SetObject>());
  return type_error("'" + std::string(comparison_symbol(op)) + "' not supported between instances of '" + type_name(a) +
                    "' and '" + type_name(b) + "'");
}

Outcome<bool> py_contains(Evaluation& evaluation, const Datum& container, const Datum& item) {
  const auto lenient = [](const Datum& d) {
    return d.is_undefined() && !static_cast<const UndefinedObject*>(d.object())->strict();
  };
  if (lenient(container)) return false;
  MW_CHECK(require_defined(container));
  switch (container.type()) {
    case Type::kString:
      if (!item.is_string()) {
        MW_CHECK(require_defined(item));
        return type_error("'in <string>' requires string as left operand, not " + type_name(item));
      }
      return container.text().find(item.text()) != std::string_view::npos;
    case Type::kDict: {
      MW_CHECK(require_hashable(item));
      Datum unused;
      return dict_find(container, item, unused);
    }
    case Type::kSet: MW_CHECK(require_hashable(item)); return container.as<SetObject>()->contains(item);
    case Type::kList:
    case Type::kTuple:
    case Type::kIterator: {
      MW_TRY(Cursor cursor, Cursor::over(container));
      Datum element;
      while (true) {
        MW_TRY(const bool more, cursor.next(evaluation, element));
        if (!more) return false;
        if (!lenient(item)) MW_CHECK(require_defined(item));
        if (!lenient(element)) MW_CHECK(require_defined(element));
        if (equal(element, item)) return true;
      }
    }
    default: return type_error("argument of type '" + type_name(container) + "' is not iterable");
  }
}

Outcome<std::size_t> py_length(const Datum& datum) {
  switch (datum.type()) {
    case Type::kString: return code_point_count(datum.text());
    case Type::kList:
    case Type::kTuple: return sequence_size(datum);
    case Type::kDict: return dict_size(datum);
    case Type::kSet: return datum.as<SetObject>()->members.entries.size();
    case Type::kUndefined: {
      const auto* undefined = static_cast<const UndefinedObject*>(datum.object());
      if (undefined->strict()) return undefined->failure();
      return std::size_t{0};
    }
    default: break;
  }
  if (const auto* range = datum.as<RangeObject>()) return range->size();
  if (const auto* iterator = datum.as<IteratorObject>(); iterator != nullptr && iterator->ready() != nullptr) {
    return iterator->ready()->size();
  }
  return type_error("object of type '" + type_name(datum) + "' has no len()");
}

Outcome<Datum> py_negate(const Datum& datum) {
  MW_CHECK(require_defined(datum));
  const auto number = as_number(datum);
  if (!number) return type_error("bad operand type for unary -: '" + type_name(datum) + "'");
  return Datum(negate(*number));
}

Outcome<void> require_hashable(const Datum& datum) {
  MW_CHECK(require_defined(datum));
  const Type type = datum.type();
  if (type == Type::kList || type == Type::kDict || type == Type::kSet) {
    return type_error("unhashable type: '" + type_name(datum) + "'");
  }
  if (type == Type::kIterator && (type_name(datum) == "dict_items" || type_name(datum) == "dict_keys")) {
    return type_error("unhashable type: '" + type_name(datum) + "'");
  }
  if (type == Type::kTuple) {
    for (std::size_t i = 0; i < sequence_size(datum); ++i) MW_CHECK(require_hashable(sequence_at(datum, i)));
  }
  return {};
}

// ---------------------------------------------------------------- indexing

bool py_element(const Datum& datum, std::int64_t index, Datum& out) {
  if (datum.is_string()) {
    const std::string_view text = datum.text();
    const auto length = static_cast<std::int64_t>(code_point_count(text));
    if (index < 0) index += length;
    if (index < 0 || index >= length) return false;
    std::size_t at = code_point_offset(text, static_cast<std::size_t>(index));
    const std::size_t start = at;
    (void)next_code_point(text, at);
    out = Datum(text.substr(start, at - start));
    if (is_markup(datum)) out = marked(out);
    return true;
  }
  const auto* range = datum.as<RangeObject>();
  const auto size = static_cast<std::int64_t>(range != nullptr ? range->size() : sequence_size(datum));
  if (index < 0) index += size;
  if (index < 0 || index >= size) return false;
  out = range != nullptr ? range->at(static_cast<std::size_t>(index))
                         : sequence_at(datum, static_cast<std::size_t>(index));
  return true;
}

namespace {

Outcome<std::optional<std::int64_t>> slice_bound(const Datum& datum) {
  if (datum.is_none()) return std::optional<std::int64_t>();
  MW_CHECK(require_defined(datum));
  const auto number = as_number(datum);
  if (!number || number->is_double()) {
    return type_error("slice indices must be integers or None or have an __index__ method");
  }
  if (number->is_int())
    return std::optional<std::int64_t>(std::clamp<std::int64_t>(number->as_int(), -(1ll << 60), 1ll << 60));
  return std::optional<std::int64_t>(number->bigint_digits().front() == '-' ? -(1ll << 60) : 1ll << 60);
}

struct SliceRange {
  std::int64_t start, stop, step, count;
};

// PySlice_AdjustIndices.
SliceRange adjusted(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step,
                    std::int64_t length) {
  const std::int64_t low = step < 0 ? -1 : 0;
  const std::int64_t high = step < 0 ? length - 1 : length;
  const auto clip = [&](std::optional<std::int64_t> bound, std::int64_t fallback) {
    if (!bound) return fallback;
    const std::int64_t at = *bound < 0 ? *bound + length : *bound;
    return std::clamp(at, low, high);
  };
  const std::int64_t from = clip(start, step < 0 ? high : low);
  const std::int64_t to = clip(stop, step < 0 ? low : high);
  std::int64_t count = 0;
  if (step > 0 && from < to) count = (to - from - 1) / step + 1;
  if (step < 0 && to < from) count = (from - to - 1) / -step + 1;
  return {from, to, step, count};
}

}  // namespace

Outcome<Datum> py_slice(Evaluation& evaluation, const Datum& datum, const Datum& start, const Datum& stop,
                        const Datum& step) {
  MW_CHECK(require_defined(datum));
  MW_TRY(const auto from, slice_bound(start));
  MW_TRY(const auto to, slice_bound(stop));
  MW_TRY(const auto stride, slice_bound(step));
  if (stride && *stride == 0) return value_error("slice step cannot be zero");
  if (datum.is_string()) {
    const std::u32string whole = to_code_points(datum.text());
    const SliceRange range = adjusted(from, to, stride.value_or(1), static_cast<std::int64_t>(whole.size()));
    std::u32string out;
    for (std::int64_t i = 0; i < range.count; ++i) out += whole[static_cast<std::size_t>(range.start + i * range.step)];
    if (is_markup(datum)) return make_markup(evaluation, from_code_points(out));
    return charged_text(evaluation, from_code_points(out));
  }
  const bool is_range = datum.as<RangeObject>() != nullptr;
  if (!datum.is_sequence() && !is_range) return type_error("'" + type_name(datum) + "' object is not subscriptable");
  MW_TRY(const std::size_t size, py_length(datum));
  const SliceRange range = adjusted(from, to, stride.value_or(1), static_cast<std::int64_t>(size));
  if (is_range) return datum.as<RangeObject>()->part(range.start, range.stop, range.step);
  std::vector<Datum> out;
  if (!evaluation.take_steps(static_cast<std::uint64_t>(range.count))) return evaluation.too_many_steps();
  if (!evaluation.take_bytes(static_cast<std::size_t>(range.count) * sizeof(Datum))) return evaluation.too_many_bytes();
  out.reserve(static_cast<std::size_t>(range.count));
  for (std::int64_t i = 0; i < range.count; ++i) {
    Datum element;
    (void)py_element(datum, range.start + i * range.step, element);
    out.push_back(std::move(element));
  }
  return datum.type() == Type::kTuple ? make_tuple(std::move(out)) : make_list(std::move(out));
}

// ---------------------------------------------------------------- iteration

bool is_iterable(const Datum& datum) {
  switch (datum.type()) {
    case Type::kString:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kSet:
    case Type::kIterator: return true;
    default: return false;
  }
}

Outcome<Cursor> Cursor::over(const Datum& datum) {
  if (datum.is_undefined()) {
    const auto* undefined = static_cast<const UndefinedObject*>(datum.object());
    if (undefined->strict()) return undefined->failure();
    Cursor empty;
    empty.type_ = Type::kUndefined;
    return empty;
  }
  if (!is_iterable(datum)) return type_error("'" + type_name(datum) + "' object is not iterable");
  Cursor cursor;
  cursor.source_ = datum;
  cursor.type_ = datum.type();
  if (cursor.type_ == Type::kIterator) {
    if (auto fresh = static_cast<IteratorObject*>(datum.object())->restarted())
      cursor.source_ = Datum(std::move(fresh));
  }
  return cursor;
}

Outcome<bool> Cursor::next(Evaluation& evaluation, Datum& out) {
  if (!evaluation.take_steps()) return evaluation.too_many_steps();
  switch (type_) {
    case Type::kString: {
      const std::string_view text = source_.text();
      if (at_ >= text.size()) return false;
      const std::size_t start = at_;
      (void)next_code_point(text, at_);
      out = Datum(text.substr(start, at_ - start));
      return true;
    }
    case Type::kList:
    case Type::kTuple:
      if (at_ >= sequence_size(source_)) return false;
      out = sequence_at(source_, at_++);
      return true;
    case Type::kDict:
      if (at_ >= dict_size(source_)) return false;
      out = dict_entry(source_, at_++).first;
      return true;
    case Type::kSet: {
      const auto& entries = static_cast<SetObject*>(source_.object())->members.entries;
      if (at_ >= entries.size()) return false;
      out = entries[at_++].first;
      return true;
    }
    case Type::kIterator:
      if (const auto* range = source_.as<RangeObject>()) {
        if (at_ >= range->size()) return false;
        out = range->at(at_++);
        return true;
      }
      if (const auto* ready = static_cast<IteratorObject*>(source_.object())->ready()) {
        if (at_ >= ready->size()) return false;
        out = (*ready)[at_++];
        return true;
      }
      {
        // Generators over generators recurse.
        const Evaluation::Level level(evaluation);
        if (!level.ok()) return evaluation.too_deep();
        return static_cast<IteratorObject*>(source_.object())->next(evaluation, out);
      }
    default: return false;
  }
}

Outcome<std::vector<Datum>> py_items(Evaluation& evaluation, const Datum& datum) {
  MW_TRY(Cursor cursor, Cursor::over(datum));
  std::vector<Datum> out;
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(evaluation, item));
    if (!more) return out;
    if (!evaluation.take_bytes(sizeof(Datum))) return evaluation.too_many_bytes();
    out.push_back(std::move(item));
  }
}

std::string RangeObject::text() const {
  std::string out = "range(" + std::to_string(start_) + ", " + std::to_string(stop_);
  if (step_ != 1) out += ", " + std::to_string(step_);
  return out + ")";
}

std::size_t RangeObject::size() const {
  // In unsigned numbers, where the distance between any two integers has room.
  const bool up = step_ > 0;
  if (up ? start_ >= stop_ : start_ <= stop_) return 0;
  const auto unsigned_of = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  const std::uint64_t distance =
      up ? unsigned_of(stop_) - unsigned_of(start_) : unsigned_of(start_) - unsigned_of(stop_);
  const std::uint64_t stride = up ? unsigned_of(step_) : 0 - unsigned_of(step_);
  return (distance - 1) / stride + 1;
}

Datum RangeObject::at(std::size_t index) const {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(start_) + index * static_cast<std::uint64_t>(step_));
}

Datum RangeObject::part(std::int64_t first, std::int64_t last, std::int64_t stride) const {
  const auto at = [&](std::int64_t position) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(start_) +
                                     static_cast<std::uint64_t>(position) * static_cast<std::uint64_t>(step_));
  };
  const auto step = static_cast<std::uint64_t>(step_) * static_cast<std::uint64_t>(stride);
  return std::make_shared<RangeObject>(at(first), at(last), static_cast<std::int64_t>(step));
}

Outcome<bool> RangeObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  if (name == "start") out = start_;
  else if (name == "stop") out = stop_;
  else if (name == "step") out = step_;
  else return false;
  return true;
}

Outcome<bool> RangeObject::next(Evaluation&, Datum& out) {
  if (next_ >= size()) return false;
  out = at(next_++);
  return true;
}

Outcome<void> py_sort(Evaluation& evaluation, std::vector<std::pair<Datum, Datum>>& keyed, bool descending) {
  // A merge sort that can stop at the first failing comparison; std::stable_sort cannot.
  std::vector<std::pair<Datum, Datum>> buffer(keyed.size());
  for (std::size_t width = 1; width < keyed.size(); width *= 2) {
    for (std::size_t low = 0; low < keyed.size(); low += 2 * width) {
      const std::size_t middle = std::min(low + width, keyed.size());
      const std::size_t high = std::min(low + 2 * width, keyed.size());
      std::size_t left = low;
      std::size_t right = middle;
      for (std::size_t at = low; at < high; ++at) {
        bool take_right = left == middle;
        if (!take_right && right < high) {
          if (!evaluation.take_steps()) return evaluation.too_many_steps();
          MW_TRY(take_right, py_compare(evaluation, descending ? Comparison::kGreater : Comparison::kLess,
                                        keyed[right].first, keyed[left].first));
        }
        buffer[at] = std::move(keyed[take_right ? right++ : left++]);
      }
    }
    keyed.swap(buffer);
  }
  return {};
}

}  // namespace midwatch
