// httpd/request_id.h — fresh ids for requests that came without one.
//
// 122 random-looking bits in the form of a UUID, from a seed and a counter: unique per seed, not
// secret. Thread-safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace midwatch::httpd {

class RequestIdSource {
 public:
  RequestIdSource();  // seeded from the system
  explicit RequestIdSource(std::uint64_t seed) : seed_(seed) {}
  std::string next();

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

// What we repeat of a client: 1 to 128 visible ASCII characters.
[[nodiscard]] bool is_acceptable_request_id(std::string_view text);

}  // namespace midwatch::httpd
