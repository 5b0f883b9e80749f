// The methods of list, tuple and dict. Lists and mappings of the context are immutable Values: what
// would change them fails; those that an expression made itself are changed in place.
#include <algorithm>

#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

namespace {

Failure key_error(std::string text) { return {ErrorKind::kUndefined, "KeyError", std::move(text)}; }
Failure index_error(std::string text) { return {ErrorKind::kValue, "IndexError", std::move(text)}; }

Outcome<void> refuse_cycle(Call& call, const Datum& added) {
  if (added.is_plain()) return {};
  if (!call.evaluation.take_steps(added.is_sequence() ? sequence_size(added) + 1 : 1))
    return call.evaluation.too_many_steps();
  if (reaches(added, call.args[0].object())) return value_error("a container cannot hold itself");
  return {};
}

// The items of a list that may be changed.
Outcome<std::vector<Datum>*> items_of(Call& call) {
  auto* sequence = call.args[0].as<SequenceObject>();
  if (sequence == nullptr) {
    return other_error("ImmutableError",
                       "a list of the context cannot be changed: make a copy of it first (list + [])");
  }
  return &sequence->items;
}

Outcome<DictObject*> dict_of(Call& call) {
  auto* dict = call.args[0].as<DictObject>();
  if (dict == nullptr) {
    return other_error("ImmutableError",
                       "a mapping of the context cannot be changed: make a copy of it first (dict(m))");
  }
  return dict;
}

Outcome<Datum> append(Call& call) {
  MW_TRY(auto* items, items_of(call));
  if (!call.evaluation.take_bytes(sizeof(Datum))) return call.evaluation.too_many_bytes();
  MW_CHECK(refuse_cycle(call, call.args[1]));
  items->push_back(call.args[1]);
  return Datum();
}

Outcome<Datum> extend(Call& call) {
  MW_TRY(auto* items, items_of(call));
  MW_TRY(std::vector<Datum> more, py_items(call.evaluation, call.args[1]));
  for (const Datum& item : more) MW_CHECK(refuse_cycle(call, item));
  items->insert(items->end(), more.begin(), more.end());
  return Datum();
}

Outcome<Datum> insert(Call& call) {
  MW_TRY(auto* items, items_of(call));
  MW_TRY(std::int64_t at, int_argument(call.args[1]));
  MW_CHECK(refuse_cycle(call, call.args[2]));
  const auto size = static_cast<std::int64_t>(items->size());
  if (at < 0) at += size;
  items->insert(items->begin() + std::clamp<std::int64_t>(at, 0, size), call.args[2]);
  return Datum();
}

Outcome<Datum> list_pop(Call& call) {
  MW_TRY(auto* items, items_of(call));
  std::int64_t at = -1;
  if (call.has(1)) {
    MW_TRY(at, int_argument(call.args[1]));
  }
  const auto size = static_cast<std::int64_t>(items->size());
  if (size == 0) return index_error("pop from empty list");
  if (at < 0) at += size;
  if (at < 0 || at >= size) return index_error("pop index out of range");
  Datum out = (*items)[static_cast<std::size_t>(at)];
  items->erase(items->begin() + at);
  return out;
}

Outcome<Datum> list_remove(Call& call) {
  MW_TRY(auto* items, items_of(call));
  for (auto item = items->begin(); item != items->end(); ++item) {
    MW_TRY(const bool same, py_compare(call.evaluation, Comparison::kEqual, *item, call.args[1]));
    if (!same) continue;
    items->erase(item);
    return Datum();
  }
  return value_error("list.remove(x): x not in list");
}

Outcome<Datum> list_reverse(Call& call) {
  MW_TRY(auto* items, items_of(call));
  std::reverse(items->begin(), items->end());
  return Datum();
}

Outcome<Datum> list_sort(Call& call) {
  MW_TRY(auto* items, items_of(call));
  std::vector<std::pair<Datum, Datum>> keyed;
  for (const Datum& item : *items) keyed.emplace_back(item, item);
  MW_CHECK(py_sort(call.evaluation, keyed, call.has(1) && truthy(call.args[1])));
  for (std::size_t i = 0; i < keyed.size(); ++i) (*items)[i] = keyed[i].second;
  return Datum();
}

Outcome<Datum> list_clear(Call& call) {
  MW_TRY(auto* items, items_of(call));
  items->clear();
  return Datum();
}

Outcome<Datum> list_copy(Call& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  return charged_list(call.evaluation, std::move(items));
}

// Looking for what is undefined compares it, which fails.
Outcome<void> refuse_undefined(const Call& call) {
  if (sequence_size(call.args[0]) == 0) return {};
  return require_defined(call.args[1]);
}

Outcome<Datum> count(Call& call) {
  MW_CHECK(refuse_undefined(call));
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < sequence_size(call.args[0]); ++i) {
    MW_TRY(const bool same,
           py_compare(call.evaluation, Comparison::kEqual, sequence_at(call.args[0], i), call.args[1]));
    if (same) ++hits;
  }
  return Datum(hits);
}

Outcome<Datum> index(Call& call) {
  MW_CHECK(refuse_undefined(call));
  std::int64_t start = 0;
  if (call.has(2)) {
    MW_TRY(start, int_argument(call.args[2]));
  }
  const auto size = static_cast<std::int64_t>(sequence_size(call.args[0]));
  std::int64_t stop = size;
  if (call.has(3)) {
    MW_TRY(stop, int_argument(call.args[3]));
  }
  if (start < 0) start = std::max<std::int64_t>(start + size, 0);
  if (stop < 0) stop += size;
  for (std::int64_t i = start; i < std::min(stop, size); ++i) {
    MW_TRY(const bool same, py_compare(call.evaluation, Comparison::kEqual,
                                       sequence_at(call.args[0], static_cast<std::size_t>(i)), call.args[1]));
    if (same) return Datum(i);
  }
  MW_TRY(const std::string shown, py_repr(call.evaluation, call.args[1]));
  return value_error(shown + (call.args[0].type() == Type::kList ? " is not in list" : " is not in tuple"));
}

// ---------------------------------------------------------------- dict

// keys(), values(), items(): iterated over any number of times.
class ViewObject final : public IteratorObject {
 public:
  ViewObject(std::string name, std::vector<Datum> items) : name_(std::move(name)), items_(std::move(items)) {}
  [[nodiscard]] std::string type_name() const override { return name_; }
  [[nodiscard]] bool truthy() const override { return !items_.empty(); }
  [[nodiscard]] std::string text() const override {
    const MapScope nothing;
    Evaluation printing(nothing);
    const auto shown = py_repr(printing, make_list(items_));
    return name_ + "(" + (shown ? *shown : "...") + ")";
  }
  [[nodiscard]] const std::vector<Datum>* ready() const override { return &items_; }
  Outcome<bool> next(Evaluation&, Datum&) override { return false; }

 private:
  std::string name_;
  std::vector<Datum> items_;
};

enum class View : std::uint8_t { kKeys, kValues, kItems };
template <View Which>
Outcome<Datum> view(Call& call) {
  std::vector<Datum> out;
  const std::size_t size = dict_size(call.args[0]);
  if (!call.evaluation.take_steps(size)) return call.evaluation.too_many_steps();
  if (!call.evaluation.take_bytes(size * sizeof(Datum))) return call.evaluation.too_many_bytes();
  out.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    auto [key, value] = dict_entry(call.args[0], i);
    if (Which == View::kKeys) out.push_back(std::move(key));
    else if (Which == View::kValues) out.push_back(std::move(value));
    else out.push_back(make_tuple({std::move(key), std::move(value)}));
  }
  constexpr const char* kNames[] = {"dict_keys", "dict_values", "dict_items"};
  return Datum(std::make_shared<ViewObject>(kNames[static_cast<std::size_t>(Which)], std::move(out)));
}

Outcome<Datum> get(Call& call) {
  MW_CHECK(require_hashable(call.args[1]));
  Datum out;
  if (dict_find(call.args[0], call.args[1], out)) return out;
  return call.args[2];
}

Outcome<Datum> set_default(Call& call) {
  MW_CHECK(require_hashable(call.args[1]));
  Datum out;
  if (dict_find(call.args[0], call.args[1], out)) return out;
  MW_TRY(DictObject * dict, dict_of(call));
  MW_CHECK(refuse_cycle(call, call.args[2]));
  dict->set(call.args[1], call.args[2]);
  return call.args[2];
}

Outcome<Datum> dict_pop(Call& call) {
  MW_TRY(DictObject * dict, dict_of(call));
  MW_CHECK(require_hashable(call.args[1]));
  const Datum* found = dict->find(call.args[1]);
  if (found == nullptr) {
    if (call.has(2)) return call.args[2];
    MW_TRY(const std::string shown, py_repr(call.evaluation, call.args[1]));
    return key_error(shown);
  }
  Datum out = *found;
  dict->erase(call.args[1]);
  return out;
}

Outcome<Datum> pop_item(Call& call) {
  MW_TRY(DictObject * dict, dict_of(call));
  if (dict->entries.empty()) return key_error("'popitem(): dictionary is empty'");
  const auto [key, value] = dict->entries.back();
  dict->erase(key);
  return make_tuple({key, value});
}

Outcome<Datum> update(Call& call) {
  MW_TRY(DictObject * dict, dict_of(call));
  if (call.has(1)) {
    const Datum& other = call.args[1];
    MW_CHECK(require_defined(other));
    if (other.is_dict()) {
      for (std::size_t i = 0; i < dict_size(other); ++i) {
        auto [key, value] = dict_entry(other, i);
        MW_CHECK(refuse_cycle(call, value));
        dict->set(std::move(key), std::move(value));
      }
    } else {
      MW_TRY(std::vector<Datum> pairs, py_items(call.evaluation, other));
      for (const Datum& pair : pairs) {
        if (!pair.is_sequence() || sequence_size(pair) != 2)
          return type_error("cannot convert dictionary update sequence");
        MW_CHECK(refuse_cycle(call, sequence_at(pair, 1)));
        dict->set(sequence_at(pair, 0), sequence_at(pair, 1));
      }
    }
  }
  for (auto& [name, value] : call.named) {
    MW_CHECK(refuse_cycle(call, value));
    dict->set(Datum(std::string_view(name)), std::move(value));
  }
  return Datum();
}

Outcome<Datum> dict_clear(Call& call) {
  MW_TRY(DictObject * dict, dict_of(call));
  dict->clear();
  return Datum();
}

Outcome<Datum> dict_copy(Call& call) {
  auto out = std::make_shared<DictObject>();
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) {
    auto [key, value] = dict_entry(call.args[0], i);
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

// range.count and range.index: over the elements, which are bounded.
Outcome<std::int64_t> range_search(Call& call, bool counts) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  if (!items.empty()) MW_CHECK(require_defined(call.args[1]));
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    MW_TRY(const bool same, py_compare(call.evaluation, Comparison::kEqual, items[i], call.args[1]));
    if (!same) continue;
    if (!counts) return static_cast<std::int64_t>(i);
    ++hits;
  }
  if (counts) return hits;
  MW_TRY(const std::string shown, py_repr(call.evaluation, call.args[1]));
  return value_error(shown + " is not in range");
}
Outcome<Datum> range_count(Call& call) {
  MW_TRY(const std::int64_t hits, range_search(call, true));
  return Datum(hits);
}
Outcome<Datum> range_index(Call& call) {
  MW_TRY(const std::int64_t at, range_search(call, false));
  return Datum(at);
}

constexpr NativeEntry kRangeEntries[] = {{"count", "self, value, /", &range_count},
                                         {"index", "self, value, /", &range_index}};
constexpr NativeEntry kListEntries[] = {
    {"append", "self, item, /", &append},
    {"clear", "self", &list_clear},
    {"copy", "self", &list_copy},
    {"count", "self, value, /", &count},
    {"extend", "self, items, /", &extend},
    {"index", "self, value, start=, stop=, /", &index},
    {"insert", "self, index, item, /", &insert},
    {"pop", "self, index=, /", &list_pop},
    {"remove", "self, value, /", &list_remove},
    {"reverse", "self", &list_reverse},
    {"sort", "self, reverse=", &list_sort},
};
constexpr NativeEntry kTupleEntries[] = {{"count", "self, value, /", &count},
                                         {"index", "self, value, start=, stop=, /", &index}};
constexpr NativeEntry kDictEntries[] = {
    {"clear", "self", &dict_clear},
    {"copy", "self", &dict_copy},
    {"get", "self, key, default=, /", &get},
    {"items", "self", &view<View::kItems>},
    {"keys", "self", &view<View::kKeys>},
    {"pop", "self, key, default=, /", &dict_pop},
    {"popitem", "self", &pop_item},
    {"setdefault", "self, key, default=, /", &set_default},
    {"update", "self, other=, /, **kwargs", &update},
    {"values", "self", &view<View::kValues>},
};

}  // namespace

void add_list_methods(FunctionTable& table) { table.add(kListEntries); }
void add_tuple_methods(FunctionTable& table) { table.add(kTupleEntries); }
void add_range_methods(FunctionTable& table) { table.add(kRangeEntries); }
void add_dict_methods(FunctionTable& table) { table.add(kDictEntries); }

}  // namespace midwatch
