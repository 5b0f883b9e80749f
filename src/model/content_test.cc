#include "model/content.h"

#include <gtest/gtest.h>

#include "model/diagnostics.h"
#include "model/digest.h"
#include "model/runner_types.h"

namespace midwatch {
namespace {

Rule rule(const char* name, const char* trigger = "core.st2.webhook") {
  Rule r;
  r.pack = "demo";
  r.name = name;
  r.trigger = trigger;
  r.trigger_parameters = Value::object({{"url", std::string("/hook/") + name}});
  r.criteria = {{"trigger.body.load", "gt", 0.9, "", {}}, {"trigger.body.load#2", "lt", 5, "", {}}};
  r.action = "core.noop";
  r.action_parameters = Value::object({});
  r.metadata_file = std::string("rules/") + name + ".yaml";
  r.max_runs = MaxRunsGuard{2, std::chrono::minutes(10), "{{ trigger.body.host }}"};
  return r;
}

std::shared_ptr<Pack> pack_of(std::vector<Rule> rules) {
  auto pack = std::make_shared<Pack>();
  pack->ref = "demo";
  pack->path = "demo";
  pack->rules = std::move(rules);
  return pack;
}

TEST(Content, FindsByReferenceAndListsInOrder) {
  const auto content = Content::make({pack_of({rule("b"), rule("a")})});
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ((*content)->rules().at(0)->name, "a");
  EXPECT_EQ((*content)->rule("demo.b")->name, "b");
  EXPECT_EQ((*content)->rule("demo.c"), nullptr);
  EXPECT_EQ((*content)->pack("demo")->ref, "demo");
  EXPECT_TRUE((*content)->has_webhook("hook/a"));
  EXPECT_TRUE((*content)->has_webhook("/hook/a/"));
  EXPECT_FALSE((*content)->has_webhook("hook"));
}

TEST(Content, TheVersionIsThatOfTheRulesWhereverTheyAreWritten) {
  const auto version = [](std::vector<Rule> rules) { return (*Content::make({pack_of(std::move(rules))}))->version(); };
  Rule moved = rule("a");
  moved.metadata_file = "rules/other.yaml";
  moved.where.line = 7;
  EXPECT_EQ(version({rule("a"), rule("b")}), version({rule("b"), moved}));
  Rule changed = rule("a");
  changed.enabled = true;
  EXPECT_NE(version({rule("a")}), version({changed}));
  EXPECT_EQ(version({}).size(), 32u);
}

TEST(Content, NamesThatComeTwiceAreRefused) {
  const auto twice = Content::make({pack_of({rule("a"), rule("a")})});
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code, Code::kConflict);
  EXPECT_FALSE(Content::make({pack_of({}), pack_of({})}).has_value());
}

TEST(Content, ARuleReadsBackFromItsApiShape) {
  const Value shown = to_value(rule("a"));
  const auto read = rule_from_value(shown);
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_TRUE(identical(to_value(*read), shown));
  EXPECT_EQ(read->criteria.size(), 2u);
  EXPECT_EQ(read->max_runs->window, std::chrono::minutes(10));
  EXPECT_EQ(rule_from_value(without_member(shown, "action")).error().message,
            "rule record: action: expected an object with a ref");
}

TEST(Digest, DependsOnContentNotOnTheOrderOfMembers) {
  EXPECT_EQ(digest(Value::object({{"a", 1}, {"b", 2}})), digest(Value::object({{"b", 2}, {"a", 1}})));
  EXPECT_NE(digest(Value(1)), digest(Value(1.0)));
  EXPECT_NE(digest(Value::array({"ab", "c"})), digest(Value::array({"a", "bc"})));
  EXPECT_EQ(digest(Value()), digest(Value()));
}

TEST(RunnerTypes, AreFoundUnderEachSpelling) {
  EXPECT_EQ(find_runner_type("local_shell_cmd")->name, "local-shell-cmd");
  EXPECT_EQ(find_runner_type("orchestra")->name, "orquesta");
  EXPECT_EQ(find_runner_type("run-local"), nullptr);
  EXPECT_EQ(runner_types().size(), 8u);
  EXPECT_EQ(find_runner_type("python-script")->parameters.get("timeout").get("default"), Value(600));
  EXPECT_EQ(find_runner_type("local-shell-cmd")->parameters.members().front().name(), "cmd");
}

TEST(Diagnostics, AreSortedCountedAndBounded) {
  Diagnostics all;
  all.warning({"b.yaml", 1, 1}, "unknown key 'x'");
  all.error({"a.yaml", 9, 2}, "late");
  all.error({"a.yaml", 2, 7}, "early", "did you mean 'earl'?");
  all.sort();
  EXPECT_EQ(all.all().at(0).to_string(), "a.yaml:2:7: error: early (did you mean 'earl'?)");
  EXPECT_EQ(all.all().at(2).to_string(), "b.yaml:1:1: warning: unknown key 'x'");
  EXPECT_EQ(all.error_count(), 2u);
  EXPECT_EQ(all.to_error().message,
            "2 errors\na.yaml:2:7: error: early (did you mean 'earl'?)\na.yaml:9:2: error: late");
  for (std::size_t i = 0; i < 2 * Diagnostics::kKeptMax; ++i) all.error({}, "again");
  EXPECT_EQ(all.all().size(), Diagnostics::kKeptMax);
  Diagnostics sum;
  sum.append(all);
  EXPECT_EQ(sum.error_count(), 2 * Diagnostics::kKeptMax + 2);
}

}  // namespace
}  // namespace midwatch
