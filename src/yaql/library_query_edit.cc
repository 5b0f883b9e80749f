// Query functions that make a new sequence out of one or more: each item when it is asked for.
#include <algorithm>
#include <deque>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

std::int64_t number(const LibraryCall& call, std::size_t at, std::int64_t fallback) {
  return call.has(at) ? int_value(call.args[at], fallback) : fallback;
}

// One source after the other.
Outcome<Datum> chain(std::vector<Datum> sources) {
  std::vector<Cursor> cursors;
  for (const Datum& source : sources) {
    MW_TRY(Cursor cursor, Cursor::over(source));
    cursors.push_back(std::move(cursor));
  }
  return make_lazy(
      [cursors = std::move(cursors), at = std::size_t{0}](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
        for (; at < cursors.size(); ++at) {
          MW_TRY(const bool more, cursors[at].next(e, out));
          if (more) return true;
        }
        return false;
      });
}

Outcome<Datum> append(LibraryCall& call) { return chain({call.args[0], make_list(std::move(call.rest))}); }

Outcome<Datum> concat(LibraryCall& call) {
  call.rest.insert(call.rest.begin(), call.args[0]);
  return chain(std::move(call.rest));
}

Outcome<Datum> select_many(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy([cursor = std::move(cursor), selector = call.lambdas[1], inner = std::optional<Cursor>()](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (true) {
      if (inner) {
        MW_TRY(const bool more, inner->next(e, out));
        if (more) return true;
        inner.reset();
      }
      Datum item;
      MW_TRY(const bool more, cursor.next(e, item));
      if (!more) return false;
      MW_TRY(out, invoke(e, selector, item));
      if (!is_iterable_value(out)) return true;
      MW_TRY(inner, Cursor::over(out));
    }
  });
}

Outcome<Datum> flatten(LibraryCall& call) {
  MW_TRY(Cursor outer, Cursor::over(call.args[0]));
  std::vector<Cursor> open;
  open.push_back(std::move(outer));
  return make_lazy([open = std::move(open)](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (!open.empty()) {
      MW_TRY(const bool more, open.back().next(e, out));
      if (!more) {
        open.pop_back();
        continue;
      }
      if (!is_iterable_value(out)) return true;
      if (open.size() > e.limits.depth_max) return e.too_deep();
      MW_TRY(Cursor inner, Cursor::over(out));
      open.push_back(std::move(inner));
    }
    return false;
  });
}

Outcome<Datum> cycle(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy([cursor = std::move(cursor), all = std::vector<Datum>(), at = std::size_t{0}, first = true](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (first) {
      MW_TRY(first, cursor.next(e, out));
      if (first) {
        if (!e.take_bytes(sizeof(Datum))) return e.too_many_bytes();
        all.push_back(out);
        return true;
      }
    }
    if (all.empty()) return false;
    out = all[at];
    at = (at + 1) % all.size();
    return true;
  });
}

// generateMany(initial, producer, selector=, decycle=, depthFirst=)
Outcome<Datum> generate_many(LibraryCall& call) {
  const auto given = [&](std::size_t at) { return call.has(at) && truthy(call.args[at]); };
  return make_lazy([queue = std::deque<Datum>{call.args[0]}, producer = call.lambdas[1],
                    selector = call.has(2) ? std::optional<Lambda>(call.lambdas[2]) : std::nullopt, decycle = given(3),
                    depth_first = given(4), seen = std::make_shared<SetObject>(),
                    pending = std::optional<Datum>()](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (pending) {
      MW_TRY(const Datum made, invoke(e, producer, *pending));
      pending.reset();
      MW_TRY(const std::vector<Datum> next, py_items(e, made));
      queue.insert(depth_first ? queue.begin() : queue.end(), next.begin(), next.end());
    }
    while (!queue.empty()) {
      if (!e.take_steps()) return e.too_many_steps();
      Datum item = std::move(queue.front());
      queue.pop_front();
      if (decycle && !seen->insert(item)) continue;
      out = item;
      if (selector) {
        MW_TRY(out, invoke(e, *selector, item));
      }
      pending = std::move(item);
      return true;
    }
    return false;
  });
}

Outcome<Datum> default_if_empty(LibraryCall& call) {
  const Datum source = memorized(call.args[0]);
  MW_TRY(Cursor cursor, Cursor::over(source));
  Datum unused;
  MW_TRY(const bool any, cursor.next(call.evaluation, unused));
  return any ? source : call.args[1];
}

// ---------------------------------------------------------------- editing by position

// `count` items from `position` on make way for `with`; count < 0: all that follow.
Outcome<Datum> edited(const Datum& source, std::int64_t position, std::int64_t count, const Datum& with) {
  MW_TRY(Cursor cursor, Cursor::over(source));
  MW_TRY(Cursor inserted, Cursor::over(with));
  return make_lazy([cursor = std::move(cursor), inserted = std::move(inserted), position, count, at = std::int64_t{0},
                    inserting = false, done = false](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (true) {
      if (inserting) {
        MW_TRY(const bool more, inserted.next(e, out));
        if (more) return true;
        inserting = false;
      }
      MW_TRY(const bool more, cursor.next(e, out));
      if (!more) return false;
      const std::int64_t index = at++;
      if (index < position || (count >= 0 && index >= position + count)) return true;
      inserting = !std::exchange(done, true);
    }
  });
}

Outcome<Datum> delete_(LibraryCall& call) {
  return edited(call.args[0], number(call, 1, 0), number(call, 2, 1), make_list({}));
}
Outcome<Datum> replace(LibraryCall& call) {
  return edited(call.args[0], number(call, 1, 0), number(call, 3, 1), make_list({call.args[2]}));
}
Outcome<Datum> replace_many(LibraryCall& call) {
  return edited(call.args[0], number(call, 1, 0), number(call, 3, 1), call.args[2]);
}

// `with` before the item at `position`; behind the last for a position beyond it.
Outcome<Datum> inserted_before(const Datum& source, std::int64_t position, const Datum& with, bool negative_is_first) {
  MW_TRY(Cursor cursor, Cursor::over(source));
  MW_TRY(Cursor extra, Cursor::over(with));
  return make_lazy([cursor = std::move(cursor), extra = std::move(extra), position, at = std::int64_t{0},
                    held = std::optional<Datum>(), inserting = negative_is_first && position < 0,
                    ended = false](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (true) {
      if (inserting) {
        MW_TRY(const bool more, extra.next(e, out));
        if (more) return true;
        inserting = false;
      }
      if (held) {
        out = *std::exchange(held, std::nullopt);
        return true;
      }
      if (ended) return false;
      MW_TRY(const bool more, cursor.next(e, out));
      if (!more) {
        ended = true;
        inserting = position > at - 1;
        if (!inserting) return false;
        continue;
      }
      if (at++ != position) return true;
      held = out;
      inserting = true;
    }
  });
}

Outcome<Datum> insert(LibraryCall& call) {
  return inserted_before(call.args[0], number(call, 1, 0), make_list({call.args[2]}), false);
}
Outcome<Datum> insert_many(LibraryCall& call) {
  return inserted_before(call.args[0], number(call, 1, 0), call.args[2], true);
}
// Into a list as Python's list.insert().
Outcome<Datum> list_insert(LibraryCall& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  const auto size = static_cast<std::int64_t>(items.size());
  std::int64_t position = number(call, 1, 0);
  if (position < 0) position = std::max<std::int64_t>(position + size, 0);
  items.insert(items.begin() + std::min(position, size), call.args[2]);
  return charged_list(call.evaluation, std::move(items));
}

// ---------------------------------------------------------------- side by side, in slices

template <bool Longest>
Outcome<Datum> zip(LibraryCall& call) {
  std::vector<Cursor> columns;
  call.rest.insert(call.rest.begin(), call.args[0]);
  for (const Datum& column : call.rest) {
    MW_TRY(Cursor cursor, Cursor::over(column));
    columns.push_back(std::move(cursor));
  }
  Datum fill;
  for (const auto& [rule, lambda] : call.pairs) {
    if (rule->key->kind != NodeKind::kWord) return no_matching("zipLongest", Form::kMethod);
    MW_TRY(Datum value, evaluate(call.evaluation, *rule->value, call.frame));
    if (rule->key->constant.text() == "default") fill = std::move(value);
  }
  std::vector<bool> ended(columns.size(), false);
  return make_lazy([columns = std::move(columns), ended = std::move(ended), fill](Evaluation& e,
                                                                                  Datum& out) mutable -> Outcome<bool> {
    std::vector<Datum> row;
    bool any = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      Datum item;
      bool more = false;
      if (!ended[i]) {
        MW_TRY(more, columns[i].next(e, item));
      }
      if (!more && !Longest) return false;
      ended[i] = !more;
      any = any || more;
      row.push_back(more ? std::move(item) : fill);
    }
    if (!any) return false;
    out = make_list(std::move(row));
    return true;
  });
}

Outcome<Datum> join(LibraryCall& call) {
  MW_TRY(Cursor left, Cursor::over(call.args[0]));
  const Datum right = memorized(call.args[1]);
  return make_lazy([left = std::move(left), right, predicate = call.lambdas[2], selector = call.lambdas[3],
                    one = Datum(),
                    inner = std::optional<Cursor>()](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (true) {
      if (!inner) {
        MW_TRY(const bool more, left.next(e, one));
        if (!more) return false;
        MW_TRY(inner, Cursor::over(right));
      }
      Datum other;
      MW_TRY(const bool more, inner->next(e, other));
      if (!more) {
        inner.reset();
        continue;
      }
      MW_TRY(const Datum verdict, invoke(e, predicate, {one, other}));
      if (!truthy(verdict)) continue;
      MW_TRY(out, invoke(e, selector, {one, other}));
      return true;
    }
  });
}

Outcome<Datum> slice(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy(
      [cursor = std::move(cursor), length = number(call, 1, 0)](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
        if (length < 0)
          return value_error("Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
        std::vector<Datum> part;
        Datum item;
        while (static_cast<std::int64_t>(part.size()) < length) {
          MW_TRY(const bool more, cursor.next(e, item));
          if (!more) break;
          if (!e.take_bytes(sizeof(Datum))) return e.too_many_bytes();
          part.push_back(std::move(item));
        }
        if (part.empty()) return false;
        out = make_list(std::move(part));
        return true;
      });
}

Outcome<Datum> accumulate(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const bool seeded = call.has(2);
  return make_lazy([cursor = std::move(cursor), selector = call.lambdas[1], total = call.args[2], seeded,
                    begun = false](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    const bool first = !std::exchange(begun, true);
    if (first && seeded) {
      out = total;
      return true;
    }
    Datum item;
    MW_TRY(const bool more, cursor.next(e, item));
    if (!more && first) return type_error("accumulate() of empty sequence with no initial value");
    if (!more) return false;
    if (first) {
      total = std::move(item);
    } else {
      MW_TRY(total, invoke(e, selector, {total, item}));
    }
    out = total;
    return true;
  });
}

constexpr LibraryEntry kEntries[] = {
    {"append", Form::kBoth, "iter collection, *any", &append},
    {"concat", Form::kBoth, "iter, *iter", &concat},
    {"selectMany", Form::kMethod, "iter, lambda selector", &select_many},
    {"flatten", Form::kMethod, "iter", &flatten},
    {"cycle", Form::kMethod, "iter", &cycle},
    {"generateMany", Form::kFunction,
     "any initial, lambda producer, lambda selector=, bool decycle=, bool depthFirst=", &generate_many},
    {"defaultIfEmpty", Form::kMethod, "iter, iter default", &default_if_empty},
    {"insert", Form::kMethod, "list, int position, any value", &list_insert},
    {"insert", Form::kMethod, "iter, int position, any value",
     [](LibraryCall& call) -> Outcome<Datum> {
       const auto* view = call.args[0].as<Collection>();
       if (call.args[0].type() == Type::kSet || (view != nullptr && view->kind == Collection::Kind::kSetView)) {
         return no_matching("insert", Form::kMethod);
       }
       return insert(call);
     }},
    {"insertMany", Form::kMethod, "iter, int position, iter values", &insert_many},
    {"delete", Form::kMethod, "iter, int position, int count=", &delete_},
    {"replace", Form::kMethod, "iter, int position, any value, int count=", &replace},
    {"replaceMany", Form::kMethod, "iter, int position, iter values, int count=", &replace_many},
    {"zip", Form::kMethod, "iter, *iter", &zip<false>},
    {"zipLongest", Form::kMethod, "iter, *iter, **", &zip<true>},
    {"join", Form::kMethod, "iter, iter collection2, lambda predicate, lambda selector", &join},
    {"slice", Form::kMethod, "iter, int length", &slice},
    {"accumulate", Form::kMethod, "iter, lambda selector, any seed=", &accumulate},
};

}  // namespace

Entries query_edit_entries() { return kEntries; }

}  // namespace midwatch::yaql
