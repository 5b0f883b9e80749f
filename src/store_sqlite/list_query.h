// store_sqlite/list_query.h — filters of ports/store.h as SQL conditions with bound values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ports/store.h"
#include "store_sqlite/database.h"

namespace midwatch::store_sqlite {

inline constexpr std::size_t kFilterIdsMax = 10'000;

// The conditions, the order and the values of one list. Text values refer to the filter, which must
// outlive the query.
class ListQuery {
 public:
  static Result<ListQuery> of(const ExecutionFilter& filter);
  static Result<ListQuery> of(const TriggerInstanceFilter& filter);
  static Result<ListQuery> of(const EnforcementFilter& filter);
  static ListQuery of_incidents(std::optional<Incident::State> state);
  static ListQuery of_keys(std::string_view prefix);

  [[nodiscard]] std::string count_sql() const;
  [[nodiscard]] std::string page_sql(const char* columns, const ListOptions& options) const;
  void bind(Statement& statement) const;

 private:
  using Bound = std::variant<std::int64_t, std::string_view, std::string, ObjectId>;
  ListQuery(const char* table, const char* time) : table_(table), time_(time) {}
  void where(std::string_view condition);  // without a value
  void where(std::string_view column_and_operator, Bound value);
  void window(const std::optional<Instant>& after, const std::optional<Instant>& before);
  Status among(const std::vector<ObjectId>& ids);

  const char* table_;
  const char* time_;  // the column that lists are ordered by, before the id; or null: by name
  std::string conditions_;
  std::vector<Bound> values_;
};

}  // namespace midwatch::store_sqlite
