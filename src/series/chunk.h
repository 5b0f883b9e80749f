// series/chunk.h — some samples of one series, compressed into a block of fixed size.
//
// Gorilla's idea: times as the difference of differences, values as the XOR with the value before. A
// steady gauge scraped on time costs two bits a sample. The block is 256 bytes whatever it holds, so
// memory is counted exactly and nothing is moved when it fills.
//
// Samples go in in order of time. A chunk that came from bytes may hold nonsense: reading it yields
// at most `size()` samples and never leaves the block.
// Thread-safety: none; one writer, or many readers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "series/sample.h"

namespace midwatch {

class Chunk {
 public:
  static constexpr std::size_t kWords = 27;  // of 64 bits: the payload
  static constexpr std::size_t kPayloadBits = kWords * 64;
  static constexpr std::size_t kExportedBytesMax = 64 + kWords * 8;

  // False when there is no room: start a new chunk. `ms` must not be before last_ms().
  [[nodiscard]] bool append(std::int64_t ms, double value);

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::int64_t first_ms() const { return first_ms_; }
  [[nodiscard]] std::int64_t last_ms() const { return last_ms_; }

  // for (Chunk::Reader reader(chunk); reader.next();) use(reader.ms(), reader.value());
  class Reader {
   public:
    explicit Reader(const Chunk& chunk) : chunk_(&chunk) {}
    [[nodiscard]] bool next();
    [[nodiscard]] std::int64_t ms() const { return ms_; }
    [[nodiscard]] double value() const { return std::bit_cast<double>(bits_); }

   private:
    [[nodiscard]] std::uint64_t take(unsigned bits);
    [[nodiscard]] std::int64_t take_delta_of_delta();
    void take_value();

    const Chunk* chunk_;
    std::size_t at_ = 0;    // bit in the payload
    std::size_t read_ = 0;  // samples
    std::int64_t ms_ = 0;
    std::int64_t delta_ = 0;
    std::uint64_t bits_ = 0;
    unsigned leading_ = 0;
    unsigned significant_ = 0;
  };

  void export_to(std::string& out) const;
  // Takes its bytes off the front of `in`. kInvalid when they cannot be a chunk.
  static Result<Chunk> import_from(std::string_view& in);

 private:
  void put(std::uint64_t bits, unsigned count);

  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
  std::int64_t last_delta_ = 0;
  std::uint64_t last_bits_ = 0;
  std::uint16_t count_ = 0;
  std::uint16_t used_ = 0;  // bits
  std::uint8_t leading_ = 0;
  std::uint8_t significant_ = 0;  // of the XOR window in force; 0 means none yet
  std::array<std::uint64_t, kWords> payload_{};
};
static_assert(sizeof(Chunk) == 256);

}  // namespace midwatch
