#include "store_sqlite/record_writer.h"

#include <algorithm>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch::store_sqlite {
namespace {

constexpr std::size_t kKeptBufferBytesMax = 1u << 20;

// Of one id, whatever an index needs is replaced too, since a record is replaced as a whole.
const std::string kTriggerInstance =
    "INSERT INTO trigger_instances(id, trigger, at, state, trace, content, body, unpacked, digest) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(id) DO UPDATE SET trigger = excluded.trigger, "
    "at = excluded.at, state = excluded.state, trace = excluded.trace, content = excluded.content, "
    "body = excluded.body, unpacked = excluded.unpacked, digest = excluded.digest";
const std::string kEnforcement =
    "INSERT INTO enforcements(id, trigger_instance, execution, rule, failure, at, digest) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(id) DO UPDATE SET trigger_instance = excluded.trigger_instance, "
    "execution = excluded.execution, rule = excluded.rule, failure = excluded.failure, at = excluded.at, "
    "digest = excluded.digest";
const std::string kExecutionInsert =
    "INSERT INTO executions(id, action, runner, status, completed, start, ended, due, parent, trigger_instance, rule, "
    "incident, attempt, result_apart, body, unpacked, digest) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) "
    "ON CONFLICT(id) DO UPDATE SET action = excluded.action, runner = excluded.runner, status = excluded.status, "
    "completed = excluded.completed, start = excluded.start, ended = excluded.ended, due = excluded.due, "
    "parent = excluded.parent, trigger_instance = excluded.trigger_instance, rule = excluded.rule, "
    "incident = excluded.incident, attempt = excluded.attempt, result_apart = excluded.result_apart, "
    "body = excluded.body, unpacked = excluded.unpacked, digest = excluded.digest";
// What an execution is (as opposed to how far it got) does not change, and leaving those columns alone
// spares their indexes; where one did change, nothing is updated and all of it is written.
const std::string kExecutionUpdate =
    "UPDATE executions SET runner = ?3, status = ?4, completed = ?5, ended = ?7, due = ?8, attempt = ?13, "
    "result_apart = ?14, body = ?15, unpacked = ?16, digest = ?17 WHERE id = ?1 AND action = ?2 AND start = ?6 "
    "AND parent IS ?9 AND trigger_instance IS ?10 AND rule = ?11 AND incident IS ?12";
const std::string kResult =
    "INSERT INTO results(id, body, unpacked, digest) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET "
    "body = excluded.body, unpacked = excluded.unpacked, digest = excluded.digest";
const std::string kDelta =
    "INSERT INTO deltas(execution, number, body, unpacked, digest) SELECT ?1, ?2, ?3, ?4, ?5 "
    "WHERE ?2 = 1 + coalesce((SELECT max(number) FROM deltas WHERE execution = ?1), 0)";
const std::string kDeltaLast = "SELECT coalesce(max(number), 0) FROM deltas WHERE execution = ?1";
const std::string kIncident =
    "INSERT INTO incidents(id, state, closed, at, body, unpacked, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT(id) DO UPDATE SET state = excluded.state, closed = excluded.closed, at = excluded.at, "
    "body = excluded.body, unpacked = excluded.unpacked, digest = excluded.digest";
const std::string kGuardedRun = "INSERT INTO guarded_runs(guard, key, at, digest) VALUES (?1, ?2, ?3, ?4)";
const std::string kKey =
    "INSERT INTO keys(name, id, expires_at, body, unpacked, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT(name) DO UPDATE SET id = excluded.id, expires_at = excluded.expires_at, body = excluded.body, "
    "unpacked = excluded.unpacked, digest = excluded.digest";
const std::string kKeyDelete = "DELETE FROM keys WHERE name = ?1";
const std::string kContent =
    "INSERT INTO contents(version, body, unpacked, digest) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(version) DO UPDATE SET "
    "body = excluded.body, unpacked = excluded.unpacked, digest = excluded.digest";

}  // namespace

template <class T>
Status RecordWriter::write_latest(std::span<const Batch> batches, std::vector<T> Batch::* records) {
  std::size_t count = 0;
  for (const Batch& batch : batches) count += (batch.*records).size();
  if (count == 0) return {};
  std::vector<const T*> latest;
  latest.reserve(count);
  seen_.clear();
  for (std::size_t b = batches.size(); b-- > 0;) {
    const std::vector<T>& list = batches[b].*records;
    for (std::size_t i = list.size(); i-- > 0;) {
      if (count == 1 || seen_.insert(list[i].id).second) latest.push_back(&list[i]);
    }
  }
  for (std::size_t i = latest.size(); i-- > 0;) MW_CHECK(write(*latest[i]));
  return {};
}

Status RecordWriter::write(std::span<const Batch> batches) {
  MW_CHECK(write_latest(batches, &Batch::trigger_instances));
  MW_CHECK(write_latest(batches, &Batch::enforcements));
  MW_CHECK(write_latest(batches, &Batch::executions));
  MW_CHECK(write_latest(batches, &Batch::incidents));
  for (const Batch& batch : batches) {
    for (const WorkflowDelta& delta : batch.deltas) MW_CHECK(write(delta));
    for (const GuardedRun& run : batch.guarded_runs) MW_CHECK(write(run));
    for (const std::string& name : batch.keys_deleted) MW_CHECK(delete_key(name));
    for (const KeyValue& key : batch.keys_set) MW_CHECK(write(key));
    for (const ContentRecord& content : batch.contents) MW_CHECK(write(content));
  }
  // One large result must not be paid for in memory ever after.
  for (std::string* buffer : {&text_, &packed_, &result_text_}) {
    if (buffer->capacity() > kKeptBufferBytesMax) *buffer = std::string();
  }
  return {};
}

Status RecordWriter::bind_body(Statement& statement, int first, std::string_view text) {
  MW_TRY(const Body body, pack(text, packed_));
  columns_.add(body.unpacked);
  statement.bind_blob(first, body.bytes);
  statement.bind(first + 1, body.unpacked);
  statement.bind(first + 2, columns_.digest(body.bytes));
  return {};
}

Status RecordWriter::write(const TriggerInstance& record) {
  MW_TRY(Statement * insert, db_.statement(kTriggerInstance));
  const std::string_view state = to_string(record.state);
  columns_.clear();
  columns_.add(record.id).add(record.trigger).add(micros(record.occurrence_time)).add(state);
  columns_.add(record.trace_tag).add(record.content_version);
  // [payload, parameters of the trigger]
  text_.clear();
  text_ += '[';
  append_json(text_, record.payload);
  text_ += ',';
  append_json(text_, record.trigger_parameters);
  text_ += ']';
  insert->bind(1, record.id);
  insert->bind(2, record.trigger);
  insert->bind(3, micros(record.occurrence_time));
  insert->bind(4, state);
  insert->bind(5, record.trace_tag);
  insert->bind(6, record.content_version);
  MW_CHECK(bind_body(*insert, 7, text_));
  return insert->run();
}

Status RecordWriter::write(const RuleEnforcement& record) {
  MW_TRY(Statement * insert, db_.statement(kEnforcement));
  columns_.clear();
  columns_.add(record.id).add(record.trigger_instance).add(record.execution).add(record.rule);
  columns_.add(record.failure_reason).add(micros(record.enforced_at));
  insert->bind(1, record.id);
  insert->bind(2, record.trigger_instance);
  insert->bind(3, record.execution);
  insert->bind(4, record.rule);
  insert->bind(5, record.failure_reason);
  insert->bind(6, micros(record.enforced_at));
  insert->bind(7, columns_.digest());
  return insert->run();
}

// {"parameters":…,"context":…,"log":[[µs,"running"],…],"place":[task,route,item],"result":…}
Status RecordWriter::append_execution(const Execution& record, std::string_view result) {
  std::string& out = text_;
  out += "{\"parameters\":";
  MW_CHECK(parts_.append(out, record.parameters, PartWriter::Itself::kMayBePart));
  out += ",\"context\":";
  MW_CHECK(parts_.append(out, record.context, PartWriter::Itself::kMayBePart));
  out += ",\"log\":[";
  for (const StatusChange& change : record.log) {
    out += fmt::format("{}[{},\"{}\"]", out.back() == '[' ? "" : ",", micros(change.at), to_string(change.status));
  }
  out += ']';
  if (record.place) {
    out += ",\"place\":[";
    append_json_string(out, record.place->task);
    out += fmt::format(",{}", record.place->route);
    if (record.place->item) out += fmt::format(",{}", *record.place->item);
    out += ']';
  }
  if (!result.empty()) {
    out += ",\"result\":";
    out += result;
  }
  out += '}';
  if (parts_.refers()) out.insert(0, parts_.head());
  return {};
}

Status RecordWriter::write(const Execution& record) {
  const std::string_view status = to_string(record.status);
  const std::int64_t completed = is_completed(record.status) ? 1 : 0;
  result_text_.clear();
  parts_.begin();
  if (!record.result.is_null()) MW_CHECK(parts_.append(result_text_, record.result, PartWriter::Itself::kMayBePart));
  if (parts_.refers()) result_text_.insert(0, parts_.head());
  const bool apart = parts_.refers() || result_text_.size() > kListedResultBytesMax;
  if (apart) MW_CHECK(write_result(record));
  text_.clear();
  parts_.begin();
  MW_CHECK(append_execution(record, apart ? std::string_view() : result_text_));
  const auto apart_bytes = static_cast<std::int64_t>(apart ? result_text_.size() : 0);

  columns_.clear();
  columns_.add(record.id).add(record.action).add(record.runner_type).add(status).add(micros(record.start));
  columns_.add(micros_of(record.end)).add(micros_of(record.due)).add(record.parent).add(record.trigger_instance);
  columns_.add(record.rule).add(record.incident).add(std::int64_t{record.attempt}).add(apart_bytes);
  MW_TRY(const Body body, pack(text_, packed_));
  columns_.add(body.unpacked);
  const std::int64_t digest = columns_.digest(body.bytes);

  const auto run = [&](Statement& statement) {
    statement.bind(1, record.id);
    statement.bind(2, record.action);
    statement.bind(3, record.runner_type);
    statement.bind(4, status);
    statement.bind(5, completed);
    statement.bind(6, micros(record.start));
    statement.bind(7, micros_of(record.end));
    statement.bind(8, micros_of(record.due));
    statement.bind(9, record.parent);
    statement.bind(10, record.trigger_instance);
    statement.bind(11, record.rule);
    statement.bind(12, record.incident);
    statement.bind(13, std::int64_t{record.attempt});
    statement.bind(14, apart_bytes);
    statement.bind_blob(15, body.bytes);
    statement.bind(16, body.unpacked);
    statement.bind(17, digest);
    return statement.run();
  };
  MW_TRY(Statement * update, db_.statement(kExecutionUpdate));
  MW_CHECK(run(*update));
  if (db_.changes() == 1) return {};
  MW_TRY(Statement * insert, db_.statement(kExecutionInsert));
  return run(*insert);
}

Status RecordWriter::write_result(const Execution& record) {
  MW_TRY(Statement * insert, db_.statement(kResult));
  columns_.clear();
  columns_.add(record.id);
  insert->bind(1, record.id);
  MW_CHECK(bind_body(*insert, 2, result_text_));
  return insert->run();
}

Status RecordWriter::write(const WorkflowDelta& delta) {
  MW_TRY(Statement * insert, db_.statement(kDelta));
  const auto number = static_cast<std::int64_t>(delta.number);
  columns_.clear();
  columns_.add(delta.execution).add(number);
  text_.clear();
  parts_.begin();
  MW_CHECK(parts_.append(text_, delta.delta, PartWriter::Itself::kStays));
  if (parts_.refers()) text_.insert(0, parts_.head());
  insert->bind(1, delta.execution);
  insert->bind(2, number);
  MW_CHECK(bind_body(*insert, 3, text_));
  MW_CHECK(insert->run());
  if (db_.changes() == 1) return {};
  MW_TRY(Statement * last, db_.statement(kDeltaLast));
  StatementUse use(*last);
  use->bind(1, delta.execution);
  MW_TRY([[maybe_unused]] const bool row, use->step());
  return delta_out_of_order(delta, static_cast<std::uint64_t>(use->integer(0)));
}

Status RecordWriter::write(const Incident& record) {
  MW_TRY(Statement * insert, db_.statement(kIncident));
  const std::string_view state = to_string(record.state);
  columns_.clear();
  columns_.add(record.id).add(state).add(micros(record.opened_at));
  text_.clear();
  append_json(text_, to_value(record));
  insert->bind(1, record.id);
  insert->bind(2, state);
  insert->bind(3, std::int64_t{record.closed() ? 1 : 0});
  insert->bind(4, micros(record.opened_at));
  MW_CHECK(bind_body(*insert, 5, text_));
  return insert->run();
}

Status RecordWriter::write(const GuardedRun& run) {
  MW_TRY(Statement * insert, db_.statement(kGuardedRun));
  columns_.clear();
  columns_.add(run.guard).add(run.key).add(micros(run.at));
  insert->bind(1, run.guard);
  insert->bind(2, run.key);
  insert->bind(3, micros(run.at));
  insert->bind(4, columns_.digest());
  return insert->run();
}

Status RecordWriter::write(const KeyValue& key) {
  MW_TRY(Statement * insert, db_.statement(kKey));
  const auto expires = micros_of(key.expires_at);
  columns_.clear();
  columns_.add(key.name).add(key.id).add(expires);
  insert->bind(1, key.name);
  insert->bind(2, key.id);
  insert->bind(3, expires);
  MW_CHECK(bind_body(*insert, 4, key.value));
  return insert->run();
}

Status RecordWriter::delete_key(const std::string& name) {
  MW_TRY(Statement * remove, db_.statement(kKeyDelete));
  remove->bind(1, name);
  return remove->run();
}

Status RecordWriter::write(const ContentRecord& content) {
  MW_TRY(Statement * insert, db_.statement(kContent));
  columns_.clear();
  columns_.add(content.version);
  text_.clear();
  append_json(text_, content.rules);
  insert->bind(1, content.version);
  MW_CHECK(bind_body(*insert, 2, text_));
  return insert->run();
}

}  // namespace midwatch::store_sqlite
