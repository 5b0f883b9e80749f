#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "series/crc32c.h"
#include "series/little_endian.h"
#include "series/series_head.h"

namespace midwatch {
namespace {

constexpr std::string_view kMagic = "MWHEAD\r\n";
constexpr std::size_t kChecksumBytes = 4;

Error cut_short() { return Error(Code::kInvalid, "the checkpoint ends in the middle of a series"); }

Result<Labels> take_labels(std::string_view& in) {
  std::uint32_t count = 0;
  if (!internal::take_le(in, count)) return cut_short();
  std::vector<LabelView> labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    LabelView label;
    if (!internal::take_text(in, label.name) || !internal::take_text(in, label.value)) return cut_short();
    labels.push_back(label);
  }
  return Labels::of(labels);
}

// What is left between the header and the checksum, when both are right.
Result<std::string_view> checked_body(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 4 + kChecksumBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return Error(Code::kInvalid, "not a checkpoint of samples");
  }
  std::string_view tail = bytes.substr(bytes.size() - kChecksumBytes);
  const std::string_view checked = bytes.substr(0, bytes.size() - kChecksumBytes);
  std::string_view body = checked.substr(kMagic.size());
  std::uint32_t version = 0;
  std::uint32_t checksum = 0;
  if (!internal::take_le(body, version) || !internal::take_le(tail, checksum)) return cut_short();
  if (version != SeriesHead::kExportVersion) {
    return Error(Code::kInvalid, fmt::format("the checkpoint of samples has version {}, this program reads {}", version,
                                             SeriesHead::kExportVersion));
  }
  if (crc32c(checked) != checksum) return Error(Code::kInvalid, "the checkpoint of samples has a wrong checksum");
  return body;
}

}  // namespace

Result<SeriesHead> SeriesHead::import_bytes(std::string_view bytes, Options options) {
  MW_TRY(std::string_view in, checked_body(bytes));
  std::uint64_t count = 0;
  if (!internal::take_le(in, count)) return cut_short();
  SeriesHead head(options);
  for (std::uint64_t i = 0; i < count; ++i) {
    MW_TRY(const Labels labels, take_labels(in));
    std::uint32_t chunks_count = 0;
    if (!internal::take_le(in, chunks_count)) return cut_short();
    auto ref = head.series(labels);
    Series* series = ref ? head.series_.at(ref->value()).get() : nullptr;
    if (series != nullptr && !series->chunks.empty()) {
      return Error(Code::kInvalid, fmt::format("the checkpoint of samples has {} twice", labels.to_metric_text()));
    }
    for (std::uint32_t c = 0; c < chunks_count; ++c) {
      MW_TRY(Chunk chunk, Chunk::import_from(in));
      if (series == nullptr) continue;
      if (chunk.first_ms() <= series->last_ms) {
        return Error(Code::kInvalid,
                     fmt::format("the checkpoint of samples has {} out of order", labels.to_metric_text()));
      }
      double last = 0;
      for (Chunk::Reader reader(chunk); reader.next();) last = reader.value();
      series->last_ms = chunk.last_ms();
      series->last_bits = std::bit_cast<std::uint64_t>(last);
      head.latest_ms_ = std::max(head.latest_ms_, chunk.last_ms());
      if (!head.add_chunk(*series, std::make_unique<Chunk>(chunk))) series = nullptr;
    }
  }
  if (!in.empty()) return Error(Code::kInvalid, "the checkpoint of samples is longer than it says");
  return head;
}

}  // namespace midwatch
