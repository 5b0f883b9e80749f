// expr/bytes.h — Python's bytes, as far as templates meet them: what str.encode() and int.to_bytes() make.
#pragma once

#include <string>
#include <string_view>

#include "expr/datum.h"

namespace midwatch {

class BytesObject final : public Object {
 public:
  explicit BytesObject(std::string bytes) : Object(Type::kOther), content(std::move(bytes)) {}
  [[nodiscard]] std::string type_name() const override { return "bytes"; }
  [[nodiscard]] std::string text() const override;  // b'…'
  [[nodiscard]] bool truthy() const override { return !content.empty(); }
  [[nodiscard]] bool equals(const Object& other) const override;
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;
  std::string content;
};

// str.encode(encoding, errors) for UTF-8, ASCII and Latin-1; an unknown encoding is a LookupError.
[[nodiscard]] Outcome<Datum> encoded_text(Evaluation& evaluation, std::string_view text, std::string_view encoding,
                                          std::string_view errors);

}  // namespace midwatch
