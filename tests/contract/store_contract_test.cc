// What every Store must do (ports/store.h), for each one that exists.
//
// Method: each case opens an empty store, commits a few records made by tiny builders, and compares what
// is read with what was written; records are compared as their stored form, so that a field that is
// lost shows as a difference in a text.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "ports/memory_store.h"
#include "store_sqlite/sqlite_store.h"

namespace midwatch {
namespace {

struct Backend {
  const char* name;
  std::function<std::unique_ptr<Store>(const std::string& directory)> open;
  bool survives;  // what is committed is there when it is opened again
};

void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

std::unique_ptr<Store> open_sqlite(const std::string& directory) {
  auto opened = store_sqlite::SqliteStore::open({.directory = directory});
  EXPECT_TRUE(opened) << opened.error().to_string();
  return opened ? std::move(*opened) : nullptr;
}

class StoreContract : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "midwatch-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    store_ = GetParam().open(directory_);
    ASSERT_NE(store_, nullptr);
  }
  void reopen() {
    if (!GetParam().survives) return;
    store_.reset();
    open();
  }
  void commit(const Batch& batch) {
    const Status done = store_->commit({&batch, 1});
    ASSERT_TRUE(done) << done.error().to_string();
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

Instant at(std::int64_t second) { return instant_from_micros(1'790'000'000'000'000 + second * 1'000'000); }

ObjectId id(std::uint32_t number) {
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[11 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  bytes[0] = 0x6b;
  return ObjectId(bytes);
}

TriggerInstance event(std::uint32_t number, const char* trigger = "core.st2.webhook") {
  TriggerInstance out;
  out.id = id(number);
  out.trigger = trigger;
  out.trigger_parameters = Value::object({{"url", "deploy"}});
  out.payload = Value::object({{"n", number}, {"text", "a payload"}});
  out.occurrence_time = at(number);
  out.state = TriggerInstance::State::kProcessed;
  out.trace_tag = "tag";
  out.content_version = "v1";
  return out;
}

Execution run(std::uint32_t number, ExecutionStatus status = ExecutionStatus::kSucceeded,
              const char* action = "core.local") {
  Execution out;
  out.id = id(number);
  out.action = action;
  out.runner_type = "local-shell-cmd";
  out.status = status;
  out.parameters = Value::object({{"cmd", "date"}});
  out.context = Value::object({{"user", "stanley"}});
  out.start = at(number);
  out.log = {{at(number), ExecutionStatus::kRequested}, {at(number + 1), status}};
  return out;
}

Execution full_run() {
  Execution out = run(7);
  out.result = Value::object(
      {{"stdout", "x"}, {"exact", 0.1}, {"whole", 1.0}, {"big", *Value::integer("123456789012345678901234567890")}});
  out.end = at(9);
  out.due = at(8);
  out.parent = id(1);
  out.place = TaskPlace{"fix \"it\"", 2, 5};
  out.trigger_instance = id(2);
  out.rule = "shop.restart";
  out.incident = id(3);
  out.attempt = 1;
  return out;
}

RuleEnforcement enforced(std::uint32_t number, const char* rule, std::optional<ObjectId> execution) {
  return {id(number), id(number + 1000), execution, rule, execution ? "" : "the guard said no", at(number)};
}

Incident outage(std::uint32_t number, Incident::State state) {
  Incident out;
  out.id = id(number);
  out.key = "cpu{host=web1}";
  out.detector = "linux.cpu";
  out.labels = Value::object({{"host", "web1"}});
  out.state = state;
  out.since = at(number);
  out.opened_at = at(number);
  out.timeline.push_back({at(number), Incident::Event::kDetected, "load is 0.97", Value::object({{"score", 4.5}})});
  return out;
}

template <class T>
std::string text(const T& record) {
  const Value value = to_value(record);
  std::string out;
  // A stored form is flat enough for its hash to stand for it, but a reader wants to see the id.
  out = value.get("id").text_or("") + " " + std::to_string(hash(value));
  return out;
}

template <class T>
std::string numbers(const std::vector<T>& records) {
  std::string out;
  for (const T& record : records) {
    const auto& bytes = record.id.bytes();
    out += (out.empty() ? "" : " ") + std::to_string(bytes[10] * 256 + bytes[11]);
  }
  return out;
}

TEST_P(StoreContract, AnEmptyStoreHasNothing) {
  EXPECT_EQ(store_->execution(id(1)).error().code, Code::kNotFound);
  EXPECT_EQ(store_->trigger_instance(id(1)).error().code, Code::kNotFound);
  EXPECT_EQ(store_->enforcement(id(1)).error().code, Code::kNotFound);
  EXPECT_EQ(store_->incident(id(1)).error().code, Code::kNotFound);
  EXPECT_EQ(store_->content_rules("v1").error().code, Code::kNotFound);
  EXPECT_EQ(store_->key("a")->has_value(), false);
  EXPECT_EQ(store_->deltas(id(1))->size(), 0u);
  EXPECT_EQ(store_->executions({}, {})->total, 0u);
  const auto open = store_->load_open(at(0));
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->executions.empty() && open->trigger_instances.empty() && open->keys.empty());
  commit({});
}

TEST_P(StoreContract, EveryFieldOfEveryRecordComesBack) {
  Batch batch;
  batch.trigger_instances = {event(2)};
  batch.enforcements = {enforced(4, "shop.restart", id(7)), enforced(5, "shop.other", std::nullopt)};
  batch.executions = {full_run(), run(1, ExecutionStatus::kRunning)};
  batch.incidents = {outage(3, Incident::State::kRepairing)};
  batch.contents = {{"v1", Value::array({Value::object({{"name", "restart"}})})}};
  batch.keys_set = {{id(6), "shop.owner", "Zoë", at(500)}};
  commit(batch);
  reopen();
  EXPECT_EQ(text(*store_->trigger_instance(id(2))), text(event(2)));
  EXPECT_EQ(text(*store_->enforcement(id(4))), text(batch.enforcements[0]));
  EXPECT_EQ(text(*store_->enforcement(id(5))), text(batch.enforcements[1]));
  EXPECT_EQ(text(*store_->execution(id(7))), text(full_run()));
  EXPECT_TRUE(identical(store_->execution(id(7))->result, full_run().result)) << "1.0 stays a double";
  EXPECT_EQ(text(*store_->execution(id(1))), text(batch.executions[1]));
  EXPECT_EQ(text(*store_->incident(id(3))), text(batch.incidents[0]));
  EXPECT_EQ(*store_->content_rules("v1"), batch.contents[0].rules);
  const auto key = store_->key("shop.owner");
  ASSERT_TRUE(key && key->has_value());
  EXPECT_EQ((*key)->value, "Zoë");
  EXPECT_EQ((*key)->id, id(6));
  EXPECT_EQ((*key)->expires_at, at(500));
}

TEST_P(StoreContract, ARecordOfTheSameIdReplacesTheOneBefore) {
  Batch first;
  first.executions = {run(1, ExecutionStatus::kRunning)};
  first.trigger_instances = {event(2)};
  first.trigger_instances[0].state = TriggerInstance::State::kPending;
  commit(first);
  Execution changed = full_run();
  changed.id = id(1);
  changed.action = "core.remote";
  Batch second;
  second.executions = {changed};
  second.trigger_instances = {event(2)};
  second.trigger_instances[0].payload = nullptr;
  commit(second);
  EXPECT_EQ(text(*store_->execution(id(1))), text(changed));
  EXPECT_EQ(store_->executions({}, {})->total, 1u);
  EXPECT_EQ(store_->executions({.action = "core.local"}, {})->total, 0u) << "filters see the new version only";
  EXPECT_TRUE(store_->trigger_instance(id(2))->payload.is_null());
  EXPECT_EQ(store_->load_open(at(0))->trigger_instances.size(), 0u);
}

TEST_P(StoreContract, InOneCommitTheLastVersionWins) {
  std::vector<Batch> batches(2);
  batches[0].executions = {run(1, ExecutionStatus::kRequested), run(1, ExecutionStatus::kScheduled)};
  batches[1].executions = {run(1, ExecutionStatus::kRunning)};
  ASSERT_TRUE(store_->commit(batches));
  EXPECT_EQ(store_->execution(id(1))->status, ExecutionStatus::kRunning);
}

TEST_P(StoreContract, ManyBatchesAreOneCommit) {
  std::vector<Batch> batches(500);
  for (std::uint32_t i = 0; i < 500; ++i) batches[i].trigger_instances = {event(i)};
  ASSERT_TRUE(store_->commit(batches));
  reopen();
  EXPECT_EQ(store_->trigger_instances({}, {.limit = 1})->total, 500u);
}

TEST_P(StoreContract, ACommitThatFailsChangesNothing) {
  commit({});
  std::vector<Batch> batches(2);
  batches[0].executions = {run(1)};
  batches[0].deltas = {{id(1), 1, Value(1)}};
  batches[1].deltas = {{id(1), 3, Value(3)}};  // 2 is missing
  const Status failed = store_->commit(batches);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInvalid);
  EXPECT_NE(failed.error().message.find("workflow delta 3"), std::string::npos) << failed.error().message;
  EXPECT_EQ(store_->execution(id(1)).error().code, Code::kNotFound);
  EXPECT_EQ(store_->deltas(id(1))->size(), 0u);
  batches[1].deltas[0].number = 2;
  EXPECT_TRUE(store_->commit(batches)) << "the store is whole after a failure";
  EXPECT_EQ(store_->deltas(id(1))->size(), 2u);
}

TEST_P(StoreContract, DeltasAreAppendedInOrderAndWithoutGaps) {
  for (std::uint64_t number = 1; number <= 20; ++number) {
    Batch batch;
    batch.deltas = {{id(1), number, Value::object({{"n", number}})}};
    if (number % 2 == 0) batch.deltas.push_back({id(2), number / 2, Value::object({{"n", number}})});
    commit(batch);
  }
  reopen();
  const auto deltas = store_->deltas(id(1));
  ASSERT_TRUE(deltas);
  ASSERT_EQ(deltas->size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ((*deltas)[i].number, i + 1);
    EXPECT_EQ((*deltas)[i].delta.get("n"), Value(i + 1));
  }
  EXPECT_EQ(store_->deltas(id(2))->size(), 10u);
  Batch again;
  again.deltas = {{id(1), 20, Value(nullptr)}};
  EXPECT_EQ(store_->commit({&again, 1}).error().code, Code::kInvalid) << "a delta is never replaced";
}

TEST_P(StoreContract, LoadOpenGivesExactlyWhatIsNotFinished) {
  Batch batch;
  batch.trigger_instances = {event(1), event(2), event(3)};
  batch.trigger_instances[1].state = TriggerInstance::State::kPending;
  batch.trigger_instances[2].state = TriggerInstance::State::kProcessingFailed;
  batch.executions = {run(10, ExecutionStatus::kRunning), run(11), run(12, ExecutionStatus::kFailed), run(13),
                      run(14, ExecutionStatus::kDelayed), run(15)};
  batch.executions[2].parent = id(10);  // completed child of an open workflow: wanted
  batch.executions[3].parent = id(11);  // completed child of a completed one: not
  batch.executions[2].result = Value(std::string(100'000, 'r'));
  batch.deltas = {{id(10), 1, Value("a")}, {id(11), 1, Value("b")}, {id(10), 2, Value("c")}};
  batch.incidents = {outage(20, Incident::State::kEscalated), outage(21, Incident::State::kResolved),
                     outage(22, Incident::State::kOpen), outage(23, Incident::State::kRemediated)};
  batch.guarded_runs = {
      {"shop.restart", "web", at(10)}, {"shop.restart", "web", at(20)}, {"shop.restart", "db", at(30)}};
  batch.keys_set = {{id(30), "b", "2", {}}, {id(31), "a", "1", {}}};
  commit(batch);
  reopen();
  const auto open = store_->load_open(at(20));
  ASSERT_TRUE(open) << open.error().to_string();
  EXPECT_EQ(numbers(open->trigger_instances), "2");
  EXPECT_EQ(numbers(open->executions), "10 12 14");
  EXPECT_EQ(open->executions[1].result.size(), 100'000u) << "recovery needs whole results";
  ASSERT_EQ(open->deltas.size(), 2u);
  EXPECT_EQ(open->deltas[0].delta, Value("a"));
  EXPECT_EQ(open->deltas[1].delta, Value("c"));
  EXPECT_EQ(numbers(open->incidents), "20 22");
  ASSERT_EQ(open->guarded_runs.size(), 2u);
  EXPECT_EQ(open->guarded_runs[0].at, at(20));
  EXPECT_EQ(open->guarded_runs[1].key, "db");
  ASSERT_EQ(open->keys.size(), 2u);
  EXPECT_EQ(open->keys[0].name, "a");
}

TEST_P(StoreContract, ListsAreNewestFirstAndPaged) {
  Batch batch;
  for (const std::uint32_t n : {3u, 1u, 5u, 2u, 4u}) batch.executions.push_back(run(n));
  batch.executions.push_back(run(6));
  batch.executions.back().start = at(0);  // the time decides, not the id
  commit(batch);
  const auto list = [&](ListOptions options) {
    const auto page = store_->executions({}, options);
    return numbers(page->items) + " of " + std::to_string(page->total);
  };
  EXPECT_EQ(list({}), "5 4 3 2 1 6 of 6");
  EXPECT_EQ(list({.limit = 2}), "5 4 of 6");
  EXPECT_EQ(list({.limit = 2, .offset = 4}), "1 6 of 6");
  EXPECT_EQ(list({.limit = 2, .offset = 9}), " of 6");
  EXPECT_EQ(list({.limit = 3, .ascending = true}), "6 1 2 of 6");
  EXPECT_EQ(list({.limit = 1, .count_total = false}), "5 of 0");
  EXPECT_EQ(list({.limit = 0}), " of 6");
}

TEST_P(StoreContract, ExecutionsAreFiltered) {
  Batch batch;
  batch.executions = {run(1), run(2, ExecutionStatus::kFailed), run(3, ExecutionStatus::kRunning),
                      run(4, ExecutionStatus::kSucceeded, "shop.fix"), full_run()};
  commit(batch);
  const auto list = [&](const ExecutionFilter& filter) {
    const auto page = store_->executions(filter, {});
    return page ? numbers(page->items) + " of " + std::to_string(page->total) : page.error().to_string();
  };
  EXPECT_EQ(list({.action = "shop.fix"}), "4 of 1");
  EXPECT_EQ(list({.status = ExecutionStatus::kFailed}), "2 of 1");
  EXPECT_EQ(list({.status = ExecutionStatus::kRunning}), "3 of 1");
  EXPECT_EQ(list({.parent = id(1)}), "7 of 1");
  EXPECT_EQ(list({.top_level_only = true}), "4 3 2 1 of 4");
  EXPECT_EQ(list({.rule = "shop.restart"}), "7 of 1");
  EXPECT_EQ(list({.trigger_instance = id(2)}), "7 of 1");
  EXPECT_EQ(list({.incident = id(3)}), "7 of 1");
  EXPECT_EQ(list({.after = at(2)}), "7 4 3 of 3") << "after is exclusive";
  EXPECT_EQ(list({.before = at(2)}), "1 of 1") << "before is exclusive";
  EXPECT_EQ(list({.after = at(1), .before = at(4)}), "3 2 of 2");
  EXPECT_EQ(list({.ids = {id(4), id(1), id(99)}}), "4 1 of 2");
  EXPECT_EQ(list({.action = "core.local", .status = ExecutionStatus::kSucceeded, .top_level_only = true}), "1 of 1");
  EXPECT_EQ(list({.action = "no'thing\";--"}), " of 0");
}

TEST_P(StoreContract, TriggerInstancesAndEnforcementsAreFiltered) {
  Batch batch;
  batch.trigger_instances = {event(1), event(2, "linux.cpu"), event(3)};
  batch.trigger_instances[2].state = TriggerInstance::State::kPending;
  batch.enforcements = {enforced(1, "a.b", id(50)), enforced(2, "a.c", std::nullopt), enforced(3, "a.b", id(51))};
  commit(batch);
  const auto events = [&](const TriggerInstanceFilter& filter) {
    return numbers(store_->trigger_instances(filter, {})->items);
  };
  EXPECT_EQ(events({}), "3 2 1");
  EXPECT_EQ(events({.trigger = "linux.cpu"}), "2");
  EXPECT_EQ(events({.state = TriggerInstance::State::kPending}), "3");
  EXPECT_EQ(events({.state = TriggerInstance::State::kProcessed}), "2 1");
  EXPECT_EQ(events({.after = at(1), .before = at(3)}), "2");
  EXPECT_EQ(events({.ids = {id(3)}}), "3");
  const auto enforcements = [&](const EnforcementFilter& filter) {
    return numbers(store_->enforcements(filter, {})->items);
  };
  EXPECT_EQ(enforcements({}), "3 2 1");
  EXPECT_EQ(enforcements({.rule = "a.b"}), "3 1");
  EXPECT_EQ(enforcements({.trigger_instance = id(1002)}), "2");
  EXPECT_EQ(enforcements({.execution = id(51)}), "3");
  EXPECT_EQ(enforcements({.after = at(2)}), "3");
  EXPECT_EQ(enforcements({.ids = {id(1), id(2)}}), "2 1");
}

TEST_P(StoreContract, IncidentsAreListedByState) {
  Batch batch;
  batch.incidents = {outage(1, Incident::State::kOpen), outage(2, Incident::State::kRemediated),
                     outage(3, Incident::State::kOpen)};
  commit(batch);
  EXPECT_EQ(numbers(store_->incidents(std::nullopt, {})->items), "3 2 1");
  EXPECT_EQ(numbers(store_->incidents(Incident::State::kOpen, {.limit = 1})->items), "3");
  EXPECT_EQ(store_->incidents(Incident::State::kOpen, {.limit = 1})->total, 2u);
}

TEST_P(StoreContract, KeysAreSetReplacedDeletedAndFoundByPrefix) {
  Batch batch;
  for (const char* name : {"shop.a", "shop.b", "shoq", "sho", "ż.x", "shop.%"}) {
    batch.keys_set.push_back({id(1), name, std::string("value of ") + name, {}});
  }
  commit(batch);
  Batch change;
  change.keys_deleted = {"shop.a", "never was"};
  change.keys_set = {{id(2), "shop.b", std::string("two\0parts", 9), {}}};
  commit(change);
  const auto list = [&](std::string_view prefix, ListOptions options = {}) {
    std::string out;
    const auto page = store_->keys(prefix, options);
    for (const KeyValue& key : page->items) out += key.name + " ";
    return out + "of " + std::to_string(page->total);
  };
  EXPECT_EQ(list("shop."), "shop.% shop.b of 2");
  EXPECT_EQ(list("shop.%"), "shop.% of 1") << "no character is special";
  EXPECT_EQ(list("ż"), "ż.x of 1");
  EXPECT_EQ(list(""), "sho shop.% shop.b shoq ż.x of 5");
  EXPECT_EQ(list("", {.limit = 2, .offset = 1}), "shop.% shop.b of 5");
  EXPECT_EQ((*store_->key("shop.b"))->value.size(), 9u);
  EXPECT_FALSE(store_->key("shop.a")->has_value());
}

TEST_P(StoreContract, AppendedBatchesKeepTheOrderOfKeys) {
  Batch first;
  first.keys_set = {{id(1), "a", "1", {}}, {id(2), "b", "1", {}}};
  first.keys_deleted = {"c"};
  Batch second;
  second.keys_set = {{id(3), "c", "2", {}}};
  second.keys_deleted = {"a"};
  first.append(std::move(second));
  commit(first);
  EXPECT_FALSE(store_->key("a")->has_value());
  EXPECT_TRUE(store_->key("b")->has_value());
  EXPECT_TRUE(store_->key("c")->has_value());
}

TEST_P(StoreContract, BigPayloadsAndResultsComeBackWhole) {
  std::string megabytes;
  for (int i = 0; megabytes.size() < (5u << 20); ++i) megabytes += "line " + std::to_string(i * 2654435761u) + "\n";
  Batch batch;
  batch.executions = {run(1), run(2)};
  batch.executions[0].result = Value::object({{"stdout", megabytes}});
  batch.executions[1].parameters = Value::object({{"script", megabytes}});
  batch.trigger_instances = {event(3)};
  batch.trigger_instances[0].payload = Value(megabytes);
  batch.keys_set = {{id(4), "big", megabytes, {}}};
  batch.deltas = {{id(1), 1, Value(megabytes)}};
  commit(batch);
  reopen();
  EXPECT_EQ(store_->execution(id(1))->result, batch.executions[0].result);
  EXPECT_EQ(store_->execution(id(2))->parameters, batch.executions[1].parameters);
  EXPECT_EQ(store_->trigger_instance(id(3))->payload, Value(megabytes));
  EXPECT_EQ((*store_->key("big"))->value, megabytes);
  EXPECT_EQ(store_->deltas(id(1))->front().delta, Value(megabytes));
  EXPECT_EQ(store_->executions({}, {.large_results = true})->items.at(1).result, batch.executions[0].result);

  Execution small = batch.executions[0];
  small.result = Value("small now");
  Batch again;
  again.executions = {small};
  commit(again);
  EXPECT_EQ(store_->execution(id(1))->result, Value("small now"));
}

TEST_P(StoreContract, AnyTextComesBack) {
  const std::string odd("\xF0\x9F\x94\xA5 \xE2\x80\xA8 \"quoted\" \\ \t\n \x01 nul:\0 end", 34);
  ASSERT_TRUE(is_utf8(odd));
  Batch batch;
  batch.executions = {run(1)};
  batch.executions[0].context = Value::object({{odd, odd}});
  batch.executions[0].rule = odd;
  batch.executions[0].place = TaskPlace{odd, 0, std::nullopt};
  batch.trigger_instances = {event(2, odd.c_str())};
  batch.trigger_instances[0].trace_tag = odd;
  batch.enforcements = {enforced(3, "a.b", std::nullopt)};
  batch.enforcements[0].failure_reason = odd;
  commit(batch);
  reopen();
  EXPECT_EQ(text(*store_->execution(id(1))), text(batch.executions[0]));
  EXPECT_EQ(store_->execution(id(1))->place->task, odd);
  EXPECT_EQ(text(*store_->trigger_instance(id(2))), text(batch.trigger_instances[0]));
  EXPECT_EQ(store_->enforcement(id(3))->failure_reason, odd);
  EXPECT_EQ(numbers(store_->executions({.rule = odd}, {})->items), "1");
}

TEST_P(StoreContract, DeepPayloadsComeBack) {
  Value deep = Value("bottom");
  for (int i = 0; i < 500; ++i) deep = Value::array({deep});
  Batch batch;
  batch.trigger_instances = {event(1)};
  batch.trigger_instances[0].payload = deep;
  commit(batch);
  EXPECT_EQ(store_->trigger_instance(id(1))->payload, deep);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    testing::Values(Backend{"memory", [](const std::string&) { return std::make_unique<MemoryStore>(); }, false},
                    Backend{"sqlite", open_sqlite, true}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace midwatch
