// datastore_key/datastore_key.h — the symmetric key of encrypted datastore values (spec 7.3, keyczar's format).
//
//   auto key = DatastoreKey::parse(text_of_the_key_file);
//   Result<std::string> clear = key->decrypt(ciphertext);
//
// A ciphertext is upper-case hex of "00000", 16 bytes of initialization vector, AES-CBC of the text padded to blocks
// (PKCS 5), and the HMAC-SHA1 of all that. The HMAC is verified, in constant time, before anything is decrypted.
// Errors never hold key, clear text or ciphertext. Immutable, safe to share; linear in the text.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace midwatch {

inline constexpr std::size_t kDatastoreTextBytesMax = 16u << 20;

class DatastoreKey {
 public:
  using InitializationVector = std::array<unsigned char, 16>;

  // The JSON of a key file: {"hmacKey": {"hmacKeyString", "size"}, "aesKeyString", "mode": "CBC", "size"}, the keys in
  // web-safe base64 with or without padding.
  [[nodiscard]] static Result<DatastoreKey> parse(std::string_view json);
  [[nodiscard]] Result<std::string> decrypt(std::string_view ciphertext) const;
  // The vector is random and used once.
  [[nodiscard]] Result<std::string> encrypt(std::string_view clear, const InitializationVector& vector) const;

 private:
  DatastoreKey(Secret aes, Secret hmac) : aes_(std::move(aes)), hmac_(std::move(hmac)) {}
  Secret aes_, hmac_;
};

}  // namespace midwatch
