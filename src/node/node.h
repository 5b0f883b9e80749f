// node/node.h — one engine with everything around it, from start to stop.
//
// Start order: data directory and its lock, store, token, packs, engine; then the io thread, the
// server (which says "not ready" until the end), runners, pager; then the loop recovers and runs; last
// the telemetry. Stop is the reverse, with a deadline a step: what runs is drained, what is decided is
// committed, samples are written.
//
// Thread-safety: reload() on any thread; start and stop on one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "settings/settings.h"

namespace midwatch::node {

class Node {
 public:
  // `share` holds packs/ and python/ as they ship. The first start makes a token, prints it once to
  // stderr and keeps it in <data_dir>/token, mode 0600. The address is written to <data_dir>/api.addr.
  static Result<std::unique_ptr<Node>> start(Settings settings, std::string share);
  ~Node();

  // Loads the packs again. Packs with errors are refused whole: the running version of them stays, and
  // the error says so.
  Status reload();
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace midwatch::node
