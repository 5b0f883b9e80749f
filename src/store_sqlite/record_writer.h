// store_sqlite/record_writer.h — puts the records of batches into the tables, inside one transaction.
//
// Buffers and prepared statements are kept from commit to commit. Of records that come several times in
// one commit only the last is written. Thread-safety: none.
#pragma once

#include <span>
#include <string>
#include <unordered_set>

#include "ports/store.h"
#include "store_sqlite/body.h"
#include "store_sqlite/database.h"
#include "store_sqlite/parts.h"

namespace midwatch::store_sqlite {

class RecordWriter {
 public:
  explicit RecordWriter(Database& db) : db_(db), parts_(db) {}

  // The caller begins and ends the transaction, and undoes it when this fails.
  Status write(std::span<const Batch> batches);
  // The caller says how its transaction ended.
  void committed() { parts_.committed(); }
  void undone() { parts_.undone(); }

 private:
  Status write(const TriggerInstance& record);
  Status write(const RuleEnforcement& record);
  Status write(const Execution& record);
  Status write_result(const Execution& record);
  Status append_execution(const Execution& record, std::string_view result);
  Status write(const WorkflowDelta& delta);
  Status write(const Incident& record);
  Status write(const GuardedRun& run);
  Status write(const KeyValue& key);
  Status write(const ContentRecord& content);
  Status delete_key(const std::string& name);
  // Binds body, unpacked and digest from `first` on.
  Status bind_body(Statement& statement, int first, std::string_view text);
  // Writes the last version of each record of one kind.
  template <class T>
  Status write_latest(std::span<const Batch> batches, std::vector<T> Batch::* records);

  Database& db_;
  Columns columns_;
  std::string text_;
  std::string packed_;
  std::string result_text_;
  PartWriter parts_;
  std::unordered_set<ObjectId> seen_;
};

}  // namespace midwatch::store_sqlite
