#include "expr/datum.h"

#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "expr/evaluation.h"

namespace midwatch {

std::string Object::text() const { return "<" + type_name() + " object>"; }

Value Object::exported(Foreign) const { return text(); }

Outcome<bool> Object::attribute(Evaluation&, std::string_view, Datum&) const { return false; }

void Datum::release(std::shared_ptr<Object> object) noexcept {
  constexpr int kNestedMax = 64;
  thread_local int nested = 0;
  thread_local std::vector<std::shared_ptr<Object>> waiting;
  if (object.use_count() == 1 && nested >= kNestedMax) {
    waiting.push_back(std::move(object));
    return;
  }
  ++nested;
  object.reset();
  --nested;
  while (nested == 0 && !waiting.empty()) {
    std::shared_ptr<Object> next = std::move(waiting.back());
    waiting.pop_back();
    ++nested;
    next.reset();
    --nested;
  }
}

Type Datum::type() const {
  if (object_) return object_->type();
  switch (value_.kind()) {
    case Value::Kind::kNull: return Type::kNone;
    case Value::Kind::kBool: return Type::kBool;
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return Type::kInt;
    case Value::Kind::kDouble: return Type::kFloat;
    case Value::Kind::kString: return Type::kString;
    case Value::Kind::kArray: return Type::kList;
    case Value::Kind::kObject: return Type::kDict;
  }
  return Type::kNone;
}

std::string_view Datum::text() const {
  if (!object_) return value_.as_string();
  return static_cast<const MarkupObject&>(*object_).content;
}

Outcome<bool> SequenceObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) continue;
    out = items[i];
    return true;
  }
  return false;
}

Datum make_list(std::vector<Datum> items) { return std::make_shared<SequenceObject>(Type::kList, std::move(items)); }
Datum make_tuple(std::vector<Datum> items) { return std::make_shared<SequenceObject>(Type::kTuple, std::move(items)); }

namespace {

class ReadyGenerator final : public IteratorObject {
 public:
  explicit ReadyGenerator(std::vector<Datum> items) : items_(std::move(items)) {}
  Outcome<bool> next(Evaluation&, Datum& out) override {
    if (next_ == items_.size()) return false;
    out = std::move(items_[next_++]);
    return true;
  }

 private:
  std::vector<Datum> items_;
  std::size_t next_ = 0;
};

}  // namespace

Datum make_generator(std::vector<Datum> items) { return std::make_shared<ReadyGenerator>(std::move(items)); }

// ---------------------------------------------------------------- mappings

std::size_t DictObject::index_of(const Datum& key, std::uint64_t hash) const {
  const auto [first, last] = index_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (equal(entries[it->second].first, key)) return it->second;
  }
  return entries.size();
}

const Datum* DictObject::find(const Datum& key) const {
  const std::size_t at = index_of(key, hash(key));
  return at == entries.size() ? nullptr : &entries[at].second;
}

void DictObject::set(Datum key, Datum value) {
  const std::uint64_t key_hash = hash(key);
  const std::size_t at = index_of(key, key_hash);
  if (at < entries.size()) {
    entries[at].second = std::move(value);
    return;
  }
  index_.emplace(key_hash, entries.size());
  entries.emplace_back(std::move(key), std::move(value));
}

bool DictObject::erase(const Datum& key) {
  const std::size_t at = index_of(key, hash(key));
  if (at == entries.size()) return false;
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  index_.clear();
  for (std::size_t i = 0; i < entries.size(); ++i) index_.emplace(hash(entries[i].first), i);
  return true;
}

void DictObject::clear() {
  entries.clear();
  index_.clear();
}

bool SetObject::insert(Datum item) {
  if (contains(item)) return false;
  members.set(std::move(item), Datum());
  return true;
}

// ---------------------------------------------------------------- views over both representations

std::size_t sequence_size(const Datum& datum) {
  if (datum.is_plain()) return datum.plain().elements().size();
  const auto* sequence = static_cast<const SequenceObject*>(datum.object());
  return sequence->items.size();
}

Datum sequence_at(const Datum& datum, std::size_t index) {
  if (datum.is_plain()) return datum.plain().elements()[index];
  return static_cast<const SequenceObject*>(datum.object())->items[index];
}

std::size_t dict_size(const Datum& datum) {
  if (datum.is_plain()) return datum.plain().members().size();
  return static_cast<const DictObject*>(datum.object())->entries.size();
}

std::pair<Datum, Datum> dict_entry(const Datum& datum, std::size_t index) {
  if (!datum.is_plain()) return static_cast<const DictObject*>(datum.object())->entries[index];
  const Value::Member& member = datum.plain().members()[index];
  return {Datum(member.key), Datum(member.value)};
}

bool dict_find(const Datum& datum, const Datum& key, Datum& out) {
  if (datum.is_plain()) {
    if (!key.is_string()) return false;
    const Value* found = datum.plain().find(key.text());
    if (found == nullptr) return false;
    out = *found;
    return true;
  }
  const Datum* found = static_cast<const DictObject*>(datum.object())->find(key);
  if (found == nullptr) return false;
  out = *found;
  return true;
}

// ---------------------------------------------------------------- equality, hash, truth

namespace {

// Nodes that one comparison has met, and all since the evaluation last asked. A value may hold another
// many times, so that a small one stands for a huge tree.
constexpr std::uint64_t kVisitedMax = 500'000;
thread_local std::uint64_t visited = 0;
thread_local std::uint64_t work = 0;

bool within_budget() {
  ++work;
  return ++visited <= kVisitedMax;
}

// The number that a boolean or a number stands for.
Value as_number(const Value& value) { return value.is_bool() ? Value(value.as_bool() ? 1 : 0) : value; }

bool scalars_equal(const Value& a, const Value& b) {
  const bool a_number = a.is_bool() || a.is_number();
  const bool b_number = b.is_bool() || b.is_number();
  if (a_number && b_number) return as_number(a) == as_number(b);
  return a == b;
}

bool equal_at(const Datum& a, const Datum& b, int depth);

bool sequences_equal(const Datum& a, const Datum& b, int depth) {
  const std::size_t size = sequence_size(a);
  if (size != sequence_size(b)) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if (!equal_at(sequence_at(a, i), sequence_at(b, i), depth + 1)) return false;
  }
  return true;
}

bool dicts_equal(const Datum& a, const Datum& b, int depth) {
  const std::size_t size = dict_size(a);
  if (size != dict_size(b)) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const auto [key, value] = dict_entry(a, i);
    Datum other;
    if (!dict_find(b, key, other) || !equal_at(value, other, depth + 1)) return false;
  }
  return true;
}

bool sets_equal(const SetObject& a, const SetObject& b) {
  if (a.members.entries.size() != b.members.entries.size()) return false;
  for (const auto& [item, unused] : a.members.entries) {
    if (!b.contains(item)) return false;
  }
  return true;
}

bool equal_at(const Datum& a, const Datum& b, int depth) {
  if (depth > kDatumDepthMax || !within_budget()) return false;
  if (!a.is_plain() && a.object() == b.object() && a.type() != Type::kUndefined) return true;
  const Type a_type = a.type();
  const Type b_type = b.type();
  if (a_type == Type::kString && b_type == Type::kString) return a.text() == b.text();
  if (a_type == Type::kList || a_type == Type::kTuple) return a_type == b_type && sequences_equal(a, b, depth);
  if (a_type == Type::kDict) return b_type == Type::kDict && dicts_equal(a, b, depth);
  if (a_type == Type::kSet && b_type == Type::kSet) {
    return sets_equal(static_cast<const SetObject&>(*a.object()), static_cast<const SetObject&>(*b.object()));
  }
  if (a_type == Type::kUndefined) return b_type == Type::kUndefined;
  if (a.is_plain() && b.is_plain()) return scalars_equal(a.plain(), b.plain());
  if (a.is_plain() != b.is_plain()) return false;
  if (a.object() == b.object()) return true;
  return a_type == Type::kOther && b_type == Type::kOther && a.object()->type_name() == b.object()->type_name() &&
         a.object()->equals(*b.object());
}

}  // namespace

bool equal(const Datum& a, const Datum& b) {
  visited = 0;
  return equal_at(a, b, 0);
}

namespace {

std::uint64_t hash_at(const Datum& datum, int depth) {
  if (depth > kDatumDepthMax || !within_budget()) return 0;
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ull;
  switch (datum.type()) {
    case Type::kString: return std::hash<std::string_view>{}(datum.text());
    case Type::kList:
    case Type::kTuple: {
      std::uint64_t h = 7;
      for (std::size_t i = 0; i < sequence_size(datum); ++i)
        h = (h ^ hash_at(sequence_at(datum, i), depth + 1)) * kMix + i;
      return h;
    }
    case Type::kDict: return 11 + dict_size(datum);
    case Type::kSet: return 13 + static_cast<const SetObject*>(datum.object())->members.entries.size();
    case Type::kBool:
    case Type::kInt:
    case Type::kFloat: return hash(as_number(datum.plain()));
    case Type::kNone: return 3;
    case Type::kOther: return std::hash<std::string>{}(datum.object()->type_name());
    default: return reinterpret_cast<std::uintptr_t>(datum.object());
  }
}

}  // namespace

std::uint64_t hash(const Datum& datum) {
  visited = 0;
  return hash_at(datum, 0);
}

bool reaches(const Datum& from, const Object* target, int depth) {
  if (depth == 0) visited = 0;
  if (from.is_plain()) return false;
  // What is too large to search counts as a cycle.
  if (from.object() == target || depth > kDatumDepthMax || !within_budget()) return true;
  if (from.is_sequence()) {
    const auto& items = static_cast<const SequenceObject*>(from.object())->items;
    for (const Datum& item : items) {
      if (reaches(item, target, depth + 1)) return true;
    }
  } else if (from.is_dict()) {
    for (const auto& [key, value] : static_cast<const DictObject*>(from.object())->entries) {
      if (reaches(value, target, depth + 1)) return true;
    }
  }
  return false;
}

std::uint64_t take_datum_work() { return std::exchange(work, 0); }

bool truthy(const Datum& datum) { return datum.is_plain() ? datum.plain().truthy() : datum.object()->truthy(); }

std::string type_name(const Datum& datum) {
  switch (datum.type()) {
    case Type::kNone: return "NoneType";
    case Type::kBool: return "bool";
    case Type::kInt: return "int";
    case Type::kFloat: return "float";
    case Type::kString: return datum.is_plain() ? "str" : "Markup";
    case Type::kList: return "list";
    case Type::kDict: return "dict";
    default: return datum.object()->type_name();
  }
}

// ---------------------------------------------------------------- leaving the languages

namespace {

Outcome<Value> exported_dict(Evaluation& evaluation, const Datum& datum, Foreign foreign, int depth);

Outcome<Value> exported_items(Evaluation& evaluation, const std::vector<Datum>& items, Foreign foreign, int depth) {
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Datum& item : items) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    MW_TRY(Value value, to_value(evaluation, item, foreign, depth + 1));
    out.push_back(std::move(value));
  }
  return Value::array(std::move(out));
}

// A plain value is already what it should be, except that a float JSON cannot write may hide in it.
Value exported_scalar(const Value& value, Foreign foreign) {
  if (foreign != Foreign::kMarked || !value.is_double() || std::isfinite(value.as_double())) return value;
  const double d = value.as_double();
  return Value::object({{"$float", std::isnan(d) ? "nan" : d > 0 ? "inf" : "-inf"}});
}

std::string key_text(const Datum& key) {
  switch (key.type()) {
    case Type::kString: return std::string(key.text());
    case Type::kNone: return "null";
    case Type::kBool: return key.plain().as_bool() ? "true" : "false";
    case Type::kInt:
      return key.plain().is_int() ? std::to_string(key.plain().as_int()) : std::string(key.plain().bigint_digits());
    default: return "<" + type_name(key) + ">";
  }
}

Outcome<Value> exported_dict(Evaluation& evaluation, const Datum& datum, Foreign foreign, int depth) {
  const auto& entries = static_cast<const DictObject*>(datum.object())->entries;
  bool all_text = true;
  for (const auto& [key, value] : entries) all_text = all_text && key.is_string();
  std::vector<Value> pairs;
  ObjectBuilder builder;
  for (const auto& [key, value] : entries) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    MW_TRY(Value exported, to_value(evaluation, value, foreign, depth + 1));
    if (all_text || foreign == Foreign::kText) {
      builder.set(key_text(key), std::move(exported));
    } else {
      MW_TRY(Value exported_key, to_value(evaluation, key, foreign, depth + 1));
      pairs.push_back(Value::array({std::move(exported_key), std::move(exported)}));
    }
  }
  if (pairs.empty()) return std::move(builder).build();
  return Value::object({{"$pairs", Value::array(std::move(pairs))}});
}

}  // namespace

Outcome<Value> to_value(Evaluation& evaluation, const Datum& datum, Foreign foreign, int depth) {
  if (depth > kDatumDepthMax) return limit_error("the result is nested too deeply");
  if (datum.is_plain()) return exported_scalar(datum.plain(), foreign);
  switch (datum.type()) {
    case Type::kString: return Value(datum.text());
    case Type::kList:
    case Type::kTuple:
      return exported_items(evaluation, static_cast<const SequenceObject*>(datum.object())->items, foreign, depth);
    case Type::kDict: return exported_dict(evaluation, datum, foreign, depth);
    case Type::kSet: {
      std::vector<Datum> items;
      for (const auto& [item, unused] : static_cast<const SetObject*>(datum.object())->members.entries) {
        items.push_back(item);
      }
      return exported_items(evaluation, items, foreign, depth);
    }
    case Type::kIterator: {
      std::vector<Value> out;
      Datum item;
      auto* source = static_cast<IteratorObject*>(datum.object());
      const std::shared_ptr<IteratorObject> fresh = source->restarted();
      if (fresh) source = fresh.get();
      while (true) {
        MW_TRY(const bool more, source->next(evaluation, item));
        if (!more) return Value::array(std::move(out));
        if (!evaluation.take_steps()) return evaluation.too_many_steps();
        if (!evaluation.take_bytes(sizeof(Value))) return evaluation.too_many_bytes();
        MW_TRY(Value value, to_value(evaluation, item, foreign, depth + 1));
        out.push_back(std::move(value));
      }
    }
    case Type::kUndefined: return static_cast<const UndefinedObject*>(datum.object())->failure();
    default: return datum.object()->exported(foreign);
  }
}

}  // namespace midwatch
