// jinja/globals.h — global functions and the variables that are neither the scope's nor the template's
// (internal to the module).
#pragma once

#include <optional>
#include <string_view>

#include "jinja/tree.h"

namespace midwatch::jinja {

class NamespaceObject final : public Object {
 public:
  NamespaceObject() : Object(Type::kOther) {}
  [[nodiscard]] std::string type_name() const override { return "Namespace"; }
  [[nodiscard]] std::string text() const override;  // <Namespace {'a': 1}>
  Outcome<bool> attribute(Evaluation&, std::string_view name, Datum& out) const override {
    const Datum* found = attributes.find(Datum(name));
    if (found != nullptr) out = *found;
    return found != nullptr;
  }
  DictObject attributes;
};

class Interpreter;
// `self`: its attributes are the template's blocks.
[[nodiscard]] Datum make_template_reference(Interpreter& interpreter);
// `st2kv` when the evaluation has a datastore.
[[nodiscard]] std::optional<Datum> special_variable(Evaluation& evaluation, std::string_view name);

void add_text_filters(FunctionTable& table);
void add_html_filters(FunctionTable& table);
void add_url_filters(FunctionTable& table);
void add_wrap_filters(FunctionTable& table);
void add_list_filters(FunctionTable& table);
void add_select_filters(FunctionTable& table);
void add_number_filters(FunctionTable& table);
void add_tests(FunctionTable& table);

// Applies a filter or test by name, as map(), select() and their kin do.
[[nodiscard]] Outcome<Datum> apply_filter(Evaluation& evaluation, std::string_view name, std::vector<Datum> args,
                                          std::vector<std::pair<std::string, Datum>> named);
[[nodiscard]] Outcome<bool> apply_test(Evaluation& evaluation, std::string_view name, std::vector<Datum> args,
                                       std::vector<std::pair<std::string, Datum>> named);

}  // namespace midwatch::jinja
