// A Result that nobody looks at is an error that nobody sees.
#include "base/result.h"

midwatch::Status save();

void caller() {
#ifdef MIDWATCH_CONTROL
  if (!save()) return;
#else
  save();
#endif
}
