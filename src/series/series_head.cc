#include "series/series_head.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/assert.h"
#include "series/crc32c.h"
#include "series/little_endian.h"

namespace midwatch {
namespace {

constexpr std::size_t kChunkCost = sizeof(Chunk) + 24;  // with the allocator's part and the pointer
constexpr std::string_view kMagic = "MWHEAD\r\n";

void sort_by_labels(std::vector<SeriesSamples>& all) {
  std::sort(all.begin(), all.end(),
            [](const SeriesSamples& a, const SeriesSamples& b) { return (a.labels <=> b.labels) < 0; });
}

}  // namespace

SeriesHead::SeriesHead(Options options) : options_(options) {}
SeriesHead::SeriesHead(SeriesHead&&) noexcept = default;
SeriesHead& SeriesHead::operator=(SeriesHead&&) noexcept = default;
SeriesHead::~SeriesHead() = default;

// The set itself, two hash entries, and its place in the postings.
std::size_t SeriesHead::bytes_of_series(const Labels& labels) {
  return sizeof(Series) + labels.bytes() + 160 + labels.size() * (sizeof(std::uint64_t) + 8);
}

void SeriesHead::add_to_index(std::uint64_t id, const Labels& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const LabelView label = labels[i];
    auto name = postings_.find(label.name);
    if (name == postings_.end()) name = postings_.try_emplace(std::string(label.name)).first;
    auto value = name->second.find(label.value);
    if (value == name->second.end()) value = name->second.try_emplace(std::string(label.value)).first;
    value->second.push_back(id);  // ids only grow, so the list stays sorted
  }
}

Result<SeriesRef> SeriesHead::series(const Labels& labels) {
  if (const auto found = by_labels_.find(labels); found != by_labels_.end()) return SeriesRef(found->second);
  if (series_.size() >= options_.series_max) {
    return Error(Code::kLimit, fmt::format("series {}: the store holds {} series, at most {} are allowed",
                                           labels.to_metric_text(), series_.size(), options_.series_max));
  }
  const std::size_t cost = bytes_of_series(labels);
  if (stats_.bytes + cost > options_.bytes_max) {
    return Error(Code::kLimit, fmt::format("series {}: the store holds {} bytes, at most {} are allowed",
                                           labels.to_metric_text(), stats_.bytes, options_.bytes_max));
  }
  const std::uint64_t id = next_id_++;
  auto made = std::make_unique<Series>();
  made->labels = labels;
  series_.emplace(id, std::move(made));
  by_labels_.emplace(labels, id);
  add_to_index(id, labels);
  stats_.bytes += cost;
  stats_.series_count = series_.size();
  return SeriesRef(id);
}

const Labels* SeriesHead::labels_of(SeriesRef ref) const {
  const auto found = series_.find(ref.value());
  return found == series_.end() ? nullptr : &found->second->labels;
}

Status SeriesHead::append(SeriesRef ref, Sample sample) {
  const auto found = series_.find(ref.value());
  if (found == series_.end()) return Error(Code::kNotFound, "the series was dropped; ask for it again");
  return append_to(*found->second, sample);
}

Status SeriesHead::append(const Labels& labels, Sample sample) {
  MW_TRY(const SeriesRef ref, series(labels));
  return append(ref, sample);
}

Status SeriesHead::add_chunk(Series& series, std::unique_ptr<Chunk> chunk) {
  if (stats_.bytes + kChunkCost > options_.bytes_max) {
    return Error(Code::kLimit, fmt::format("series {}: the store holds {} bytes, at most {} are allowed",
                                           series.labels.to_metric_text(), stats_.bytes, options_.bytes_max));
  }
  series.chunks.push_back(std::move(chunk));
  stats_.bytes += kChunkCost;
  ++stats_.chunks_count;
  return {};
}

Status SeriesHead::append_to(Series& series, Sample sample) {
  const std::int64_t ms = to_millis(sample.at);
  const auto bits = std::bit_cast<std::uint64_t>(sample.value);
  if (ms <= series.last_ms) {
    if (ms == series.last_ms && bits == series.last_bits) return {};
    return Error(Code::kConflict,
                 fmt::format("series {}: sample at {} ms {}, the last is at {} ms", series.labels.to_metric_text(), ms,
                             ms == series.last_ms ? "has another value than the one stored" : "is out of order",
                             series.last_ms));
  }
  if (series.chunks.empty() || !series.chunks.back()->append(ms, sample.value)) {
    auto chunk = std::make_unique<Chunk>();
    const bool stored = chunk->append(ms, sample.value);
    MW_ASSERT(stored, "an empty chunk takes a sample");
    MW_CHECK(add_chunk(series, std::move(chunk)));
  }
  series.last_ms = ms;
  series.last_bits = bits;
  latest_ms_ = std::max(latest_ms_, ms);
  ++stats_.samples_appended_count;
  return {};
}

// The fewest series that any one matcher leaves: all matchers are then tried on these.
SeriesHead::Refs SeriesHead::seed(std::span<const LabelMatcher> matchers) const {
  const LabelMatcher* best = nullptr;
  std::size_t best_count = SIZE_MAX;
  for (const LabelMatcher& matcher : matchers) {
    if (matcher.set().empty() || matcher.matches_empty()) continue;
    const auto name = postings_.find(matcher.name());
    if (name == postings_.end()) return {};
    std::size_t count = 0;
    for (const std::string& value : matcher.set()) {
      if (const auto found = name->second.find(value); found != name->second.end()) count += found->second.size();
    }
    if (count < best_count) {
      best = &matcher;
      best_count = count;
    }
  }
  Refs refs;
  if (best != nullptr) {
    const auto& values = postings_.find(best->name())->second;
    for (const std::string& value : best->set()) {
      if (const auto found = values.find(value); found != values.end()) {
        refs.insert(refs.end(), found->second.begin(), found->second.end());
      }
    }
    return refs;
  }
  for (const LabelMatcher& matcher : matchers) {
    if (matcher.matches_empty()) continue;
    const auto name = postings_.find(matcher.name());
    if (name == postings_.end()) return {};
    for (const auto& [value, ids] : name->second) {
      if (matcher.matches(value)) refs.insert(refs.end(), ids.begin(), ids.end());
    }
    return refs;
  }
  for (const auto& [id, unused] : series_) refs.push_back(id);
  return refs;
}

std::vector<const SeriesHead::Series*> SeriesHead::find(std::span<const LabelMatcher> matchers) const {
  Refs refs = seed(matchers);
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());  // a pattern may name a value twice
  std::vector<const Series*> found;
  for (const std::uint64_t id : refs) {
    const Series& series = *series_.at(id);
    const bool all = std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
      return matcher.matches(series.labels.get(matcher.name()));
    });
    if (all) found.push_back(&series);
  }
  return found;
}

Result<std::vector<SeriesSamples>> SeriesHead::select(std::span<const LabelMatcher> matchers, TimeRange range,
                                                      SelectLimits limits) const {
  const std::int64_t from = micros(range.from) > 0 ? (micros(range.from) + 999) / 1000 : to_millis(range.from);
  const std::int64_t to = to_millis(range.to);
  std::vector<SeriesSamples> out;
  std::size_t samples_count = 0;
  for (const Series* series : find(matchers)) {
    SeriesSamples one;
    const auto first = std::partition_point(series->chunks.begin(), series->chunks.end(),
                                            [&](const auto& chunk) { return chunk->last_ms() < from; });
    for (auto chunk = first; chunk != series->chunks.end() && (*chunk)->first_ms() <= to; ++chunk) {
      for (Chunk::Reader reader(**chunk); reader.next() && reader.ms() <= to;) {
        if (reader.ms() >= from) one.samples.push_back({instant_from_millis(reader.ms()), reader.value()});
      }
    }
    if (one.samples.empty()) continue;
    samples_count += one.samples.size();
    if (samples_count > limits.samples_max) {
      return Error(Code::kLimit, fmt::format("the selector matches more than {} samples", limits.samples_max));
    }
    if (out.size() >= limits.series_max) {
      return Error(Code::kLimit, fmt::format("the selector matches more than {} series", limits.series_max));
    }
    one.labels = series->labels;
    out.push_back(std::move(one));
  }
  sort_by_labels(out);
  return out;
}

Result<std::vector<Labels>> SeriesHead::find_series(std::span<const LabelMatcher> matchers, SelectLimits limits) const {
  std::vector<Labels> out;
  for (const Series* series : find(matchers)) {
    if (series->chunks.empty()) continue;
    if (out.size() >= limits.series_max) {
      return Error(Code::kLimit, fmt::format("the selector matches more than {} series", limits.series_max));
    }
    out.push_back(series->labels);
  }
  std::sort(out.begin(), out.end(), [](const Labels& a, const Labels& b) { return (a <=> b) < 0; });
  return out;
}

std::vector<std::string> SeriesHead::label_names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : postings_) names.push_back(name);
  return names;
}

std::vector<std::string> SeriesHead::label_values(std::string_view name) const {
  std::vector<std::string> values;
  if (const auto found = postings_.find(name); found != postings_.end()) {
    for (const auto& [value, unused] : found->second) values.push_back(value);
  }
  return values;
}

void SeriesHead::drop_chunks_before(std::int64_t ms, std::uint64_t& counter) {
  for (auto& [id, series] : series_) {
    auto& chunks = series->chunks;
    const auto kept =
        std::partition_point(chunks.begin(), chunks.end(), [&](const auto& chunk) { return chunk->last_ms() < ms; });
    const auto dropped = static_cast<std::size_t>(kept - chunks.begin());
    chunks.erase(chunks.begin(), kept);
    counter += dropped;
    stats_.chunks_count -= dropped;
    stats_.bytes -= dropped * kChunkCost;
  }
}

void SeriesHead::drop_under_pressure() {
  const std::size_t goal = options_.bytes_max / 10 * 8;
  if (stats_.bytes <= options_.bytes_max / 10 * 9) return;
  std::vector<std::int64_t> ends;
  ends.reserve(stats_.chunks_count);
  for (const auto& [id, series] : series_) {
    for (const auto& chunk : series->chunks) ends.push_back(chunk->last_ms());
  }
  if (ends.empty()) return;
  const std::size_t surplus = std::min(ends.size() - 1, (stats_.bytes - goal) / kChunkCost);
  std::nth_element(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(surplus), ends.end());
  drop_chunks_before(ends[surplus] + 1, stats_.chunks_dropped_by_pressure_count);
}

void SeriesHead::drop_empty_series() {
  std::map<std::string, std::vector<std::string>, std::less<>> touched;
  std::vector<std::uint64_t> gone;
  for (const auto& [id, series] : series_) {
    if (!series->chunks.empty()) continue;
    gone.push_back(id);
    for (const LabelView& label : series->labels.views()) {
      touched[std::string(label.name)].emplace_back(label.value);
    }
  }
  if (gone.empty()) return;
  std::sort(gone.begin(), gone.end());
  const auto is_gone = [&](std::uint64_t id) { return std::binary_search(gone.begin(), gone.end(), id); };
  for (auto& [name, values] : touched) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    auto& by_value = postings_.find(name)->second;
    for (const std::string& value : values) {
      const auto found = by_value.find(value);
      std::erase_if(found->second, is_gone);
      if (found->second.empty()) by_value.erase(found);
    }
    if (by_value.empty()) postings_.erase(name);
  }
  for (const std::uint64_t id : gone) {
    const auto found = series_.find(id);
    stats_.bytes -= bytes_of_series(found->second->labels);
    by_labels_.erase(found->second->labels);
    series_.erase(found);
  }
  stats_.series_count = series_.size();
}

void SeriesHead::trim(Instant now) {
  drop_chunks_before(to_millis(now - options_.retention), stats_.chunks_dropped_by_age_count);
  drop_under_pressure();
  drop_empty_series();
}

std::string SeriesHead::export_bytes() const {
  using internal::put_le;
  std::vector<const Series*> all;
  for (const auto& [id, series] : series_) {
    if (!series->chunks.empty()) all.push_back(series.get());
  }
  std::sort(all.begin(), all.end(), [](const Series* a, const Series* b) { return (a->labels <=> b->labels) < 0; });

  std::string out(kMagic);
  put_le(out, kExportVersion);
  put_le(out, static_cast<std::uint64_t>(all.size()));
  for (const Series* series : all) {
    put_le(out, static_cast<std::uint32_t>(series->labels.size()));
    for (const LabelView& label : series->labels.views()) {
      internal::put_text(out, label.name);
      internal::put_text(out, label.value);
    }
    put_le(out, static_cast<std::uint32_t>(series->chunks.size()));
    for (const auto& chunk : series->chunks) chunk->export_to(out);
  }
  put_le(out, crc32c(out));
  return out;
}

}  // namespace midwatch
