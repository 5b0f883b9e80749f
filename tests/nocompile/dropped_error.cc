// An Error that is made and not returned: the early return was forgotten.
#include "base/result.h"

midwatch::Error refused();

midwatch::Status caller(bool bad) {
#ifdef MIDWATCH_CONTROL
  if (bad) return refused();
#else
  if (bad) refused();
#endif
  return {};
}
