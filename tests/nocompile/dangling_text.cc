// A short text lives in the handle of its Value: a view of a temporary's text would dangle at once.
#include "value/value.h"

midwatch::Value make();

std::size_t caller() {
#ifdef MIDWATCH_CONTROL
  const midwatch::Value value = make();
  const std::string_view text = value.as_string();
#else
  const std::string_view text = make().as_string();
#endif
  return text.size();
}
