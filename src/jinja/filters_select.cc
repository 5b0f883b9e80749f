// map, select and their kin: filters that apply filters and tests.
#include <algorithm>

#include "expr/python_text.h"
#include "jinja/attribute_path.h"
#include "jinja/globals.h"

namespace midwatch::jinja {

Outcome<AttributePath> AttributePath::parse(const Datum& attribute) {
  AttributePath out;
  if (!attribute.is_string()) {
    out.steps_.push_back(attribute);
    return out;
  }
  for (const std::string& part : split_on(attribute.text(), ".")) {
    const bool digits =
        !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto number = digits ? parse_py_int(part) : std::nullopt;
    out.steps_.push_back(number ? Datum(*number) : Datum(std::string_view(part)));
  }
  return out;
}

Outcome<Datum> AttributePath::get(Evaluation& evaluation, const Datum& item) const {
  Datum out = item;
  for (const Datum& step : steps_) {
    MW_TRY(out, get_item(evaluation, out, step));
  }
  return out;
}

Outcome<Datum> apply_filter(Evaluation& evaluation, std::string_view name, std::vector<Datum> args,
                            std::vector<std::pair<std::string, Datum>> named) {
  const Function* filter = tables(Dialect::kStackStorm).filters->find(name);
  if (filter == nullptr) filter = tables(Dialect::kOrquesta).filters->find(name);
  if (filter == nullptr)
    return Failure(ErrorKind::kSyntax, "TemplateRuntimeError", "No filter named " + py_repr_text(name) + ".");
  Call call{evaluation, name, std::move(args), std::move(named)};
  return filter->invoke(call);
}

Outcome<bool> apply_test(Evaluation& evaluation, std::string_view name, std::vector<Datum> args,
                         std::vector<std::pair<std::string, Datum>> named) {
  const Function* test = tables(Dialect::kStackStorm).tests->find(name);
  if (test == nullptr)
    return Failure(ErrorKind::kSyntax, "TemplateRuntimeError", "No test named " + py_repr_text(name) + ".");
  Call call{evaluation, name, std::move(args), std::move(named)};
  MW_TRY(const Datum verdict, test->invoke(call));
  return py_truth(verdict);
}

namespace {

Outcome<Datum> map_attribute(Call& call, const std::vector<Datum>& items) {
  std::optional<AttributePath> path;
  std::optional<Datum> fallback;
  for (auto& [name, value] : call.named) {
    if (name == "attribute") {
      MW_TRY(path, AttributePath::parse(value));
    } else if (name == "default") {
      fallback = value;
    } else {
      return Failure(ErrorKind::kValue, "FilterArgumentError", "Unexpected keyword argument " + py_repr_text(name));
    }
  }
  std::vector<Datum> out;
  for (const Datum& item : items) {
    MW_TRY(Datum value, path->get(call.evaluation, item));
    if (value.is_undefined() && fallback && !fallback->is_none()) value = *fallback;
    out.push_back(std::move(value));
  }
  return make_generator(std::move(out));
}

Outcome<Datum> map(Call& call) {
  const bool by_attribute =
      std::any_of(call.named.begin(), call.named.end(), [](const auto& n) { return n.first == "attribute"; });
  const Datum& source = call.args[0];
  MW_TRY(const bool present, py_truth(source));
  if (!present) return make_generator({});
  if (!by_attribute && call.rest.empty())
    return Failure(ErrorKind::kValue, "FilterArgumentError", "map requires a filter argument");
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, source));
  if (by_attribute && call.rest.empty()) return map_attribute(call, items);
  MW_TRY(const std::string filter, py_str(call.evaluation, call.rest[0]));
  std::vector<Datum> out;
  for (const Datum& item : items) {
    std::vector<Datum> args{item};
    args.insert(args.end(), call.rest.begin() + 1, call.rest.end());
    MW_TRY(Datum value, apply_filter(call.evaluation, filter, std::move(args), call.named));
    out.push_back(std::move(value));
  }
  return make_generator(std::move(out));
}

enum class By : std::uint8_t { kItem, kAttribute };
template <By Which, bool Wanted>
Outcome<Datum> select(Call& call) {
  MW_TRY(const bool present, py_truth(call.args[0]));
  if (!present) return make_generator({});
  std::size_t used = 0;
  std::optional<AttributePath> path;
  if (Which == By::kAttribute) {
    if (call.rest.empty())
      return Failure(ErrorKind::kValue, "FilterArgumentError", "Missing parameter for attribute name");
    MW_TRY(path, AttributePath::parse(call.rest[0]));
    used = 1;
  }
  std::string test;
  if (call.rest.size() > used) {
    MW_TRY(test, py_str(call.evaluation, call.rest[used]));
  }
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[0]));
  std::vector<Datum> out;
  for (const Datum& item : items) {
    Datum subject = item;
    if (path) {
      MW_TRY(subject, path->get(call.evaluation, item));
    }
    bool verdict = false;
    if (test.empty()) {
      MW_TRY(verdict, py_truth(subject));
    } else {
      std::vector<Datum> args{subject};
      args.insert(args.end(), call.rest.begin() + static_cast<std::ptrdiff_t>(used) + 1, call.rest.end());
      MW_TRY(verdict, apply_test(call.evaluation, test, std::move(args), call.named));
    }
    if (verdict == Wanted) out.push_back(item);
  }
  return make_generator(std::move(out));
}

Outcome<Datum> attr(Call& call) {
  MW_TRY(const std::string name, py_str(call.evaluation, call.args[1]));
  // The filter sees attributes only, never the members of a mapping.
  const Datum& object = call.args[0];
  MW_CHECK(require_defined(object));
  if (object.is_plain() && object.is_dict()) {
    const Datum empty = Value::object({});
    MW_TRY(const Datum found, get_attribute(call.evaluation, empty, name));
    if (!found.is_undefined()) return get_attribute(call.evaluation, object, name);
    return found;
  }
  return get_attribute(call.evaluation, object, name);
}

constexpr NativeEntry kEntries[] = {
    {"map", "value, *args, **kwargs", &map},
    {"select", "value, *args, **kwargs", &select<By::kItem, true>},
    {"reject", "value, *args, **kwargs", &select<By::kItem, false>},
    {"selectattr", "value, *args, **kwargs", &select<By::kAttribute, true>},
    {"rejectattr", "value, *args, **kwargs", &select<By::kAttribute, false>},
    {"attr", "obj, name", &attr},
};

}  // namespace

void add_select_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
