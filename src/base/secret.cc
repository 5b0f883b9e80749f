#include "base/secret.h"

#include <cstring>

namespace midwatch {

bool Secret::equals(std::string_view other) const {
  unsigned difference = text_.size() == other.size() ? 0 : 1;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char theirs = other.empty() ? '\0' : other[i % other.size()];
    difference |= static_cast<unsigned char>(text_[i] ^ theirs);
  }
  return difference == 0;
}

void Secret::wipe() noexcept {
  if (!text_.empty()) explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace midwatch
