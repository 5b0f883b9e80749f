// Query functions that go over a collection item by item: lazy wherever the reference is.
#include <algorithm>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

Outcome<Datum> where(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy(
      [cursor = std::move(cursor), predicate = call.lambdas[1]](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
        while (true) {
          MW_TRY(const bool more, cursor.next(e, out));
          if (!more) return false;
          MW_TRY(const bool kept, holds(e, predicate, out));
          if (kept) return true;
        }
      });
}

Outcome<Datum> select(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy(
      [cursor = std::move(cursor), selector = call.lambdas[1]](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
        Datum item;
        MW_TRY(const bool more, cursor.next(e, item));
        if (!more) return false;
        MW_TRY(out, invoke(e, selector, item));
        return true;
      });
}

Outcome<Datum> limit(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::int64_t count = call.args[1].plain().int_or(0);
  if (count < 0) return value_error("Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
  return make_lazy([cursor = std::move(cursor), left = count](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (left <= 0) return false;
    --left;
    return cursor.next(e, out);
  });
}

Outcome<Datum> skip(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::int64_t count = call.args[1].plain().int_or(0);
  if (count < 0) return value_error("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
  return make_lazy([cursor = std::move(cursor), left = count](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    for (; left > 0; --left) {
      MW_TRY(const bool more, cursor.next(e, out));
      if (!more) return false;
    }
    return cursor.next(e, out);
  });
}

template <bool Take>
Outcome<Datum> while_(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  return make_lazy([cursor = std::move(cursor), predicate = call.lambdas[1], passed = false](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (Take && passed) return false;
    while (true) {
      MW_TRY(const bool more, cursor.next(e, out));
      if (!more || (!Take && passed)) return more;
      MW_TRY(const bool good, holds(e, predicate, out));
      if (Take) {
        passed = !good;
        return good;
      }
      if (!good) {
        passed = true;
        return true;
      }
    }
  });
}

Outcome<Datum> count(LibraryCall& call) {
  if (call.args[0].type() != Type::kIterator) {
    MW_TRY(const std::size_t size, py_length(call.args[0]));
    return Datum(size);
  }
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  std::int64_t out = 0;
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return Datum(out);
    ++out;
  }
}

Failure stop_iteration() { return {ErrorKind::kValue, "StopIteration", "the collection is empty"}; }

Outcome<Datum> first(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum out;
  MW_TRY(const bool more, cursor.next(call.evaluation, out));
  if (more) return out;
  if (call.has(1)) return call.args[1];
  return stop_iteration();
}

Outcome<Datum> last(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum out;
  Datum item;
  bool any = false;
  while (true) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) break;
    out = std::move(item);
    any = true;
  }
  if (any) return out;
  if (call.has(1)) return call.args[1];
  return stop_iteration();
}

Outcome<Datum> single(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  if (all.empty()) return stop_iteration();
  if (all.size() > 1) return Failure(ErrorKind::kValue, "StopIteration", "the collection has more than one item");
  return all[0];
}

Outcome<Datum> any(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return Datum(false);
    if (!call.has(1)) return Datum(true);
    MW_TRY(const bool good, holds(call.evaluation, call.lambdas[1], item));
    if (good) return Datum(true);
  }
}

Outcome<Datum> all(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return Datum(true);
    bool good = truthy(item);
    if (call.has(1)) {
      MW_TRY(good, holds(call.evaluation, call.lambdas[1], item));
    }
    if (!good) return Datum(false);
  }
}

Outcome<Datum> select_many(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> source, py_items(call.evaluation, call.args[0]));
  std::vector<Datum> out;
  for (const Datum& item : source) {
    MW_TRY(const Datum made, invoke(call.evaluation, call.lambdas[1], item));
    if (made.is_sequence() || made.type() == Type::kIterator || made.type() == Type::kSet) {
      MW_TRY(std::vector<Datum> more, py_items(call.evaluation, made));
      out.insert(out.end(), more.begin(), more.end());
    } else {
      out.push_back(made);
    }
  }
  return make_generator(std::move(out));
}

Outcome<Datum> append(LibraryCall& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  items.insert(items.end(), call.rest.begin(), call.rest.end());
  return make_generator(std::move(items));
}

Outcome<Datum> concat(LibraryCall& call) {
  std::vector<Datum> out;
  for (const Datum& part : call.rest) {
    MW_TRY(std::vector<Datum> items, py_items(call.evaluation, part));
    out.insert(out.end(), items.begin(), items.end());
  }
  return make_generator(std::move(out));
}

Outcome<Datum> concat_method(LibraryCall& call) {
  call.rest.insert(call.rest.begin(), call.args[0]);
  return concat(call);
}

Outcome<Datum> distinct(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::optional<Lambda> selector = call.has(1) ? std::optional<Lambda>(call.lambdas[1]) : std::nullopt;
  return make_lazy([cursor = std::move(cursor), selector, seen = std::make_shared<SetObject>()](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (true) {
      MW_TRY(const bool more, cursor.next(e, out));
      if (!more) return false;
      Datum key = out;
      if (selector) {
        MW_TRY(key, invoke(e, *selector, out));
      }
      if (seen->insert(std::move(key))) return true;
    }
  });
}

Outcome<Datum> enumerate(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::int64_t start = call.has(1) ? call.args[1].plain().int_or(0) : 0;
  return make_lazy([cursor = std::move(cursor), at = start](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    Datum item;
    MW_TRY(const bool more, cursor.next(e, item));
    if (more) out = make_list({Datum(at++), std::move(item)});
    return more;
  });
}

Outcome<Datum> range(LibraryCall& call) {
  const bool one = !call.has(1);
  const std::int64_t start = one ? 0 : call.args[0].plain().int_or(0);
  const std::int64_t stop = call.args[one ? 0 : 1].plain().int_or(0);
  const std::int64_t step = call.has(2) ? call.args[2].plain().int_or(1) : 1;
  if (step == 0) return value_error("range() arg 3 must not be zero");
  return Datum(std::make_shared<RangeObject>(start, stop, step));
}

Outcome<Datum> sequence(LibraryCall& call) {
  const std::int64_t start = call.has(0) ? call.args[0].plain().int_or(0) : 0;
  const std::int64_t step = call.has(1) ? call.args[1].plain().int_or(1) : 1;
  return make_lazy([at = start, step](Evaluation&, Datum& out) mutable -> Outcome<bool> {
    out = Datum(at);
    return !__builtin_add_overflow(at, step, &at);
  });
}

Outcome<Datum> repeat(LibraryCall& call) {
  const std::int64_t times = call.has(1) ? call.args[1].plain().int_or(-1) : -1;
  return make_lazy([value = call.args[0], left = times](Evaluation&, Datum& out) mutable -> Outcome<bool> {
    if (left == 0) return false;
    if (left > 0) --left;
    out = value;
    return true;
  });
}

Outcome<Datum> cycle(LibraryCall& call) {
  MW_TRY(std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  return make_lazy([all = std::move(all), at = std::size_t{0}](Evaluation&, Datum& out) mutable -> Outcome<bool> {
    if (all.empty()) return false;
    out = all[at];
    at = (at + 1) % all.size();
    return true;
  });
}

// generate(initial, predicate, producer, selector=, decycle=)
Outcome<Datum> generate(LibraryCall& call) {
  const std::optional<Lambda> selector = call.has(3) ? std::optional<Lambda>(call.lambdas[3]) : std::nullopt;
  const bool decycle = call.has(4) && truthy(call.args[4]);
  return make_lazy([current = call.args[0], predicate = call.lambdas[1], producer = call.lambdas[2], selector, decycle,
                    begun = false,
                    seen = std::make_shared<SetObject>()](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (begun) {
      MW_TRY(current, invoke(e, producer, current));
    }
    begun = true;
    if (decycle && !seen->insert(current)) return false;
    MW_TRY(const bool good, holds(e, predicate, current));
    if (!good) return false;
    out = current;
    if (selector) {
      MW_TRY(out, invoke(e, *selector, current));
    }
    return true;
  });
}

// generateMany(initial, producer, selector=, decycle=, depthFirst=)
Outcome<Datum> generate_many(LibraryCall& call) {
  std::vector<Datum> queue{call.args[0]};
  std::vector<Datum> out;
  SetObject seen;
  const bool decycle = call.has(3) && truthy(call.args[3]);
  const bool depth_first = call.has(4) && truthy(call.args[4]);
  for (std::size_t at = 0; at < queue.size();) {
    if (!call.evaluation.take_steps()) return call.evaluation.too_many_steps();
    if (!call.evaluation.take_bytes(sizeof(Datum))) return call.evaluation.too_many_bytes();
    const Datum item = queue[at];
    if (depth_first) queue.erase(queue.begin());
    else ++at;
    if (decycle && !seen.insert(item)) continue;
    Datum shown = item;
    if (call.has(2)) {
      MW_TRY(shown, invoke(call.evaluation, call.lambdas[2], item));
    }
    out.push_back(std::move(shown));
    MW_TRY(const Datum made, invoke(call.evaluation, call.lambdas[1], item));
    MW_TRY(const std::vector<Datum> next, py_items(call.evaluation, made));
    queue.insert(depth_first ? queue.begin() : queue.end(), next.begin(), next.end());
  }
  return make_generator(std::move(out));
}

Outcome<Datum> default_if_empty(LibraryCall& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  if (!items.empty()) return make_generator(std::move(items));
  MW_TRY(std::vector<Datum> fallback, py_items(call.evaluation, call.args[1]));
  return make_generator(std::move(fallback));
}

template <bool Last>
Outcome<Datum> index_of(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::int64_t found = -1;
  for (std::size_t i = 0; i < items.size() && (Last || found < 0); ++i) {
    if (equal(items[i], call.args[1])) found = static_cast<std::int64_t>(i);
  }
  return Datum(found);
}

template <bool Last>
Outcome<Datum> index_where(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::int64_t found = -1;
  for (std::size_t i = 0; i < items.size() && (Last || found < 0); ++i) {
    MW_TRY(const bool good, holds(call.evaluation, call.lambdas[1], items[i]));
    if (good) found = static_cast<std::int64_t>(i);
  }
  return Datum(found);
}

Outcome<Datum> is_iterable_value(LibraryCall& call) {
  const Datum& d = call.args[0];
  return Datum(d.is_sequence() || d.type() == Type::kSet || d.type() == Type::kIterator);
}

constexpr LibraryEntry kEntries[] = {
    {"where", Form::kMethod, "iter, lambda predicate", &where},
    {"filter", Form::kMethod, "iter, lambda predicate", &where},
    {"select", Form::kMethod, "iter, lambda selector", &select},
    {"map", Form::kMethod, "iter, lambda selector", &select},
    {"limit", Form::kMethod, "iter, int count", &limit},
    {"take", Form::kMethod, "iter, int count", &limit},
    {"skip", Form::kMethod, "iter, int count", &skip},
    {"takeWhile", Form::kMethod, "iter, lambda predicate", &while_<true>},
    {"skipWhile", Form::kMethod, "iter, lambda predicate", &while_<false>},
    {"count", Form::kMethod, "iter", &count},
    {"len", Form::kBoth, "iter", &count},
    {"first", Form::kMethod, "iter, any default=", &first},
    {"last", Form::kMethod, "iter, any default=", &last},
    {"single", Form::kMethod, "iter", &single},
    {"any", Form::kBoth, "iter, lambda predicate=", &any},
    {"all", Form::kBoth, "iter, lambda predicate=", &all},
    {"selectMany", Form::kMethod, "iter, lambda selector", &select_many},
    {"append", Form::kBoth, "iter, *any", &append},
    {"concat", Form::kMethod, "iter, *iter", &concat_method},
    {"concat", Form::kFunction, "*iter", &concat},
    {"distinct", Form::kBoth, "iter, lambda keySelector=", &distinct},
    {"enumerate", Form::kBoth, "iter, int start=", &enumerate},
    {"range", Form::kFunction, "int stop", &range},
    {"range", Form::kFunction, "int start, int stop, int step=", &range},
    {"sequence", Form::kFunction, "int start=, int step=", &sequence},
    {"repeat", Form::kMethod, "any, int times=", &repeat},
    {"cycle", Form::kMethod, "iter", &cycle},
    {"generate", Form::kFunction,
     "any initial, lambda predicate, lambda producer, lambda selector=, bool decycle=", &generate},
    {"generateMany", Form::kFunction,
     "any initial, lambda producer, lambda selector=, bool decycle=, bool depthFirst=", &generate_many},
    {"defaultIfEmpty", Form::kMethod, "iter, iter default", &default_if_empty},
    {"indexOf", Form::kMethod, "iter, any item", &index_of<false>},
    {"lastIndexOf", Form::kMethod, "iter, any item", &index_of<true>},
    {"indexWhere", Form::kMethod, "iter, lambda predicate", &index_where<false>},
    {"lastIndexWhere", Form::kMethod, "iter, lambda predicate", &index_where<true>},
    {"isIterable", Form::kFunction, "any", &is_iterable_value},
};

}  // namespace

Entries query_entries() { return kEntries; }

}  // namespace midwatch::yaql
