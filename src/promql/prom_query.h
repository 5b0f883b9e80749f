// promql/prom_query.h — a PromQL query, parsed once and evaluated many times.
//
//   MW_TRY(const PromQuery query, PromQuery::parse("rate(http_requests_total[5m]) > 10"));
//   MW_TRY(const PromResult now_result, evaluate_instant(query, head, now));
//
// A syntax or type error is kInvalid with line and column, and its hint shows the query's line with a
// caret under the place.
//
// Thread-safety: a PromQuery is immutable; share it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "promql/prom_expr.h"

namespace midwatch {

inline constexpr std::size_t kPromQueryBytesMax = 64 * 1024;
inline constexpr std::size_t kPromDepthMax = 100;  // nested expressions

class PromQuery {
 public:
  static Result<PromQuery> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return parsed_->text; }
  [[nodiscard]] const PromExpr& root() const { return *parsed_->root; }
  [[nodiscard]] PromType type() const { return root().type; }

 private:
  struct Parsed {
    std::string text;
    PromExprPtr root;
  };
  explicit PromQuery(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace midwatch
