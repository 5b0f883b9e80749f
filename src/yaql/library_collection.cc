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

// list() and set() take generators apart, and generators that come out of them; nothing else.
Outcome<void> take_apart(Evaluation& evaluation, const Datum& item, std::vector<Datum>& out) {
  if (!is_iterator(item)) {
    if (!evaluation.take_bytes(sizeof(Datum))) return evaluation.too_many_bytes();
    out.push_back(item);
    return {};
  }
  const Evaluation::Level level(evaluation);
  if (!level.ok()) return evaluation.too_deep();
  MW_TRY(Cursor cursor, Cursor::over(item));
  Datum inner;
  while (true) {
    MW_TRY(const bool more, cursor.next(evaluation, inner));
    if (!more) return {};
    MW_CHECK(take_apart(evaluation, inner, out));
  }
}

Outcome<Datum> list(LibraryCall& call) {
  std::vector<Datum> out;
  for (const Datum& item : call.rest) MW_CHECK(take_apart(call.evaluation, item, out));
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

// keys(), values(), items(): seen each time anew.
class DictView final : public Collection {
 public:
  enum class Part : std::uint8_t { kKeys, kValues, kItems };
  DictView(Datum dict, Part part)
      : Collection(part == Part::kValues ? Kind::kView : Kind::kSetView), dict_(std::move(dict)), part_(part) {}
  [[nodiscard]] std::string type_name() const override {
    return part_ == Part::kKeys ? "dict_keys" : part_ == Part::kValues ? "dict_values" : "dict_items";
  }
  [[nodiscard]] bool truthy() const override { return dict_size(dict_) != 0; }
  Outcome<bool> next(Evaluation&, Datum& out) override {
    if (at_ == dict_size(dict_)) return false;
    auto [key, value] = dict_entry(dict_, at_++);
    if (part_ == Part::kItems) out = make_tuple({std::move(key), std::move(value)});
    else out = part_ == Part::kKeys ? std::move(key) : std::move(value);
    return true;
  }
  [[nodiscard]] std::shared_ptr<IteratorObject> restarted() override {
    return std::make_shared<DictView>(dict_, part_);
  }

 private:
  Datum dict_;
  Part part_;
  std::size_t at_ = 0;
};

template <DictView::Part Which>
Outcome<Datum> view(LibraryCall& call) {
  return Datum(std::make_shared<DictView>(call.args[0], Which));
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
  MW_TRY(const bool found, contains_item(call.evaluation, call.args[0], call.args[1]));
  return Datum(found);
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
  for (const Datum& item : call.rest) MW_CHECK(take_apart(call.evaluation, item, all));
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
  const auto* collection = call.args[0].as<Collection>();
  if (Wanted == Type::kSet && collection != nullptr) return Datum(collection->kind == Collection::Kind::kSetView);
  return Datum(call.args[0].type() == Wanted);
}

Outcome<Datum> dict_length(LibraryCall& call) { return Datum(dict_size(call.args[0])); }

constexpr LibraryEntry kEntries[] = {
    {"list", Form::kFunction, "*any", &list},
    {"toList", Form::kMethod, "iter", &to_list},
    {"dict", Form::kFunction, "iter items", &dict_from_items},
    {"dict", Form::kFunction, "**", &dict_from_rules},
    {"toDict", Form::kMethod, "iter, lambda keySelector, lambda valueSelector=", &to_dict},
    {"get", Form::kMethod, "dict, any key, any default=", &dict_get},
    {"set", Form::kMethod, "dict, any key, any value", &dict_set},
    {"set", Form::kMethod, "dict, dict replacements", &dict_set_many},
    {"set", Form::kMethod, "dict, **", &dict_set_rules},
    {"keys", Form::kMethod, "dict", &view<DictView::Part::kKeys>},
    {"values", Form::kMethod, "dict", &view<DictView::Part::kValues>},
    {"items", Form::kMethod, "dict", &view<DictView::Part::kItems>},
    {"containsKey", Form::kMethod, "dict, any key", &contains_key},
    {"containsValue", Form::kMethod, "dict, any value", &contains_value},
    {"contains", Form::kMethod, "iter, any value", &contains},
    {"len", Form::kBoth, "dict dict", &dict_length},
    {"delete", Form::kMethod, "dict, *any", &dict_delete},
    {"deleteAll", Form::kMethod, "dict, iter keys", &dict_delete_all},
    {"set", Form::kFunction, "*any", &set},
    {"toSet", Form::kMethod, "iter", &to_set},
    {"union", Form::kMethod, "set, set other", &combine<Keep::kBoth>},
    {"intersect", Form::kMethod, "set, set other", &combine<Keep::kCommon>},
    {"difference", Form::kMethod, "set, set other", &combine<Keep::kFirst>},
    {"symmetricDifference", Form::kMethod, "set, set other", &combine<Keep::kEither>},
    {"add", Form::kMethod, "set, *any", &set_add},
    {"remove", Form::kMethod, "set, *any", &set_remove},
    {"isDict", Form::kFunction, "any arg", &is_type<Type::kDict>},
    {"isList", Form::kFunction, "any arg", &is_type<Type::kList>},
    {"isSet", Form::kFunction, "any arg", &is_type<Type::kSet>},
};

}  // namespace

Entries collection_entries() { return kEntries; }

}  // namespace midwatch::yaql
