// model/digest.h — a short name for a Value: equal content, equal digest, on every machine.
//
// 128 bits (FNV-1a) as 32 hexadecimal digits. The order of an object's members does not matter; 1 and
// 1.0 differ. It tells versions apart; it is no protection against someone who seeks a collision.
#pragma once

#include <string>

#include "value/value.h"

namespace midwatch {

[[nodiscard]] std::string digest(const Value& value);

}  // namespace midwatch
