#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "packs/packs.h"

namespace midwatch::packs {
namespace {

namespace fs = std::filesystem;

const std::string kSource = MIDWATCH_SOURCE_DIR;
const std::string kManifest = "description: A test.\nversion: 1.0.0\nauthor: Test\nemail: test@example.org\nname: ";

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string without(std::string text, const std::string& part) {
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at)) text.erase(at, part.size());
  return text;
}

ValidationReport validate_with_core(const std::string& path) {
  return validate(std::vector<std::string>{path}, {.known = {kSource + "/packs/core", kSource + "/packs/midwatch"}});
}

class PacksDirectory : public testing::Test {
 protected:
  PacksDirectory() {
    std::string pattern = (fs::temp_directory_path() / "midwatch-packs-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    write(root_ / "demo/pack.yaml", kManifest + "demo\n");
  }
  ~PacksDirectory() override { fs::remove_all(root_); }

  [[nodiscard]] std::string report(const std::string& pack = "demo") const {
    return without(validate_with_core((root_ / pack).string()).to_text(), root_.string() + "/");
  }
  [[nodiscard]] Loaded load(const Content* running = nullptr) const {
    return load_all(std::vector<std::string>{root_.string()}, {}, running);
  }
  fs::path root_;
};

// Each directory of tests/golden/packs is a pack; its expected.txt is what validation says of it.
// UPDATE_GOLDEN=1 writes what it says now.
TEST(PacksGolden, EachBrokenPackIsReportedInFull) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(kSource + "/tests/golden/packs")) {
    if (!entry.is_directory()) continue;
    ++cases;
    SCOPED_TRACE(entry.path().filename().string());
    const std::string found =
        without(validate_with_core(entry.path().string()).to_text(), kSource + "/tests/golden/packs/");
    const fs::path expected = entry.path() / "expected.txt";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) write(expected, found);
    EXPECT_EQ(found, read(expected));
  }
  EXPECT_GE(cases, 11u);
}

TEST(PacksShipped, HaveNoErrors) {
  const ValidationReport report = validate(std::vector<std::string>{kSource + "/packs"});
  EXPECT_TRUE(report.ok()) << report.to_text();
  EXPECT_GE(report.pack_count, 3u);
}

TEST_F(PacksDirectory, TextThatIsNotUtf8HasItsPlace) {
  write(root_ / "demo/rules/r.yaml", "name: r\ndescription: caf\xe9\n");
  EXPECT_NE(report().find("demo/rules/r.yaml:2:17: error: not UTF-8 (save the file as UTF-8)"), std::string::npos)
      << report();
}

TEST_F(PacksDirectory, LinksThatLeadOutOfThePackAreRefused) {
  write(root_ / "outside.yaml", "name: a\nrunner_type: noop\n");
  fs::create_directories(root_ / "demo/actions");
  fs::create_symlink(root_ / "outside.yaml", root_ / "demo/actions/a.yaml");
  EXPECT_NE(report().find("demo/actions/a.yaml: error: a link that leads out of the pack"), std::string::npos)
      << report();
  fs::remove(root_ / "demo/actions/a.yaml");
  write(root_ / "demo/etc/a.yaml", "name: a\nrunner_type: noop\n");
  fs::create_symlink("../etc/a.yaml", root_ / "demo/actions/a.yaml");
  EXPECT_EQ(report().find("error"), report().find("errors")) << "inside the pack it is fine: " << report();
}

TEST_F(PacksDirectory, FilesAreBounded) {
  write(root_ / "demo/rules/big.yaml", std::string((1u << 20) + 1, '#'));
  EXPECT_NE(report().find("demo/rules/big.yaml: error: more than 1048576 bytes"), std::string::npos) << report();
  Diagnostics out;
  const PackFiles files = read_pack_files((root_ / "demo").string(), "demo/", {.files_max = 1}, out);
  EXPECT_EQ(files.files.size(), 1u);
  // Directories list their files in any order: the big one may be told first.
  const auto told = [&out](std::string_view message) {
    return std::ranges::any_of(out.all(), [&](const ContentDiagnostic& one) { return one.message == message; });
  };
  EXPECT_TRUE(told("more than 1 files"));
}

TEST_F(PacksDirectory, APackWithErrorsKeepsTheVersionThatRuns) {
  write(root_ / "demo/actions/a.yaml", "name: a\nrunner_type: noop\n");
  write(root_ / "other/pack.yaml", kManifest + "other\n");
  const Loaded first = load();
  ASSERT_NE(first.content, nullptr);
  EXPECT_TRUE(first.refused.empty());
  ASSERT_NE(first.content->action("demo.a"), nullptr);

  write(root_ / "demo/actions/a.yaml", "name: a\nrunner_type: nop\n");
  write(root_ / "other/actions/b.yaml", "name: b\nrunner_type: noop\n");
  const Loaded second = load(first.content.get());
  ASSERT_NE(second.content, nullptr);
  EXPECT_EQ(second.refused.size(), 1u);
  EXPECT_TRUE(second.diagnostics.has_errors());
  EXPECT_NE(second.content->action("demo.a"), nullptr) << "the old version of demo";
  EXPECT_NE(second.content->action("other.b"), nullptr) << "the new version of other";
  EXPECT_EQ(load().content->pack("demo"), nullptr) << "at the first start there is no old version";
}

TEST_F(PacksDirectory, APackThatNeedsARefusedOneIsRefusedToo) {
  write(root_ / "demo/actions/a.yaml", "name: a\nrunner_type: nop\n");
  write(root_ / "other/pack.yaml", kManifest + "other\n");
  write(root_ / "other/triggers/t.yaml", "name: t\n");
  write(root_ / "other/rules/r.yaml", "name: r\ntrigger: {type: other.t}\naction: {ref: demo.a}\n");
  const Loaded loaded = load();
  ASSERT_NE(loaded.content, nullptr);
  EXPECT_EQ(loaded.refused.size(), 2u);
  EXPECT_TRUE(loaded.content->packs().empty());
}

TEST_F(PacksDirectory, ConfigsAreReadFromTheirDirectory) {
  write(root_ / "demo/config.schema.yaml", "port: {type: integer, default: 80}\nhost: {type: string}\n");
  write(root_ / "configs/demo.yaml", "host: web1\n");
  const PackParse parsed =
      load_directory((root_ / "demo").string(), {.configs_directory = (root_ / "configs").string()});
  ASSERT_TRUE(parsed.pack.has_value());
  EXPECT_EQ(parsed.pack->config, Value::object({{"port", 80}, {"host", "web1"}}));
  write(root_ / "configs/demo.yaml", "host: [web1\n");
  EXPECT_TRUE(load_directory((root_ / "demo").string(), {.configs_directory = (root_ / "configs").string()})
                  .diagnostics.has_errors());
}

TEST_F(PacksDirectory, WhatIsNoPackIsSaid) {
  EXPECT_NE(report("nowhere").find("nowhere: error: there is no such directory"), std::string::npos)
      << report("nowhere");
  fs::create_directories(root_ / "empty");
  EXPECT_NE(report("empty").find("empty: warning: no pack in this directory"), std::string::npos) << report("empty");
}

TEST_F(PacksDirectory, ReportsAreAlsoForPrograms) {
  write(root_ / "demo/rules/r.yaml", "nam: r\n");
  const Value shown = validate_with_core((root_ / "demo").string()).to_value();
  EXPECT_EQ(shown.get("ok"), Value(false));
  EXPECT_EQ(shown.get("packs"), Value(1));
  const Value first = shown.get("diagnostics").elements()[0];
  EXPECT_EQ(first.get("severity"), Value("error"));
  EXPECT_EQ(first.get("line"), Value(1));
}

TEST_F(PacksDirectory, AThousandRulesLoad) {
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "r" + std::to_string(i);
    write(root_ / "demo/rules" / (name + ".yaml"),
          "name: " + name +
              "\ndescription: One of many.\nenabled: true\ntrigger:\n  type: core.st2.webhook\n  parameters: {url: x}\n"
              "criteria:\n  trigger.body.host: {type: eq, pattern: web" +
              std::to_string(i) + "}\n  trigger.body.load: {type: gt, pattern: 0.9}\n" +
              "action:\n  ref: core.local\n  parameters: {cmd: \"echo {{ trigger.body.host }}\"}\n");
  }
  const auto began = std::chrono::steady_clock::now();
  const Loaded loaded = load_all(std::vector<std::string>{kSource + "/packs/core", (root_ / "demo").string()});
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_NE(loaded.content, nullptr);
  EXPECT_EQ(loaded.content->rules().size(), 1000u);
  // The figure is for whoever reads the log: a busy machine is no failure.
  std::printf("1000 rules loaded in %lld ms\n",
              static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace midwatch::packs
