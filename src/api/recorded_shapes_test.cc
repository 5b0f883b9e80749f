// Our shapes against answers that were recorded from StackStorm (spec chapter 9).
//
// Method: each recorded object is read into our record, shown by our view, and the names of the members
// are compared, and those values that must be the same. The recordings are not part of the repository;
// without them these tests say so and compare nothing (what the names must be is in query_test too):
// MIDWATCH_SHARED names the folder that has conformance/api in it (default: `shared` beside the sources).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

#include "api/test_support.h"
#include "query/content_view.h"
#include "query/execution_view.h"

namespace midwatch {
namespace {

class RecordedShapes : public testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("MIDWATCH_SHARED");
    const std::filesystem::path base = shared != nullptr ? std::filesystem::path(shared)
                                                         : std::filesystem::path(MIDWATCH_SOURCE_DIR) / ".." / "shared";
    folder_ = base / "conformance" / "api";
  }
  // False, with a notice, when there is nothing to compare with.
  bool have_recordings() {
    if (std::filesystem::is_directory(folder_)) return true;
    std::cout << "NOT COMPARED: no recordings; set MIDWATCH_SHARED to the folder that has conformance/api in it\n";
    return false;
  }
  Value recorded(const std::string& name) {
    std::ifstream file(folder_ / name);
    std::stringstream text;
    text << file.rdbuf();
    return test_json(text.str());
  }
  std::filesystem::path folder_;
};

Action action_from(const Value& shape) {
  Action action;
  action.pack = shape.get("pack").text_or("");
  action.name = shape.get("name").text_or("");
  action.description = shape.get("description").text_or("");
  action.enabled = shape.get("enabled").bool_or(false);
  action.runner_type = shape.get("runner_type").text_or("");
  action.entry_point = shape.get("entry_point").text_or("");
  action.parameters = shape.get("parameters");
  action.output_schema = shape.get("output_schema");
  action.notify = shape.get("notify");
  action.tags = shape.get("tags");
  action.metadata_file = shape.get("metadata_file").text_or("");
  return action;
}

Instant time_of(const Value& shape, const char* name) {
  const auto at = parse_iso8601(shape.get(name).text_or(""));
  EXPECT_TRUE(at) << name;
  return at ? *at : Instant();
}

Execution execution_from(const Value& shape) {
  Execution record;
  record.id = *ObjectId::parse(shape.get("id").text_or(""));
  record.action = shape.get("action").get("ref").text_or("");
  record.runner_type = shape.get("runner").get("name").text_or("");
  record.status = *execution_status(shape.get("status").text_or(""));
  record.parameters = shape.get("parameters");
  record.result = shape.get("result");
  record.context = shape.get("context");
  record.start = time_of(shape, "start_timestamp");
  if (shape.find("end_timestamp") != nullptr) record.end = time_of(shape, "end_timestamp");
  if (const Value* parent = shape.find("parent")) record.parent = *ObjectId::parse(parent->as_string());
  for (const Value& entry : shape.get("log").elements()) {
    record.log.push_back({time_of(entry, "timestamp"), *execution_status(entry.get("status").text_or(""))});
  }
  return record;
}

// The same members with the same values; `id` is ours.
void expect_same(const Value& ours, const Value& theirs) {
  EXPECT_EQ(sorted_names(ours), sorted_names(theirs));
  for (const Value::Member& member : theirs.members()) {
    if (member.name() == "id" || ours.find(member.name()) == nullptr) continue;
    EXPECT_EQ(*ours.find(member.name()), member.value) << member.name();
  }
}

TEST_F(RecordedShapes, Actions) {
  if (!have_recordings()) return;
  const Value list = recorded("GET_actions_limit_200.json");
  ASSERT_GT(list.size(), 100u);
  for (const Value& shape : list.elements()) {
    SCOPED_TRACE(shape.get("ref").text_or(""));
    expect_same(action_view(action_from(shape)), shape);
  }
}

TEST_F(RecordedShapes, Rules) {
  if (!have_recordings()) return;
  const auto content = test_content();
  for (const Value& shape : recorded("GET_rules.json").elements()) {
    SCOPED_TRACE(shape.get("ref").text_or(""));
    const auto rule = rule_from_value(shape);
    ASSERT_TRUE(rule) << rule.error().to_string();
    const Value ours = rule_view(*rule, *content, Secrets::kMasked);
    EXPECT_EQ(sorted_names(ours), sorted_names(shape));
    EXPECT_EQ(ours.get("criteria"), shape.get("criteria"));
    EXPECT_EQ(ours.get("uid"), shape.get("uid"));
  }
}

TEST_F(RecordedShapes, TriggerTypesTriggersAndRunnerTypes) {
  if (!have_recordings()) return;
  const auto content = test_content();
  const Value type = recorded("GET_triggertypes.json").elements()[0];
  for (const Value::Member& member : type.members()) {
    EXPECT_NE(trigger_type_view(*content->trigger_type("shop.broken")).find(member.name()), nullptr) << member.name();
  }
  EXPECT_EQ(sorted_names(trigger_views(*content)[0]), sorted_names(recorded("GET_triggers.json").elements()[0]));
  EXPECT_EQ(sorted_names(webhook_views(*content)[0]), sorted_names(recorded("GET_webhooks.json").elements()[0]));
  EXPECT_EQ(trigger_views(*content)[0].get("uid"), Value("trigger:shop:broken:99914b932bd37a50b983c5e7c90ae93b"));
  for (const Value& shape : recorded("GET_runnertypes.json").elements()) {
    const RunnerType* ours = find_runner_type(shape.get("name").text_or(""));
    if (ours == nullptr || ours->name != shape.get("name").text_or("")) continue;
    EXPECT_EQ(sorted_names(runner_type_view(*ours)), sorted_names(shape)) << ours->name;
  }
}

TEST_F(RecordedShapes, Packs) {
  if (!have_recordings()) return;
  const Value theirs = recorded("GET_packs.json").elements()[0];
  const Value ours = pack_view(*test_content()->pack("shop"));
  for (const Value::Member& member : theirs.members()) EXPECT_NE(ours.find(member.name()), nullptr) << member.name();
}

TEST_F(RecordedShapes, Executions) {
  if (!have_recordings()) return;
  MemoryStore store;
  auto pack = std::make_shared<Pack>();
  const Value whole = recorded("GET_executions_LOCALID.json");
  pack->ref = pack->name = "core";
  pack->actions.push_back(action_from(whole.get("action")));
  const auto content = Content::make({pack});
  ASSERT_TRUE(content);
  ExecutionViews views(store, *content, {.web_url = "https://localhost"});
  const auto ours = views.view(execution_from(whole), ExecutionDetail::kWhole);
  ASSERT_TRUE(ours) << ours.error().to_string();
  EXPECT_EQ(sorted_names(*ours), sorted_names(whole));
  EXPECT_EQ(sorted_names(ours->get("liveaction")), sorted_names(whole.get("liveaction")));
  EXPECT_EQ(sorted_names(ours->get("action")), sorted_names(whole.get("action")));
  EXPECT_EQ(sorted_names(ours->get("runner")), sorted_names(whole.get("runner")));
  for (const char* name : {"status", "start_timestamp", "end_timestamp", "parameters", "result_size", "context", "log",
                           "web_url", "id", "result", "elapsed_seconds"}) {
    EXPECT_EQ(ours->get(name), whole.get(name)) << name;
  }
}

TEST_F(RecordedShapes, WorkflowsAndTheirChildren) {
  if (!have_recordings()) return;
  MemoryStore store;
  const Value whole = recorded("GET_executions_WFID.json");
  const Value below = recorded("GET_executions_WFID_children.json");
  Batch batch;
  batch.executions.push_back(execution_from(whole));
  for (const Value& child : below.elements()) batch.executions.push_back(execution_from(child));
  ASSERT_TRUE(store.commit({&batch, 1}));
  ExecutionViews views(store, test_content(), {.web_url = "https://localhost"});
  const auto ours = views.view(batch.executions[0], ExecutionDetail::kWhole);
  ASSERT_TRUE(ours);
  EXPECT_EQ(sorted_names(*ours), sorted_names(whole));
  EXPECT_EQ(ours->get("children"), whole.get("children"));
  const auto children = views.descendants(batch.executions[0].id, -1);
  ASSERT_EQ(children->size(), below.size());
  // The original keeps records of its own for a workflow and its tasks; ours are the executions themselves.
  const Value theirs = without_member(without_member(below.elements()[0], "workflow_execution"), "task_execution");
  EXPECT_EQ(sorted_names(children->elements()[0]), sorted_names(theirs));
}

TEST_F(RecordedShapes, TriggerInstancesAndEnforcements) {
  if (!have_recordings()) return;
  const Value instance = recorded("GET_triggerinstances_limit_3.json").elements()[0];
  EXPECT_EQ(sorted_names(trigger_instance_view({})), sorted_names(instance));
  const Value theirs = recorded("GET_ruleenforcements_limit_3.json").elements()[0];
  RuleEnforcement record;
  record.id = *ObjectId::parse(theirs.get("id").text_or(""));
  record.trigger_instance = *ObjectId::parse(theirs.get("trigger_instance_id").text_or(""));
  record.execution = *ObjectId::parse(theirs.get("execution_id").text_or(""));
  record.rule = theirs.get("rule").get("ref").text_or("");
  record.enforced_at = time_of(theirs, "enforced_at");
  const Value ours = enforcement_view(record);
  EXPECT_EQ(sorted_names(ours), sorted_names(theirs));
  EXPECT_EQ(ours.get("rule").get("uid"), theirs.get("rule").get("uid"));
  EXPECT_EQ(ours.get("enforced_at"), theirs.get("enforced_at"));
}

TEST_F(RecordedShapes, FaultsAreWordForWordTheSame) {
  if (!have_recordings()) return;
  TestApi api;
  EXPECT_EQ(test_json(api.get("/nonexistent").body), recorded("GET_nonexistent.json"));
  EXPECT_EQ(test_json(api.get("/actions/no.such").body), recorded("GET_actions_no.such.json"));
  EXPECT_EQ(test_json(api.get("/executions/000000000000000000000000").body),
            recorded("GET_executions_000000000000000000000000.json"));
}

}  // namespace
}  // namespace midwatch
