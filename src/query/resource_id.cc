#include "query/resource_id.h"

#include "model/digest.h"

namespace midwatch {

std::string resource_id(std::string_view uid) { return digest(Value(uid)).substr(0, 24); }

Value with_resource_id(const Value& shape) {
  return with_member(shape, "id", resource_id(shape.get("uid").text_or("")));
}

}  // namespace midwatch
