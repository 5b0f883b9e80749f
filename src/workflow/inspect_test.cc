#include "workflow/inspect.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "codec/json.h"
#include "workflow/inspection_runner.h"

namespace midwatch {
namespace {

std::vector<std::string> mistakes(std::string_view text) {
  const auto definition = Definition::parse(text, "flow.yaml");
  EXPECT_TRUE(definition) << definition.error().to_string();
  std::vector<std::string> lines;
  if (!definition) return lines;
  for (const InspectionError& error : inspect(**definition)) lines.push_back(error.to_string());
  return lines;
}

std::string only_mistake(std::string_view text) {
  const std::vector<std::string> lines = mistakes(text);
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? "" : lines.front();
}

TEST(Inspection, NamesTheTaskThatIsNotDefinedAndTheLineThatAsksForIt) {
  EXPECT_EQ(only_mistake("tasks:\n  a:\n    action: core.noop\n    next:\n      - do: missing\n"),
            "flow.yaml:5:13: The task \"missing\" is not defined. (tasks.a.next[0].do)");
}

TEST(Inspection, FindsTheJoinThatCannotBeReached) {
  const std::string text = only_mistake(R"(tasks:
  a: {next: [{do: "m, n"}]}
  b: {next: [{do: m}]}
  m: {next: [{do: j}]}
  n: {next: [{do: j}]}
  j: {join: all}
)");
  EXPECT_TRUE(text.starts_with("flow.yaml:6:6: The join task \"j\" is unreachable.")) << text;
}

TEST(Inspection, WantsAStart) {
  EXPECT_NE(only_mistake("tasks:\n  a: {next: [{do: a}]}\n").find("Unable to identify any tasks to start"),
            std::string::npos);
}

TEST(Inspection, KeepsReservedNames) {
  EXPECT_NE(only_mistake("tasks:\n  noop: {action: core.noop}\n").find("is reserved with special function"),
            std::string::npos);
}

TEST(Inspection, WantsAnActionForItems) {
  EXPECT_NE(only_mistake("tasks:\n  a: {with: \"<% list(1) %>\"}\n").find("The action property is required"),
            std::string::npos);
}

TEST(Inspection, ShowsAVariableThatNothingSets) {
  EXPECT_EQ(only_mistake("tasks:\n  a:\n    action: core.noop\n    input:\n      m: \"{{ ctx('x') }}\"\n"),
            "flow.yaml:5:7: Variable \"x\" is referenced before assignment. in {{ ctx('x') }} (tasks.a.input)");
}

TEST(Inspection, KnowsVariablesOfTheParentContext) {
  const auto definition = Definition::parse("tasks:\n  a:\n    action: x.y u=<% ctx(st2).user %>\n", "flow.yaml");
  const std::vector<std::string> known{"st2", "parent"};
  EXPECT_TRUE(inspect(**definition, known).empty());
  EXPECT_EQ(inspect(**definition).size(), 1u);
}

TEST(Inspection, ReportsUnknownKeysAndWrongTypesTogether) {
  const std::vector<std::string> lines =
      mistakes("colour: red\nvars: 1\ntasks:\n  a:\n    acton: core.noop\n    join: some\n");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "flow.yaml:1:1: Additional properties are not allowed ('colour' was unexpected)");
  EXPECT_EQ(lines[1], "flow.yaml:5:5: Additional properties are not allowed ('acton' was unexpected) (tasks.a)");
  EXPECT_EQ(lines[2], "flow.yaml:6:11: 'some' is not valid under any of the given schemas (tasks.a.join)");
  EXPECT_EQ(lines[3], "flow.yaml:2:7: 1 is not of type 'array' (vars)");
}

TEST(Inspection, EndsOnGraphsWithVeryManyPaths) {
  // Each layer doubles the number of paths.
  std::string text = "tasks:\n  s: {next: [{do: \"a0, b0\"}]}\n";
  constexpr int kLayers = 40;
  for (int i = 0; i < kLayers; ++i) {
    const std::string next = i + 1 < kLayers ? "a" + std::to_string(i + 1) + ", b" + std::to_string(i + 1) : "noop";
    for (const char side : {'a', 'b'}) {
      text += std::string("  ") + side + std::to_string(i) + ": {next: [{do: \"" + next + "\"}]}\n";
    }
  }
  EXPECT_TRUE(mistakes(text).empty());
}

// Counts the recorded cases that pass. The floor may only rise.
TEST(InspectionConformance, AgreesWithTheRecordedCases) {
  constexpr int kPassedMin = 136;
  std::ifstream file(std::string(MIDWATCH_SOURCE_DIR) + "/tests/conformance/orquesta/inspection.jsonl");
  ASSERT_TRUE(file.is_open());
  int passed = 0;
  int count = 0;
  std::ostringstream failed;
  for (std::string line; std::getline(file, line); ++count) {
    const Result<Value> recorded = parse_json(line);
    ASSERT_TRUE(recorded);
    const InspectionVerdict verdict = run_inspection(*recorded);
    passed += verdict.passed ? 1 : 0;
    if (!verdict.passed) failed << recorded->get("id").text_or("") << verdict.difference << "\n";
  }
  RecordProperty("passed", passed);
  std::cout << "inspection cases passed: " << passed << " of " << count << "\n";
  EXPECT_GE(passed, kPassedMin) << failed.str();
}

}  // namespace
}  // namespace midwatch
