// expr/function_table.h — native functions by name, with their parameters.
//
// A family of functions is one table in one file:
//
//   constexpr NativeEntry kEntries[] = {{"replace", "s, old, new, count=", &replace}, …};
//
// The signature binds arguments as Python does: "name" is required, "name=" optional (absent when
// not given), "*name" takes the remaining positional ones, "**name" the remaining named ones; what
// stands before "/" cannot be named. The function then reads call.args by position of the parameter.
// Tables are built once and only read afterwards, from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "expr/datum.h"
#include "expr/evaluation.h"

namespace midwatch {

struct Call {
  Evaluation& evaluation;
  std::string_view name{};
  std::vector<Datum> args{};  // by parameter after binding; before it, the positional arguments
  std::vector<std::pair<std::string, Datum>> named{};
  std::vector<bool> given{};  // per parameter, after binding
  std::vector<Datum> rest{};  // what "*name" took

  [[nodiscard]] bool has(std::size_t parameter) const { return parameter < given.size() && given[parameter]; }
};

using NativeFunction = Outcome<Datum> (*)(Call& call);

struct NativeEntry {
  std::string_view name;
  std::string_view signature;
  NativeFunction function;
};

class Signature {
 public:
  Signature() = default;
  explicit Signature(std::string_view text);
  // Rearranges call.args and call.named to parameters; TypeError when they do not fit.
  [[nodiscard]] Outcome<void> bind(Call& call) const;

 private:
  struct Parameter {
    std::string name;
    bool required;
  };
  std::vector<Parameter> parameters_;
  std::size_t positional_only_ = 0;
  bool takes_rest_ = false;
  bool takes_named_ = false;
};

struct Function {
  std::string name;
  Signature signature;
  NativeFunction native = nullptr;

  [[nodiscard]] Outcome<Datum> invoke(Call& call) const;
};

class FunctionTable {
 public:
  void add(std::span<const NativeEntry> entries);
  // A second name for a function that is there.
  void alias(std::string_view name, std::string_view existing);
  [[nodiscard]] const Function* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;  // sorted

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Function, Hash, std::equal_to<>> functions_;
};

// A native function as a value.
class NativeObject final : public CallableObject {
 public:
  explicit NativeObject(const Function& function) : function_(function) {}
  Outcome<Datum> call(Call& call) override { return function_.invoke(call); }

 private:
  const Function& function_;
};

}  // namespace midwatch
