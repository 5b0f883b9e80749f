// expr/datum.h — a value while an expression runs: a Value, or an object that JSON cannot write.
//
// The languages know tuples, sets, mappings with any key, undefined names, functions, iterators and
// points in time; the rest of Midwatch does not. A Datum is either a plain Value (shared, not copied:
// a list of the context stays an array) or a pointer to an Object. Objects live for one evaluation
// and are used by one thread; lists and mappings made by the expression itself may be changed by
// its own methods (append, update), those of the context may not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "expr/diagnostic.h"
#include "value/value.h"

namespace midwatch {

inline constexpr int kDatumDepthMax = 200;

class Datum;
class Evaluation;
struct Call;

// The type as Python sees it.
enum class Type : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kSet,
  kUndefined,
  kCallable,
  kIterator,
  kOther,
};

// How to write what JSON does not have when an expression is left.
enum class Foreign : std::uint8_t {
  kText,     // as its text: keys and points in time become strings
  kMarked,   // as the conformance files do: {"$pairs": …}, {"$datetime": …}, {"$float": …}
  kPrinted,  // as Python's str() prints it: what becomes part of a text
};

class Object : public std::enable_shared_from_this<Object> {
 public:
  explicit Object(Type type) : type_(type) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] virtual std::string type_name() const = 0;  // Python's, e.g. "tuple"
  [[nodiscard]] virtual std::string text() const;           // what str() gives, for kinds without rules of their own
  [[nodiscard]] virtual std::string repr() const { return text(); }
  [[nodiscard]] virtual bool truthy() const { return true; }
  // Whether another object of the same type is equal to it.
  [[nodiscard]] virtual bool equals(const Object& other) const { return this == &other; }
  // Its JSON form; without one it is its text.
  [[nodiscard]] virtual Value exported(Foreign foreign) const;
  // An attribute, or nothing (undefined) when there is none.
  [[nodiscard]] virtual Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const;

 private:
  Type type_;
};

class Datum {
 public:
  Datum() = default;
  Datum(const Datum& other) = default;
  Datum(Datum&& other) noexcept = default;
  Datum& operator=(Datum other) noexcept {
    std::swap(value_, other.value_);
    object_.swap(other.object_);
    return *this;
  }
  // Not recursive: a chain of objects, however long, does not exhaust the stack.
  ~Datum() {
    if (object_) release(std::move(object_));
  }
  Datum(Value value) : value_(std::move(value)) {}
  Datum(std::shared_ptr<Object> object) : object_(std::move(object)) {}
  template <class T>
    requires(std::is_base_of_v<Object, T>)
  Datum(std::shared_ptr<T> object) : object_(std::move(object)) {}
  Datum(bool v) : value_(v) {}
  Datum(double v) : value_(v) {}
  Datum(const char* v) : value_(v) {}
  Datum(std::string_view v) : value_(v) {}
  Datum(const std::string& v) : value_(v) {}
  template <class Int>
    requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool> && !std::is_same_v<Int, char>)
  Datum(Int v) : value_(v) {}

  [[nodiscard]] Type type() const;
  [[nodiscard]] bool is_plain() const { return object_ == nullptr; }
  [[nodiscard]] const Value& plain() const { return value_; }
  [[nodiscard]] Object* object() const { return object_.get(); }
  template <class T>
  [[nodiscard]] T* as() const {
    return dynamic_cast<T*>(object_.get());
  }

  [[nodiscard]] bool is_none() const { return is_plain() && value_.is_null(); }
  [[nodiscard]] bool is_bool() const { return is_plain() && value_.is_bool(); }
  [[nodiscard]] bool is_int() const { return is_plain() && (value_.is_int() || value_.is_bigint()); }
  [[nodiscard]] bool is_float() const { return is_plain() && value_.is_double(); }
  [[nodiscard]] bool is_number() const { return is_plain() && value_.is_number(); }  // no booleans
  [[nodiscard]] bool is_string() const { return type() == Type::kString; }
  [[nodiscard]] bool is_undefined() const { return object_ != nullptr && object_->type() == Type::kUndefined; }
  [[nodiscard]] bool is_sequence() const { return type() == Type::kList || type() == Type::kTuple; }
  [[nodiscard]] bool is_dict() const { return type() == Type::kDict; }
  // The text of a string (plain or marked safe). Valid while this Datum lives.
  [[nodiscard]] std::string_view text() const;

 private:
  static void release(std::shared_ptr<Object> object) noexcept;

  Value value_;
  std::shared_ptr<Object> object_;
};

// A list or a tuple made by an expression; also a view (dict.keys()) or a spent-once generator, told
// apart by the name.
class SequenceObject final : public Object {
 public:
  SequenceObject(Type type, std::vector<Datum> initial) : Object(type), items(std::move(initial)) {}
  [[nodiscard]] std::string type_name() const override { return type() == Type::kList ? "list" : "tuple"; }
  [[nodiscard]] bool truthy() const override { return !items.empty(); }
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;
  std::vector<Datum> items;
  std::vector<std::string> names;  // of a named tuple: its fields, in order
};
[[nodiscard]] Datum make_list(std::vector<Datum> items);
[[nodiscard]] Datum make_tuple(std::vector<Datum> items);

// An ordered mapping with keys of any hashable type. O(1) a call.
class DictObject final : public Object {
 public:
  DictObject() : Object(Type::kDict) {}
  [[nodiscard]] std::string type_name() const override { return "dict"; }
  [[nodiscard]] bool truthy() const override { return !entries.empty(); }
  [[nodiscard]] const Datum* find(const Datum& key) const;
  void set(Datum key, Datum value);
  bool erase(const Datum& key);
  void clear();
  std::vector<std::pair<Datum, Datum>> entries;  // change through the methods

 private:
  [[nodiscard]] std::size_t index_of(const Datum& key, std::uint64_t hash) const;
  std::unordered_multimap<std::uint64_t, std::size_t> index_;
};

class SetObject final : public Object {
 public:
  SetObject() : Object(Type::kSet) {}
  [[nodiscard]] std::string type_name() const override { return "set"; }
  [[nodiscard]] bool truthy() const override { return !members.entries.empty(); }
  bool insert(Datum item);
  [[nodiscard]] bool contains(const Datum& item) const { return members.find(item) != nullptr; }
  DictObject members;  // the keys
};

// A name, attribute or element that does not exist. Using it fails with its message.
class UndefinedObject final : public Object {
 public:
  enum class Mode : std::uint8_t { kStrict, kLenient };
  UndefinedObject(std::string text, Mode m) : Object(Type::kUndefined), message(std::move(text)), mode(m) {}
  [[nodiscard]] std::string type_name() const override {
    return mode == Mode::kStrict ? "StrictUndefined" : "Undefined";
  }
  [[nodiscard]] bool truthy() const override { return false; }
  [[nodiscard]] bool strict() const { return mode == Mode::kStrict || refused; }
  [[nodiscard]] Failure failure() const {
    return refused ? Failure(ErrorKind::kOther, "SecurityError", message) : undefined_error(message);
  }
  std::string message;
  Mode mode;
  bool refused = false;  // exists, but the sandbox does not show it
};

// A text that is safe to put into HTML.
class MarkupObject final : public Object {
 public:
  explicit MarkupObject(std::string safe) : Object(Type::kString), content(std::move(safe)) {}
  [[nodiscard]] std::string type_name() const override { return "Markup"; }
  [[nodiscard]] bool truthy() const override { return !content.empty(); }
  std::string content;
};

class CallableObject : public Object {
 public:
  CallableObject() : Object(Type::kCallable) {}
  [[nodiscard]] std::string type_name() const override { return "function"; }
  virtual Outcome<Datum> call(Call& call) = 0;
};

class IteratorObject : public Object {
 public:
  IteratorObject() : Object(Type::kIterator) {}
  [[nodiscard]] std::string type_name() const override { return "generator"; }
  // False at the end.
  virtual Outcome<bool> next(Evaluation& evaluation, Datum& out) = 0;
  // All of it, for what may be iterated over more than once (a view of a mapping); null for a generator.
  [[nodiscard]] virtual const std::vector<Datum>* ready() const { return nullptr; }
  // For what can be gone over more than once: an iteration from the start. Null: this is the only one.
  [[nodiscard]] virtual std::shared_ptr<IteratorObject> restarted() { return nullptr; }
};
// A generator over items that are ready.
[[nodiscard]] Datum make_generator(std::vector<Datum> items);

// Python's ==. Never fails: values of different types are unequal, and so is what is nested deeper than
// kDatumDepthMax.
[[nodiscard]] bool equal(const Datum& a, const Datum& b);
[[nodiscard]] std::uint64_t hash(const Datum& datum);
// Nodes compared and hashed on this thread since the last call: an evaluation counts them as steps.
[[nodiscard]] std::uint64_t take_datum_work();
// Whether `target` is `from` or inside of it: what would make a cycle.
[[nodiscard]] bool reaches(const Datum& from, const Object* target, int depth = 0);
[[nodiscard]] bool truthy(const Datum& datum);
[[nodiscard]] std::string type_name(const Datum& datum);

// Elements by position of anything with a length and an order (lists, tuples, arrays).
[[nodiscard]] std::size_t sequence_size(const Datum& datum);
[[nodiscard]] Datum sequence_at(const Datum& datum, std::size_t index);
// A mapping, whether of the context or made here.
[[nodiscard]] std::size_t dict_size(const Datum& datum);
[[nodiscard]] std::pair<Datum, Datum> dict_entry(const Datum& datum, std::size_t index);
[[nodiscard]] bool dict_find(const Datum& datum, const Datum& key, Datum& out);

// Tuples, sets and iterators become arrays. Fails on what is undefined.
[[nodiscard]] Outcome<Value> to_value(Evaluation& evaluation, const Datum& datum, Foreign foreign = Foreign::kText,
                                      int depth = 0);

}  // namespace midwatch
