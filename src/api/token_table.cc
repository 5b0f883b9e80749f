#include "api/token_table.h"

#include <cstring>
#include <utility>

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace midwatch {
namespace {

constexpr const char* kHexDigits = "0123456789abcdef";

std::uint64_t bucket_of(const TokenDigest& digest) {
  std::uint64_t bucket = 0;
  std::memcpy(&bucket, digest.data(), sizeof bucket);
  return bucket;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

TokenDigest token_digest(std::string_view secret) {
  TokenDigest out{};
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), out.data());
  return out;
}

std::string to_hex(const TokenDigest& digest) {
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

Result<TokenDigest> parse_token_digest(std::string_view hex) {
  TokenDigest out{};
  const Error bad(Code::kInvalid, "not a digest of a token; expected 64 hexadecimal digits");
  if (hex.size() != 2 * out.size()) return bad;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return bad;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

TokenTable::TokenTable() : tokens_(std::make_shared<const Tokens>()) {}

Status TokenTable::add(Token token, Instant now) {
  auto seen = tokens_.load();
  while (true) {
    auto changed = std::make_shared<Tokens>(*seen);
    std::erase_if(*changed, [&](const auto& entry) {
      return entry.second.digest == token.digest || (entry.second.expires_at && *entry.second.expires_at <= now);
    });
    if (changed->size() >= kTokensMax) {
      return Error(Code::kLimit, fmt::format("{} tokens are in use, at most {} can be", changed->size(), kTokensMax));
    }
    changed->emplace(bucket_of(token.digest), token);
    if (tokens_.compare_exchange_weak(seen, std::move(changed))) return {};
  }
}

void TokenTable::remove(const TokenDigest& digest) {
  auto seen = tokens_.load();
  while (true) {
    auto changed = std::make_shared<Tokens>(*seen);
    std::erase_if(*changed, [&](const auto& entry) { return entry.second.digest == digest; });
    if (tokens_.compare_exchange_weak(seen, std::move(changed))) return;
  }
}

Result<Identity> TokenTable::authenticate(std::string_view secret, Instant now) const {
  const TokenDigest digest = token_digest(secret);
  const std::shared_ptr<const Tokens> tokens = tokens_.load();
  const auto [first, last] = tokens->equal_range(bucket_of(digest));
  for (auto at = first; at != last; ++at) {
    const Token& token = at->second;
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) != 0) continue;
    if (token.expires_at && *token.expires_at <= now) {
      return Error(Code::kDenied, "Unauthorized - Token has expired.");
    }
    return Identity{token.user, token.expires_at, {}};
  }
  return Error(Code::kDenied, "Unauthorized - The token is not known here.");
}

}  // namespace midwatch
