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
  const std::int64_t count = int_value(call.args[1], 0);
  if (count < 0) return value_error("Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
  return make_lazy([cursor = std::move(cursor), left = count](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (left <= 0) return false;
    --left;
    return cursor.next(e, out);
  });
}

Outcome<Datum> skip(LibraryCall& call) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::int64_t count = int_value(call.args[1], 0);
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
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  Datum out;
  MW_TRY(const bool any, cursor.next(call.evaluation, out));
  if (!any) return stop_iteration();
  Datum unused;
  MW_TRY(const bool more, cursor.next(call.evaluation, unused));
  if (more) return Failure(ErrorKind::kValue, "StopIteration", "Collection contains more than one item");
  return out;
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
  const std::int64_t start = call.has(1) ? int_value(call.args[1], 0) : 0;
  return make_lazy([cursor = std::move(cursor), at = start](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    Datum item;
    MW_TRY(const bool more, cursor.next(e, item));
    if (more) out = make_list({Datum(at++), std::move(item)});
    return more;
  });
}

Outcome<Datum> range(LibraryCall& call) {
  const bool one = !call.has(1);
  const std::int64_t start = one ? 0 : int_value(call.args[0], 0);
  const std::int64_t stop = int_value(call.args[one ? 0 : 1], 0);
  const std::int64_t step = call.has(2) ? int_value(call.args[2], 1) : 1;
  if (step == 0) return value_error("range() arg 3 must not be zero");
  return Datum(std::make_shared<RangeObject>(start, stop, step));
}

Outcome<Datum> sequence(LibraryCall& call) {
  const std::int64_t start = call.has(0) ? int_value(call.args[0], 0) : 0;
  const std::int64_t step = call.has(1) ? int_value(call.args[1], 1) : 1;
  return make_lazy([at = start, step](Evaluation&, Datum& out) mutable -> Outcome<bool> {
    out = Datum(at);
    return !__builtin_add_overflow(at, step, &at);
  });
}

Outcome<Datum> repeat(LibraryCall& call) {
  const std::int64_t times = call.has(1) ? int_value(call.args[1], -1) : -1;
  return make_lazy([value = call.args[0], left = times](Evaluation&, Datum& out) mutable -> Outcome<bool> {
    if (left == 0) return false;
    if (left > 0) --left;
    out = value;
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
    MW_TRY(const bool good, holds(e, predicate, current));
    if (!good || (decycle && !seen->insert(current))) return false;
    out = current;
    if (selector) {
      MW_TRY(out, invoke(e, *selector, current));
    }
    return true;
  });
}

// The position of the first or the last item for which `wanted` holds; stops at the first.
template <bool Last, class Wanted>
Outcome<Datum> position_of(LibraryCall& call, Wanted wanted) {
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  std::int64_t found = -1;
  Datum item;
  for (std::int64_t i = 0;; ++i) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return Datum(found);
    MW_TRY(const bool good, wanted(item));
    if (good) found = i;
    if (good && !Last) return Datum(found);
  }
}

template <bool Last>
Outcome<Datum> index_of(LibraryCall& call) {
  return position_of<Last>(call, [&](const Datum& item) -> Outcome<bool> { return equal(item, call.args[1]); });
}

template <bool Last>
Outcome<Datum> index_where(LibraryCall& call) {
  return position_of<Last>(
      call, [&](const Datum& item) -> Outcome<bool> { return holds(call.evaluation, call.lambdas[1], item); });
}

Outcome<Datum> is_iterable_function(LibraryCall& call) { return Datum(is_iterable_value(call.args[0])); }

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
    {"len", Form::kBoth, "sized sequence", &count},
    {"first", Form::kMethod, "iter, any default=", &first},
    {"last", Form::kMethod, "iter, any default=", &last},
    {"single", Form::kMethod, "iter", &single},
    {"any", Form::kBoth, "iter collection, lambda predicate=", &any},
    {"all", Form::kBoth, "iter collection, lambda predicate=", &all},
    {"distinct", Form::kBoth, "iter collection, lambda keySelector=", &distinct},
    {"enumerate", Form::kBoth, "iter collection, int start=", &enumerate},
    {"range", Form::kFunction, "int stop", &range},
    {"range", Form::kFunction, "int start, int stop, int step=", &range},
    {"sequence", Form::kFunction, "int start=, int step=", &sequence},
    {"repeat", Form::kMethod, "any, int times=", &repeat},
    {"generate", Form::kFunction,
     "any initial, lambda predicate, lambda producer, lambda selector=, bool decycle=", &generate},
    {"indexOf", Form::kMethod, "iter, any item", &index_of<false>},
    {"lastIndexOf", Form::kMethod, "iter, any item", &index_of<true>},
    {"indexWhere", Form::kMethod, "iter, lambda predicate", &index_where<false>},
    {"lastIndexWhere", Form::kMethod, "iter, lambda predicate", &index_where<true>},
    {"isIterable", Form::kFunction, "any value", &is_iterable_function},
};

}  // namespace

Entries query_entries() { return kEntries; }

}  // namespace midwatch::yaql
