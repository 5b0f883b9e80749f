// Query functions that need the whole collection: order, groups, aggregation, merging.
#include <algorithm>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

struct OrderKey {
  Lambda selector;
  bool descending;
};

// A collection in an order; thenBy() adds to the order. Read and sorted when it is first gone over.
class OrderedObject final : public Collection {
 public:
  struct State {
    Datum source;
    std::vector<OrderKey> keys;
    std::vector<Datum> items{};  // as they came
    std::vector<std::size_t> order{};
    bool sorted = false;
  };

  explicit OrderedObject(std::shared_ptr<State> s) : Collection(Kind::kView), state(std::move(s)) {}
  [[nodiscard]] std::string type_name() const override { return "OrderingIterable"; }
  Outcome<bool> next(Evaluation& evaluation, Datum& out) override {
    if (!state->sorted) MW_CHECK(sort(evaluation));
    if (at_ == state->items.size()) return false;
    out = state->items[state->order[at_++]];
    return true;
  }
  [[nodiscard]] std::shared_ptr<IteratorObject> restarted() override { return std::make_shared<OrderedObject>(state); }

  const std::shared_ptr<State> state;

 private:
  // Keys are computed when a comparison needs them: the second only where the first are equal.
  using Keys = std::vector<std::optional<Datum>>;

  Outcome<const Datum*> key_of(Evaluation& evaluation, std::vector<Keys>& known, std::size_t item,
                               std::size_t key) const {
    std::optional<Datum>& value = known[item][key];
    if (!value) {
      MW_TRY(value, invoke(evaluation, state->keys[key].selector, state->items[item]));
    }
    return &*value;
  }

  Outcome<bool> before(Evaluation& evaluation, std::vector<Keys>& known, std::size_t a, std::size_t b) const {
    for (std::size_t i = 0; i < state->keys.size(); ++i) {
      MW_TRY(const Datum* left, key_of(evaluation, known, a, i));
      MW_TRY(const Datum* right, key_of(evaluation, known, b, i));
      MW_TRY(const bool lower, less(evaluation, *left, *right));
      if (lower) return !state->keys[i].descending;
      MW_TRY(const bool higher, less(evaluation, *right, *left));
      if (higher) return state->keys[i].descending;
    }
    return false;
  }

  Outcome<void> sort(Evaluation& evaluation) {
    MW_TRY(state->items, py_items(evaluation, state->source));
    state->source = Datum();
    state->sorted = true;
    std::vector<Keys> values(state->items.size(), Keys(state->keys.size()));
    std::vector<std::size_t>& order = state->order;
    order.resize(state->items.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::vector<std::size_t> buffer(order.size());
    for (std::size_t width = 1; width < order.size(); width *= 2) {
      for (std::size_t low = 0; low < order.size(); low += 2 * width) {
        const std::size_t middle = std::min(low + width, order.size());
        const std::size_t high = std::min(low + 2 * width, order.size());
        std::size_t left = low;
        std::size_t right = middle;
        for (std::size_t at = low; at < high; ++at) {
          bool take_right = left == middle;
          if (!take_right && right < high) {
            if (!evaluation.take_steps()) return evaluation.too_many_steps();
            MW_TRY(take_right, before(evaluation, values, order[right], order[left]));
          }
          buffer[at] = order[take_right ? right++ : left++];
        }
      }
      order.swap(buffer);
    }
    return {};
  }

  std::size_t at_ = 0;
};

Datum ordered(Datum source, std::vector<OrderKey> keys) {
  return std::make_shared<OrderedObject>(
      std::make_shared<OrderedObject::State>(OrderedObject::State{std::move(source), std::move(keys)}));
}

template <bool Descending>
Outcome<Datum> order_by(LibraryCall& call) {
  return ordered(call.args[0], {{call.lambdas[1], Descending}});
}

template <bool Descending>
Outcome<Datum> then_by(LibraryCall& call) {
  const auto* first = call.args[0].as<OrderedObject>();
  if (first == nullptr) return no_matching(Descending ? "thenByDescending" : "thenBy", Form::kMethod);
  std::vector<OrderKey> keys = first->state->keys;
  keys.push_back({call.lambdas[1], Descending});
  // In its order already, when it was gone over: the sort is stable, so its items may be sorted again.
  return ordered(first->state->sorted ? make_list(first->state->items) : first->state->source, std::move(keys));
}

// What groupBy() makes of a group. An aggregator gets the values; one that cannot deal with them is taken for
// the older form, which gets key and values and gives both back.
struct Aggregator {
  Lambda lambda;
  std::optional<Failure> refused{};
  bool may_fall_back = true;

  Outcome<Datum> apply(Evaluation& evaluation, const Datum& key, const Datum& values) {
    if (!refused) {
      auto made = invoke(evaluation, lambda, values);
      if (made) {
        may_fall_back = may_fall_back && looks_like_a_group(*made, values);
        return make_list({key, std::move(*made)});
      }
      const std::string& exception = made.error().diagnostic().exception;
      if (exception != "NoMatchingMethodException" && exception != "NoMatchingFunctionException" &&
          exception != "IndexError") {
        return made;
      }
      refused = std::move(made).error();
    }
    if (may_fall_back) {
      auto made = invoke(evaluation, lambda, make_list({key, values}));
      if (made && (made->is_sequence() || made->is_string() || made->is_dict() || made->type() == Type::kSet)) {
        MW_TRY(const std::size_t size, py_length(*made));
        if (size == 2) return made;
      }
      if (!made && made.error().kind() == ErrorKind::kLimit) return made;
    }
    return Failure(refused->kind(), refused->diagnostic().exception, refused->message());
  }

 private:
  static bool looks_like_a_group(const Datum& made, const Datum& values) {
    return sequence_size(values) == 2 && made.is_sequence() && sequence_size(made) == 2 &&
           equal(sequence_at(made, 0), sequence_at(values, 0));
  }
};

std::optional<Lambda> optional_lambda(const LibraryCall& call, std::size_t at) {
  if (!call.has(at)) return std::nullopt;
  const Node& node = *call.lambdas[at].node;
  if (node.kind == NodeKind::kConstant && node.constant.is_none()) return std::nullopt;
  return call.lambdas[at];
}

// groupBy(keySelector, valueSelector=, aggregator=)
Outcome<Datum> group_by(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  const auto value_selector = optional_lambda(call, 2);
  DictObject index;
  std::vector<std::pair<Datum, std::vector<Datum>>> groups;
  for (const Datum& item : items) {
    Datum value = item;
    if (value_selector) {
      MW_TRY(value, invoke(call.evaluation, *value_selector, item));
    }
    MW_TRY(const Datum key, invoke(call.evaluation, call.lambdas[1], item));
    const Datum* at = index.find(key);
    if (at == nullptr) {
      index.set(key, Datum(groups.size()));
      groups.emplace_back(key, std::vector<Datum>{std::move(value)});
    } else {
      groups[static_cast<std::size_t>(at->plain().as_int())].second.push_back(std::move(value));
    }
  }
  const auto lambda = optional_lambda(call, 3);
  auto aggregator = lambda ? std::make_shared<Aggregator>(Aggregator{*lambda}) : nullptr;
  return make_lazy([groups = std::move(groups), aggregator, at = std::size_t{0}](Evaluation& e,
                                                                                 Datum& out) mutable -> Outcome<bool> {
    if (at == groups.size()) return false;
    auto& [key, values] = groups[at++];
    const Datum group = make_list(std::move(values));
    if (!aggregator) {
      out = make_list({key, group});
      return true;
    }
    MW_TRY(out, aggregator->apply(e, key, group));
    return true;
  });
}

Outcome<Datum> sum(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::size_t at = 0;
  Datum total = call.args[1];
  if (!call.has(1)) {
    if (items.empty()) return type_error("reduce() of empty iterable with no initial value");
    total = items[at++];
  }
  for (; at < items.size(); ++at) {
    MW_TRY(total, binary(call.evaluation, Operator::kAdd, total, items[at]));
  }
  return total;
}

// By the operator `>`; of equal ones the later is the least, the earlier the greatest.
template <bool Max>
Outcome<Datum> extreme(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::size_t at = 0;
  Datum best = call.args[1];
  if (!call.has(1)) {
    if (items.empty()) return type_error("reduce() of empty iterable with no initial value");
    best = items[at++];
  }
  for (; at < items.size(); ++at) {
    MW_TRY(const Datum greater, binary(call.evaluation, Operator::kGreater, items[at], best));
    if (truthy(greater) == Max) best = items[at];
  }
  return best;
}

Outcome<Datum> fold(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum total = call.args[2];
  if (!call.has(2)) {
    MW_TRY(const bool any, cursor.next(call.evaluation, total));
    if (!any) return type_error("reduce() of empty iterable with no initial value");
  }
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return total;
    MW_TRY(total, invoke(call.evaluation, call.lambdas[1], {total, item}));
  }
}

Outcome<Datum> reverse(LibraryCall& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::reverse(items.begin(), items.end());
  return make_generator(std::move(items));
}

// The parts of a list as `cut` makes them, all at once when the first is asked for.
template <class Cut>
Outcome<Datum> parts_of(LibraryCall& call, Cut cut) {
  return make_lazy([source = call.args[0], predicate = call.lambdas[1], cut,
                    parts = std::optional<std::vector<Datum>>(),
                    at = std::size_t{0}](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (!parts) {
      MW_TRY(const std::vector<Datum> items, py_items(e, source));
      parts.emplace();
      std::vector<Datum> part;
      MW_CHECK(cut(e, predicate, items, part, *parts));
      if (!part.empty()) parts->push_back(make_list(std::move(part)));
    }
    if (at == parts->size()) return false;
    out = (*parts)[at++];
    return true;
  });
}

Outcome<Datum> split_where(LibraryCall& call) {
  return parts_of(call,
                  [](Evaluation& e, const Lambda& predicate, const std::vector<Datum>& items, std::vector<Datum>& part,
                     std::vector<Datum>& parts) -> Outcome<void> {
                    for (const Datum& item : items) {
                      MW_TRY(const bool cut, holds(e, predicate, item));
                      if (cut) parts.push_back(make_list(std::exchange(part, {})));
                      else part.push_back(item);
                    }
                    return {};
                  });
}

Outcome<Datum> slice_where(LibraryCall& call) {
  return parts_of(call,
                  [](Evaluation& e, const Lambda& predicate, const std::vector<Datum>& items, std::vector<Datum>& part,
                     std::vector<Datum>& parts) -> Outcome<void> {
                    Datum before;
                    for (const Datum& item : items) {
                      MW_TRY(Datum key, invoke(e, predicate, item));
                      if (!part.empty() && !equal(key, before)) parts.push_back(make_list(std::exchange(part, {})));
                      part.push_back(item);
                      before = std::move(key);
                    }
                    return {};
                  });
}

Outcome<Datum> split_at(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  const auto size = static_cast<std::int64_t>(items.size());
  std::int64_t at = int_value(call.args[1], 0);
  if (at < 0) at = std::max<std::int64_t>(at + size, 0);
  at = std::min(at, size);
  return make_list({make_list({items.begin(), items.begin() + at}), make_list({items.begin() + at, items.end()})});
}

// ---------------------------------------------------------------- mergeWith

struct Mergers {
  std::optional<Lambda> list, item;
  std::int64_t levels_max;
};

Outcome<Datum> merged_lists(Evaluation& evaluation, const Datum& a, const Datum& b) {
  SetObject seen;
  std::vector<Datum> out;
  for (const Datum* side : {&a, &b}) {
    MW_TRY(std::vector<Datum> items, py_items(evaluation, *side));
    for (Datum& item : items) {
      if (seen.insert(item)) out.push_back(std::move(item));
    }
  }
  return make_list(std::move(out));
}

Outcome<Datum> merged(Evaluation& evaluation, const Datum& a, const Datum& b, const Mergers& mergers,
                      std::int64_t level) {
  const Evaluation::Level guard(evaluation);
  if (!guard.ok()) return evaluation.too_deep();
  auto out = std::make_shared<DictObject>();
  for (std::size_t i = 0; i < dict_size(a); ++i) {
    auto [key, value] = dict_entry(a, i);
    Datum other;
    if (!dict_find(b, key, other)) {
      out->set(key, value);
      continue;
    }
    const bool deeper = mergers.levels_max <= 0 || level < mergers.levels_max;
    if (deeper && other.is_dict()) {
      if (!value.is_dict()) return type_error("Cannot merge " + type_name(value) + " with " + type_name(other));
      MW_TRY(Datum inner, merged(evaluation, value, other, mergers, level + 1));
      out->set(key, std::move(inner));
    } else if (deeper && other.is_sequence()) {
      if (!value.is_sequence()) return type_error("Cannot merge " + type_name(value) + " with " + type_name(other));
      MW_TRY(Datum inner,
             mergers.list ? invoke(evaluation, *mergers.list, {value, other}) : merged_lists(evaluation, value, other));
      out->set(key, std::move(inner));
    } else if (mergers.item) {
      MW_TRY(Datum inner, invoke(evaluation, *mergers.item, {value, other}));
      out->set(key, std::move(inner));
    } else {
      out->set(key, other);
    }
  }
  for (std::size_t i = 0; i < dict_size(b); ++i) {
    auto [key, value] = dict_entry(b, i);
    Datum unused;
    if (!dict_find(a, key, unused)) out->set(key, value);
  }
  return Datum(out);
}

Outcome<Datum> merge_with(LibraryCall& call) {
  Mergers mergers{{}, {}, call.has(4) ? int_value(call.args[4], 0) : 0};
  mergers.list = optional_lambda(call, 2);
  mergers.item = optional_lambda(call, 3);
  return merged(call.evaluation, call.args[0], call.args[1], mergers, 1);
}

constexpr LibraryEntry kEntries[] = {
    {"orderBy", Form::kMethod, "iter, lambda selector", &order_by<false>},
    {"orderByDescending", Form::kMethod, "iter, lambda selector", &order_by<true>},
    {"thenBy", Form::kMethod, "iter, lambda selector", &then_by<false>},
    {"thenByDescending", Form::kMethod, "iter, lambda selector", &then_by<true>},
    {"groupBy", Form::kMethod, "iter, lambda keySelector, lambda valueSelector=, lambda aggregator=", &group_by},
    {"sum", Form::kMethod, "iter, any initial=", &sum},
    {"min", Form::kMethod, "iter, any initial=", &extreme<false>},
    {"max", Form::kMethod, "iter, any initial=", &extreme<true>},
    {"aggregate", Form::kMethod, "iter, lambda selector, any seed=", &fold},
    {"reduce", Form::kMethod, "iter, lambda selector, any seed=", &fold},
    {"reverse", Form::kMethod, "iter", &reverse},
    {"splitWhere", Form::kMethod, "iter, lambda predicate", &split_where},
    {"sliceWhere", Form::kMethod, "iter, lambda predicate", &slice_where},
    {"splitAt", Form::kMethod, "iter, int index", &split_at},
    {"mergeWith", Form::kMethod,
     "dict, dict another, lambda listMerger=, lambda itemMerger=, int maxLevels=", &merge_with},
};

}  // namespace

Entries query_order_entries() { return kEntries; }

}  // namespace midwatch::yaql
