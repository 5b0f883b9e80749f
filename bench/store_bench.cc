// What a commit costs, against the least that durability can cost on this disk.
//
// commit/N: N trigger instances of 1 KB each in one call (one transaction, one flush), each in a batch of
// its own as the engine makes them. write_flush/B: the peer, a file to which B bytes are appended and
// flushed by fdatasync. Run both in one process and compare; `cpu` is what we add beyond the disk.
// MIDWATCH_BENCH_DIR chooses the disk (default: the temporary directory).
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "base/object_id.h"
#include "store_sqlite/sqlite_store.h"

namespace midwatch {
namespace {

std::string scratch_directory() {
  const char* chosen = std::getenv("MIDWATCH_BENCH_DIR");
  const std::filesystem::path base =
      chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path();
  std::string pattern = (base / "midwatch-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  return pattern;
}

// A webhook's payload of about a kilobyte.
Value payload(int number) {
  const Value headers = Value::object({{"content-type", "application/json"}, {"host", "127.0.0.1:9101"}});
  const Value body = Value::object({{"alert", "cpu"},
                                    {"host", "web1"},
                                    {"number", number},
                                    {"load", 0.95 + number},
                                    {"text", std::string(760, 'x')}});
  return Value::object({{"headers", headers}, {"headers_lower", headers}, {"body", body}});
}

std::vector<Batch> make_batches(ObjectIdSource& ids, std::int64_t count, std::int64_t& clock) {
  std::vector<Batch> batches(static_cast<std::size_t>(count));
  for (Batch& batch : batches) {
    const Instant now = instant_from_micros(1'790'000'000'000'000 + (clock += 20));
    TriggerInstance record;
    record.id = ids.next(now);
    record.trigger = "core.st2.webhook";
    record.payload = payload(static_cast<int>(clock));
    record.occurrence_time = now;
    record.state = TriggerInstance::State::kProcessed;
    record.trace_tag = "webhook-deploy-4f9a3c52d1b84f7e";
    record.content_version = "0123456789abcdef0123456789abcdef";
    batch.trigger_instances.push_back(std::move(record));
  }
  return batches;
}

enum class Maintain { kNo, kYes };

void commit(benchmark::State& state, Maintain maintain) {
  const std::string directory = scratch_directory();
  {
    auto store = store_sqlite::SqliteStore::open({.directory = directory});
    ObjectIdSource ids(1);
    std::int64_t clock = 0;
    for (auto _ : state) {
      state.PauseTiming();
      const std::vector<Batch> batches = make_batches(ids, state.range(0), clock);
      if (maintain == Maintain::kYes && !(*store)->maintain()) state.SkipWithError("maintain failed");
      state.ResumeTiming();
      if (!(*store)->commit(batches)) state.SkipWithError("commit failed");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  std::filesystem::remove_all(directory);
}
BENCHMARK_CAPTURE(commit, beside_maintenance, Maintain::kYes)->Arg(1)->Arg(10)->Arg(64)->Arg(1000)->UseRealTime();
// The log is moved into the file within commits, each time that it is full.
BENCHMARK_CAPTURE(commit, without_maintenance, Maintain::kNo)->Arg(64)->Arg(1000)->UseRealTime();

// One execution from request to success: five commits of its row.
void execution_life(benchmark::State& state) {
  const std::string directory = scratch_directory();
  {
    auto store = store_sqlite::SqliteStore::open({.directory = directory});
    ObjectIdSource ids(1);
    std::int64_t clock = 0;
    for (auto _ : state) {
      std::vector<Batch> batches(static_cast<std::size_t>(state.range(0)));
      for (Batch& batch : batches) {
        Execution record;
        const Instant now = instant_from_micros(1'790'000'000'000'000 + (clock += 20));
        record.id = ids.next(now);
        record.action = "core.local";
        record.runner_type = "local-shell-cmd";
        record.parameters = Value::object({{"cmd", "systemctl restart shop"}});
        record.start = now;
        batch.executions.push_back(std::move(record));
      }
      for (const auto status : {ExecutionStatus::kRequested, ExecutionStatus::kRunning, ExecutionStatus::kSucceeded}) {
        for (Batch& batch : batches) {
          batch.executions[0].status = status;
          batch.executions[0].log.push_back({instant_from_micros(clock), status});
        }
        if (!(*store)->commit(batches)) state.SkipWithError("commit failed");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  std::filesystem::remove_all(directory);
}
BENCHMARK(execution_life)->Arg(1)->Arg(64)->UseRealTime();

void write_flush(benchmark::State& state) {
  const std::string directory = scratch_directory();
  const int file = ::open((directory + "/peer").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) state.SkipWithError("write failed");
  }
  ::close(file);
  std::filesystem::remove_all(directory);
}
BENCHMARK(write_flush)->Arg(4096)->Arg(100 << 10)->Arg(1500 << 10)->UseRealTime();

// Reading a page of a list out of many records.
void list_page(benchmark::State& state) {
  const std::string directory = scratch_directory();
  {
    auto store = store_sqlite::SqliteStore::open({.directory = directory});
    ObjectIdSource ids(1);
    std::int64_t clock = 0;
    for (int i = 0; i < 100; ++i) {
      if (!(*store)->commit(make_batches(ids, 1000, clock))) state.SkipWithError("commit failed");
    }
    for (auto _ : state) {
      auto page = (*store)->trigger_instances({}, {.limit = 50, .count_total = state.range(0) != 0});
      benchmark::DoNotOptimize(page);
    }
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(list_page)->ArgName("total")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
