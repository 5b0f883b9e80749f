#include <gtest/gtest.h>

#include "codec/json.h"
#include "rehearse/expectations.h"
#include "rehearse/path_art.h"
#include "rehearse/rehearsal.h"
#include "rehearse/report.h"
#include "rehearse/script.h"

namespace midwatch {
namespace {

constexpr std::string_view kRepair = R"(input: [host]
tasks:
  look:
    action: demo.look host=<% ctx(host) %>
    next:
      - when: <% succeeded() %>
        publish: load=<% result().load %>
        do: fix
      - when: <% failed() %>
        do: call
  fix:
    action: demo.fix load=<% ctx(load) %>
    retry: {count: 2, delay: 5}
  call: {action: demo.call}
output:
  - load: <% ctx(load) %>
)";

RehearsalScript parsed(std::string_view text) {
  Diagnostics wrong;
  RehearsalScript script = parse_script(text, "repair.test.yaml", wrong);
  for (const ContentDiagnostic& mistake : wrong.all()) ADD_FAILURE() << mistake.to_string();
  return script;
}

std::vector<std::string> mistakes(std::string_view text, std::string_view workflow = {}) {
  Diagnostics wrong;
  const RehearsalScript script = parse_script(text, "t.yaml", wrong);
  if (!workflow.empty()) check_script(script, **Definition::parse(workflow, "flow.yaml"), wrong);
  std::vector<std::string> lines;
  for (const ContentDiagnostic& mistake : wrong.all()) lines.push_back(mistake.to_string());
  return lines;
}

Rehearsed run(std::string_view workflow, std::string_view script, const AskRehearsal& ask = {}) {
  const auto definition = Definition::parse(workflow, "flow.yaml");
  EXPECT_TRUE(definition) << definition.error().to_string();
  const RehearsalScript parsed_script = parsed(script);
  return rehearse(*definition, parsed_script.cases.front(), ask);
}

// Every expectation that is not met.
std::vector<std::string> unmet(std::string_view workflow, std::string_view script) {
  const RehearsalScript parsed_script = parsed(script);
  std::vector<std::string> lines;
  for (const Finding& finding : check_expectations(parsed_script.cases.front(), run(workflow, script))) {
    if (!finding.ok()) lines.push_back(finding.to_string());
  }
  return lines;
}

// "look fix@1-2 fix@7-8": what started, with the times of tasks that took any.
std::string path(const Rehearsed& rehearsed) {
  std::string text;
  for (const RehearsedRun& run : rehearsed.runs) {
    for (const RehearsedStart& start : run.starts) {
      text += (text.empty() ? "" : " ") + run.task + "@" + std::to_string(start.started_seconds) + "-" +
              std::to_string(start.ended_seconds.value_or(-1));
    }
  }
  return text;
}

TEST(Rehearsal, RunsAsScripted) {
  EXPECT_EQ(unmet(kRepair, R"(
input: {host: web1}
tasks:
  look: {result: {load: 0.97}, takes: 2}
  fix: [failed, {result: ok, takes: 30}]
expect:
  status: succeeded
  output: {load: 0.97}
  tasks: [look, fix]
  count: {call: 0}
  inputs:
    look: {host: web1}
    fix: [{load: 0.97}, {load: 0.97}]
  context:
    fix: {load: 0.97}
  seconds: 38
)"),
            std::vector<std::string>());
}

TEST(Rehearsal, RetriesWaitInVirtualTime) {
  const Rehearsed rehearsed =
      run(kRepair, "tasks:\n  look: {result: {load: 1}}\n  fix: [failed, timeout, succeeded]\n");
  EXPECT_EQ(path(rehearsed), "look@0-1 fix@1-2 fix@7-8 fix@13-14");
  EXPECT_EQ(rehearsed.status, FlowStatus::kSucceeded);
}

TEST(Rehearsal, SaysWhereAnExpectationIsNotMet) {
  const std::vector<std::string> lines = unmet(kRepair, R"(input: {host: web1}
tasks:
  look: {result: {load: 1}}
expect:
  output: {load: 2}
  tasks: [look, call]
  count: {fix: 3}
  inputs: {look: {host: web2}, call: {}}
  errors: [broken]
)");
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "repair.test.yaml:5:11: output: load is 1, expected 2",
                       "repair.test.yaml:6:10: tasks: [1] is \"fix\", expected \"call\"",
                       "repair.test.yaml:9:11: errors: there are 0, expected 1",
                       "repair.test.yaml:7:16: count of fix: it is 1, expected 3",
                       "repair.test.yaml:8:38: inputs of call: it did not run",
                       "repair.test.yaml:8:18: inputs of look: host is \"web1\", expected \"web2\"",
                   }));
}

TEST(Rehearsal, WithoutAStatusExpectsSuccess) {
  EXPECT_EQ(unmet("tasks:\n  a: {action: x.y}\n", "tasks: {a: failed}\n"),
            std::vector<std::string>{"repair.test.yaml:1:1: status: it is \"failed\", expected \"succeeded\""});
}

TEST(Rehearsal, ItemsEndOnTheirOwnAndConcurrencyHolds) {
  const Rehearsed rehearsed = run(R"(tasks:
  each:
    with: {items: "<% [1, 2, 3] %>", concurrency: 2}
    action: x.y v=<% item() %>
    next: [{publish: all=<% result() %>, do: noop}]
output: [{all: <% ctx(all) %>}]
)",
                                  R"(
tasks:
  each:
    items: [{result: a, takes: 5}, {result: b}]
    result: c
)");
  EXPECT_EQ(path(rehearsed), "each@0-5 each@0-1 each@1-2");
  EXPECT_EQ(to_json(rehearsed.output), R"({"all":["a","b","c"]})");
}

TEST(Rehearsal, PausesResumesAndCancels) {
  constexpr std::string_view kTwo = "tasks:\n  a: {action: x.y, next: [{do: b}]}\n  b: {action: x.y}\n";
  EXPECT_EQ(path(run(kTwo, "tasks: {a: {takes: 4}}\ncontrols: [{at: 2, do: pause}, {at: 10, do: resume}]\n")),
            "a@0-4 b@10-11");
  const Rehearsed canceled = run(kTwo, "tasks: {a: {takes: 4}}\ncontrols: [{at: 2, do: cancel}]\n");
  EXPECT_EQ(canceled.status, FlowStatus::kCanceled);
  EXPECT_EQ(run(kTwo, "controls: [{at: 0, do: pause}]\n").status, FlowStatus::kPaused);
}

TEST(Rehearsal, AnInquiryPausesTheWorkflowUntilItIsAnswered) {
  const Rehearsed rehearsed = run("tasks:\n  ask: {action: core.ask, next: [{do: go}]}\n  go: {action: x.y}\n",
                                  "tasks: {ask: {waits: 60, result: {response: {ok: true}}}}\n");
  EXPECT_EQ(path(rehearsed), "ask@0-60 go@60-61");
  EXPECT_EQ(rehearsed.status, FlowStatus::kSucceeded);
}

TEST(Rehearsal, ReadsTheScriptedDatastore) {
  const Rehearsed rehearsed =
      run("tasks:\n  a: {action: x.y v=<% st2kv('system.k') %>}\n", "datastore: {system.k: v}\n");
  ASSERT_FALSE(rehearsed.runs.empty()) << to_json(rehearsed.errors);
  EXPECT_EQ(to_json(rehearsed.runs.front().starts.front().input), R"({"v":"v"})");
}

TEST(Rehearsal, AnswersWhatATaskDid) {
  const Rehearsed rehearsed =
      run("tasks:\n  a: {action: x.y, next: [{do: b}]}\n  b: {action: x.y r=<% task(a).result.n %> s=<% task(a).status "
          "%>}\n",
          "tasks: {a: {result: {n: 7}}}\n");
  EXPECT_EQ(to_json(rehearsed.runs.at(1).starts.front().input), R"({"r":7,"s":"succeeded"})");
}

TEST(Rehearsal, AsksForWhatIsNotScripted) {
  const AskRehearsal ask = [](const RehearsalQuestion& question) -> Result<ScriptedAnswer> {
    ScriptedAnswer answer;
    answer.status = question.task == "look" ? FlowStatus::kFailed : FlowStatus::kSucceeded;
    return answer;
  };
  EXPECT_EQ(path(run(kRepair, "input: {host: h}\n", ask)), "look@0-1 call@1-2");
}

TEST(Rehearsal, StopsAtATaskWithoutAnAnswerWhereThatIsAnError) {
  const Rehearsed rehearsed = run("tasks:\n  a: {action: x.y}\n", "default: error\n");
  ASSERT_TRUE(rehearsed.stopped);
  EXPECT_NE(rehearsed.stopped->message.find("task 'a' ran, and the script has no answer"), std::string::npos);
}

TEST(Rehearsal, EndsAnEndlessLoop) {
  const Rehearsed rehearsed =
      run("tasks:\n  s: {next: [{do: a}]}\n  a: {action: x.y, next: [{do: b}]}\n  b: {action: x.y, next: [{do: a}]}\n",
          "{}\n");
  ASSERT_TRUE(rehearsed.stopped);
  EXPECT_EQ(rehearsed.stopped->code, Code::kLimit);
}

TEST(Script, ReportsEveryMistakeWithItsPlace) {
  EXPECT_EQ(
      mistakes(R"(inputs: {}
tasks:
  a: {stauts: failed}
  b: broken
  c: {takes: -1}
  d: []
controls:
  - {at: 1, do: stop}
datastore: {k: v}
expect:
  status: done
  count: {a: many}
)"),
      (std::vector<std::string>{
          "t.yaml:9:12: error: datastore key 'k' is not right (a name that begins with system. or user., and a text)",
          "t.yaml:3:7: error: unknown key 'stauts' in an answer (did you mean 'status'?)",
          "t.yaml:4:6: error: 'broken' is no status that an action ends with (one of succeeded, failed, timeout, "
          "abandoned, canceled)",
          "t.yaml:5:14: error: 'takes' must be whole seconds from 0 to 1000000000",
          "t.yaml:6:6: error: a list of answers is empty (write one answer for each start)",
          "t.yaml:8:17: error: a control cannot do 'stop' (one of pause, resume, cancel)",
          "t.yaml:11:11: error: 'done' is no status of a workflow",
          "t.yaml:12:14: error: a count is a number, 0 or more",
          "t.yaml:1:1: error: unknown key 'inputs' in a rehearsal (did you mean 'input'?)",
      }));
}

TEST(Script, KnowsTheTasksOfTheWorkflow) {
  EXPECT_EQ(mistakes("tasks: {loo: failed}\nexpect:\n  tasks: [fixx]\n", kRepair),
            (std::vector<std::string>{"t.yaml:1:9: error: the workflow has no task 'loo' (did you mean 'look'?)",
                                      "t.yaml:3:10: error: the workflow has no task 'fixx' (did you mean 'fix'?)"}));
}

TEST(Script, CasesAddToWhatAllHaveInCommon) {
  const RehearsalScript script = parsed(R"(
workflow: flow.yaml
input: {host: web1, n: 1}
tasks: {a: failed}
cases:
  - name: first
  - name: second
    input: {n: 2}
    tasks: {b: timeout}
)");
  ASSERT_EQ(script.cases.size(), 2u);
  EXPECT_EQ(script.workflow, "flow.yaml");
  EXPECT_EQ(to_json(script.cases[1].input), R"({"host":"web1","n":2})");
  EXPECT_EQ(script.cases[1].tasks.size(), 2u);
  EXPECT_EQ(script.cases[0].tasks.size(), 1u);
}

std::string drawn(const std::vector<ArtRow>& rows) {
  std::string text;
  for (const std::string& line : draw_path(rows)) text += line + "\n";
  return text;
}

TEST(PathArt, DrawsForksAndJoins) {
  EXPECT_EQ(
      drawn({{"●", "look", {}}, {"●", "left", {0}}, {"●", "right", {0}}, {"●", "both", {1, 2}}, {"●", "end", {3}}}),
      "● look\n"
      "├─╮\n"
      "● │ left\n"
      "│ ● right\n"
      "├─╯\n"
      "● both\n"
      "● end\n");
}

TEST(PathArt, DrawsSeveralStartsAndAnEarlyEnd) {
  EXPECT_EQ(drawn({{"●", "a", {}}, {"●", "b", {}}, {"●", "c", {1}}, {"●", "d", {1}}, {"●", "e", {2}}}),
            "● a\n"
            "● b\n"
            "├─╮\n"
            "● │ c\n"
            "│ ● d\n"
            "● e\n");
}

TEST(PathArt, NeverGetsWiderThanItsLimit) {
  std::vector<ArtRow> rows{{"●", "start", {}}};
  for (int i = 0; i < 200; ++i) rows.push_back({"●", "t", {0}});
  for (const std::string& line : draw_path(rows)) EXPECT_LE(line.size(), kArtLanesMax * 6 + 10);
}

TEST(Report, ShowsThePathAndWhatIsWrong) {
  const RehearsalScript script = parsed("input: {host: web1}\ntasks: {look: failed}\nexpect: {count: {call: 2}}\n");
  const auto definition = Definition::parse(kRepair, "flow.yaml");
  const Rehearsed rehearsed = rehearse(*definition, script.cases.front());
  const std::vector<Finding> findings = check_expectations(script.cases.front(), rehearsed);
  const std::string text = rehearsal_text("flow.yaml", rehearsed, findings, Colour::kNone);
  EXPECT_NE(text.find("  ✗ look  failed  0–1 s  demo.look host=web1\n  ● call  succeeded  1–2 s  demo.call\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("count of call: it is 1, expected 2"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const Value value = rehearsal_value("flow.yaml", rehearsed, findings);
  EXPECT_EQ(value.get("ok"), Value(false));
  EXPECT_EQ(to_json(value.get("runs").elements()[1].get("from")), "[0]");
}

}  // namespace
}  // namespace midwatch
