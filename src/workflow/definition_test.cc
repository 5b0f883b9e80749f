#include "workflow/definition.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "workflow/graph.h"
#include "workflow/inline_parameters.h"

namespace midwatch {
namespace {

std::string parameters(std::string_view text) {
  std::string out;
  for (const auto& [name, value] : parse_inline_parameters(text)) out += name + "=" + to_json(value) + " ";
  return out;
}

std::shared_ptr<const Definition> parsed(std::string_view text) {
  auto definition = Definition::parse(text, "flow.yaml");
  EXPECT_TRUE(definition) << definition.error().to_string();
  return definition ? *definition : nullptr;
}

std::string refusal(std::string_view text) {
  const auto definition = Definition::parse(text, "flow.yaml");
  return definition ? "accepted" : definition.error().to_string();
}

TEST(InlineParameters, AreReadAsJsonUnlessTheyAreQuoted) {
  EXPECT_EQ(parameters("core.local a=1 b=-2.5 c=TRUE d=null e=\"two words\" f='x'"),
            R"(a=1 b=-2.5 c=true d=null e="two words" f="x" )");
  EXPECT_EQ(parameters("a=[1, 2] b=\"42\" c='{\"k\": 1}'"), R"(a=[1,2] b="42" c={"k":1} )");
}

TEST(InlineParameters, KeepExpressionsAsTexts) {
  EXPECT_EQ(parameters("a=<% ctx(x) + 1 %> b={{ ctx('y') }}"), R"(a="<% ctx(x) + 1 %>" b="{{ ctx('y') }}" )");
}

TEST(InlineParameters, PassOverWhatIsNoValue) {
  EXPECT_EQ(parameters("a=word b=1"), "b=1 ");
  EXPECT_EQ(parameters("a= b"), "");
  EXPECT_EQ(parameters("a=\"open"), "");
  EXPECT_EQ(parameters("a=007"), "a=\"007\" ") << "JSON has no such number: the text stays";
}

TEST(Definition, TakesTheActionFromBeforeItsInlineParameters) {
  const auto flow = parsed("tasks:\n  a:\n    action: core.local cmd=\"ls -l\" retries=2\n    input:\n      lost: 1\n");
  const TaskSpec& task = *flow->task("a");
  EXPECT_EQ(task.action->source(), Value("core.local"));
  EXPECT_EQ(to_json(task.input->source()), R"({"cmd":"ls -l","retries":2})");
}

TEST(Definition, KnowsWhereThingsWereWritten) {
  const auto flow = parsed("vars:\n  - x: 1\ntasks:\n  a:\n    action: core.noop\n");
  EXPECT_EQ(flow->vars().front().where.to_string(), "flow.yaml:2:8");
  EXPECT_EQ(flow->task("a")->where.to_string(), "flow.yaml:4:3");
}

TEST(Definition, ReadsTargetsInAllTheirForms) {
  const auto flow = parsed(R"(tasks:
  a:
    next:
      - do: b, c
      - do: [b, noop]
      - when: <% failed() %>
        publish: x=1
  b: {action: core.noop}
  c: {action: core.noop}
)");
  const TaskSpec& task = *flow->task("a");
  EXPECT_EQ(task.next[0].targets, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(task.next[1].targets, (std::vector<std::string>{"b", "noop"}));
  EXPECT_EQ(task.next[2].targets, (std::vector<std::string>{"continue"})) << "no `do` means `continue`";
  EXPECT_EQ(task.next[2].publish.front().name, "x");
}

TEST(Definition, RefusesWhatCannotBeAWorkflow) {
  EXPECT_EQ(refusal(""), "flow.yaml:1:1: The spec cannot be type of None. (write at least `tasks:`)");
  EXPECT_NE(refusal("tasks: [\n").find("Failed to load workflow definition because"), std::string::npos);
  EXPECT_NE(refusal("tasks:\n  a:\n    x: 1\n    x: 2\n").find("flow.yaml:4:5"), std::string::npos)
      << "a key comes twice";
  EXPECT_NE(refusal("tasks:\n  a:\n    next:\n      do: b\n").find("not type of list"), std::string::npos);
  EXPECT_NE(refusal("tasks:\n  my-task: {}\n").find("letters, digits and _"), std::string::npos);
}

TEST(Graph, NumbersTransitionsBetweenTheSameTasks) {
  const auto flow = parsed(R"(tasks:
  a:
    next:
      - when: <% succeeded() %>
        do: b
      - when: <% failed() %>
        do: b, b
  b: {action: core.noop}
)");
  const Graph& graph = flow->graph();
  const GraphNode& a = graph.node(*graph.find("a"));
  ASSERT_EQ(a.out.size(), 2u) << "named twice in one `do` is one transition";
  EXPECT_EQ(graph.edge(a.out[0]).id, "b__t0");
  EXPECT_EQ(graph.edge(a.out[1]).id, "b__t1");
  EXPECT_TRUE(graph.node(*graph.find("b")).split) << "reached by more than one transition, without a join";
}

TEST(Graph, FindsCyclesHoweverLong) {
  std::string text = "tasks:\n  t0:\n    next:\n      - do: t1\n";
  constexpr int kTasks = 5'000;
  for (int i = 1; i < kTasks; ++i) {
    const int next = i + 1 < kTasks ? i + 1 : 1;
    text += "  t" + std::to_string(i) + ":\n    next:\n      - do: t" + std::to_string(next) + "\n";
  }
  const auto flow = parsed(text);
  const Graph& graph = flow->graph();
  EXPECT_FALSE(graph.node(*graph.find("t0")).in_cycle);
  EXPECT_TRUE(graph.node(*graph.find("t1")).in_cycle);
  EXPECT_FALSE(graph.node(*graph.find("t1")).split) << "a task in a cycle keeps its route";
}

TEST(Graph, MakesARetryOfATransitionToRetry) {
  const auto flow =
      parsed("tasks:\n  a:\n    action: x.y\n    next:\n      - when: <% failed() %>\n        do: retry\n");
  const GraphNode& a = flow->graph().node(*flow->graph().find("a"));
  EXPECT_TRUE(a.out.empty());
  ASSERT_TRUE(a.retry);
  EXPECT_EQ(a.retry->count.source(), Value(3));
  EXPECT_EQ(a.retry->when->source(), Value("<% failed() %>"));
}

}  // namespace
}  // namespace midwatch
