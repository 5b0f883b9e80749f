#include "datastore_key/datastore_key.h"

#include <gtest/gtest.h>

namespace midwatch {
namespace {

constexpr std::string_view kKey =
    R"({"hmacKey": {"hmacKeyString": "mpFrXi3GHDSnY7D3DWuPkqrmyuAFCNrAp6e-ERY4pFc", "size": 256},
  "aesKeyString": "c-CMDsWASgXIpWFKZG5gQaanET7TiDYd4-_z0z0Vgj0", "mode": "CBC", "size": 256})";
// Made by the reference implementation with that key.
constexpr std::string_view kCiphertext =
    "30303030302A19EEF5A3ACA7E859A10685DB206773DA185DB368212C37BDDD6AD81DE048A815259C44A2473095B969FA04A5E2A57999D092C"
    "3";

TEST(DatastoreKey, ReadsWhatTheReferenceEncrypted) {
  const auto key = DatastoreKey::parse(kKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(*key->decrypt(kCiphertext), "tok-123");
}

TEST(DatastoreKey, EncryptsTheSameWay) {
  const auto key = DatastoreKey::parse(kKey);
  ASSERT_TRUE(key);
  const DatastoreKey::InitializationVector vector = {0x2A, 0x19, 0xEE, 0xF5, 0xA3, 0xAC, 0xA7, 0xE8,
                                                     0x59, 0xA1, 0x06, 0x85, 0xDB, 0x20, 0x67, 0x73};
  EXPECT_EQ(*key->encrypt("tok-123", vector), kCiphertext);
  for (const std::string_view text : {"", "exactly sixteen!", "ä and more than one block of text"}) {
    EXPECT_EQ(*key->decrypt(*key->encrypt(text, vector)), text);
  }
}

TEST(DatastoreKey, AChangedCiphertextIsRefusedBeforeItIsDecrypted) {
  const auto key = DatastoreKey::parse(kKey);
  ASSERT_TRUE(key);
  std::string changed(kCiphertext);
  changed[60] = changed[60] == '0' ? '1' : '0';
  EXPECT_EQ(key->decrypt(changed).error().message, "the integrity of the encrypted value cannot be verified");
}

TEST(DatastoreKey, WhatIsNoCiphertextIsAnError) {
  const auto key = DatastoreKey::parse(kKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->decrypt("zz").error().message, "the encrypted value is not hexadecimal");
  EXPECT_EQ(key->decrypt("30").error().message, "the encrypted value is too short");
}

TEST(DatastoreKey, AKeyFileThatIsNoneSaysWhatIsMissing) {
  EXPECT_EQ(DatastoreKey::parse("{}").error().message, "crypto key: expected aesKeyString and hmacKey.hmacKeyString");
  EXPECT_EQ(DatastoreKey::parse(R"({"aesKeyString": "AAAA", "hmacKey": {"hmacKeyString": "AAAA"}, "mode": "CBC"})")
                .error()
                .message,
            "crypto key: an AES key of 3 bytes, expected 16, 24 or 32");
}

}  // namespace
}  // namespace midwatch
