// st2kv of StackStorm's templates: look-ups in the datastore, and the clear text of secrets.
#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"
#include "expr/st2_functions.h"

namespace midwatch {

namespace {

// One look-up: prints its value, or nothing; goes deeper with every attribute.
class KeyValueObject final : public Object {
 public:
  KeyValueObject(Evaluation& evaluation, Datastore::Owner owner, std::string key)
      : Object(Type::kOther), evaluation_(evaluation), owner_(owner), key_(std::move(key)) {}
  [[nodiscard]] std::string type_name() const override {
    return owner_ == Datastore::Owner::kSystem ? "KeyValueLookup" : "UserKeyValueLookup";
  }
  [[nodiscard]] std::string text() const override {
    if (key_.empty()) return {};
    const auto found = evaluation_.datastore->get(owner_, evaluation_.user, key_, false);
    return found && *found ? **found : std::string();
  }
  Outcome<bool> attribute(Evaluation&, std::string_view name, Datum& out) const override {
    if (name.starts_with("__")) return false;
    out = std::make_shared<KeyValueObject>(evaluation_, owner_,
                                           key_.empty() ? std::string(name) : key_ + "." + std::string(name));
    return true;
  }
  [[nodiscard]] std::string full_name() const {
    return std::string(owner_ == Datastore::Owner::kSystem ? "st2kv.system" : "st2kv.user") +
           (key_.empty() ? "" : "." + key_);
  }

 private:
  Evaluation& evaluation_;
  Datastore::Owner owner_;
  std::string key_;
};

Outcome<Datum> decrypt_kv(Call& call) {
  const Datum& value = call.args[0];
  MW_CHECK(require_defined(value));
  std::string ciphertext;
  if (const auto* looked_up = value.as<KeyValueObject>()) {
    ciphertext = looked_up->text();
    if (ciphertext.empty()) {
      return value_error("Referenced datastore item \"" + looked_up->full_name() +
                         "\" doesn't exist or it contains an empty string");
    }
  } else {
    MW_TRY(const std::string_view given, text_argument(value, "argument should be bytes, buffer or ASCII string"));
    ciphertext = given;
  }
  if (call.evaluation.datastore == nullptr) return value_error("there is no datastore whose key could decrypt");
  auto clear = call.evaluation.datastore->decrypt(ciphertext);
  if (!clear) return value_error(clear.error().message);
  return charged_text(call.evaluation, std::move(*clear));
}

constexpr NativeEntry kEntries[] = {{"decrypt_kv", "value", &decrypt_kv}};

}  // namespace

void add_key_value_functions(FunctionTable& table) { table.add(kEntries); }

Datum make_key_value_root(Evaluation& evaluation) {
  auto root = std::make_shared<DictObject>();
  root->set(Datum("system"), Datum(std::make_shared<KeyValueObject>(evaluation, Datastore::Owner::kSystem, "")));
  root->set(Datum("user"), Datum(std::make_shared<KeyValueObject>(evaluation, Datastore::Owner::kUser, "")));
  return Datum(root);
}

}  // namespace midwatch
