// Shapes that the API shows, over records and content made by hand. Where recordings of the original are
// present, api_test compares with them; here is what each rule of the shapes means.
#include <gtest/gtest.h>

#include "codec/json.h"
#include "ports/memory_store.h"
#include "query/content_view.h"
#include "query/execution_view.h"
#include "query/masking.h"
#include "query/resource_id.h"
#include "query/rule_history.h"
#include "query/select.h"
#include "query/why.h"

namespace midwatch {
namespace {

Value json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << value.error().to_string();
  return value ? *value : Value();
}

Instant at(std::int64_t second) { return instant_from_micros(1'790'000'000'000'000 + second * 1'000'000); }

ObjectId id(std::uint8_t number) {
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  bytes[11] = number;
  return ObjectId(bytes);
}

std::string names(const Value& object) {
  std::string out;
  for (const Value::Member& member : object.members()) out += (out.empty() ? "" : " ") + std::string(member.name());
  return out;
}

std::shared_ptr<const Content> shop() {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = "shop";
  pack->version = "1.0.0";
  Action action;
  action.pack = "shop";
  action.name = "restart";
  action.runner_type = "local-shell-cmd";
  action.parameters = json(R"({"service": {"type": "string"}, "password": {"type": "string", "secret": true}})");
  pack->actions.push_back(action);
  Action repair = action;
  repair.name = "repair";
  repair.runner_type = "orquesta";
  pack->actions.push_back(repair);
  TriggerType plain;
  plain.pack = "shop";
  plain.name = "broken";
  pack->trigger_types.push_back(plain);
  Rule rule;
  rule.pack = "shop";
  rule.name = "mend";
  rule.enabled = true;
  rule.trigger = "shop.broken";
  rule.trigger_parameters = Value::object({});
  Criterion criterion;
  criterion.key = "trigger.load";
  criterion.op = "gt";
  criterion.pattern = 0.9;
  rule.criteria.push_back(criterion);
  rule.action = "shop.restart";
  rule.action_parameters = json(R"({"service": "web", "password": "hunter2"})");
  pack->rules.push_back(rule);
  Rule hook = rule;
  hook.name = "hook";
  hook.trigger = "core.st2.webhook";
  hook.trigger_parameters = json(R"({"url": "deploy"})");
  hook.criteria.clear();
  pack->rules.push_back(hook);
  hook.name = "other_hook";
  hook.trigger_parameters = json(R"({"url": "sample"})");
  pack->rules.push_back(hook);
  auto content = Content::make({pack});
  EXPECT_TRUE(content) << content.error().to_string();
  return content ? *content : nullptr;
}

Execution run() {
  Execution out;
  out.id = id(7);
  out.action = "shop.restart";
  out.runner_type = "local-shell-cmd";
  out.status = ExecutionStatus::kSucceeded;
  out.parameters = json(R"({"service": "web", "password": "hunter2"})");
  out.result = json(R"({"stdout": "done"})");
  out.start = at(0);
  out.end = at(0) + Duration(342'849);
  out.log = {{at(0), ExecutionStatus::kRequested}};
  return out;
}

Batch with_rules(const Content& content) {
  std::vector<Value> rules;
  for (const Rule* rule : content.rules()) rules.push_back(to_value(*rule));
  Batch batch;
  batch.contents.push_back({content.version(), Value::array(std::move(rules))});
  return batch;
}

TEST(ResourceId, IsTheSameForTheSameUidAndHas24Digits) {
  EXPECT_EQ(resource_id("action:core:local"), resource_id("action:core:local"));
  EXPECT_NE(resource_id("action:core:local"), resource_id("action:core:remote"));
  EXPECT_TRUE(ObjectId::parse(resource_id("pack:core")));
}

TEST(Masking, HidesWhatASchemaCallsSecretAtAnyDepth) {
  const Value schemas = json(R"({"password": {"secret": true}, "login": {"type": "object", "properties":
      {"user": {}, "key": {"secret": true}}}, "list": {"type": "array", "items": {"secret": true}},
      "map": {"type": "object", "additionalProperties": {"secret": true}}})");
  const Value values = json(R"({"password": "a", "login": {"user": "u", "key": "b"}, "list": ["c", "d"],
      "map": {"x": 1}, "plain": "e"})");
  EXPECT_EQ(to_json(mask_parameters(values, schemas)),
            R"({"password":"********","login":{"user":"u","key":"********"},"list":["********","********"],)"
            R"("map":{"x":"********"},"plain":"e"})");
}

TEST(Masking, LeavesNullsAndSharesWhatDoesNotChange) {
  const Value values = json(R"({"password": null, "a long name for a member": "a long text that is shared"})");
  const Value masked = mask_parameters(values, json(R"({"password": {"secret": true}})"));
  EXPECT_EQ(masked.node_for_testing(), values.node_for_testing());
}

TEST(Masking, HidesSecretsOfAResult) {
  Action action;
  action.runner_type = "python-script";
  action.output_schema = json(R"({"token": {"type": "string", "secret": true}})");
  EXPECT_EQ(to_json(mask_result(json(R"({"result": {"token": "t", "n": 1}})"), action)),
            R"({"result":{"token":"********","n":1}})");
}

TEST(ContentView, AnActionHasTheShapeOfTheOriginal) {
  const auto content = shop();
  const Value view = action_view(*content->action("shop.restart"));
  for (const char* name : {"id", "uid", "ref", "pack", "name", "description", "enabled", "runner_type", "entry_point",
                           "parameters", "output_schema", "tags", "notify", "metadata_file"}) {
    EXPECT_NE(view.find(name), nullptr) << name;
  }
  EXPECT_EQ(view.get("uid"), Value("action:shop:restart"));
  EXPECT_EQ(find_action(*content, view.get("id").to_text()), content->action("shop.restart"));
  EXPECT_EQ(find_action(*content, "no.such"), nullptr);
  EXPECT_NE(action_overview(*content->action("shop.restart")).get("parameters").find("timeout"), nullptr);
}

TEST(ContentView, ARuleHidesSecretsOfItsAction) {
  const auto content = shop();
  const Value masked = rule_view(*content->rule("shop.mend"), *content, Secrets::kMasked);
  EXPECT_EQ(to_json(masked.get("action").get("parameters")), R"({"service":"web","password":"********"})");
  const Value shown = rule_view(*content->rule("shop.mend"), *content, Secrets::kShown);
  EXPECT_EQ(shown.get("action").get("parameters").get("password"), Value("hunter2"));
}

TEST(ContentView, TriggersAreThoseOfPlainTypesAndOfRulesWithParameters) {
  const auto content = shop();
  EXPECT_EQ(trigger_views(*content).size(), 3u);
  const auto hooks = webhook_views(*content);
  ASSERT_EQ(hooks.size(), 2u);
  EXPECT_EQ(names(hooks[0]), "uid ref name pack type parameters id");
}

TEST(ExecutionView, HasTheAttributesOfTheOriginalAndLeavesOutEmptyOnes) {
  const auto content = shop();
  MemoryStore store;
  ExecutionViews views(store, content, {.web_url = "https://watch"});
  const auto view = views.view(run(), ExecutionDetail::kWhole);
  ASSERT_TRUE(view) << view.error().to_string();
  EXPECT_EQ(
      names(*view),
      "action runner liveaction status start_timestamp end_timestamp parameters log web_url id result_size result "
      "elapsed_seconds");
  EXPECT_EQ(view->get("parameters").get("password"), Value(kMask));
  EXPECT_EQ(view->get("liveaction").get("parameters").get("password"), Value(kMask));
  EXPECT_EQ(view->get("result_size"), Value(17));
  EXPECT_EQ(view->get("elapsed_seconds"), Value(0.342849));
  EXPECT_EQ(view->get("web_url"), Value("https://watch/#/history/000000000000000000000007/general"));
  EXPECT_EQ(view->get("runner").get("uid"), Value("runner_type:local-shell-cmd"));
}

TEST(ExecutionView, AnActionThatIsGoneIsStillNamed) {
  MemoryStore store;
  Execution record = run();
  record.action = "gone.away.far";
  ExecutionViews views(store, shop(), {});
  const auto view = views.view(record, ExecutionDetail::kWhole);
  EXPECT_EQ(view->get("action").get("pack"), Value("gone"));
  EXPECT_EQ(view->get("action").get("name"), Value("away.far"));
}

TEST(ExecutionView, AWorkflowNamesItsChildrenAndDescendantsAreFoundByLevel) {
  MemoryStore store;
  Batch batch;
  Execution workflow = run();
  workflow.action = "shop.repair";
  workflow.runner_type = "orquesta";
  batch.executions = {workflow, run(), run(), run()};
  for (std::uint8_t i = 1; i <= 3; ++i) {
    batch.executions[i].id = id(static_cast<std::uint8_t>(10 + i));
    batch.executions[i].parent = i == 3 ? id(11) : id(7);
  }
  ASSERT_TRUE(store.commit({&batch, 1}));
  ExecutionViews views(store, shop(), {});
  EXPECT_EQ(to_json(views.view(workflow, ExecutionDetail::kWhole)->get("children")),
            R"(["00000000000000000000000b","00000000000000000000000c"])");
  EXPECT_EQ(views.descendants(id(7), 1)->size(), 2u);
  EXPECT_EQ(views.descendants(id(7), -1)->size(), 3u);
}

TEST(ExecutionView, ARuleAndItsTriggerInstanceAreEmbedded) {
  MemoryStore store;
  Batch batch;
  TriggerInstance instance;
  instance.id = id(1);
  instance.trigger = "shop.broken";
  instance.payload = json(R"({"load": 0.97})");
  batch.trigger_instances = {instance};
  ASSERT_TRUE(store.commit({&batch, 1}));
  Execution record = run();
  record.trigger_instance = id(1);
  record.rule = "shop.mend";
  ExecutionViews views(store, shop(), {});
  const auto view = views.view(record, ExecutionDetail::kWhole);
  EXPECT_EQ(view->get("trigger_instance").get("payload").get("load"), Value(0.97));
  EXPECT_EQ(view->get("rule").get("uid"), Value("rule:shop:mend"));
  EXPECT_EQ(view->get("rule").get("action").get("parameters").get("password"), Value(kMask));
  EXPECT_EQ(view->get("trigger_type").get("uid"), Value("trigger_type:shop:broken"));
  EXPECT_EQ(views.view(record, ExecutionDetail::kRecord)->find("rule"), nullptr);
}

TEST(Why, EachRuleOfTheTriggerIsExplainedByTheRulesOfThen) {
  const auto content = shop();
  MemoryStore store;
  Batch batch = with_rules(*content);
  TriggerInstance instance;
  instance.id = id(1);
  instance.trigger = "shop.broken";
  instance.payload = json(R"({"load": 0.5})");
  instance.content_version = content->version();
  batch.trigger_instances = {instance};
  ASSERT_TRUE(store.commit({&batch, 1}));
  const auto why = explain_trigger_instance(store, id(1));
  ASSERT_TRUE(why) << why.error().to_string();
  ASSERT_EQ(why->get("rules").size(), 1u) << to_json(*why);
  const Value rule = why->get("rules").elements()[0];
  EXPECT_EQ(rule.get("matched"), Value(false));
  const Value criterion = rule.get("criteria").elements()[0];
  EXPECT_EQ(criterion.get("key"), Value("trigger.load"));
  EXPECT_EQ(criterion.get("value"), Value(0.5));
  EXPECT_EQ(criterion.get("pattern"), Value(0.9));
  EXPECT_EQ(criterion.get("matched"), Value(false));
}

TEST(Why, AnEnforcementTellsWhatCameOfAMatch) {
  const auto content = shop();
  MemoryStore store;
  Batch batch = with_rules(*content);
  TriggerInstance instance;
  instance.id = id(1);
  instance.trigger = "core.st2.webhook";
  instance.trigger_parameters = json(R"({"url": "deploy"})");
  instance.payload = json(R"({"body": {}})");
  instance.content_version = content->version();
  batch.trigger_instances = {instance};
  batch.enforcements = {{id(2), id(1), std::nullopt, "shop.hook", "the guard said no", at(0)}};
  ASSERT_TRUE(store.commit({&batch, 1}));
  const auto why = explain_trigger_instance(store, id(1));
  ASSERT_TRUE(why) << why.error().to_string();
  ASSERT_EQ(why->get("rules").size(), 2u) << to_json(*why);
  const auto rules = why->get("rules");
  const Value hook = rules.elements()[0];
  const Value other = rules.elements()[1];
  EXPECT_EQ(hook.get("matched"), Value(true)) << to_json(hook);
  EXPECT_EQ(hook.get("enforcement").get("failure_reason"), Value("the guard said no"));
  EXPECT_EQ(other.get("matched"), Value(false));
  EXPECT_EQ(other.get("reason"), Value("the trigger occurred with other parameters"));
}

TEST(RuleHistory, NearMissesFailByExactlyOneCriterion) {
  MemoryStore store;
  Batch batch;
  for (int i = 1; i <= 4; ++i) {
    TriggerInstance instance;
    instance.id = id(i);
    instance.trigger = "shop.broken";
    instance.payload = Value::object({{"load", i}, {"host", i == 4 ? "db" : "web"}});
    instance.occurrence_time = at(i);
    batch.trigger_instances.push_back(std::move(instance));
  }
  ASSERT_TRUE(store.commit({&batch, 1}));
  Rule rule;
  rule.pack = "shop";
  rule.name = "hot";
  rule.trigger = "shop.broken";
  rule.criteria = {{"trigger.load", "gt", 2, "", {}}, {"trigger.host", "eq", "web", "", {}}};
  const auto found = near_misses(store, rule, {});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->get("scanned"), Value(4));
  const Value misses = found->get("near_misses");
  ASSERT_EQ(misses.size(), 3u) << to_json(*found);
  EXPECT_EQ(misses.elements()[0].get("trigger_instance"), Value(id(4).hex())) << "newest first";
  EXPECT_EQ(misses.elements()[0].get("criterion").get("key"), Value("trigger.host"));
  EXPECT_EQ(misses.elements()[0].get("criterion").get("value"), Value("db"));
  EXPECT_EQ(misses.elements()[2].get("criterion").get("key"), Value("trigger.load"));
  EXPECT_EQ(near_misses(store, rule, {.shown_max = 1})->get("near_misses").size(), 1u);
  EXPECT_EQ(near_misses(store, rule, {.scan_max = 2})->get("scanned"), Value(2));
  EXPECT_EQ(near_misses(store, rule, {.since = at(3)})->get("scanned"), Value(1));
}

TEST(Why, WithoutTheRulesOfThenItSaysSo) {
  MemoryStore store;
  Batch batch;
  TriggerInstance instance;
  instance.id = id(1);
  instance.content_version = "long gone";
  batch.trigger_instances = {instance};
  ASSERT_TRUE(store.commit({&batch, 1}));
  EXPECT_EQ(explain_trigger_instance(store, id(1))->get("note"),
            Value("the rules that were in force then are not stored"));
  EXPECT_EQ(explain_trigger_instance(store, id(9)).error().code, Code::kNotFound);
}

TEST(Select, IncludesOrExcludesDottedAttributes) {
  const Value object = json(R"({"id": 1, "action": {"ref": "a.b", "name": "b"}, "result": {"x": 1, "y": 2}})");
  EXPECT_EQ(to_json(select_attributes(object, {.include = {"action.ref"}, .exclude = {}}, {"id"})),
            R"({"id":1,"action":{"ref":"a.b"}})");
  EXPECT_EQ(to_json(select_attributes(object, {.include = {}, .exclude = {"result", "action.name", "id"}}, {"id"})),
            R"({"id":1,"action":{"ref":"a.b"}})");
  EXPECT_EQ(to_json(select_attributes(object, {.include = {"no.such"}, .exclude = {}}, {"id"})), R"({"id":1})");
  EXPECT_TRUE((AttributeSelection{.include = {"result.x"}, .exclude = {}}).wants("result"));
  EXPECT_FALSE((AttributeSelection{.include = {"results"}, .exclude = {}}).wants("result"));
  EXPECT_FALSE((AttributeSelection{.include = {}, .exclude = {"result"}}).wants("result"));
}

TEST(IncidentView, CountsAreThereWhenTheyAreZero) {
  Incident incident;
  incident.id = id(1);
  incident.key = "cpu{}";
  incident.detector = "linux.cpu";
  const Value view = incident_view(incident);
  EXPECT_EQ(view.get("people_woken"), Value(0));
  EXPECT_EQ(view.get("closed"), Value(false));
}

}  // namespace
}  // namespace midwatch
