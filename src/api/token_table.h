// api/token_table.h — who may come in: tokens by their SHA-256 digest, never by their text.
//
//   TokenTable tokens;
//   tokens.add({.digest = token_digest(secret), .user = "stanley"});
//   MW_TRY(Identity who, tokens.authenticate(presented, now));
//
// A digest is looked up by its first bytes and compared as a whole in constant time; which digest a
// guess has cannot be steered by the guesser. Short-lived tokens of running actions are added and
// removed while the table is in use; what has expired is dropped at the next add().
//
// Thread-safety: any thread; readers see a snapshot and never wait.
// Cost: authenticate is one SHA-256 and O(1); add and remove copy the table (at most kTokensMax).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace midwatch {

using TokenDigest = std::array<std::uint8_t, 32>;
[[nodiscard]] TokenDigest token_digest(std::string_view secret);
// 64 hexadecimal digits, as kept in files.
[[nodiscard]] std::string to_hex(const TokenDigest& digest);
[[nodiscard]] Result<TokenDigest> parse_token_digest(std::string_view hex);

struct Token {
  TokenDigest digest{};
  std::string user;
  std::optional<Instant> expires_at;
};

struct Identity {
  std::string user;
  std::optional<Instant> expires_at;
  std::string method;  // "authentication token" or "API key": how it was presented
};

class TokenTable {
 public:
  static constexpr std::size_t kTokensMax = 10'000;

  TokenTable();
  // kLimit when the table is full.
  Status add(Token token, Instant now);
  void remove(const TokenDigest& digest);
  // kDenied with the text that the client is to see.
  [[nodiscard]] Result<Identity> authenticate(std::string_view secret, Instant now) const;

 private:
  using Tokens = std::multimap<std::uint64_t, Token>;  // by the first bytes of the digest
  std::atomic<std::shared_ptr<const Tokens>> tokens_;
};

}  // namespace midwatch
