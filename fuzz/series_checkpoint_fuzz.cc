// Reads any bytes as a checkpoint of samples; the checksum is mended first, so that the reader behind it is met.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "series/crc32c.h"
#include "series/little_endian.h"
#include "series/series_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midwatch;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() > 4) bytes.resize(bytes.size() - 4);
  internal::put_le(bytes, crc32c(bytes));
  auto head = SeriesHead::import_bytes(bytes, {.series_max = 100, .bytes_max = 1 << 20});
  if (!head) return 0;
  const auto all = head->select({}, {instant_from_micros(INT64_MIN / 2), instant_from_micros(INT64_MAX / 2)});
  if (!all) std::abort();
  // What was accepted is written and read again.
  if (!SeriesHead::import_bytes(head->export_bytes(), {.series_max = 100, .bytes_max = 1 << 20})) std::abort();
  head->trim(head->latest());
  return 0;
}
