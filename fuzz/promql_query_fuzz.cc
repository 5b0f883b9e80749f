// Parses any bytes as a query; what parses is evaluated over a small head, at once and over a range.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "promql/prom_eval.h"
#include "series/series_head.h"

namespace {

using namespace midwatch;

const SeriesHead& small_head() {
  static const SeriesHead head = [] {
    SeriesHead made({});
    for (std::int64_t t = 0; t <= 300; t += 15) {
      const auto value = static_cast<double>(t);
      const Instant at = instant_from_millis(t * 1000);
      bool ok = true;
      for (const char* host : {"a", "b"}) {
        ok = ok && made.append(Labels::of({{"__name__", "m"}, {"host", host}}), {at, value}).has_value();
        for (const char* le : {"0.1", "1", "+Inf"}) {
          ok = ok &&
               made.append(Labels::of({{"__name__", "h_bucket"}, {"host", host}, {"le", le}}), {at, value}).has_value();
        }
      }
      ok = ok && made.append(Labels::of({{"__name__", "gone"}}), {at, t == 150 ? stale_marker() : value}).has_value();
      if (!ok) std::abort();
    }
    return made;
  }();
  return head;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = PromQuery::parse(text);
  if (!query) {
    if (query.error().message.empty()) std::abort();
    return 0;
  }
  const PromOptions options{.samples_max = 20'000, .work_max = 200'000};
  const Instant now = instant_from_millis(300'000);
  if (const auto result = evaluate_instant(*query, small_head(), now, options)) {
    static_cast<void>(to_value(result->value));
  }
  if (const auto result = evaluate_range(*query, small_head(),
                                         {now - std::chrono::minutes(2), now, std::chrono::seconds(30)}, options)) {
    static_cast<void>(to_value(result->value));
  }
  return 0;
}
