// The same bytes give the same requests, however they are cut into pieces, and no limit is exceeded.
// (When a request is refused may differ: a header that comes whole is looked at sooner. At the very bound
// of a header's size whether it is refused may differ too: the bound counts what is not yet taken apart.)
// The first byte is the length of the pieces.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "httpd/request_parser.h"

namespace {

using namespace midwatch;
using Step = httpd::RequestParser::Step;

constexpr httpd::RequestLimits kLimits{.header_bytes_max = 512, .body_bytes_max = 256};

void check(bool condition) {
  if (!condition) std::abort();
}

struct Read {
  std::string requests;  // as one text
  bool header_too_large = false;
};

Read read_all(std::string_view bytes, std::size_t piece) {
  httpd::RequestParser parser(kLimits);
  Read read;
  std::string& out = read.requests;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (;;) {
    const auto fed = parser.feed(bytes.substr(begin, end - begin));
    check(fed.consumed <= end - begin);
    begin += fed.consumed;
    if (fed.step == Step::kRefused) {
      const int status = parser.refusal().status;
      check(status >= 400 && status < 600 && !parser.refusal().text.empty());
      read.header_too_large = status == 414 || status == 431;
      return read;
    }
    if (fed.step == Step::kComplete) {
      const auto taken = parser.take();
      check(taken.request.body.size() <= kLimits.body_bytes_max);
      check(taken.request.headers.size() <= httpd::kHeadersMax);
      out += taken.request.method + " " + taken.request.path + " " + taken.request.body + "\n";
      for (const Header& header : taken.request.headers) out += header.name + ":" + header.value + "\n";
      continue;
    }
    if (fed.consumed > 0 && begin != end) continue;
    if (end == bytes.size()) return read;
    check(end - begin <= kLimits.header_bytes_max + piece);
    end = std::min(bytes.size(), end + piece);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read cut = read_all(bytes, 1 + data[0] % 64);
  const Read whole = read_all(bytes, std::max<std::size_t>(bytes.size(), 1));
  check(cut.header_too_large || whole.header_too_large || cut.requests == whole.requests);
  return 0;
}
