#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "cli/command.h"
#include "cli/demo.h"
#include "cli/eval_shell.h"
#include "cli/table.h"
#include "codec/json.h"

namespace midwatch::cli {
namespace {

struct Ran {
  Exit exit;
  std::string out;
  std::string err;
};

Exit echo(Call& call) {
  for (const std::string& argument : call.arguments) call.out << argument << "\n";
  for (const auto& [name, value] : call.options) call.out << name << "=" << value << "\n";
  return Exit::kOk;
}

const std::vector<Command> kCommands = {
    {"rule list",
     "",
     0,
     0,
     "Lists rules.",
     {{"--limit", "N", "Shows at most N."}, {"--json", "", "Prints JSON."}},
     {"midwatch rule list"},
     echo},
    {"rule get", "REF", 1, 1, "Shows one rule.", {}, {}, echo},
};

Ran run(std::vector<std::string> argv, std::span<const Command> commands = kCommands) {
  std::ostringstream out;
  std::ostringstream err;
  Call call{{}, {}, {}, out, err};
  const Exit exit = dispatch(commands, argv, call);
  return {exit, out.str(), err.str()};
}

TEST(Dispatch, OptionsAndArgumentsComeToTheCommand) {
  EXPECT_EQ(run({"rule", "list", "--limit", "5", "--json"}).out, "--json=true\n--limit=5\n");
  EXPECT_EQ(run({"rule", "get", "a.b"}).out, "a.b\n");
}

TEST(Dispatch, MistakesAreUsageAndSayHow) {
  EXPECT_EQ(run({"rule", "get"}).exit, Exit::kUsage);
  EXPECT_EQ(run({"rule", "get"}).err, "usage: midwatch rule get REF\n");
  EXPECT_EQ(run({"rule"}).err,
            "midwatch: 'rule' needs one more word:\n  midwatch rule list [options]\n  midwatch rule get REF\n");
  EXPECT_EQ(run({"role"}).err, "midwatch: there is no command 'role'; midwatch --help lists them\n");
  const Ran unknown = run({"rule", "list", "--nope"});
  EXPECT_EQ(unknown.exit, Exit::kUsage);
  EXPECT_EQ(unknown.out, "") << "errors never go to stdout";
}

TEST(Dispatch, HelpShowsOptionsAndExamples) {
  const Ran help = run({"rule", "list", "--help"});
  EXPECT_EQ(help.exit, Exit::kOk);
  EXPECT_NE(help.out.find("examples:\n  midwatch rule list\n"), std::string::npos) << help.out;
  EXPECT_NE(run({"--help"}).out.find("Lists rules."), std::string::npos);
}

TEST(Table, AlignsByCodePointsAndCutsLongCells) {
  Table table({"a", "b"});
  table.add({"ü", "1"});
  table.add({std::string(100, 'x'), "2"});
  const std::string text = table.text();
  EXPECT_NE(text.find("| ü" + std::string(Table::kCellMax - 1, ' ') + " | 1 |"), std::string::npos) << text;
  EXPECT_NE(text.find("…"), std::string::npos);
}

TEST(Eval, PrintsTheValueAsJson) {
  const std::vector<Command> commands = client_commands();
  EXPECT_EQ(run({"eval", "<% 1 + 2 %>"}, commands).out, "3\n");
  EXPECT_EQ(run({"eval", "--template", "n is {{ 1 + 2 }}"}, commands).out, "n is 3\n");
  const Ran broken = run({"eval", "--yaql", "1 +"}, commands);
  EXPECT_EQ(broken.exit, Exit::kFailed);
  EXPECT_NE(broken.err, "");
  EXPECT_EQ(run({"eval"}, commands).exit, Exit::kUsage);
}

TEST(Eval, ABatchNamesBadLinesAndRunsTheOthers) {
  const std::vector<Command> commands = client_commands();
  const std::string name = testing::TempDir() + "/midwatch_batch.jsonl";
  std::ofstream(name) << "{\"id\": \"a\", \"expr\": \"1 + 1\"}\n\nnope\n{\"id\": \"b\", \"format\": \"do {{x}}\", "
                         "\"param_stream\": \"undo\"}\n";
  const Ran ran = run({"eval", "--batch", name}, commands);
  EXPECT_EQ(ran.out,
            "{\"id\":\"a\",\"output\":2}\n{\"id\":\"b\",\"error\":{\"kind\":\"value\",\"message\":\"Command "
            "\\\"undo\\\" doesn't match format string \\\"do {{x}}\\\"\"}}\n");
  EXPECT_NE(ran.err.find(":3: "), std::string::npos) << ran.err;
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_EQ(run({"eval", "--batch", "/nowhere"}, commands).exit, Exit::kFailed);
}

std::string in_shell(const std::vector<std::string>& lines, Value variables = Value::object({})) {
  std::ostringstream out;
  EvalShell shell(std::move(variables), out, out);
  for (const std::string& line : lines) {
    if (!shell.take(line)) out << "left\n";
  }
  return out.str() + shell.prompt();
}

TEST(EvalShell, EvaluatesInTheLanguageOfThePrompt) {
  EXPECT_EQ(in_shell({"1 + 1", ":jinja", "[1]|first", ":template", "n is {{ n }}", ""}, Value::object({{"n", 5}})),
            "2\n1\nn is 5\ntemplate> ");
  EXPECT_EQ(in_shell({":jinja 7 // 2", "7 / 2"}), "3\n3\nyaql> ") << "a text behind the command: this once";
}

TEST(EvalShell, VariablesAreSetAndLoaded) {
  EXPECT_EQ(in_shell({":set hosts = [a, b]", "ctx().hosts.len()"}), "2\nyaql> ");
  const std::string name = testing::TempDir() + "/midwatch_shell.yaml";
  std::ofstream(name) << "x: {y: 4}\n";
  EXPECT_EQ(in_shell({":context " + name, "ctx().x.y"}), "4\nyaql> ");
  EXPECT_EQ(in_shell({":set 1a = 2"}), "expected :set NAME = VALUE\nyaql> ");
  EXPECT_EQ(in_shell({":nope", ":quit"}), "there is no command ':nope'; :help lists them\nleft\nyaql> ");
}

TEST(EvalShell, AnErrorShowsItsPlace) {
  EXPECT_EQ(in_shell({"1 + nope(2)"}), "Unknown function \"nope\"\n1 + nope(2)\n    ^\nyaql> ");
}

// Files in a directory of their own, which goes with the test.
class Workflows : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("workflows_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, std::string_view text) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  static Ran workflow(std::vector<std::string> words) {
    words.insert(words.begin(), "workflow");
    return run(words, client_commands());
  }

  std::filesystem::path folder_;
};

constexpr std::string_view kGood = "tasks:\n  a: {action: x.y, next: [{do: b}]}\n  b: {action: x.z}\n";
constexpr std::string_view kBad = "tasks:\n  a:\n    next:\n      - do: gone\n";

TEST_F(Workflows, InspectNamesThePlaceAndFails) {
  const std::string good = file("good.yaml", kGood);
  const std::string bad = file("bad.yaml", kBad);
  EXPECT_EQ(workflow({"inspect", good}).out, "no mistakes\n");
  const Ran ran = workflow({"inspect", good, bad});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_EQ(ran.out, bad + ":4:13: The task \"gone\" is not defined. (tasks.a.next[0].do)\n");
  const auto json = parse_json(workflow({"inspect", bad, "--json"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->elements()[0].get("line"), Value(4));
  EXPECT_EQ(json->elements()[0].get("file"), Value(bad));
  const Ran unreadable = workflow({"inspect", file("broken.yaml", "tasks: [\n")});
  EXPECT_EQ(unreadable.exit, Exit::kFailed);
  EXPECT_NE(unreadable.out.find("broken.yaml:"), std::string::npos) << unreadable.out;
  EXPECT_EQ(workflow({"inspect"}).exit, Exit::kUsage);
}

TEST_F(Workflows, RehearseSaysByItsExitWhetherItWentAsExpected) {
  const std::string good = file("good.yaml", kGood);
  EXPECT_EQ(workflow({"rehearse", good}).exit, Exit::kOk);
  EXPECT_EQ(workflow({"rehearse", good, "--script", file("met.yaml", "expect: {tasks: [a, b]}\n")}).exit, Exit::kOk);
  const Ran unmet = workflow({"rehearse", good, "--script", file("unmet.yaml", "expect:\n  tasks: [a]\n")});
  EXPECT_EQ(unmet.exit, Exit::kFailed);
  EXPECT_NE(unmet.out.find("unmet.yaml:2:10: tasks: it is [\"a\",\"b\"], expected [\"a\"]"), std::string::npos)
      << unmet.out;
  const Ran typo = workflow({"rehearse", good, "--script", file("typo.yaml", "tasks: {c: failed}\n")});
  EXPECT_EQ(typo.exit, Exit::kUsage);
  EXPECT_NE(typo.err.find("typo.yaml:1:9: error: the workflow has no task 'c'"), std::string::npos) << typo.err;
  EXPECT_EQ(workflow({"rehearse", file("bad.yaml", kBad)}).exit, Exit::kUsage);
  EXPECT_EQ(workflow({"rehearse"}).exit, Exit::kUsage);
}

TEST_F(Workflows, AScriptThatNamesItsWorkflowStandsAlone) {
  (void)file("good.yaml", kGood);
  const std::string script =
      file("alone.yaml", "workflow: good.yaml\ncases:\n  - name: one\n  - {name: two, tasks: {a: failed}}\n");
  const Ran ran = workflow({"rehearse", script, "--json"});
  EXPECT_EQ(ran.exit, Exit::kOk) << "a failure that has a next task is remediated";
  const auto json = parse_json(ran.out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->elements()[1].get("name"), Value("two"));
  EXPECT_EQ(json->elements()[1].get("runs").elements()[0].get("status"), Value("failed"));
}

TEST_F(Workflows, BatchesAnswerEachLineInTheRecordedForm) {
  const std::string text = to_json(Value(kGood));
  const std::string cases =
      file("cases.jsonl", R"({"id": "one", "workflow": )" + text +
                              R"(, "trace": [{"do": {"op": "request_status", "status": "running"}}]})" + "\n");
  const auto rehearsed = parse_json(workflow({"rehearse", "--batch", cases}).out);
  ASSERT_TRUE(rehearsed);
  EXPECT_EQ(to_json(rehearsed->get("trace")),
            R"([{"do":{"op":"request_status","status":"running"},"see":{"wf":"running"}}])");
  EXPECT_EQ(rehearsed->get("final").get("status"), Value("running"));
  const auto inspected = parse_json(workflow({"inspect", "--batch", cases}).out);
  ASSERT_TRUE(inspected);
  EXPECT_EQ(to_json(*inspected), R"({"id":"one","expect":{"errors":{}},"errors":{}})");
  EXPECT_EQ(workflow({"rehearse", "--batch", file("broken.jsonl", "{\n")}).exit, Exit::kFailed);
}

TEST_F(Workflows, GraphDrawsAsAskedOrAsTheFileIsNamed) {
  const std::string good = file("good.yaml", kGood);
  EXPECT_TRUE(workflow({"graph", good}).out.starts_with("digraph"));
  EXPECT_TRUE(workflow({"graph", good, "--svg"}).out.starts_with("<svg"));
  const std::string output = (folder_ / "out.svg").string();
  EXPECT_EQ(workflow({"graph", good, "--output", output}).exit, Exit::kOk);
  std::string first;
  std::ifstream(output) >> first;
  EXPECT_EQ(first, "<svg");
  EXPECT_EQ(workflow({"graph", good, "--output", (folder_ / "no" / "where").string()}).exit, Exit::kFailed);
  EXPECT_EQ(workflow({"graph", good, "--svg", "--dot"}).exit, Exit::kUsage);
}

TEST(DemoReport, ShowsBothTimelinesSideBySide) {
  const Instant start = instant_from_micros(1'700'000'000'000'000);
  const auto incident = [&](const char* state, int woken) {
    return Value::object({{"state", state},
                          {"people_woken", woken},
                          {"opened_at", to_iso8601(start + std::chrono::seconds(3))},
                          {"figures", Value::object({{"decided_in", 0.25}, {"repaired_in", nullptr}})},
                          {"timeline", Value::array({Value::object({{"at", to_iso8601(start + std::chrono::seconds(3))},
                                                                    {"event", "detected"},
                                                                    {"text", "demo.latency fires"}})})}});
  };
  DemoOutcome outcome;
  outcome.outages = {{"first", start, incident("remediated", 0)}, {"second", start, incident("escalated", 1)}};
  const std::string text = demo_report(outcome, 120);
  EXPECT_NE(text.find("+3.0 s  demo.latency fires"), std::string::npos) << text;
  EXPECT_NE(text.find("people woken    0"), std::string::npos);
  EXPECT_NE(text.find("people woken    1"), std::string::npos);
  EXPECT_NE(text.find("decided in      0.2 s"), std::string::npos);
  EXPECT_TRUE(demo_report_json(outcome).get("ok").as_bool());
}

}  // namespace
}  // namespace midwatch::cli
