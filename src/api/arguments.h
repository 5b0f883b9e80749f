// api/arguments.h — query parameters with their types, and what all lists have in common (spec 9.1, 9.2).
//
// Each reader fails with kInvalid (400) in StackStorm's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/store.h"
#include "query/select.h"

namespace midwatch {

// Of one answer, also with limit=-1: what is beyond is found with offset.
inline constexpr std::uint32_t kListedMax = 10'000;
inline constexpr std::size_t kListedIdsMax = 100;
inline constexpr std::size_t kAttributesMax = 100;

[[nodiscard]] Result<std::optional<bool>> boolean_argument(const Request& request, std::string_view name);
[[nodiscard]] Result<std::optional<std::int64_t>> integer_argument(const Request& request, std::string_view name);
[[nodiscard]] Result<std::optional<Instant>> time_argument(const Request& request, std::string_view name);
[[nodiscard]] Result<std::optional<ObjectId>> id_argument(const Request& request, std::string_view name);
[[nodiscard]] Result<std::vector<ObjectId>> ids_argument(const Request& request, std::string_view name);
[[nodiscard]] std::string text_argument(const Request& request, std::string_view name);  // "" when it is not there
[[nodiscard]] std::vector<std::string> words_argument(const Request& request, std::string_view name);  // a,b,c

struct ListArguments {
  std::uint32_t limit = kListedMax;
  bool limited = false;  // a limit applies, and is to be named
  std::uint32_t offset = 0;
  bool ascending = false;
  AttributeSelection attributes;

  [[nodiscard]] ListOptions options() const {
    return {.limit = limit, .offset = offset, .ascending = ascending, .count_total = true};
  }
};

// `limit_default` none: everything. `sortable` is the attribute whose order the list has.
[[nodiscard]] Result<ListArguments> list_arguments(const Request& request, std::optional<std::uint32_t> limit_default,
                                                   std::string_view sortable = {});

// Filters of the original that we do not have: answering without them would be a wrong answer.
[[nodiscard]] Status refuse_filters(const Request& request, std::initializer_list<std::string_view> names);

}  // namespace midwatch
