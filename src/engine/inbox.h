// engine/inbox.h — how the outside hands inputs to the engine.
//
// Thread-safety: any thread.
#pragma once

#include <functional>

#include "base/result.h"
#include "engine/input.h"
#include "value/value.h"

namespace midwatch {

class Inbox {
 public:
  using Done = std::move_only_function<void(Result<Value>)>;
  virtual ~Inbox() = default;

  // Hands over an input and calls `done` once, on any thread, after what it caused is durable. The
  // input's ack token is set by the inbox. False when the queue is full: nothing was taken, `done` is
  // not called, and the sender is to be told to come back (429, Retry-After).
  [[nodiscard]] virtual bool submit(Input input, Done done) = 0;
};

}  // namespace midwatch
