#include "model/pack_parser.h"

#include <chrono>

#include <gtest/gtest.h>

#include "model/criteria_operator.h"
#include "model/suggest.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

const char* const kManifest =
    "name: demo\ndescription: A test.\nversion: 1.0.0\nauthor: Test\nemail: test@example.org\n";

PackParse parse(std::vector<SourceText> texts, const Value* config = nullptr) {
  bool has_manifest = false;
  for (const SourceText& text : texts) has_manifest = has_manifest || text.path == "pack.yaml";
  if (!has_manifest) texts.push_back({"pack.yaml", kManifest});
  return parse_pack(texts, "demo", config);
}

// All that was found, a line each.
std::string found(const PackParse& parsed) {
  std::string text;
  for (const ContentDiagnostic& diagnostic : parsed.diagnostics.all()) text += diagnostic.to_string() + "\n";
  return text;
}

std::string found_in(std::string path, std::string text) { return found(parse({{std::move(path), std::move(text)}})); }

TEST(PackParser, AliasesAreChecked) {
  const std::string good =
      "name: ping\naction_ref: core.local\nformats:\n- ping {{ host }}\n"
      "- display: ping\n  representation: [ping]\n  match_multiple: true\nack: {append_url: false}\n";
  EXPECT_EQ(found_in("aliases/ping.yaml", good),
            "aliases/: warning: 1 alias is checked and not served: chat is not in this version\n");
  const std::string bad =
      found_in("aliases/ping.yaml", "name: ping\nformats:\n- {shown: x}\nresult: {append_url: true}\n");
  EXPECT_NE(bad.find("action_ref"), std::string::npos) << bad;
  EXPECT_NE(bad.find("aliases/ping.yaml:3:4"), std::string::npos) << bad;
  EXPECT_NE(bad.find("append_url"), std::string::npos) << bad;
}

TEST(PackParser, ReadsEverythingThatAPackHolds) {
  const auto parsed = parse({
      {"actions/repair.yaml", "name: repair\nrunner_type: orquesta\nentry_point: workflows/repair.yaml\n"},
      {"actions/workflows/repair.yaml", "version: 1.0\n"},
      {"rules/slow.yaml",
       "name: slow\nenabled: true\ntrigger: {type: midwatch.anomaly}\n"
       "criteria:\n  trigger.state: {type: equals, pattern: firing}\n"
       "action: {ref: demo.repair, parameters: {n: 1}}\n"
       "guards: {max_runs: {count: 2, window: 10m, key: '{{ trigger.labels.service }}'}}\n"},
      {"triggers/t.yaml", "name: deep.name\npayload_schema: {type: object}\n"},
      {"detectors/d.yaml", "name: d\nquery: up\n"},
      {"scrape.yaml", "scrape_configs:\n- job_name: a\n"},
      {"config.schema.yaml", "port: {type: integer, default: 80}\n"},
  });
  ASSERT_TRUE(parsed.pack.has_value()) << found(parsed);
  EXPECT_EQ(found(parsed), "");
  const Pack& pack = *parsed.pack;
  EXPECT_EQ(pack.ref, "demo");
  EXPECT_EQ(pack.workflow_of(pack.actions.at(0))->text, "version: 1.0\n");
  const Rule& rule = pack.rules.at(0);
  EXPECT_EQ(rule.ref(), "demo.slow");
  EXPECT_EQ(rule.where.to_string(), "rules/slow.yaml:1:1");
  EXPECT_EQ(rule.criteria.at(0).key, "trigger.state");
  EXPECT_EQ(rule.max_runs->window, 10min);
  EXPECT_EQ(pack.trigger_types.at(0).ref(), "demo.deep.name");
  EXPECT_EQ(pack.detectors.at(0).definition.get("query"), Value("up"));
  EXPECT_EQ(pack.scrape_configs.size(), 1u);
  EXPECT_EQ(pack.config.get("port"), Value(80));
  EXPECT_EQ(pack.files.size(), 8u);
}

TEST(PackParser, ReportsEveryMistakeOfAPackAtOnce) {
  const auto parsed = parse({{"actions/a.yaml", "name: a\nrunner_type: local-shel-cmd\nenabeld: true\n"},
                             {"rules/r.yaml", "name: r\ntrigger: {type: core.st2.webhook}\naction: demo.a\n"},
                             {"rules/s.yaml", "name: [s\n"}});
  EXPECT_FALSE(parsed.pack.has_value());
  const std::string text = found(parsed);
  EXPECT_NE(text.find("actions/a.yaml:2:14: error: unknown runner 'local-shel-cmd' (did you mean 'local-shell-cmd'?)"),
            text.npos)
      << text;
  EXPECT_NE(text.find("actions/a.yaml:3:1: error: unknown key 'enabeld' in an action (did you mean 'enabled'?)"),
            text.npos)
      << text;
  EXPECT_NE(text.find("rules/r.yaml:3:9: error: 'action' must be a mapping, found a text"), text.npos) << text;
  EXPECT_NE(text.find("rules/s.yaml:"), text.npos) << text;
}

TEST(PackParser, ARuleIsDisabledUnlessItSaysOtherwise) {
  const auto parsed = parse({{"rules/r.yaml", "name: r\ntrigger: {type: a.b}\naction: {ref: c.d}\n"}});
  ASSERT_TRUE(parsed.pack.has_value()) << found(parsed);
  EXPECT_FALSE(parsed.pack->rules.at(0).enabled);
}

TEST(PackParser, EveryOperatorNeedsAPatternAndAName) {
  const std::string head = "name: r\ntrigger: {type: a.b}\naction: {ref: c.d}\ncriteria:\n";
  EXPECT_EQ(found_in("rules/r.yaml", head + "  trigger.x: {type: exists}\n"),
            "rules/r.yaml:5:14: error: criterion 'trigger.x' has no pattern (every operator needs one, also exists and "
            "nexists)\n");
  EXPECT_NE(found_in("rules/r.yaml", head + "  trigger.x: {type: gtt, pattern: 1}\n").find("unknown operator 'gtt'"),
            std::string::npos);
  EXPECT_EQ(found_in("rules/r.yaml", head + "  trigger.x: {type: search, pattern: {}, condition: any}\n"), "");
  EXPECT_NE(found_in("rules/r.yaml", head + "  body.x: {type: eq, pattern: 1}\n").find("begin the key with 'trigger.'"),
            std::string::npos);
}

TEST(PackParser, TheManifestIsCheckedAsStackStormDoes) {
  EXPECT_EQ(found(parse_pack(std::vector<SourceText>{}, "demo")),
            "pack.yaml: error: there is no pack.yaml (every pack needs one)\n");
  const std::string bad = found(parse({{"pack.yaml", "name: Demo Pack\nversion: 1.0\nauthor: 3\ncolour: red\n"}}));
  EXPECT_NE(bad.find("key 'description' is missing"), bad.npos) << bad;
  EXPECT_NE(bad.find("pack.yaml:2:10: error: '1.0' is not a version (for example 1.0.0)"), bad.npos) << bad;
  EXPECT_NE(bad.find("'author' must be a text, found an integer"), bad.npos) << bad;
  EXPECT_NE(bad.find("warning: unknown key 'colour' in pack.yaml"), bad.npos) << bad;
  EXPECT_NE(bad.find("key 'email' is missing"), bad.npos) << bad;
}

TEST(PackParser, ParameterSchemasFollowTheDialect) {
  const std::string head = "name: a\nrunner_type: local-shell-cmd\nparameters:\n";
  EXPECT_EQ(found_in("actions/a.yaml", head + "  x: {type: strin}\n"),
            "actions/a.yaml:4:13: error: unknown type 'strin' (did you mean 'string'?)\n");
  EXPECT_EQ(found_in("actions/a.yaml", head + "  x: {type: string, requird: true}\n"),
            "actions/a.yaml:4:21: error: unknown attribute 'requird' of a parameter (did you mean 'required'?)\n");
  EXPECT_EQ(found_in("actions/a.yaml", head + "  x: {immutable: true}\n"),
            "actions/a.yaml:4:3: error: parameter 'x' is immutable and has no default\n");
  EXPECT_EQ(
      found_in("actions/a.yaml", head + "  x: {position: 0}\n  y: {position: 2}\n"),
      "actions/a.yaml:4:3: error: the positions of the parameters have a gap (number them one after the other)\n");
  EXPECT_EQ(found_in("actions/a.yaml", head + "  cmd: {default: ls, immutable: true}\n"), "");
  EXPECT_NE(found_in("actions/a.yaml", head + "  cmd: {type: integer}\n").find("'type' may not be changed"),
            std::string::npos);
  EXPECT_EQ(found_in("actions/a.yaml", head + "  n: {type: integer, default: many}\n"),
            "actions/a.yaml:4:31: warning: the default of a parameter of type integer is a text\n");
  EXPECT_EQ(found_in("actions/a.yaml", head + "  n: {type: array, items: {type: [string, 'null'], format: email}}\n"),
            "");
}

TEST(PackParser, EntryPointsStayInThePackAndExist) {
  const auto entry = [](const std::string& path) {
    return found_in("actions/a.yaml", "name: a\nrunner_type: python-script\nentry_point: " + path + "\n");
  };
  EXPECT_NE(entry("run.py").find("there is no file 'actions/run.py'"), std::string::npos);
  EXPECT_NE(entry("../../etc/passwd").find("must be a plain path below actions/"), std::string::npos);
  EXPECT_NE(entry("/run.py").find("must be a plain path"), std::string::npos);
  EXPECT_NE(entry("''").find("runner 'python-script' needs an entry_point"), std::string::npos);
}

TEST(PackParser, ConfigValuesAreCheckedAndDefaultsFilledIn) {
  const std::vector<SourceText> texts = {
      {"config.schema.yaml",
       "port: {type: integer, required: true}\nhost: {type: string, default: localhost}\n"
       "tls: {type: object, properties: {verify: {type: boolean, default: true}}}\n"}};
  const Value good = Value::object({{"port", "{{ st2kv.system.port }}"}, {"extra", 1}});
  const auto parsed = parse(texts, &good);
  ASSERT_TRUE(parsed.pack.has_value()) << found(parsed);
  EXPECT_EQ(parsed.pack->config.get("host"), Value("localhost"));
  EXPECT_EQ(parsed.pack->config.get("tls").get("verify"), Value(true));
  const Value bad = Value::object({{"port", "many"}});
  EXPECT_NE(
      found(parse(texts, &bad)).find("attribute \"port\" in config for pack \"demo\": expected integer, found string"),
      std::string::npos);
}

TEST(CrossCheck, FindsWhatOnlyAllPacksTogetherShow) {
  auto a = parse(
      {{"actions/a.yaml", "name: a\nrunner_type: local-shell-cmd\n"},
       {"triggers/t.yaml", "name: hook\nparameters_schema: {type: object, properties: {url: {required: true}}}\n"},
       {"rules/r.yaml", "name: r\ntrigger: {type: demo.hok, parameters: {}}\naction: {ref: demo.b, parameters: {}}\n"},
       {"rules/s.yaml", "name: s\ntrigger: {type: demo.hook}\naction: {ref: demo.a, parameters: {cmmd: ls}}\n"}});
  ASSERT_TRUE(a.pack.has_value()) << found(a);
  const Pack* packs[] = {&*a.pack};
  PackParse checked;
  cross_check(packs, checked.diagnostics);
  EXPECT_EQ(found(checked),
            "rules/r.yaml:1:1: error: rule 'r' is on an unknown trigger 'demo.hok' (did you mean 'demo.hook'?)\n"
            "rules/r.yaml:1:1: error: rule 'r' has an unknown action 'demo.b' (did you mean 'demo.a'?)\n"
            "rules/s.yaml:1:1: error: rule 's': trigger 'demo.hook' needs the parameter 'url'\n"
            "rules/s.yaml:1:1: error: rule 's': action 'demo.a' has no parameter 'cmmd' (did you mean 'cmd'?)\n");
}

TEST(Suggest, OffersTheWordThatIsFewEditsAway) {
  const std::string_view words[] = {"enabled", "name", "description"};
  EXPECT_EQ(closest_word("enabeld", words), "enabled");
  EXPECT_EQ(closest_word("descripton", words), "description");
  EXPECT_EQ(closest_word("xyz", words), "");
  EXPECT_EQ(did_you_mean("Name", words), "did you mean 'name'?");
}

TEST(CriteriaOperator, TheTableHasEveryNameOfStackStorm) {
  EXPECT_EQ(operator_names().size(), 33u);
  for (const OperatorName& entry : operator_names()) EXPECT_EQ(find_operator(entry.name), entry.op);
  EXPECT_EQ(find_operator("EQ"), std::nullopt) << "names are lower case when a rule is made";
}

}  // namespace
}  // namespace midwatch
