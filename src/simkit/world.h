// simkit/world.h — virtual time: one heap of things to do, and one seeded generator.
//
// Everything in a simulation happens in a World: `after` puts a closure on the heap, run() takes them
// in the order of (time, sequence) and sets the time to theirs. Nothing sleeps. The same seed gives
// the same run, bit for bit, on every machine: the generator is specified here, and no distribution
// of the standard library is used (their output is not specified).
//
// Thread-safety: one thread.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/time.h"

namespace midwatch {

// SplitMix64 (Steele, Lea, Flood 2014).
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  // In [0, bound); bound > 0. The bias is below 2^-32 for the bounds in use.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] SeededRandom& random() { return random_; }
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t n) { return random_.one_in(n); }

  void after(Duration wait, std::function<void()> what) {
    heap_.push_back({now_ + wait, next_++, std::move(what)});
    std::ranges::push_heap(heap_);
  }
  // Runs what is due until `end`; what is later stays. Returns how many things were done.
  std::size_t run_until(Instant end) {
    std::size_t done = 0;
    while (!heap_.empty() && heap_.front().at <= end) {
      std::ranges::pop_heap(heap_);
      Event event = std::move(heap_.back());
      heap_.pop_back();
      now_ = event.at;
      event.what();
      ++done;
    }
    now_ = end;
    return done;
  }
  [[nodiscard]] bool idle() const { return heap_.empty(); }

 private:
  struct Event {
    Instant at;
    std::uint64_t sequence;
    std::function<void()> what;
    // The heap's top is its largest: the earliest.
    friend std::strong_ordering operator<=>(const Event& a, const Event& b) {
      return a.at != b.at ? b.at <=> a.at : b.sequence <=> a.sequence;
    }
    friend bool operator==(const Event& a, const Event& b) { return a.sequence == b.sequence; }
  };
  SeededRandom random_;
  Instant now_ = instant_from_micros(1'800'000'000'000'000);
  std::uint64_t next_ = 0;
  std::vector<Event> heap_;
};

}  // namespace midwatch
