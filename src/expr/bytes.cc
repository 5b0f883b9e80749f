#include "expr/bytes.h"

#include <algorithm>

#include "expr/function_table.h"
#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

namespace {

enum class Encoding : std::uint8_t { kUtf8, kAscii, kLatin1 };

Outcome<Encoding> encoding_named(std::string_view given) {
  std::string name = lower_text(given);
  std::replace(name.begin(), name.end(), '_', '-');
  if (name == "utf-8" || name == "utf8" || name == "u8") return Encoding::kUtf8;
  if (name == "ascii" || name == "us-ascii" || name == "646") return Encoding::kAscii;
  if (name == "latin-1" || name == "latin1" || name == "iso-8859-1" || name == "l1") return Encoding::kLatin1;
  return Failure(ErrorKind::kValue, "LookupError", "unknown encoding: " + std::string(given));
}

constexpr char kHex[] = "0123456789abcdef";

Outcome<Datum> decode(Call& call) {
  const std::string& bytes = call.args[0].as<BytesObject>()->content;
  std::string name = "utf-8";
  if (call.has(1)) {
    MW_TRY(const std::string_view given, text_argument(call.args[1], "decode() argument 'encoding' must be str"));
    name = given;
  }
  MW_TRY(const Encoding encoding, encoding_named(name));
  if (encoding == Encoding::kLatin1) {
    std::string out;
    for (const char c : bytes) append_code_point(out, static_cast<unsigned char>(c));
    return charged_text(call.evaluation, std::move(out));
  }
  // What a text was encoded to is well formed; bytes from elsewhere are looked at as a whole.
  const bool valid = encoding == Encoding::kAscii ? is_ascii(bytes) : from_code_points(to_code_points(bytes)) == bytes;
  if (!valid) return Failure(ErrorKind::kValue, "UnicodeDecodeError", "'" + name + "' codec can't decode the bytes");
  return charged_text(call.evaluation, bytes);
}

Outcome<Datum> hex(Call& call) {
  std::string out;
  for (const char c : call.args[0].as<BytesObject>()->content) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return charged_text(call.evaluation, std::move(out));
}

constexpr NativeEntry kEntries[] = {{"decode", "self, encoding=, errors=", &decode}, {"hex", "self", &hex}};

}  // namespace

std::string BytesObject::text() const {
  const bool double_quoted = content.find('\'') != std::string::npos && content.find('"') == std::string::npos;
  const char quote = double_quoted ? '"' : '\'';
  std::string out = std::string("b") + quote;
  for (const char c : content) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') out += std::string("\\") + c;
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (byte >= 0x20 && byte < 0x7f) out += c;
    else out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
  }
  return out + quote;
}

bool BytesObject::equals(const Object& other) const {
  const auto* bytes = dynamic_cast<const BytesObject*>(&other);
  return bytes != nullptr && bytes->content == content;
}

Outcome<bool> BytesObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  static const FunctionTable methods = [] {
    FunctionTable table;
    table.add(kEntries);
    return table;
  }();
  const Function* method = methods.find(name);
  if (method == nullptr) return false;
  out = std::make_shared<BoundMethod>(Datum(std::const_pointer_cast<Object>(shared_from_this())), *method);
  return true;
}

Outcome<Datum> encoded_text(Evaluation& evaluation, std::string_view text, std::string_view encoding,
                            std::string_view errors) {
  MW_TRY(const Encoding wanted, encoding_named(encoding));
  std::string out;
  if (wanted == Encoding::kUtf8) {
    out = text;
  } else {
    const char32_t limit = wanted == Encoding::kAscii ? 0x80 : 0x100;
    for (const char32_t c : to_code_points(text)) {
      if (c < limit) {
        out += static_cast<char>(c);
      } else if (errors == "replace") {
        out += '?';
      } else if (errors == "xmlcharrefreplace") {
        out += "&#" + std::to_string(static_cast<std::uint32_t>(c)) + ";";
      } else if (errors != "ignore") {
        return Failure(ErrorKind::kValue, "UnicodeEncodeError",
                       "'" + std::string(encoding) + "' codec can't encode the text");
      }
    }
  }
  if (!evaluation.take_bytes(out.size())) return evaluation.too_many_bytes();
  return Datum(std::make_shared<BytesObject>(std::move(out)));
}

}  // namespace midwatch
