// Two kinds of names with the same representation are two types.
#include "base/strong_id.h"

using RuleRef = midwatch::StrongId<struct RuleRefTag>;
using ActionRef = midwatch::StrongId<struct ActionRefTag>;

bool caller(const RuleRef& rule, const ActionRef& action) {
#ifdef MIDWATCH_CONTROL
  return rule.value() == action.value();
#else
  return rule == action;
#endif
}
