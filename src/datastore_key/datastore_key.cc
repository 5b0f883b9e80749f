#include "datastore_key/datastore_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "codec/json.h"
#include "value/value.h"

namespace midwatch {

namespace {

constexpr std::string_view kHeader = "00000";
constexpr std::size_t kVectorBytes = 16;
constexpr std::size_t kMacBytes = 20;

// Web-safe base64; "" when the text is none.
std::string base64_decoded(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z') digit = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z') digit = static_cast<std::uint32_t>(c - 'a' + 26);
    else if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0' + 52);
    else if (c == '-' || c == '+') digit = 62;
    else if (c == '_' || c == '/') digit = 63;
    else return {};
    bits = (bits << 6) | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  return out;
}

Result<std::string> hex_decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char low = static_cast<char>(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  };
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) return Error(Code::kInvalid, "the encrypted value is not hexadecimal");
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string hex_encoded(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string mac_of(const Secret& key, std::string_view text) {
  std::string out(kMacBytes, '\0');
  unsigned int length = 0;
  const std::string_view secret = key.reveal();
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &length);
  return out;
}

enum class Direction : std::uint8_t { kDecrypt, kEncrypt };

Result<std::string> cipher(Direction direction, const Secret& key, const unsigned char* vector, std::string_view text) {
  const std::string_view secret = key.reveal();
  const EVP_CIPHER* kind = secret.size() == 16   ? EVP_aes_128_cbc()
                           : secret.size() == 24 ? EVP_aes_192_cbc()
                                                 : EVP_aes_256_cbc();
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  std::string out(text.size() + kVectorBytes, '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  int length = 0;
  int last = 0;
  const bool done =
      context != nullptr &&
      EVP_CipherInit_ex(context.get(), kind, nullptr, bytes_of(secret), vector,
                        direction == Direction::kEncrypt ? 1 : 0) == 1 &&
      EVP_CipherUpdate(context.get(), into, &length, bytes_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_CipherFinal_ex(context.get(), into + length, &last) == 1;
  if (!done) return Error(Code::kInvalid, "the encrypted value is damaged");
  out.resize(static_cast<std::size_t>(length) + static_cast<std::size_t>(last));
  return out;
}

}  // namespace

Result<DatastoreKey> DatastoreKey::parse(std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed) return Error(Code::kInvalid, "crypto key: the file is not JSON");
  const std::string aes = base64_decoded(parsed->get("aesKeyString").text_or(""));
  const std::string hmac = base64_decoded(parsed->get("hmacKey").get("hmacKeyString").text_or(""));
  if (aes.empty() || hmac.empty()) {
    return Error(Code::kInvalid, "crypto key: expected aesKeyString and hmacKey.hmacKeyString");
  }
  if (parsed->get("mode").text_or("CBC") != "CBC") return Error(Code::kInvalid, "crypto key: the mode is not CBC");
  if (aes.size() != 16 && aes.size() != 24 && aes.size() != 32) {
    return Error(Code::kInvalid,
                 "crypto key: an AES key of " + std::to_string(aes.size()) + " bytes, expected 16, 24 or 32");
  }
  return DatastoreKey(Secret(aes), Secret(hmac));
}

Result<std::string> DatastoreKey::decrypt(std::string_view ciphertext) const {
  if (ciphertext.size() > 2 * kDatastoreTextBytesMax) return Error(Code::kLimit, "the encrypted value is too long");
  MW_TRY(const std::string message, hex_decoded(ciphertext));
  if (message.size() < kHeader.size() + kVectorBytes + kMacBytes) {
    return Error(Code::kInvalid, "the encrypted value is too short");
  }
  const std::string_view whole = message;
  const std::string_view authenticated = whole.substr(0, whole.size() - kMacBytes);
  const std::string mac = mac_of(hmac_, authenticated);
  if (CRYPTO_memcmp(mac.data(), whole.data() + authenticated.size(), kMacBytes) != 0) {
    return Error(Code::kInvalid, "the integrity of the encrypted value cannot be verified");
  }
  const std::string_view vector = authenticated.substr(kHeader.size(), kVectorBytes);
  return cipher(Direction::kDecrypt, aes_, bytes_of(vector), authenticated.substr(kHeader.size() + kVectorBytes));
}

Result<std::string> DatastoreKey::encrypt(std::string_view clear, const InitializationVector& vector) const {
  if (clear.size() > kDatastoreTextBytesMax) return Error(Code::kLimit, "the value is too long to encrypt");
  MW_TRY(const std::string encrypted, cipher(Direction::kEncrypt, aes_, vector.data(), clear));
  std::string message(kHeader);
  message.append(reinterpret_cast<const char*>(vector.data()), vector.size());
  message += encrypted;
  message += mac_of(hmac_, message);
  return hex_encoded(message);
}

}  // namespace midwatch
