#include <gtest/gtest.h>

#include "codec/json.h"
#include "jinja/template.h"

namespace midwatch::jinja {
namespace {

struct Rendered {
  std::string text;
  ErrorKind kind = ErrorKind::kOther;
  std::string error;
  std::string caret;
};

Rendered render(std::string_view source, std::string_view context = "{}", EvalLimits limits = {}) {
  const MapScope scope(*parse_json(context));
  Evaluation evaluation(scope, limits);
  auto compiled = Template::compile_outcome(source);
  if (!compiled)
    return {"", compiled.error().kind(), compiled.error().message(), compiled.error().diagnostic().caret()};
  auto text = (*compiled)->render_outcome(evaluation);
  if (!text) return {"", text.error().kind(), text.error().message(), text.error().diagnostic().caret()};
  return {*text, ErrorKind::kOther, "", ""};
}

TEST(Template, TextPassesThroughWithoutItsLastLineFeed) {
  EXPECT_EQ(render("a\nb\n").text, "a\nb");
  EXPECT_EQ(render("").text, "");
}

TEST(Template, ValuesPrintInPythonSpelling) {
  EXPECT_EQ(render("{{ v }}", R"({"v": [true, null, "it's", 1.0, {"k": 1}]})").text,
            "[True, None, \"it's\", 1.0, {'k': 1}]");
}

TEST(Template, PowerIsLeftAssociativeAndBindsLooserThanMinus) {
  EXPECT_EQ(render("{{ 2**3**2 }} {{ -2**2 }}").text, "64 4");
}

TEST(Template, AnUndefinedNameFailsWithItsPlace) {
  const Rendered out = render("a {{ b.c }}");
  EXPECT_EQ(out.kind, ErrorKind::kUndefined);
  EXPECT_EQ(out.error, "'b' is undefined");
  EXPECT_EQ(out.caret, "a {{ b.c }}\n      ^");
}

TEST(Template, ASyntaxErrorSaysWhatWasFound) {
  const Rendered out = render("{{ 1 + }}");
  EXPECT_EQ(out.kind, ErrorKind::kSyntax);
  EXPECT_EQ(out.error, "unexpected 'end of print statement'");
}

TEST(Template, LoopsHaveTheirOwnScopeAndVariables) {
  EXPECT_EQ(render("{% set x = 1 %}{% for x in [5, 6] %}{{ loop.index }}:{{ x }} {% endfor %}{{ x }}").text,
            "1:5 2:6 1");
}

TEST(Template, MacrosSeeTheFrameTheyWereMadeIn) {
  EXPECT_EQ(
      render("{% set g = 'x' %}{% macro m(a, b=2) %}{{ g }}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}").text,
      "x12x13");
}

TEST(Template, ListsOfTheTemplateCanGrow) {
  EXPECT_EQ(render("{% set l = [] %}{% for i in range(3) %}{% set _ = l.append(i) %}{% endfor %}{{ l }}").text,
            "[0, 1, 2]");
}

TEST(Template, FreeVariablesAreWhatItReadsAndDoesNotSet) {
  const auto compiled =
      Template::compile("{% set a = b %}{{ a }}{% for c in d %}{{ c.e }}{{ loop.index }}{% endfor %}{{ range(1) }}");
  ASSERT_TRUE(compiled);
  EXPECT_EQ((*compiled)->free_variables(), (std::vector<std::string>{"b", "d"}));
}

TEST(Template, DeepNestingIsAnErrorNotACrash) {
  for (const char* unit : {"(", "[", "-", "not ", "{1:"}) {
    std::string source = "{{ ";
    for (int i = 0; i < 20000; ++i) source += unit;
    EXPECT_TRUE(render(source).kind == ErrorKind::kLimit || render(source).kind == ErrorKind::kSyntax) << unit;
  }
  std::string chain = "{{ a";
  for (int i = 0; i < 20000; ++i) chain += ".a";
  EXPECT_EQ(render(chain + " }}").kind, ErrorKind::kLimit);
  std::string blocks;
  for (int i = 0; i < 20000; ++i) blocks += "{% if 1 %}";
  EXPECT_EQ(render(blocks).kind, ErrorKind::kLimit);
}

TEST(Template, EndlessWorkIsStopped) {
  const EvalLimits few{.steps_max = 10'000};
  EXPECT_EQ(
      render("{% for a in range(1000) %}{% for b in range(1000) %}{{ a }}{% endfor %}{% endfor %}", "{}", few).kind,
      ErrorKind::kLimit);
  EXPECT_EQ(render("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").kind, ErrorKind::kLimit);
  EXPECT_EQ(render("{{ 'x' * 10000000000 }}").kind, ErrorKind::kLimit);
  EXPECT_EQ(render("{{ '%999999999d' % 1 }}").kind, ErrorKind::kLimit);
}

TEST(Template, LongChainsOfObjectsAndCyclesDoNotExhaustTheStack) {
  EXPECT_EQ(render("{% set ns = namespace(l=[]) %}{% for i in range(50000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ "
                   "ns.l == ns.l }}")
                .text,
            "True");
  const EvalLimits few{.steps_max = 1'000'000};
  const std::string twice =
      "{% set a = namespace(l=[1]) %}{% for i in range(150) %}{% set a.l = [a.l, a.l] %}{% endfor %}";
  const std::string other =
      "{% set b = namespace(l=[1]) %}{% for i in range(150) %}{% set b.l = [b.l, b.l] %}{% endfor %}";
  EXPECT_EQ(render(twice + other + "{% for i in range(100) %}{{ a.l == b.l }}{% endfor %}", "{}", few).kind,
            ErrorKind::kLimit);
  EXPECT_EQ(render(twice + "{{ a.l }}", "{}", few).kind, ErrorKind::kLimit);
  EXPECT_EQ(render("{% set l = [] %}{% set _ = l.append(l) %}").error, "a container cannot hold itself");
}

TEST(Expression, KeepsTheTypeOfItsValue) {
  const MapScope scope(*parse_json(R"({"a": {"b": [1, 2]}})"));
  Evaluation evaluation(scope);
  const auto program = compile_expression("a.b|map('string')|list + [3]");
  ASSERT_TRUE(program);
  EXPECT_EQ(*(*program)->evaluate(evaluation), *parse_json(R"(["1", "2", 3])"));
  EXPECT_EQ((*program)->reads().roots, (std::vector<std::string>{"a"}));
}

TEST(Expression, NamesWhatItAsksOfTheWorkflowContext) {
  const auto program = compile_expression("ctx().host ~ ctx('port')", Dialect::kOrquesta);
  ASSERT_TRUE(program);
  EXPECT_EQ((*program)->reads().context_names, (std::vector<std::string>{"host", "port"}));
}

TEST(Escaping, WhatIsSafeStaysSafeAndTheRestIsEscapedWhenTheyMeet) {
  EXPECT_EQ(render("{{ ('<b>'|safe) + '<i>' }}").text, "<b>&lt;i&gt;");
  EXPECT_EQ(render("{{ '<i>' + ('<b>'|safe) }}").text, "&lt;i&gt;<b>");
  EXPECT_EQ(render("{{ ('%s-%d'|safe) % ('<', 3) }}").text, "&lt;-3");
  EXPECT_EQ(render("{{ ('{}'|safe).format('<') }}").text, "&lt;");
  EXPECT_EQ(render("{{ ('a'|e).join(['<', 'x'|safe]) }}").text, "&lt;ax");
  EXPECT_EQ(render("{{ ('<a>'|e).upper() is escaped }}{{ ('a b'|e).split()[0] is escaped }}").text, "TrueTrue");
}

TEST(Escaping, AutoescapeHoldsInItsBlock) {
  EXPECT_EQ(render("{% autoescape true %}<i>{{ '<' }}{{ '<'|safe }}{% endautoescape %}{{ '<' }}").text, "<i>&lt;<<");
  EXPECT_EQ(render("{% autoescape true %}{% set x %}<b>{% endset %}{{ x }}{{ '<' ~ x }}{% endautoescape %}").text,
            "<b>&lt;<b>");
  EXPECT_EQ(render("{% macro m(a) %}<{{ a }}>{% endmacro %}{% autoescape true %}{{ m('<') }}{% endautoescape %}").text,
            "<<>");
}

TEST(Blocks, SeeTheTemplateAndNoLoopUnlessScoped) {
  EXPECT_EQ(render("{% for i in [1] %}{% block b %}{{ i is defined }}{% endblock %}{% endfor %}").text, "False");
  EXPECT_EQ(render("{% for i in [1] %}{% block b scoped %}{{ i }}{% endblock %}{% endfor %}").text, "1");
  EXPECT_EQ(render("{% set x = 2 %}{% block b %}{{ x }}{% endblock %}{{ self.b() }}").text, "22");
  EXPECT_EQ(render("{% block b %}{{ super() }}{% endblock %}").kind, ErrorKind::kUndefined);
  EXPECT_EQ(render("{% block b required %} {% endblock %}").error, "Required block 'b' not found");
  EXPECT_EQ(render("{% block b required %}x{% endblock %}").kind, ErrorKind::kSyntax);
}

TEST(Blocks, NothingIsLoaded) {
  EXPECT_EQ(render("{% include 'x' ignore missing %}").error, "no loader for this environment specified");
  EXPECT_EQ(render("{% include [] ignore missing %}").text, "");
  EXPECT_EQ(render("{% include ghost %}").kind, ErrorKind::kUndefined);
  EXPECT_EQ(render("{% for i in [1] %}{% extends 'x' %}{% endfor %}").kind, ErrorKind::kSyntax);
  EXPECT_EQ(render("{% from 'x' import a as b, c with context %}").kind, ErrorKind::kType);
  EXPECT_EQ(render("{% from 'x' %}").kind, ErrorKind::kSyntax);
}

TEST(Values, TextsKnowUnicode) {
  EXPECT_EQ(render("{{ 'Straße ﬁ'.upper() }} {{ 'ΑΣ'.lower() }} {{ 'Straße'.casefold() }}").text,
            "STRASSE FI ας strasse");
  EXPECT_EQ(render("{{ '²'.isdigit() }}{{ '²'.isdecimal() }}{{ '½'.isnumeric() }}").text, "TrueFalseTrue");
  EXPECT_EQ(render("{{ 'ä\u2028b'.splitlines() }}").text, "['ä', 'b']");
  EXPECT_EQ(render("{{ 'abc'.translate({97: 'x', 98: none}) }}{{ 'é'.encode() }}").text, "xcb'\\xc3\\xa9'");
}

TEST(Values, WhatCannotBeNamedIsRefused) {
  EXPECT_EQ(render("{{ 'x'.strip(chars='x') }}").kind, ErrorKind::kType);
  EXPECT_EQ(render("{{ 'a b'.split(maxsplit=1) }}").text, "['a', 'b']");
  EXPECT_EQ(render("{{ dict(a=1, a=2) }}").kind, ErrorKind::kSyntax);
}

TEST(Values, AListOfTheContextIsCopiedBeforeItChanges) {
  EXPECT_EQ(render("{% set _ = l.append(3) %}{{ l }}", R"({"l": [1]})").text, "[1, 3]");
  EXPECT_EQ(render("{% set _ = d.a.l.append(3) %}{{ d }}", R"({"d": {"a": {"l": []}}})").text, "{'a': {'l': [3]}}");
  EXPECT_EQ(render("{% for i in [1, 2] %}{% set _ = d.update({i: i}) %}{% endfor %}{{ d }}", R"({"d": {}})").text,
            "{1: 1, 2: 2}");
}

TEST(Sandbox, RefusesWhatPythonHasAndOnlyThat) {
  EXPECT_EQ(render("{{ 'a'.__len__() }}").kind, ErrorKind::kOther);
  EXPECT_EQ(render("{{ range.__name__ }}").kind, ErrorKind::kOther);
  EXPECT_EQ(render("{{ 'a'.__nothing__ }}").kind, ErrorKind::kUndefined);
  EXPECT_EQ(render("{{ d.__dict__ }}", R"({"d": {"__dict__": "own"}})").text, "own");
}

TEST(Filters, LayOutTextsAsPythonDoes) {
  EXPECT_EQ(render("{{ 'a-b-c-d-e'|wordwrap(4) }}").text, "a-b-\nc-\nd-e");
  EXPECT_EQ(render("{{ 'see (http://ex.org/a).'|urlize }}").text,
            "see (<a href=\"http://ex.org/a\" rel=\"noopener\">http://ex.org/a</a>).");
  EXPECT_EQ(render("{{ {'b': 'x' * 50, 'a': 'y' * 40}|pprint }}").text,
            "{'a': '" + std::string(40, 'y') + "',\n 'b': '" + std::string(50, 'x') + "'}");
}

TEST(Macros, CallerGoesToKeywordsWhereTheMacroHasOnlyThose) {
  EXPECT_EQ(render("{% macro m() %}{{ kwargs|list }}{% endmacro %}{% call m(a=1) %}{% endcall %}").text,
            "['a', 'caller']");
  EXPECT_EQ(render("{% macro m() %}x{% endmacro %}{% call m() %}{% endcall %}").kind, ErrorKind::kType);
  EXPECT_EQ(render("{% filter length %}abc{% endfilter %}").kind, ErrorKind::kType);
}

TEST(Values, SmallThingsThatTheFuzzerFound) {
  EXPECT_EQ(render("{{ ' a b '.split(none, 1) }}{{ ' a b '.rsplit(none, 1) }}").text, "['a', 'b '][' a', 'b']");
  EXPECT_EQ(render("{{ '{:5}|'.format(true) }}{{ -7|round(-1, 'ceil') }}").text, "    1|0.0");
  EXPECT_EQ(render("{{ range(9)[2:8:3] }}{{ range(4).count(1) }}{{ [none, none]|sort }}").text,
            "range(2, 8, 3)1[None, None]");
  EXPECT_EQ(render("{{ {d.items(): 1} }}", R"({"d": {}})").kind, ErrorKind::kType);
  EXPECT_EQ(render("{{ 1 in [ghost] }}").kind, ErrorKind::kUndefined);
  EXPECT_EQ(render("{{ ghost in [] }}{{ ''|regex_search('\\\\B') }}").text, "FalseFalse");
}

std::vector<std::string> reads_of(std::string_view source) {
  const auto compiled = Template::compile(source);
  return compiled ? (*compiled)->free_variables() : std::vector<std::string>{compiled.error().message};
}

TEST(Reads, AreWhatTheReferenceFinds) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(reads_of("{{ a.b }}{% for x in c %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}"), (Names{"a", "c", "x"}));
  EXPECT_EQ(reads_of("{{ x }}{% set x = 1 %}{{ x }}"), (Names{"x"}));
  // What only one branch sets is read from the context where the branch was not taken.
  EXPECT_EQ(reads_of("{% if a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}"), (Names{"a", "x"}));
  EXPECT_EQ(reads_of("{% set x = 0 %}{% if a %}{% set x = 1 %}{% endif %}{{ x }}"), (Names{"a"}));
  // A macro sees what is set after it.
  EXPECT_EQ(reads_of("{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}"), (Names{}));
  EXPECT_EQ(reads_of("{% set x = 1 %}{% block b %}{{ x }}{{ self.b }}{% endblock %}"), (Names{"x"}));
  EXPECT_EQ(reads_of("{% call(p) m(p) %}{{ p }}{% endcall %}"), (Names{"m", "p"}));
}

}  // namespace
}  // namespace midwatch::jinja
