// Lists, mappings and sets.
#include <algorithm>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

Outcome<Datum> list_of(LibraryCall& call, std::vector<Datum> items) {
  return charged_list(call.evaluation, std::move(items));
}

Outcome<Datum> to_list(LibraryCall& call) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  return list_of(call, std::move(items));
}

// list(1, [2]) takes generators apart, nothing else.
Outcome<Datum> list(LibraryCall& call) {
  std::vector<Datum> out;
  for (const Datum& item : call.rest) {
    if (item.type() == Type::kIterator) {
      MW_TRY(std::vector<Datum> items, py_items(call.evaluation, item));
      out.insert(out.end(), items.begin(), items.end());
    } else {
      out.push_back(item);
    }
  }
  return list_of(call, std::move(out));
}

Outcome<void> flatten_into(Evaluation& evaluation, const Datum& source, std::vector<Datum>& out) {
  const Evaluation::Level level(evaluation);
  if (!level.ok()) return evaluation.too_deep();
  MW_TRY(Cursor cursor, Cursor::over(source));
  Datum item;
  while (true) {
    MW_TRY(const bool more, cursor.next(evaluation, item));
    if (!more) return {};
    if (item.is_sequence() || item.type() == Type::kIterator || item.type() == Type::kSet) {
      MW_CHECK(flatten_into(evaluation, item, out));
    } else {
      if (!evaluation.take_bytes(sizeof(Datum))) return evaluation.too_many_bytes();
      out.push_back(item);
    }
  }
}

Outcome<Datum> flatten(LibraryCall& call) {
  std::vector<Datum> out;
  MW_CHECK(flatten_into(call.evaluation, call.args[0], out));
  return list_of(call, std::move(out));
}

Outcome<Datum> dict_from_items(LibraryCall& call) {
  auto out = std::make_shared<DictObject>();
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  for (const Datum& item : items) {
    MW_TRY(std::vector<Datum> pair, py_items(call.evaluation, item));
    if (pair.size() < 2) return Failure(ErrorKind::kValue, "StopIteration", "");
    out->set(std::move(pair[0]), std::move(pair[1]));
  }
  return Datum(out);
}

Outcome<Datum> dict_from_rules(LibraryCall& call) {
  auto out = std::make_shared<DictObject>();
  for (const auto& [rule, lambda] : call.pairs) {
    MW_TRY(Datum key, evaluate(call.evaluation, *rule->key, call.frame));
    MW_TRY(Datum value, evaluate(call.evaluation, *rule->value, call.frame));
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

Outcome<Datum> to_dict(LibraryCall& call) {
  auto out = std::make_shared<DictObject>();
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  for (const Datum& item : items) {
    MW_TRY(Datum key, invoke(call.evaluation, call.lambdas[1], item));
    Datum value = item;
    if (call.has(2)) {
      MW_TRY(value, invoke(call.evaluation, call.lambdas[2], item));
    }
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

std::shared_ptr<DictObject> copy_of(const Datum& dict) {
  auto out = std::make_shared<DictObject>();
  for (std::size_t i = 0; i < dict_size(dict); ++i) {
    auto [key, value] = dict_entry(dict, i);
    out->set(std::move(key), std::move(value));
  }
  return out;
}

Outcome<Datum> dict_get(LibraryCall& call) {
  Datum out;
  if (dict_find(call.args[0], call.args[1], out)) return out;
  return call.args[2];
}

Outcome<Datum> dict_set(LibraryCall& call) {
  auto out = copy_of(call.args[0]);
  out->set(call.args[1], call.args[2]);
  return Datum(out);
}

Outcome<Datum> dict_set_many(LibraryCall& call) {
  auto out = copy_of(call.args[0]);
  for (std::size_t i = 0; i < dict_size(call.args[1]); ++i) {
    auto [key, value] = dict_entry(call.args[1], i);
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

Outcome<Datum> dict_set_rules(LibraryCall& call) {
  auto out = copy_of(call.args[0]);
  for (const auto& [rule, lambda] : call.pairs) {
    MW_TRY(Datum key, evaluate(call.evaluation, *rule->key, call.frame));
    MW_TRY(Datum value, evaluate(call.evaluation, *rule->value, call.frame));
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

Outcome<Datum> keys(LibraryCall& call) {
  std::vector<Datum> out;
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) out.push_back(dict_entry(call.args[0], i).first);
  return make_generator(std::move(out));
}

Outcome<Datum> values(LibraryCall& call) {
  std::vector<Datum> out;
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) out.push_back(dict_entry(call.args[0], i).second);
  return make_generator(std::move(out));
}

Outcome<Datum> items(LibraryCall& call) {
  std::vector<Datum> out;
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) {
    auto [key, value] = dict_entry(call.args[0], i);
    out.push_back(make_list({std::move(key), std::move(value)}));
  }
  return make_generator(std::move(out));
}

Outcome<Datum> contains_key(LibraryCall& call) {
  Datum unused;
  return Datum(dict_find(call.args[0], call.args[1], unused));
}

Outcome<Datum> contains_value(LibraryCall& call) {
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) {
    if (equal(dict_entry(call.args[0], i).second, call.args[1])) return Datum(true);
  }
  return Datum(false);
}

Outcome<Datum> dict_delete(LibraryCall& call) {
  auto out = copy_of(call.args[0]);
  for (const Datum& key : call.rest) out->erase(key);
  return Datum(out);
}

Outcome<Datum> dict_delete_all(LibraryCall& call) {
  auto out = copy_of(call.args[0]);
  MW_TRY(const std::vector<Datum> names, py_items(call.evaluation, call.args[1]));
  for (const Datum& key : names) out->erase(key);
  return Datum(out);
}

Outcome<Datum> contains(LibraryCall& call) {
  MW_TRY(const bool found, py_contains(call.evaluation, call.args[0], call.args[1]));
  return Datum(found);
}

// ---------------------------------------------------------------- editing a sequence

// Replaces `count` items from `position` by `with`; count < 0: all that follow.
Outcome<Datum> edited(LibraryCall& call, std::int64_t position, std::int64_t count, const std::vector<Datum>& with) {
  MW_TRY(std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::vector<Datum> out;
  const auto size = static_cast<std::int64_t>(items.size());
  bool placed = false;
  for (std::int64_t i = 0; i < size; ++i) {
    const bool replaced = i >= position && (count < 0 || i < position + count) && position >= 0;
    if (!placed && i >= position && position >= 0) {
      out.insert(out.end(), with.begin(), with.end());
      placed = true;
    }
    if (!replaced) out.push_back(items[static_cast<std::size_t>(i)]);
  }
  if (!placed && position >= size && count == 0) out.insert(out.end(), with.begin(), with.end());
  if (!placed && position < 0 && count == 0) out.insert(out.begin(), with.begin(), with.end());
  return list_of(call, std::move(out));
}

std::int64_t number(const LibraryCall& call, std::size_t at, std::int64_t fallback) {
  return call.has(at) ? call.args[at].plain().int_or(fallback) : fallback;
}

Outcome<Datum> insert(LibraryCall& call) {
  std::int64_t position = number(call, 1, 0);
  if (call.args[0].is_sequence() && position < 0) {
    position = std::max<std::int64_t>(position + static_cast<std::int64_t>(sequence_size(call.args[0])), 0);
  }
  return edited(call, position, 0, {call.args[2]});
}
Outcome<Datum> insert_many(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> with, py_items(call.evaluation, call.args[2]));
  return edited(call, number(call, 1, 0), 0, with);
}
Outcome<Datum> delete_(LibraryCall& call) { return edited(call, number(call, 1, 0), number(call, 2, 1), {}); }
Outcome<Datum> replace(LibraryCall& call) {
  return edited(call, number(call, 1, 0), number(call, 3, 1), {call.args[2]});
}
Outcome<Datum> replace_many(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> with, py_items(call.evaluation, call.args[2]));
  return edited(call, number(call, 1, 0), number(call, 3, 1), with);
}

// ---------------------------------------------------------------- sets

std::shared_ptr<SetObject> set_of(const std::vector<Datum>& items) {
  auto out = std::make_shared<SetObject>();
  for (const Datum& item : items) out->insert(item);
  return out;
}
std::vector<Datum> members(const Datum& set) {
  std::vector<Datum> out;
  for (const auto& [item, unused] : set.as<SetObject>()->members.entries) out.push_back(item);
  return out;
}

Outcome<Datum> set(LibraryCall& call) {
  std::vector<Datum> all;
  for (const Datum& item : call.rest) {
    if (item.type() == Type::kIterator) {
      MW_TRY(std::vector<Datum> more, py_items(call.evaluation, item));
      all.insert(all.end(), more.begin(), more.end());
    } else {
      all.push_back(item);
    }
  }
  return Datum(set_of(all));
}

Outcome<Datum> to_set(LibraryCall& call) {
  MW_TRY(const std::vector<Datum> all, py_items(call.evaluation, call.args[0]));
  return Datum(set_of(all));
}

enum class Keep : std::uint8_t { kBoth, kFirst, kCommon, kEither };
template <Keep Which>
Outcome<Datum> combine(LibraryCall& call) {
  const auto* a = call.args[0].as<SetObject>();
  const auto* b = call.args[1].as<SetObject>();
  auto out = std::make_shared<SetObject>();
  for (const Datum& item : members(call.args[0])) {
    const bool shared = b->contains(item);
    if (Which == Keep::kBoth || (Which == Keep::kCommon) == shared) out->insert(item);
  }
  if (Which == Keep::kBoth || Which == Keep::kEither) {
    for (const Datum& item : members(call.args[1])) {
      if (Which == Keep::kBoth || !a->contains(item)) out->insert(item);
    }
  }
  return Datum(out);
}

Outcome<Datum> set_add(LibraryCall& call) {
  auto out = set_of(members(call.args[0]));
  for (const Datum& item : call.rest) out->insert(item);
  return Datum(out);
}
Outcome<Datum> set_remove(LibraryCall& call) {
  auto out = std::make_shared<SetObject>();
  for (const Datum& item : members(call.args[0])) {
    if (std::none_of(call.rest.begin(), call.rest.end(), [&](const Datum& gone) { return equal(gone, item); }))
      out->insert(item);
  }
  return Datum(out);
}

template <Type Wanted>
Outcome<Datum> is_type(LibraryCall& call) {
  if (Wanted == Type::kList) return Datum(call.args[0].is_sequence());
  return Datum(call.args[0].type() == Wanted);
}

Outcome<Datum> dict_length(LibraryCall& call) { return Datum(dict_size(call.args[0])); }

constexpr LibraryEntry kEntries[] = {
    {"list", Form::kFunction, "*any", &list},
    {"toList", Form::kMethod, "iter", &to_list},
    {"flatten", Form::kMethod, "iter", &flatten},
    {"dict", Form::kFunction, "iter", &dict_from_items},
    {"dict", Form::kFunction, "**", &dict_from_rules},
    {"toDict", Form::kMethod, "iter, lambda keySelector, lambda valueSelector=", &to_dict},
    {"get", Form::kMethod, "dict, any key, any default=", &dict_get},
    {"set", Form::kMethod, "dict, any key, any value", &dict_set},
    {"set", Form::kMethod, "dict, dict replacements", &dict_set_many},
    {"set", Form::kMethod, "dict, **", &dict_set_rules},
    {"keys", Form::kMethod, "dict", &keys},
    {"values", Form::kMethod, "dict", &values},
    {"items", Form::kMethod, "dict", &items},
    {"containsKey", Form::kMethod, "dict, any key", &contains_key},
    {"containsValue", Form::kMethod, "dict, any value", &contains_value},
    {"contains", Form::kMethod, "iter, any value", &contains},
    {"len", Form::kBoth, "dict", &dict_length},
    {"delete", Form::kMethod, "dict, *any", &dict_delete},
    {"delete", Form::kMethod, "iter, int position, int count=", &delete_},
    {"deleteAll", Form::kMethod, "dict, iter keys", &dict_delete_all},
    {"insert", Form::kMethod, "iter, int position, any value", &insert},
    {"insertMany", Form::kMethod, "iter, int position, iter values", &insert_many},
    {"replace", Form::kMethod, "iter, int position, any value, int count=", &replace},
    {"replaceMany", Form::kMethod, "iter, int position, iter values, int count=", &replace_many},
    {"set", Form::kFunction, "*any", &set},
    {"toSet", Form::kMethod, "iter", &to_set},
    {"union", Form::kMethod, "set, set other", &combine<Keep::kBoth>},
    {"intersect", Form::kMethod, "set, set other", &combine<Keep::kCommon>},
    {"difference", Form::kMethod, "set, set other", &combine<Keep::kFirst>},
    {"symmetricDifference", Form::kMethod, "set, set other", &combine<Keep::kEither>},
    {"add", Form::kMethod, "set, *any", &set_add},
    {"remove", Form::kMethod, "set, *any", &set_remove},
    {"isDict", Form::kFunction, "any", &is_type<Type::kDict>},
    {"isList", Form::kFunction, "any", &is_type<Type::kList>},
    {"isSet", Form::kFunction, "any", &is_type<Type::kSet>},
};

}  // namespace

Entries collection_entries() { return kEntries; }

}  // namespace midwatch::yaql
