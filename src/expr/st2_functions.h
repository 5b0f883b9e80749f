// expr/st2_functions.h — StackStorm's own filters and functions, the same in both languages (spec 6.2),
// and Orquesta's functions over the workflow (spec 5.7).
#pragma once

#include <string_view>

#include "expr/function_table.h"

namespace midwatch {

// to_json_string, regex_match, version_compare, to_human_time_from_seconds, basename, …
void add_st2_functions(FunctionTable& table);
// to_complex: in StackStorm's templates only; decrypt_kv too.
void add_st2_template_functions(FunctionTable& table);
void add_key_value_functions(FunctionTable& table);
// ctx, item, result, succeeded, failed, completed, task_status, task, st2kv, json, zip, json_dump, ….
void add_orquesta_functions(FunctionTable& table);

// What `use_none` writes where None is meant.
inline constexpr std::string_view kNoneMagic = "%*****__%NONE%__*****%";

// `st2kv` of StackStorm's templates: st2kv.system.a.b reads the key "a.b".
[[nodiscard]] Datum make_key_value_root(Evaluation& evaluation);

}  // namespace midwatch
