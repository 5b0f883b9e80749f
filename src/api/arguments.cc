#include "api/arguments.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/core.h>

namespace midwatch {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<AttributeSelection> attribute_selection(const Request& request) {
  AttributeSelection out{words_argument(request, "include_attributes"), words_argument(request, "exclude_attributes")};
  if (!out.include.empty() && !out.exclude.empty()) {
    return Error(Code::kInvalid,
                 "exclude_attributes and include_attributes are mutually exclusive: give one of them, not both");
  }
  if (out.include.size() > kAttributesMax || out.exclude.size() > kAttributesMax) {
    return Error(Code::kInvalid, fmt::format("more than {} attributes are named", kAttributesMax));
  }
  return out;
}

// "-start_timestamp", "+start_timestamp,…": only the attribute that the list is ordered by counts.
bool ascending_order(const Request& request, std::string_view sortable) {
  if (sortable.empty()) return false;
  for (const std::string& word : words_argument(request, "sort")) {
    const bool down = word.starts_with('-');
    const std::string_view name = std::string_view(word).substr(down || word.starts_with('+') ? 1 : 0);
    if (name == sortable) return !down;
  }
  return request.parameter("sort_asc") != nullptr;
}

}  // namespace

Result<std::optional<bool>> boolean_argument(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return std::optional<bool>();
  const std::string word = lower(*text);
  if (word == "true" || word == "1" || word == "yes" || word == "y") return std::optional(true);
  if (word == "false" || word == "0" || word == "no" || word == "n") return std::optional(false);
  return Error(Code::kInvalid, fmt::format("Parameter \"{}\" is not of type boolean", name));
}

Result<std::optional<std::int64_t>> integer_argument(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return std::optional<std::int64_t>();
  const auto value = parse_integer(*text);
  if (!value) return Error(Code::kInvalid, fmt::format("Parameter \"{}\" is not of type integer", name));
  return value;
}

Result<std::optional<Instant>> time_argument(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return std::optional<Instant>();
  auto time = parse_iso8601(*text);
  if (!time) return std::move(time).error().within(fmt::format("parameter \"{}\"", name));
  return std::optional(*time);
}

Result<std::optional<ObjectId>> id_argument(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return std::optional<ObjectId>();
  auto id = ObjectId::parse(*text);
  if (!id) return std::move(id).error().within(fmt::format("parameter \"{}\"", name));
  return std::optional(*id);
}

Result<std::vector<ObjectId>> ids_argument(const Request& request, std::string_view name) {
  std::vector<ObjectId> out;
  for (const std::string& word : words_argument(request, name)) {
    auto id = ObjectId::parse(word);
    if (!id) return std::move(id).error().within(fmt::format("parameter \"{}\"", name));
    out.push_back(*id);
  }
  if (out.size() > kListedIdsMax) {
    return Error(Code::kInvalid,
                 fmt::format("parameter \"{}\": {} ids, at most {} are allowed", name, out.size(), kListedIdsMax));
  }
  return out;
}

std::string text_argument(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  return text == nullptr ? std::string() : *text;
}

std::vector<std::string> words_argument(const Request& request, std::string_view name) {
  std::vector<std::string> out;
  const std::string* text = request.parameter(name);
  if (text == nullptr) return out;
  for (std::size_t start = 0; start <= text->size();) {
    const std::size_t comma = std::min(text->find(',', start), text->size());
    std::string word = text->substr(start, comma - start);
    word.erase(0, std::min(word.find_first_not_of(' '), word.size()));
    if (const std::size_t last = word.find_last_not_of(' '); last != std::string::npos) word.resize(last + 1);
    if (!word.empty()) out.push_back(std::move(word));
    start = comma + 1;
  }
  return out;
}

Result<ListArguments> list_arguments(const Request& request, std::optional<std::uint32_t> limit_default,
                                     std::string_view sortable) {
  ListArguments out;
  MW_TRY(const std::optional<std::int64_t> limit, integer_argument(request, "limit"));
  if (limit && (*limit == 0 || *limit <= -2)) {
    return Error(Code::kInvalid,
                 fmt::format("Limit \"{}\" specified, must be a positive number, or -1 for all", *limit));
  }
  out.limited = (limit && *limit > 0) || (!limit && limit_default);
  if (limit && *limit > 0) out.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(*limit, kListedMax));
  else if (!limit && limit_default) out.limit = *limit_default;
  MW_TRY(const std::optional<std::int64_t> offset, integer_argument(request, "offset"));
  if (offset && *offset < 0) {
    return Error(Code::kInvalid, fmt::format("Offset \"{}\" specified, must not be negative", *offset));
  }
  if (offset && *offset > std::numeric_limits<std::int32_t>::max()) {
    return Error(Code::kInvalid, fmt::format("Offset \"{}\" specified is more than 32-bit int", *offset));
  }
  out.offset = static_cast<std::uint32_t>(offset.value_or(0));
  out.ascending = ascending_order(request, sortable);
  MW_TRY(out.attributes, attribute_selection(request));
  return out;
}

Status refuse_filters(const Request& request, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (request.parameter(name) != nullptr) {
      return Error(Code::kInvalid, fmt::format("the filter \"{}\" is not available here", name));
    }
  }
  return {};
}

}  // namespace midwatch
