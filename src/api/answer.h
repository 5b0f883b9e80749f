// api/answer.h — answers of the API: JSON, lists with their paging headers, and faults (spec 9.1, 9.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"
#include "base/result.h"
#include "value/value.h"

namespace midwatch {

[[nodiscard]] Response json_answer(const Value& body, int status = 200);
// {"faultstring": text}. 401 and 429, 503 bring the headers that go with them.
[[nodiscard]] Response fault(int status, std::string_view text);
// The status that an error of the program has; its text, place and hint as the fault's text.
[[nodiscard]] Response fault(const Error& error);

struct Paging {
  std::optional<std::uint64_t> total;  // X-Total-Count
  std::optional<std::uint32_t> limit;  // X-Limit
};
[[nodiscard]] Response list_answer(const Value& array, const Paging& paging);

inline constexpr const char* kNoSuchResource = "The resource could not be found.";
[[nodiscard]] std::string not_found_text(std::string_view ref_or_id);
[[nodiscard]] std::string unknown_id_text(std::string_view id);

}  // namespace midwatch
