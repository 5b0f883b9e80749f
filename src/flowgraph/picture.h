// flowgraph/picture.h — what is drawn of a workflow: boxes and arrows, whatever draws them.
//
// A box is a task that can be reached. An engine command is drawn once for each task that leads to it, so that
// no arrow crosses the picture only to say "and then it fails"; `continue`, which is how a task without a
// successor ends, is not drawn. Arrows between the same two tasks are one, with the conditions of all.
// Deterministic; in the order of the graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workflow/definition.h"

namespace midwatch {

struct PictureNode {
  enum class Kind : std::uint8_t { kTask, kNoop, kFail };
  std::string id;  // unique: the task's name, or "<task>/fail"
  std::string name;
  std::string action;  // as written; empty where there is none
  std::string notes;   // "join all · with items · retry 3"
  Kind kind = Kind::kTask;
};

struct PictureEdge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::string label;         // the condition, short; empty: always
  std::string condition;     // the whole of it
  bool when_failed = false;  // taken only when the task failed
};

struct Picture {
  std::string title;
  std::vector<PictureNode> nodes;
  std::vector<PictureEdge> edges;
};

inline constexpr std::size_t kPictureLabelMax = 36;  // characters of a condition or an action; more is cut

[[nodiscard]] Picture picture_of(const Definition& definition);

// The first `limit` characters (code points), with … where there are more.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

}  // namespace midwatch
