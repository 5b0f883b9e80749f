// jsonpath/query.h — JSONPath as jsonpath-rw 1.4 has it, which is what StackStorm's packs are written for.
//
//   auto query = jsonpath::Query::compile("trigger.hosts[*].name");
//   Result<std::vector<Value>> names = (*query)->find(event);
//
// Grammar: `$`, fields `a`, `'a b'`, `"a"` and `a,b`, `*` (the members of a mapping), `[0]`, `[-1]`, `[*]`, `[1:3]`,
// `['a','b']`, `x.y`, `x..y` (any depth), `x | y` (both), `x & y` (parses, fails when run, as the reference does),
// `x where y` (those of x in which y finds something), `` `this` ``, `` `parent` ``, parentheses. From loose to tight:
// `..`, `.`, `|`, `&`, `where`; all group to the left. `@` is a letter. There are no filters `[?(…)]`.
//
// As in the reference an index asks for a length: `[0]` of a number is an error, of a text its first character; `[*]`
// of a mapping, a text or an integer is the thing itself.
//
// Immutable, shared between threads. Compile is linear; find() visits at most kVisitsMax nodes.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace midwatch::jsonpath {

inline constexpr std::size_t kQueryBytesMax = 16u << 10;
inline constexpr int kQueryDepthMax = 200;
inline constexpr int kValueDepthMax = 500;
inline constexpr std::size_t kVisitsMax = 1'000'000;

struct Path;

class Query {
 public:
  // Errors: kInvalid with the place in the text; kLimit.
  [[nodiscard]] static Result<std::shared_ptr<const Query>> compile(std::string_view text);
  // Every match, in document order of the reference. kInvalid where the reference raises; kLimit.
  [[nodiscard]] Result<std::vector<Value>> find(const Value& root) const;

  explicit Query(std::unique_ptr<const Path> path);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

 private:
  std::unique_ptr<const Path> path_;
};

}  // namespace midwatch::jsonpath
