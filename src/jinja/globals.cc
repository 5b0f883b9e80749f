#include "jinja/globals.h"

#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "expr/st2_functions.h"

namespace midwatch::jinja {

std::optional<Datum> special_variable(Evaluation& evaluation, std::string_view name) {
  if (evaluation.datastore == nullptr) return std::nullopt;
  if (name == "st2kv") return make_key_value_root(evaluation);
  if (name == "system" && evaluation.system_lookup) {
    Datum system;
    (void)dict_find(make_key_value_root(evaluation), Datum("system"), system);
    return system;
  }
  return std::nullopt;
}

std::string NamespaceObject::text() const {
  const MapScope nothing;
  Evaluation printing(nothing);
  std::string out;
  for (const auto& [name, value] : attributes.entries) {
    const auto key = py_repr(printing, name);
    const auto shown = py_repr(printing, value);
    out += (out.empty() ? "" : ", ") + (key ? *key : "...") + ": " + (shown ? *shown : "...");
  }
  return "<Namespace {" + out + "}>";
}

namespace {

// The sandbox's own bound.
constexpr std::size_t kRangeItemsMax = 100'000;

Outcome<Datum> range(Call& call) {
  std::int64_t bounds[3] = {0, 0, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!call.has(i)) continue;
    MW_TRY(bounds[i], int_argument(call.args[i]));
  }
  if (!call.has(1)) std::swap(bounds[0], bounds[1]);
  if (bounds[2] == 0) return value_error("range() arg 3 must not be zero");
  auto out = std::make_shared<RangeObject>(bounds[0], bounds[1], bounds[2]);
  if (out->size() > kRangeItemsMax) {
    return Failure(
        ErrorKind::kValue, "OverflowError",
        "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + std::to_string(kRangeItemsMax) + ").");
  }
  return Datum(out);
}

Outcome<Datum> dict(Call& call) {
  auto out = std::make_shared<DictObject>();
  Call update{call.evaluation, "update", {Datum(out)}, std::move(call.named)};
  if (call.has(0)) update.args.push_back(call.args[0]);
  MW_TRY(const Datum unused, find_method(Type::kDict, "update")->invoke(update));
  return Datum(out);
}

Outcome<Datum> make_namespace(Call& call) {
  MW_TRY(const Datum initial, dict(call));
  auto out = std::make_shared<NamespaceObject>();
  for (std::size_t i = 0; i < dict_size(initial); ++i) {
    auto [key, value] = dict_entry(initial, i);
    out->attributes.set(std::move(key), std::move(value));
  }
  return Datum(out);
}

class CyclerObject final : public Object {
 public:
  explicit CyclerObject(std::vector<Datum> items) : Object(Type::kOther), items_(std::move(items)) {}
  [[nodiscard]] std::string type_name() const override { return "Cycler"; }
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;
  Datum next() {
    Datum out = items_[at_];
    at_ = (at_ + 1) % items_.size();
    return out;
  }
  void reset() { at_ = 0; }

 private:
  std::vector<Datum> items_;
  std::size_t at_ = 0;
};

class CyclerMethod final : public CallableObject {
 public:
  CyclerMethod(std::shared_ptr<CyclerObject> cycler, bool resets) : cycler_(std::move(cycler)), resets_(resets) {}
  Outcome<Datum> call(Call&) override {
    if (!resets_) return cycler_->next();
    cycler_->reset();
    return Datum();
  }

 private:
  std::shared_ptr<CyclerObject> cycler_;
  bool resets_;
};

Outcome<bool> CyclerObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  if (name == "current") {
    out = items_[at_];
    return true;
  }
  if (name != "next" && name != "reset") return false;
  auto self = std::static_pointer_cast<CyclerObject>(std::const_pointer_cast<Object>(shared_from_this()));
  out = std::make_shared<CyclerMethod>(std::move(self), name == "reset");
  return true;
}

Outcome<Datum> cycler(Call& call) {
  if (call.rest.empty()) return Failure(ErrorKind::kType, "RuntimeError", "at least one item has to be provided");
  return Datum(std::make_shared<CyclerObject>(std::move(call.rest)));
}

class JoinerObject final : public CallableObject {
 public:
  explicit JoinerObject(Datum separator) : separator_(std::move(separator)) {}
  [[nodiscard]] std::string type_name() const override { return "Joiner"; }
  Outcome<Datum> call(Call&) override { return std::exchange(used_, true) ? separator_ : Datum(""); }

 private:
  Datum separator_;
  bool used_ = false;
};

Outcome<Datum> joiner(Call& call) {
  return Datum(std::make_shared<JoinerObject>(call.has(0) ? call.args[0] : Datum(", ")));
}

// Filler text: deterministic, as every evaluation is.
Outcome<Datum> lipsum(Call& call) {
  std::int64_t count = 5;
  if (call.has(0)) {
    MW_TRY(count, int_argument(call.args[0]));
  }
  const bool html = !call.has(1) || truthy(call.args[1]);
  if (count > 1000) return limit_error("more than 1000 paragraphs");
  std::string out;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i != 0) out += html ? "\n" : "\n\n";
    constexpr std::string_view kText =
        "Lorem ipsum dolor sit amet, consectetuer adipiscing elit, sed diam nonummy nibh euismod.";
    out += html ? "<p>" + std::string(kText) + "</p>" : std::string(kText);
  }
  return charged_text(call.evaluation, std::move(out));
}

constexpr NativeEntry kEntries[] = {
    {"range", "start, stop=, step=", &range},
    {"dict", "mapping=, **kwargs", &dict},
    {"namespace", "mapping=, **kwargs", &make_namespace},
    {"cycler", "*items", &cycler},
    {"joiner", "sep=", &joiner},
    {"lipsum", "n=, html=, min=, max=", &lipsum},
};

struct OwnedTables {
  FunctionTable filters, tests, globals;
  Tables view{&filters, &tests, &globals};

  explicit OwnedTables(Dialect dialect) {
    add_text_filters(filters);
    add_html_filters(filters);
    add_url_filters(filters);
    add_wrap_filters(filters);
    add_number_filters(filters);
    add_list_filters(filters);
    add_select_filters(filters);
    add_tests(tests);
    globals.add(kEntries);
    if (dialect == Dialect::kOrquesta) {
      add_orquesta_functions(filters);
      add_orquesta_functions(globals);
    } else {
      add_st2_functions(filters);
      add_st2_template_functions(filters);
    }
  }
};

}  // namespace

const Tables& tables(Dialect dialect) {
  static const OwnedTables stackstorm(Dialect::kStackStorm);
  static const OwnedTables orquesta(Dialect::kOrquesta);
  return dialect == Dialect::kOrquesta ? orquesta.view : stackstorm.view;
}

RegisteredNames registered_names(Dialect dialect) {
  const Tables& all = tables(dialect);
  return {all.filters->names(), all.tests->names(), all.globals->names()};
}

}  // namespace midwatch::jinja
