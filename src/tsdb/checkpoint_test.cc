#include "tsdb/checkpoint.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace midwatch::tsdb {
namespace {

const Instant kStart = instant_from_micros(1'700'000'000'000'000);

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("midwatch-checkpoint-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(Checkpoint, WhatWasWrittenIsReadBack) {
  const Folder folder;
  const std::string file = folder.path / "samples.checkpoint";
  EXPECT_FALSE(read_checkpoint(file, {})->has_value()) << "no file is no error";
  SeriesHead head({});
  ASSERT_TRUE(head.append(Labels::of({{kMetricName, "up"}}), {kStart, 1}).has_value());
  ASSERT_TRUE(write_checkpoint(file, head.export_bytes()).has_value());
  auto read = read_checkpoint(file, {});
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_EQ((*read)->stats().series_count, 1u);
  EXPECT_EQ((*read)->latest(), kStart);
}

TEST(Checkpoint, ADamagedFileIsRefusedByName) {
  const Folder folder;
  const std::string file = folder.path / "samples.checkpoint";
  SeriesHead head({});
  ASSERT_TRUE(head.append(Labels::of({{kMetricName, "up"}}), {kStart, 1}).has_value());
  std::string bytes = head.export_bytes();
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_checkpoint(file, bytes).has_value());
  const auto read = read_checkpoint(file, {});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Code::kInvalid);
  EXPECT_TRUE(read.error().message.starts_with(file)) << read.error().message;
}

TEST(Checkpoint, ADiskThatDoesNotTakeItIsSaid) {
  EXPECT_EQ(write_checkpoint("/proc/no/such/place", "x").error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace midwatch::tsdb
