#include "settings/settings.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace midwatch {
namespace {

using namespace std::chrono_literals;

TEST(Settings, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  SettingSources sources;
  sources.file_name = "midwatch.yaml";
  sources.file_text = "listen: 127.0.0.1:1\nqueue_max: 7\nverify_within: 30s\npacks: [a, b]\n";
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "MIDWATCH_LISTEN") return "127.0.0.1:2";
    if (name == "MIDWATCH_QUEUE_MAX") return "8";
    return std::nullopt;
  };
  sources.flags = {{"listen", "127.0.0.1:3"}};
  const auto settings = load_settings(sources);
  ASSERT_TRUE(settings.has_value()) << settings.error().to_string();
  EXPECT_EQ(settings->listen, "127.0.0.1:3");
  EXPECT_EQ(settings->queue_max, 8);
  EXPECT_EQ(settings->verify_within, 30s);
  EXPECT_EQ(settings->packs, (std::vector<std::string>{"a", "b"}));
}

TEST(Settings, AnErrorSaysWhereItCameFrom) {
  EXPECT_EQ(load_settings({.flags = {{"queue_max", "many"}}}).error().to_string(),
            "--queue-max: 'many' is not an integer from 1 to 1000000");
  SettingSources file;
  file.file_name = "m.yaml";
  file.file_text = "queue_max: 1\nlog_level: loud\n";
  EXPECT_EQ(load_settings(file).error().to_string(),
            "m.yaml:2:12: log_level: 'loud' is none of debug, info, warning, error");
  file.file_text = "que: 1\n";
  EXPECT_TRUE(
      load_settings(file).error().to_string().starts_with("m.yaml:1:1: unknown setting 'que' (known settings are"));
  EXPECT_FALSE(load_settings({.flags = {{"listen", "here"}}}).has_value());
}

TEST(Settings, TheDocumentationIsTheTable) {
  std::ifstream file(MIDWATCH_SOURCE_DIR "/docs/settings.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(settings_table_markdown()), std::string::npos) << "docs/settings.md must contain:\n"
                                                                           << settings_table_markdown();
}

}  // namespace
}  // namespace midwatch
