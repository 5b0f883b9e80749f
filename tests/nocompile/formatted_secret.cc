// A Secret has no text for formatting; reveal() is the only way, and is easy to find.
#include <fmt/core.h>

#include "base/secret.h"

std::string caller(const midwatch::Secret& token) {
#ifdef MIDWATCH_CONTROL
  return fmt::format("{}", token.reveal());
#else
  return fmt::format("{}", token);
#endif
}
