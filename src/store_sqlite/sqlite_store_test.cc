// What is particular to the store in SQLite: locks, damage, full disks, older and newer formats, readers
// beside the writer. What every store must do is in tests/contract.
#include "store_sqlite/sqlite_store.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "store_sqlite/body.h"
#include "store_sqlite/database.h"

namespace midwatch::store_sqlite {
namespace {

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "midwatch-sqlite-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<SqliteStore> open(SqliteStoreOptions options = {}) {
    options.directory = directory_;
    auto opened = SqliteStore::open(options);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? std::move(*opened) : nullptr;
  }
  // Does something to the file behind the store's back.
  void with_file(const std::string& sql) {
    auto db = Database::open(directory_ + "/midwatch.db", Database::Access::kReadWrite);
    ASSERT_TRUE(db) << db.error().to_string();
    const Status done = db->execute(sql);
    ASSERT_TRUE(done) << done.error().to_string();
  }

  std::string directory_;
};

ObjectId id(std::uint32_t number) {
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[11 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return ObjectId(bytes);
}

Batch event(std::uint32_t number, std::size_t payload_bytes = 20) {
  Batch batch;
  TriggerInstance record;
  record.id = id(number);
  record.trigger = "core.st2.webhook";
  record.payload = Value(std::string(payload_bytes, 'p'));
  record.occurrence_time = instant_from_micros(number);
  batch.trigger_instances.push_back(std::move(record));
  return batch;
}

Status commit(SqliteStore& store, const Batch& batch) { return store.commit({&batch, 1}); }

TEST_F(SqliteStoreTest, TheDirectoryBelongsToOneProcess) {
  const auto store = open();
  const auto second = SqliteStore::open({.directory = directory_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_EQ(second.error().message,
            "data directory " + directory_ + " is in use by process " + std::to_string(::getpid()));
}

TEST_F(SqliteStoreTest, TheLockGoesWithTheStore) {
  open().reset();
  EXPECT_NE(open(), nullptr);
}

// A child that a killed owner left before it could start its program.
TEST_F(SqliteStoreTest, TheLockOfAnOwnerThatIsGoneIsWaitedFor) {
  const pid_t owner = ::fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    SqliteStoreOptions options;
    options.directory = directory_;
    auto store = SqliteStore::open(options);
    if (::fork() == 0) {
      ::poll(nullptr, 0, 200);  // as long as it takes to start a program
      ::_exit(0);
    }
    ::_exit(store ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(owner, &status, 0), owner);
  ASSERT_EQ(status, 0);
  EXPECT_NE(open(), nullptr);
}

TEST_F(SqliteStoreTest, FilesAreNobodyElsesToRead) {
  const auto store = open();
  ASSERT_TRUE(commit(*store, event(1)));
  for (const char* name : {"/midwatch.db", "/midwatch.db-wal", "/lock"}) {
    struct stat status{};
    ASSERT_EQ(::stat((directory_ + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0077, 0u) << name;
  }
}

TEST_F(SqliteStoreTest, ANewerStoreIsRefused) {
  open().reset();
  with_file("PRAGMA user_version = 7");
  const auto refused = SqliteStore::open({.directory = directory_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_EQ(refused.error().message,
            directory_ + "/midwatch.db has store format 7, this program supports formats up to 2");
  EXPECT_NE(refused.error().hint, "");
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsLeftAlone) {
  with_file("CREATE TABLE theirs(a)");
  const auto refused = SqliteStore::open({.directory = directory_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, directory_ + "/midwatch.db is a database of another program");
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsRefused) {
  std::FILE* file = std::fopen((directory_ + "/midwatch.db").c_str(), "w");
  ASSERT_NE(file, nullptr);
  for (int i = 0; i < 5000; ++i) std::fputs("not a database", file);
  std::fclose(file);
  const auto refused = SqliteStore::open({.directory = directory_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid) << refused.error().to_string();
}

TEST_F(SqliteStoreTest, ADamagedRecordIsNamedAndNeverAnswered) {
  {
    const auto store = open();
    Batch batch = event(1);
    Execution run;
    run.id = id(2);
    run.action = "core.local";
    run.result = Value(std::string(100'000, 'r'));
    batch.executions = {run};
    RuleEnforcement enforcement;
    enforcement.id = id(3);
    enforcement.rule = "shop.fix";
    batch.enforcements = {enforcement};
    batch.deltas = {{id(2), 1, Value("a delta")}};
    batch.keys_set = {{id(4), "name", "value", {}}};
    ASSERT_TRUE(commit(*store, batch));
  }
  with_file(
      "UPDATE trigger_instances SET body = CAST('\"pppppppppppppppppppq\"' AS BLOB);"
      "UPDATE results SET body = substr(body, 1, length(body) - 1) || x'00';"
      "UPDATE enforcements SET rule = 'shop.break';"
      "UPDATE deltas SET number = 2; UPDATE keys SET body = CAST('evil!' AS BLOB)");
  const auto store = open();
  const auto instance = store->trigger_instance(id(1));
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().code, Code::kInvalid);
  EXPECT_EQ(instance.error().message,
            "the record 000000000000000000000001 in table trigger_instances of the store is damaged: its checksum is "
            "wrong");
  EXPECT_NE(store->execution(id(2)).error().message.find("in table results"), std::string::npos);
  EXPECT_TRUE(store->executions({}, {})) << "a list does not look at results that are kept apart";
  EXPECT_NE(store->enforcement(id(3)).error().message.find("in table enforcements"), std::string::npos);
  EXPECT_FALSE(store->deltas(id(2)));
  EXPECT_FALSE(store->key("name"));
  EXPECT_FALSE(store->trigger_instances({}, {})) << "a list with a damaged record is an error, not a shorter list";
}

TEST_F(SqliteStoreTest, AListLeavesOutLargeResultsUnlessAsked) {
  const auto store = open();
  Batch batch;
  Execution run;
  run.id = id(1);
  run.result = Value(std::string(kListedResultBytesMax + 1, 'r'));
  batch.executions = {run};
  ASSERT_TRUE(commit(*store, batch));
  EXPECT_TRUE(store->executions({}, {})->items[0].result.is_null());
  EXPECT_EQ(store->executions({}, {.large_results = true})->items[0].result, run.result);
  EXPECT_EQ(store->execution(id(1))->result, run.result);
}

TEST_F(SqliteStoreTest, AFullStoreRefusesWholeCommitsAndGoesOnWhenThereIsSpace) {
  const auto store = open({.pages_max = 100});
  std::uint32_t number = 0;
  Status last;
  while (last && number < 1000) last = commit(*store, event(++number, 4000));
  ASSERT_FALSE(last) << "the limit was never reached";
  EXPECT_EQ(last.error().code, Code::kUnavailable) << last.error().to_string();
  EXPECT_NE(last.error().hint, "");
  EXPECT_EQ(store->trigger_instances({}, {.limit = 1})->total, number - 1) << "nothing of the failed commit is there";
  EXPECT_TRUE(store->trigger_instance(id(1))) << "a full store can be read";
}

// The same with a real refusal of the operating system: files of this process may not grow.
TEST_F(SqliteStoreTest, ACommitCanBeRepeatedAfterTheDiskWasFull) {
  const auto store = open();
  ASSERT_TRUE(commit(*store, event(1)));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit tight = before;
  tight.rlim_cur = 300'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::vector<Batch> batches;
  for (std::uint32_t i = 2; i < 300; ++i) batches.push_back(event(i, 4000));
  const Status refused = store->commit(batches);
  const Status again = store->commit(batches);
  const auto seen = store->trigger_instances({}, {.limit = 1});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable) << refused.error().to_string();
  EXPECT_NE(refused.error().hint, "");
  EXPECT_FALSE(again);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_EQ(seen->total, 1u);
  const Status repeated = store->commit(batches);
  EXPECT_TRUE(repeated) << repeated.error().to_string();
  EXPECT_EQ(store->trigger_instances({}, {.limit = 1})->total, 299u);
}

// What a workflow does with a result: publishes it, passes it on, and returns it.
Batch passed_on(const Value& large, std::uint32_t first) {
  Batch batch;
  for (std::uint32_t task = 0; task < 5; ++task) {
    Execution record;
    record.id = id(first + 1 + task);
    record.parent = id(first);
    record.action = "p.a";
    record.status = ExecutionStatus::kSucceeded;
    record.parameters = Value::object({{"text", large}, {"n", task}});
    record.result = Value::object({{"result", Value::object({{"text", large}})}});
    record.context = Value::object({});
    batch.executions.push_back(record);
    batch.deltas.push_back({id(first), task + 1, Value::array({"context", Value::object({{"text", large}})})});
  }
  Execution flow = batch.executions[0];
  flow.id = id(first);
  flow.parent.reset();
  flow.status = ExecutionStatus::kRunning;
  batch.executions.push_back(flow);
  return batch;
}

// Nothing that a compressor could make small.
Value noise(std::size_t bytes) {
  std::string text(bytes, ' ');
  std::uint32_t state = 1;
  for (char& letter : text) letter = static_cast<char>('a' + ((state = state * 1664525u + 1013904223u) >> 28));
  return {text};
}

TEST_F(SqliteStoreTest, ALargeValueIsStoredOnceHoweverManyRecordsHoldIt) {
  const Value text = noise(2u << 20);
  const Value large = Value::object({{"lines", Value::array({text, 1, Value::array({text})})}});
  {
    auto store = open();
    for (std::uint32_t i = 0; i < 3; ++i) {
      const Batch batch = passed_on(large, 10 + 10 * i);
      ASSERT_TRUE(store->commit({&batch, 1}));
    }
  }
  std::size_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory_)) bytes += file.file_size();
  EXPECT_LT(bytes, 3u << 20) << "33 records hold it twice each";
  auto store = open();
  const Execution found = *store->execution(id(12));
  EXPECT_EQ(found.parameters.get("text"), large);
  EXPECT_EQ(found.result.get("result").get("text"), large);
  const OpenState state = *store->load_open(Instant());
  ASSERT_EQ(state.deltas.size(), 15u);
  for (const WorkflowDelta& delta : state.deltas) {
    EXPECT_EQ(delta.delta, Value::array({"context", Value::object({{"text", large}})}));
  }
  // Found again after a restart, in values that are others now: stored once more, not lost.
  const Batch again = passed_on(found.parameters.get("text"), 100);
  ASSERT_TRUE(store->commit({&again, 1}));
  EXPECT_EQ(store->execution(id(101))->parameters.get("text"), large);
}

TEST_F(SqliteStoreTest, WhatLooksLikeAReferenceIsKeptAsItIs) {
  auto store = open();
  const std::string name(std::string("\0", 1) + "0123456789abcdef");
  const Value lookalike = Value::object({{name, 1}});
  const Value large = Value::array({lookalike, noise(100'000)});
  Batch batch = passed_on(large, 10);
  batch.executions[0].parameters = lookalike;
  ASSERT_TRUE(store->commit({&batch, 1}));
  EXPECT_EQ(store->execution(batch.executions[0].id)->parameters, lookalike);
  EXPECT_EQ(store->execution(id(12))->parameters.get("text"), large);
}

TEST_F(SqliteStoreTest, AValueThatGrowsAroundItselfIsReadBack) {
  auto store = open();
  Value grown = noise(100'000);
  for (std::uint32_t round = 0; round < 300; ++round) {
    grown = Value::array({grown, std::string(70'000, 'x')});
    const Batch batch = passed_on(grown, 1'000 * (round + 1));
    if (round % 20 == 0 || round == 299) ASSERT_TRUE(store->commit({&batch, 1}));
  }
  EXPECT_EQ(store->execution(id(300'001))->parameters.get("text"), grown);
}

TEST_F(SqliteStoreTest, PartsOfACommitThatFailedAreStoredByTheNext) {
  auto store = open();
  Batch batch = passed_on(noise(200'000), 10);
  batch.deltas.back().number = 9;  // leaves a gap
  ASSERT_FALSE(store->commit({&batch, 1}));
  batch.deltas.back().number = 5;
  ASSERT_TRUE(store->commit({&batch, 1}));
  EXPECT_EQ(store->execution(id(12))->parameters, batch.executions[1].parameters);
}

TEST_F(SqliteStoreTest, ADirectoryThatCannotBeMadeIsAnErrorWithAHint) {
  const auto refused = SqliteStore::open({.directory = "/proc/midwatch"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_NE(refused.error().hint, "");
}

TEST_F(SqliteStoreTest, ReadersSeeWholeCommitsBesideTheWriter) {
  const auto store = open();
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> read = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {  // more than there are connections
    readers.emplace_back([&] {
      while (!stop) {
        const auto page = store->trigger_instances({}, {.limit = 3});
        if (!page || page->total % 10 != 0) ++torn;
        ++read;
      }
    });
  }
  std::uint32_t number = 0;
  for (int round = 0; round < 60 || read < 50; ++round) {
    std::vector<Batch> batches;
    for (int i = 0; i < 10; ++i) batches.push_back(event(++number));
    ASSERT_TRUE(store->commit(batches));
    ASSERT_TRUE(store->maintain());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

TEST_F(SqliteStoreTest, MaintenanceEmptiesTheLog) {
  const auto store = open({.wal_bytes_ready = 100'000});
  std::uint32_t number = 0;
  while (store->wal_bytes() < 200'000) ASSERT_TRUE(commit(*store, event(++number, 3000)));
  ASSERT_TRUE(store->maintain());
  EXPECT_EQ(store->wal_bytes(), 0u);
  ASSERT_TRUE(commit(*store, event(++number)));
  EXPECT_LT(store->wal_bytes(), 100'000u) << "the log starts anew";
}

TEST_F(SqliteStoreTest, TheLogIsBoundedWithoutMaintenanceToo) {
  const auto store = open({.wal_bytes_max = 1u << 20});
  for (std::uint32_t number = 1; number <= 600; ++number) ASSERT_TRUE(commit(*store, event(number, 8000)));
  EXPECT_LT(std::filesystem::file_size(directory_ + "/midwatch.db-wal"), 3u << 20);
}

// A process that is killed loses nothing that was committed.
TEST_F(SqliteStoreTest, WhatWasCommittedIsThereAfterAKill) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = SqliteStore::open({.directory = directory_});
    for (std::uint32_t i = 1; store && i <= 50; ++i) {
      if (!(*store)->commit(std::vector<Batch>{event(i)})) ::_exit(1);
    }
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto store = open();
  EXPECT_EQ(store->trigger_instances({}, {.limit = 1})->total, 50u);
}

TEST(Columns, DifferentRowsHaveDifferentDigests) {
  EXPECT_NE(Columns().add("ab").add("c").digest(), Columns().add("a").add("bc").digest());
  EXPECT_NE(Columns().add(std::optional<std::int64_t>()).digest(), Columns().add(std::int64_t{0}).digest());
  EXPECT_NE(Columns().add("a").digest("b"), Columns().add("a").digest("c"));
}

}  // namespace
}  // namespace midwatch::store_sqlite
