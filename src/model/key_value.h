// model/key_value.h — an entry of the datastore (spec chapter 7), in the scope `system` for now.
#pragma once

#include <optional>
#include <string>

#include "base/object_id.h"
#include "base/time.h"

namespace midwatch {

struct KeyValue {
  ObjectId id;
  std::string name;
  std::string value;  // text; structured values are JSON text, as in StackStorm
  std::optional<Instant> expires_at;
};

}  // namespace midwatch
