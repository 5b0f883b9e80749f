#include "series/chunk.h"

#include <algorithm>
#include <bit>

#include "series/little_endian.h"

namespace midwatch {
namespace {

// How a difference of differences is written: a prefix that names the width, then the number.
struct DeltaForm {
  unsigned prefix;
  unsigned prefix_bits;
  unsigned bits;
};
constexpr DeltaForm kDeltaForms[] = {{0b0, 1, 0}, {0b10, 2, 7}, {0b110, 3, 13}, {0b1110, 4, 20}, {0b1111, 4, 64}};

const DeltaForm& form_of(std::int64_t delta_of_delta) {
  if (delta_of_delta == 0) return kDeltaForms[0];
  for (std::size_t i = 1; i < 4; ++i) {
    const std::int64_t half = std::int64_t{1} << (kDeltaForms[i].bits - 1);
    if (delta_of_delta >= -half && delta_of_delta < half) return kDeltaForms[i];
  }
  return kDeltaForms[4];
}

// Wraps around instead of overflowing; the reader wraps back.
std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

constexpr unsigned kLeadingBits = 5;
constexpr unsigned kSignificantBits = 6;

}  // namespace

void Chunk::put(std::uint64_t bits, unsigned count) {
  if (count == 0) return;
  if (count < 64) bits &= (std::uint64_t{1} << count) - 1;
  const std::size_t word = used_ / 64;
  const unsigned room = 64 - used_ % 64;
  if (count <= room) {
    payload_[word] |= bits << (room - count);
  } else {
    payload_[word] |= bits >> (count - room);
    payload_[word + 1] |= bits << (64 - (count - room));
  }
  used_ = static_cast<std::uint16_t>(used_ + count);
}

bool Chunk::append(std::int64_t ms, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (count_ == 0) {
    first_ms_ = last_ms_ = ms;
    last_bits_ = bits;
    put(bits, 64);
    count_ = 1;
    return true;
  }
  const std::int64_t delta = wrapping_sub(ms, last_ms_);
  const std::int64_t delta_of_delta = wrapping_sub(delta, last_delta_);
  const DeltaForm& form = form_of(delta_of_delta);

  const std::uint64_t changed = bits ^ last_bits_;
  const auto leading = static_cast<unsigned>(std::min(std::countl_zero(changed), 31));
  const auto trailing = changed == 0 ? 0U : static_cast<unsigned>(std::countr_zero(changed));
  const unsigned window_trailing = 64U - leading_ - significant_;
  const bool fits_window = significant_ != 0 && leading >= leading_ && trailing >= window_trailing;
  const unsigned significant = 64U - leading - trailing;
  unsigned value_bits = 1;
  if (changed != 0) value_bits = fits_window ? 2U + significant_ : 2U + kLeadingBits + kSignificantBits + significant;
  if (used_ + form.prefix_bits + form.bits + value_bits > kPayloadBits || count_ == 0xffff) return false;

  put(form.prefix, form.prefix_bits);
  put(static_cast<std::uint64_t>(delta_of_delta), form.bits);
  if (changed == 0) {
    put(0b0, 1);
  } else if (fits_window) {
    put(0b10, 2);
    put(changed >> window_trailing, significant_);
  } else {
    put(0b11, 2);
    put(leading, kLeadingBits);
    put(significant - 1, kSignificantBits);
    put(changed >> trailing, significant);
    leading_ = static_cast<std::uint8_t>(leading);
    significant_ = static_cast<std::uint8_t>(significant);
  }
  last_delta_ = delta;
  last_ms_ = ms;
  last_bits_ = bits;
  ++count_;
  return true;
}

std::uint64_t Chunk::Reader::take(unsigned bits) {
  if (bits == 0) return 0;
  if (at_ + bits > kPayloadBits) {
    at_ = kPayloadBits + 1;  // no more reads: the chunk is not what it says
    return 0;
  }
  const std::size_t word = at_ / 64;
  const unsigned room = 64 - at_ % 64;
  std::uint64_t out;
  if (bits <= room) {
    out = chunk_->payload_[word] >> (room - bits);
  } else {
    out = chunk_->payload_[word] << (bits - room) | chunk_->payload_[word + 1] >> (64 - (bits - room));
  }
  at_ += bits;
  return bits == 64 ? out : out & ((std::uint64_t{1} << bits) - 1);
}

std::int64_t Chunk::Reader::take_delta_of_delta() {
  std::size_t form = 0;
  while (form < 3 && take(1) == 1) ++form;
  if (form == 3 && take(1) == 1) form = 4;
  const unsigned bits = kDeltaForms[form].bits;
  if (bits == 0) return 0;
  const std::uint64_t raw = take(bits);
  return static_cast<std::int64_t>(raw << (64 - bits)) >> (64 - bits);
}

void Chunk::Reader::take_value() {
  if (take(1) == 0) return;
  if (take(1) == 1) {
    leading_ = static_cast<unsigned>(take(kLeadingBits));
    significant_ = static_cast<unsigned>(take(kSignificantBits)) + 1;
  }
  if (significant_ == 0 || leading_ + significant_ > 64) {
    at_ = kPayloadBits + 1;
    return;
  }
  bits_ ^= take(significant_) << (64U - leading_ - significant_);
}

bool Chunk::Reader::next() {
  if (read_ >= chunk_->count_) return false;
  if (read_ == 0) {
    ms_ = chunk_->first_ms_;
    bits_ = take(64);
  } else {
    delta_ = wrapping_add(delta_, take_delta_of_delta());
    ms_ = wrapping_add(ms_, delta_);
    take_value();
  }
  if (at_ > kPayloadBits) return false;
  ++read_;
  return true;
}

void Chunk::export_to(std::string& out) const {
  using internal::put_le;
  put_le(out, first_ms_);
  put_le(out, last_ms_);
  put_le(out, last_delta_);
  put_le(out, last_bits_);
  put_le(out, count_);
  put_le(out, used_);
  put_le(out, leading_);
  put_le(out, significant_);
  for (std::size_t word = 0; word * 64 < used_; ++word) put_le(out, payload_[word]);
}

Result<Chunk> Chunk::import_from(std::string_view& in) {
  using internal::take_le;
  const Error broken(Code::kInvalid, "chunk: its bytes are not a chunk");
  Chunk chunk;
  const bool head = take_le(in, chunk.first_ms_) && take_le(in, chunk.last_ms_) && take_le(in, chunk.last_delta_) &&
                    take_le(in, chunk.last_bits_) && take_le(in, chunk.count_) && take_le(in, chunk.used_) &&
                    take_le(in, chunk.leading_) && take_le(in, chunk.significant_);
  if (!head || chunk.used_ > kPayloadBits || chunk.count_ == 0 || chunk.leading_ > 31 ||
      chunk.leading_ + chunk.significant_ > 64) {
    return broken;
  }
  for (std::size_t word = 0; word * 64 < chunk.used_; ++word) {
    if (!take_le(in, chunk.payload_[word])) return broken;
  }
  // It must read back in order of time and end where it says.
  std::size_t count = 0;
  std::int64_t before = chunk.first_ms_;
  for (Reader reader(chunk); reader.next(); ++count) {
    if (reader.ms() < before) return broken;
    before = reader.ms();
  }
  if (count != chunk.count_ || before != chunk.last_ms_) return broken;
  return chunk;
}

}  // namespace midwatch
