// base/assert.h — promises that Midwatch makes to itself.
//
// MW_ASSERT is always on. When it fails, the condition and the message go to stderr and the process
// aborts; the supervisor restarts it and recovery reads the store. Never use it on anything that a
// user, a file, a peer or a clock can cause: that is a Result.
#pragma once

#include <string_view>

namespace midwatch {
[[noreturn]] void assertion_failed(std::string_view condition, std::string_view message, const char* file, int line);
}

#define MW_ASSERT(condition, message)                                          \
  do {                                                                         \
    if (!(condition)) [[unlikely]] {                                           \
      ::midwatch::assertion_failed(#condition, (message), __FILE__, __LINE__); \
    }                                                                          \
  } while (false)
