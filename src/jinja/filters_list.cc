// Filters over sequences and mappings.
#include <algorithm>

#include "expr/markup.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/attribute_path.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

Outcome<Datum> first(Call& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum out;
  MW_TRY(const bool more, cursor.next(call.evaluation, out));
  if (more) return out;
  return undefined(call.evaluation, "No first item, sequence was empty.");
}

Outcome<Datum> last(Call& call) {
  const Datum& value = call.args[0];
  if (value.type() == Type::kIterator && value.as<RangeObject>() == nullptr && type_name(value) == "generator") {
    return type_error("'generator' object is not reversible");
  }
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, value));
  if (!items.empty()) return std::move(items.back());
  return undefined(call.evaluation, "No last item, sequence was empty.");
}

Outcome<Datum> length(Call& call) {
  MW_TRY(const std::size_t size, py_length(call.args[0]));
  return Datum(size);
}

Outcome<Datum> list(Call& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  return make_list(std::move(items));
}

// Where texts are escaped and anything to join is Markup, the rest is escaped.
Outcome<Datum> join(Call& call) {
  Evaluation& evaluation = call.evaluation;
  const Datum separator = call.has(1) ? call.args[1] : Datum("");
  MW_TRY(std::vector<Datum> items, py_items(evaluation, call.args[0]));
  if (call.has(2) && !call.args[2].is_none()) {
    MW_TRY(const AttributePath path, AttributePath::parse(call.args[2]));
    for (Datum& item : items) {
      MW_TRY(item, path.get(evaluation, item));
    }
  }
  const bool safe =
      evaluation.autoescape && (is_markup(separator) || std::any_of(items.begin(), items.end(), is_markup));
  const auto text_of = [&](const Datum& datum) {
    return safe ? escaped_text(evaluation, datum) : py_str(evaluation, datum);
  };
  MW_TRY(const std::string between, text_of(separator));
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    MW_TRY(const std::string text, text_of(items[i]));
    if (i != 0) out += between;
    out += text;
    if (out.size() > evaluation.limits.output_bytes_max) return evaluation.too_many_bytes();
  }
  if (safe) return make_markup(evaluation, std::move(out));
  return charged_text(evaluation, std::move(out));
}

Outcome<Datum> reverse(Call& call) {
  const Datum& value = call.args[0];
  MW_CHECK(require_defined(value));
  if (value.is_string()) {
    std::u32string text = to_code_points(value.text());
    std::reverse(text.begin(), text.end());
    if (is_markup(value)) return make_markup(call.evaluation, from_code_points(text));
    return charged_text(call.evaluation, from_code_points(text));
  }
  if (!is_iterable(value)) return Failure(ErrorKind::kValue, "FilterArgumentError", "argument must be iterable");
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, value));
  std::reverse(items.begin(), items.end());
  return make_generator(std::move(items));
}

bool flag(const Call& call, std::size_t index, bool fallback) {
  return call.has(index) ? truthy(call.args[index]) : fallback;
}

// The key that sort, unique, min, max and groupby compare: an attribute, texts without case.
// sort() compares lists of keys, even of one: equal keys need no order then, as two times None.
enum class KeyStyle : std::uint8_t { kPlain, kList };
Outcome<Datum> sort_key(Call& call, const std::vector<AttributePath>& paths, const Datum& item, bool case_sensitive,
                        KeyStyle style) {
  const auto folded = [&](const Datum& key) {
    return !case_sensitive && key.is_string() ? Datum(std::string_view(lower_text(key.text()))) : key;
  };
  if (paths.empty() && style == KeyStyle::kList) return make_list({folded(item)});
  if (paths.empty()) return folded(item);
  if (paths.size() == 1 && style == KeyStyle::kPlain) {
    MW_TRY(const Datum key, paths[0].get(call.evaluation, item));
    return folded(key);
  }
  std::vector<Datum> keys;
  for (const AttributePath& path : paths) {
    MW_TRY(const Datum key, path.get(call.evaluation, item));
    keys.push_back(folded(key));
  }
  return make_list(std::move(keys));
}

Outcome<std::vector<AttributePath>> paths_of(const Call& call, std::size_t index, bool several) {
  std::vector<AttributePath> out;
  if (!call.has(index) || call.args[index].is_none()) return out;
  if (several && call.args[index].is_string()) {
    for (const std::string& part : split_on(call.args[index].text(), ",")) {
      MW_TRY(AttributePath path, AttributePath::parse(Datum(std::string_view(part))));
      out.push_back(std::move(path));
    }
    return out;
  }
  MW_TRY(AttributePath path, AttributePath::parse(call.args[index]));
  out.push_back(std::move(path));
  return out;
}

Outcome<std::vector<std::pair<Datum, Datum>>> keyed_items(Call& call, const std::vector<AttributePath>& paths,
                                                          bool case_sensitive, KeyStyle style = KeyStyle::kPlain) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::vector<std::pair<Datum, Datum>> out;
  for (Datum& item : items) {
    MW_TRY(Datum key, sort_key(call, paths, item, case_sensitive, style));
    out.emplace_back(std::move(key), std::move(item));
  }
  return out;
}

std::vector<Datum> values_of(std::vector<std::pair<Datum, Datum>>& keyed) {
  std::vector<Datum> out;
  out.reserve(keyed.size());
  for (auto& [key, value] : keyed) out.push_back(std::move(value));
  return out;
}

// The `reverse` of sorted(): an integer.
Outcome<bool> descending(const Call& call, std::size_t index) {
  if (!call.has(index)) return false;
  MW_TRY(const std::int64_t given, int_argument(call.args[index]));
  return given != 0;
}

Outcome<Datum> sort(Call& call) {
  MW_TRY(const bool reversed, descending(call, 1));
  MW_TRY(const auto paths, paths_of(call, 3, true));
  MW_TRY(auto keyed, keyed_items(call, paths, flag(call, 2, false), KeyStyle::kList));
  MW_CHECK(py_sort(call.evaluation, keyed, reversed));
  return make_list(values_of(keyed));
}

Outcome<Datum> dict_sort(Call& call) {
  const Datum& dict = call.args[0];
  MW_CHECK(require_defined(dict));
  const std::string by = call.has(2) && call.args[2].is_string() ? std::string(call.args[2].text()) : "key";
  if (by != "key" && by != "value")
    return Failure(ErrorKind::kValue, "FilterArgumentError", "You can only sort by either \"key\" or \"value\"");
  if (!dict.is_dict())
    return Failure(ErrorKind::kType, "AttributeError", "'" + type_name(dict) + "' object has no attribute 'items'");
  std::vector<std::pair<Datum, Datum>> keyed;
  for (std::size_t i = 0; i < dict_size(dict); ++i) {
    auto [key, value] = dict_entry(dict, i);
    Datum sort_by = by == "key" ? key : value;
    if (!flag(call, 1, false) && sort_by.is_string()) sort_by = Datum(std::string_view(lower_text(sort_by.text())));
    keyed.emplace_back(std::move(sort_by), make_tuple({key, value}));
  }
  MW_TRY(const bool reversed, descending(call, 3));
  MW_CHECK(py_sort(call.evaluation, keyed, reversed));
  return make_list(values_of(keyed));
}

Outcome<Datum> unique(Call& call) {
  MW_TRY(const auto paths, paths_of(call, 2, false));
  MW_TRY(auto keyed, keyed_items(call, paths, flag(call, 1, false)));
  SetObject seen;
  std::vector<Datum> out;
  for (auto& [key, value] : keyed) {
    MW_CHECK(require_hashable(key));
    if (seen.insert(key)) out.push_back(std::move(value));
  }
  return make_generator(std::move(out));
}

template <Comparison Better>
Outcome<Datum> extreme(Call& call) {
  MW_TRY(const auto paths, paths_of(call, 2, false));
  MW_TRY(auto keyed, keyed_items(call, paths, flag(call, 1, false)));
  if (keyed.empty()) return undefined(call.evaluation, "No aggregated item, sequence was empty.");
  std::size_t best = 0;
  for (std::size_t i = 1; i < keyed.size(); ++i) {
    MW_TRY(const bool better, py_compare(call.evaluation, Better, keyed[i].first, keyed[best].first));
    if (better) best = i;
  }
  return std::move(keyed[best].second);
}

Outcome<Datum> sum(Call& call) {
  MW_TRY(const auto paths, paths_of(call, 1, false));
  Datum total = call.has(2) ? call.args[2] : Datum(0);
  if (total.is_string()) return type_error("sum() can't sum strings [use ''.join(seq) instead]");
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  for (const Datum& item : items) {
    Datum value = item;
    if (!paths.empty()) {
      MW_TRY(value, paths[0].get(call.evaluation, item));
    }
    MW_TRY(total, py_arithmetic(call.evaluation, Arithmetic::kAdd, total, value));
  }
  return total;
}

Outcome<Datum> items(Call& call) {
  const Datum& dict = call.args[0];
  if (dict.is_undefined()) return make_generator({});
  if (!dict.is_dict()) return type_error("Can only get item pairs from a mapping.");
  std::vector<Datum> out;
  for (std::size_t i = 0; i < dict_size(dict); ++i) {
    auto [key, value] = dict_entry(dict, i);
    out.push_back(make_tuple({std::move(key), std::move(value)}));
  }
  return make_generator(std::move(out));
}

Outcome<Datum> batch(Call& call) {
  MW_TRY(const std::int64_t size, int_argument(call.args[1]));
  MW_TRY(std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  std::vector<Datum> out;
  std::vector<Datum> row;
  for (Datum& item : all) {
    if (static_cast<std::int64_t>(row.size()) == size) {
      out.push_back(make_list(std::move(row)));
      row.clear();
    }
    row.push_back(std::move(item));
  }
  if (!row.empty()) {
    const bool fills = call.has(2) && !call.args[2].is_none();
    if (fills && size > kBatchFillMax) return limit_error("the batch is larger than " + std::to_string(kBatchFillMax));
    while (fills && static_cast<std::int64_t>(row.size()) < size) row.push_back(call.args[2]);
    out.push_back(make_list(std::move(row)));
  }
  return make_generator(std::move(out));
}

Outcome<Datum> slice(Call& call) {
  MW_TRY(const std::int64_t slices, int_argument(call.args[1]));
  MW_TRY(std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  if (slices == 0) return Failure(ErrorKind::kValue, "ZeroDivisionError", "integer division or modulo by zero");
  if (slices > kBatchFillMax) return limit_error("more than " + std::to_string(kBatchFillMax) + " slices");
  const auto size = static_cast<std::int64_t>(all.size());
  const bool fills = call.has(2) && !call.args[2].is_none();
  std::vector<Datum> out;
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < slices; ++i) {
    const std::int64_t length = size / slices + (i < size % slices ? 1 : 0);
    std::vector<Datum> row(all.begin() + at, all.begin() + at + length);
    at += length;
    if (fills && i >= size % slices) row.push_back(call.args[2]);
    out.push_back(make_list(std::move(row)));
  }
  return make_generator(std::move(out));
}

Outcome<Datum> group_by(Call& call) {
  MW_TRY(const auto paths, paths_of(call, 1, false));
  const bool case_sensitive = flag(call, 3, false);
  MW_TRY(std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  std::vector<std::pair<Datum, Datum>> keyed;
  for (Datum& item : all) {
    MW_TRY(Datum key, paths[0].get(call.evaluation, item));
    if (key.is_undefined() && call.has(2) && !call.args[2].is_none()) key = call.args[2];
    if (!case_sensitive && key.is_string()) key = Datum(std::string_view(lower_text(key.text())));
    keyed.emplace_back(std::move(key), std::move(item));
  }
  MW_CHECK(py_sort(call.evaluation, keyed, false));
  std::vector<Datum> out;
  for (std::size_t i = 0; i < keyed.size();) {
    const Datum key = keyed[i].first;
    std::vector<Datum> group;
    while (i < keyed.size() && equal(keyed[i].first, key)) group.push_back(keyed[i++].second);
    Datum shown = key;
    if (!case_sensitive && key.is_string()) {
      // The grouper shown is the first item's own spelling.
      MW_TRY(shown, paths[0].get(call.evaluation, group.front()));
      if (shown.is_undefined()) shown = call.has(2) && !call.args[2].is_none() ? call.args[2] : key;
    }
    std::vector<Datum> fields{shown, make_list(std::move(group))};
    auto row = std::make_shared<SequenceObject>(Type::kTuple, std::move(fields));
    row->names = {"grouper", "list"};
    out.emplace_back(std::move(row));
  }
  return make_list(std::move(out));
}

Outcome<Datum> random_item(Call& call) {
  // Evaluation is deterministic: the "random" item of a sequence is always the same one.
  MW_TRY(const std::size_t size, py_length(call.args[0]));
  if (size == 0) return undefined(call.evaluation, "No random item, sequence was empty.");
  MW_TRY(std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  return all[hash(make_list(all)) % all.size()];
}

constexpr NativeEntry kEntries[] = {
    {"first", "seq", &first},
    {"last", "seq", &last},
    {"length", "obj", &length},
    {"count", "obj", &length},
    {"list", "value", &list},
    {"join", "value, d=, attribute=", &join},
    {"reverse", "value", &reverse},
    {"sort", "value, reverse=, case_sensitive=, attribute=", &sort},
    {"dictsort", "value, case_sensitive=, by=, reverse=", &dict_sort},
    {"unique", "value, case_sensitive=, attribute=", &unique},
    {"min", "value, case_sensitive=, attribute=", &extreme<Comparison::kLess>},
    {"max", "value, case_sensitive=, attribute=", &extreme<Comparison::kGreater>},
    {"sum", "iterable, attribute=, start=", &sum},
    {"items", "value", &items},
    {"batch", "value, linecount, fill_with=", &batch},
    {"slice", "value, slices, fill_with=", &slice},
    {"groupby", "value, attribute, default=, case_sensitive=", &group_by},
    {"random", "seq", &random_item},
};

}  // namespace

void add_list_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
