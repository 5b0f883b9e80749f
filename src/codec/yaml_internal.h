// codec/yaml_internal.h — what the sources of codec's YAML share; for codec's own sources.
#pragma once

#include <string_view>

namespace midwatch::internal {

// Whether PyYAML would make a date or time of this plain scalar. We keep it as a text, but quote it
// when we write it, for the sake of other readers.
bool is_yaml_timestamp(std::string_view text);

}  // namespace midwatch::internal
