// ports/notifier.h — how a person is engaged, as the engine sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/object_id.h"
#include "value/value.h"

namespace midwatch {

struct PageRequest {
  ObjectId incident;
  std::uint32_t attempt = 1;
  Value body;  // what the receiver gets: summary, timeline, diagnostics
};

struct PageOutcome {
  ObjectId incident;
  std::uint32_t attempt = 1;
  bool delivered = false;
  std::string error;  // when it was not
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Must not block; thread-safe. The outcome comes back exactly once.
  virtual void page(PageRequest request) = 0;
};

using PageSink = std::function<void(PageOutcome)>;

}  // namespace midwatch
