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
