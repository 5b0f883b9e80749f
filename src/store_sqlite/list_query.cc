#include "store_sqlite/list_query.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch::store_sqlite {

void ListQuery::where(std::string_view condition) {
  conditions_ += conditions_.empty() ? " WHERE " : " AND ";
  conditions_ += condition;
}

void ListQuery::where(std::string_view column_and_operator, Bound value) {
  where(column_and_operator);
  conditions_ += " ?";
  values_.push_back(std::move(value));
}

void ListQuery::window(const std::optional<Instant>& after, const std::optional<Instant>& before) {
  if (after) where(fmt::format("{} >", time_), micros(*after));
  if (before) where(fmt::format("{} <", time_), micros(*before));
}

Status ListQuery::among(const std::vector<ObjectId>& ids) {
  if (ids.empty()) return {};
  if (ids.size() > kFilterIdsMax) {
    return Error(Code::kLimit, fmt::format("a list of {} ids, at most {} are allowed", ids.size(), kFilterIdsMax));
  }
  std::string condition = "id IN (";
  for (std::size_t i = 0; i < ids.size(); ++i) condition += i == 0 ? "?" : ",?";
  where(condition + ")");
  values_.insert(values_.end(), ids.begin(), ids.end());
  return {};
}

Result<ListQuery> ListQuery::of(const ExecutionFilter& filter) {
  ListQuery out("executions", "start");
  if (!filter.action.empty()) out.where("action =", filter.action);
  if (filter.status) {
    out.where("status =", to_string(*filter.status));
    if (!is_completed(*filter.status)) out.where("completed = 0");  // lets the small index be used
  }
  if (filter.parent) out.where("parent =", *filter.parent);
  if (filter.top_level_only) out.where("parent IS NULL");
  if (!filter.rule.empty()) {
    out.where("rule <> ''");
    out.where("rule =", filter.rule);
  }
  if (filter.trigger_instance) out.where("trigger_instance =", *filter.trigger_instance);
  if (filter.incident) out.where("incident =", *filter.incident);
  out.window(filter.after, filter.before);
  MW_CHECK(out.among(filter.ids));
  return out;
}

Result<ListQuery> ListQuery::of(const TriggerInstanceFilter& filter) {
  using State = TriggerInstance::State;
  ListQuery out("trigger_instances", "at");
  if (!filter.trigger.empty()) out.where("trigger =", filter.trigger);
  if (filter.state) {
    out.where("state =", to_string(*filter.state));
    if (*filter.state == State::kPending || *filter.state == State::kProcessing) {
      out.where("state IN ('pending', 'processing')");
    }
  }
  out.window(filter.after, filter.before);
  MW_CHECK(out.among(filter.ids));
  return out;
}

Result<ListQuery> ListQuery::of(const EnforcementFilter& filter) {
  ListQuery out("enforcements", "at");
  if (!filter.rule.empty()) out.where("rule =", filter.rule);
  if (filter.trigger_instance) out.where("trigger_instance =", *filter.trigger_instance);
  if (filter.execution) out.where("execution =", *filter.execution);
  out.window(filter.after, filter.before);
  MW_CHECK(out.among(filter.ids));
  return out;
}

ListQuery ListQuery::of_incidents(std::optional<Incident::State> state) {
  ListQuery out("incidents", "at");
  if (state) out.where("state =", to_string(*state));
  return out;
}

ListQuery ListQuery::of_keys(std::string_view prefix) {
  ListQuery out("keys", nullptr);
  if (!prefix.empty()) {
    // SQLite compares texts by their bytes: the names with the prefix lie below the prefix with its last
    // byte counted up (UTF-8 has no byte 0xff).
    std::string end(prefix);
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    out.where("name >=", prefix);
    out.where("name <", std::move(end));
  }
  return out;
}

std::string ListQuery::count_sql() const { return fmt::format("SELECT count(*) FROM {}{}", table_, conditions_); }

std::string ListQuery::page_sql(const char* columns, const ListOptions& options) const {
  const char* direction = options.ascending ? "ASC" : "DESC";
  const std::string order = time_ == nullptr ? "name" : fmt::format("{} {}, id {}", time_, direction, direction);
  return fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT {} OFFSET {}", columns, table_, conditions_, order,
                     options.limit, options.offset);
}

void ListQuery::bind(Statement& statement) const {
  int index = 1;
  for (const Bound& value : values_) {
    std::visit([&](const auto& held) { statement.bind(index, held); }, value);
    ++index;
  }
}

}  // namespace midwatch::store_sqlite
