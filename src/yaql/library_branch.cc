// Branching, scopes and calls.
#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

Outcome<Datum> switch_(LibraryCall& call) {
  for (const auto& [rule, lambda] : call.pairs) {
    MW_TRY(const Datum condition, evaluate(call.evaluation, *rule->key, call.frame));
    if (truthy(condition)) return evaluate(call.evaluation, *rule->value, call.frame);
  }
  return Datum();
}

Outcome<Datum> at_frame(LibraryCall& call, const Lambda& lambda) {
  return evaluate(call.evaluation, *lambda.node, call.frame);
}

Outcome<Datum> select_case(LibraryCall& call) {
  for (std::size_t i = 0; i < call.lambda_rest.size(); ++i) {
    MW_TRY(const Datum condition, at_frame(call, call.lambda_rest[i]));
    if (truthy(condition)) return Datum(i);
  }
  return Datum(call.lambda_rest.size());
}

Outcome<Datum> select_all_cases(LibraryCall& call) {
  return make_lazy([frame = call.frame, cases = call.lambda_rest, at = std::size_t{0}](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    while (at < cases.size()) {
      MW_TRY(const Datum condition, evaluate(e, *cases[at++].node, frame));
      if (!truthy(condition)) continue;
      out = Datum(at - 1);
      return true;
    }
    return false;
  });
}

Outcome<Datum> examine(LibraryCall& call) {
  return make_lazy([frame = call.frame, cases = call.lambda_rest, at = std::size_t{0}](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (at == cases.size()) return false;
    MW_TRY(const Datum condition, evaluate(e, *cases[at++].node, frame));
    out = truthy(condition);
    return true;
  });
}

Outcome<Datum> switch_case(LibraryCall& call) {
  const auto count = static_cast<std::int64_t>(call.lambda_rest.size());
  const std::int64_t wanted = int_value(call.args[0], -1);
  if (count == 0) return Datum();
  const std::int64_t at = wanted >= 0 && wanted < count ? wanted : count - 1;
  return at_frame(call, call.lambda_rest[static_cast<std::size_t>(at)]);
}

Outcome<Datum> coalesce(LibraryCall& call) {
  for (const Lambda& lambda : call.lambda_rest) {
    MW_TRY(Datum value, at_frame(call, lambda));
    if (!value.is_none()) return value;
  }
  return Datum();
}

// let(1, x => 2) -> …
Outcome<Datum> let(LibraryCall& call) {
  auto frame = std::make_shared<Frame>(call.frame);
  if (!call.rest.empty()) frame->variables.emplace_back("", call.rest[0]);  // `$` is `$1`
  for (std::size_t i = 0; i < call.rest.size(); ++i) frame->variables.emplace_back(std::to_string(i + 1), call.rest[i]);
  for (const auto& [rule, lambda] : call.pairs) {
    if (rule->key->kind != NodeKind::kWord) return no_matching("let", Form::kFunction);
    MW_TRY(Datum value, evaluate(call.evaluation, *rule->value, call.frame));
    frame->variables.emplace_back(std::string(rule->key->constant.text()), std::move(value));
  }
  return Datum(std::make_shared<FrameObject>(std::move(frame)));
}

Outcome<Datum> def(LibraryCall& call) {
  auto frame = std::make_shared<Frame>(call.frame);
  // The body sees the functions that were there before it, not itself: frames hold no cycles.
  frame->functions.emplace_back(std::string(call.args[0].text()), Lambda{call.lambdas[1].node, call.frame});
  return Datum(std::make_shared<FrameObject>(std::move(frame)));
}

// With names: as many items as there are names. Without: all, but a generator has lost its first by then, as in
// the reference.
Outcome<Datum> unpack(LibraryCall& call) {
  auto frame = std::make_shared<Frame>(call.frame);
  MW_TRY(Cursor cursor, Cursor::over(call.args[0]));
  const std::size_t wanted = call.rest.size();
  std::vector<Datum> items;
  Datum item;
  while (wanted == 0 || items.size() <= wanted) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) break;
    if (!call.evaluation.take_bytes(sizeof(Datum))) return call.evaluation.too_many_bytes();
    items.push_back(std::move(item));
  }
  if (wanted != 0 && items.size() != wanted) {
    return value_error("Cannot unpack " + std::to_string(items.size()) + " elements into " + std::to_string(wanted));
  }
  const auto* collection = call.args[0].as<Collection>();
  const bool once = call.args[0].type() == Type::kIterator &&
                    (collection == nullptr || collection->kind != Collection::Kind::kSetView);
  if (wanted == 0 && once && !items.empty()) {
    items.erase(items.begin());
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == 0 && wanted == 0) frame->variables.emplace_back("", items[0]);  // `$` is `$1`
    const std::string name = wanted == 0 ? std::to_string(i + 1) : std::string(call.rest[i].text());
    frame->variables.emplace_back(name, std::move(items[i]));
  }
  return Datum(std::make_shared<FrameObject>(std::move(frame)));
}

Outcome<Datum> assert_(LibraryCall& call) {
  const Datum object = memorized(call.args[0]);
  MW_TRY(const bool good, holds(call.evaluation, call.lambdas[1], object));
  if (good) return object;
  const std::string message = call.has(2) ? std::string(call.args[2].text()) : "Assertion failed";
  return Failure(ErrorKind::kValue, "AssertionError", message);
}

Outcome<Datum> call_(LibraryCall& call) {
  MW_TRY(std::vector<Datum> positional, py_items(call.evaluation, call.args[1]));
  std::vector<std::pair<std::string, Datum>> named;
  for (std::size_t i = 0; i < dict_size(call.args[2]); ++i) {
    auto [key, value] = dict_entry(call.args[2], i);
    if (!key.is_string()) return no_matching("call", Form::kFunction);
    named.emplace_back(std::string(key.text()), std::move(value));
  }
  return call_by_name(call, call.args[0].text(), std::move(positional), std::move(named));
}

constexpr LibraryEntry kEntries[] = {
    {"switch", Form::kFunction, "**", &switch_},
    {"selectCase", Form::kFunction, "*lambda", &select_case},
    {"selectAllCases", Form::kFunction, "*lambda", &select_all_cases},
    {"examine", Form::kFunction, "*lambda", &examine},
    {"switchCase", Form::kMethod, "int, *lambda", &switch_case},
    {"coalesce", Form::kFunction, "*lambda", &coalesce},
    {"let", Form::kFunction, "*any, **", &let},
    {"with", Form::kFunction, "*any", &let},
    {"def", Form::kFunction, "str name, lambda func", &def},
    {"unpack", Form::kMethod, "iter, *str", &unpack},
    {"assert", Form::kMethod, "any, lambda condition, str message=", &assert_},
    {"call", Form::kFunction, "str name, list args, dict kwargs", &call_},
    {"memorize", Form::kMethod, "iter", [](LibraryCall& call) -> Outcome<Datum> { return memorized(call.args[0]); }},
};

}  // namespace

Entries branch_entries() { return kEntries; }

}  // namespace midwatch::yaql
