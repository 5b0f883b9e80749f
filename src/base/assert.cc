#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace midwatch {

void assertion_failed(std::string_view condition, std::string_view message, const char* file, int line) {
  std::fprintf(stderr, "midwatch: assertion failed at %s:%d: %.*s: %.*s\n", file, line,
               static_cast<int>(condition.size()), condition.data(), static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace midwatch
