#include "httpd/request_parser.h"

#include <gtest/gtest.h>

#include "httpd/request_id.h"
#include "httpd/response_writer.h"
#include "httpd/url.h"

namespace midwatch::httpd {
namespace {

using Step = RequestParser::Step;

// Feeds `bytes` in pieces of `piece`, as a connection would, until something is decided.
RequestParser::Fed feed_all(RequestParser& parser, std::string_view bytes, std::size_t piece) {
  std::size_t begin = 0;
  std::size_t end = 0;
  for (;;) {
    const auto fed = parser.feed(bytes.substr(begin, end - begin));
    begin += fed.consumed;
    if (fed.step != Step::kNeedMore) return {fed.step, begin};
    if (fed.consumed > 0 && begin != end) continue;
    if (end == bytes.size()) return {Step::kNeedMore, begin};
    end = std::min(bytes.size(), end + piece);
  }
}

RequestParser::Refusal refused(std::string_view bytes, RequestLimits limits = {}) {
  RequestParser parser(limits);
  EXPECT_EQ(feed_all(parser, bytes, 4096).step, Step::kRefused) << bytes.substr(0, 100);
  return parser.refusal();
}

TEST(RequestParser, TakesARequestApartHoweverItArrives) {
  const std::string bytes =
      "POST /api/v1/a%20b?x=1&y=%C3%A9+z HTTP/1.1\r\nHost: h\r\nX-A:  b \r\nContent-Length: 5\r\n\r\nhello";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    RequestParser parser({});
    ASSERT_EQ(feed_all(parser, bytes, piece).step, Step::kComplete) << piece;
    const auto taken = parser.take();
    EXPECT_EQ(taken.request.method, "POST");
    EXPECT_EQ(taken.request.path, "/api/v1/a b");
    ASSERT_EQ(taken.request.query.size(), 2u);
    EXPECT_EQ(*taken.request.parameter("y"), "é z");
    EXPECT_EQ(*taken.request.header("x-a"), "b");
    EXPECT_EQ(taken.request.body, "hello");
    EXPECT_TRUE(taken.keep_alive);
  }
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  const std::string first = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  RequestParser parser({});
  const auto fed = feed_all(parser, first + "GET /2 HTTP/1.1\r\n", 4096);
  EXPECT_EQ(fed.step, Step::kComplete);
  EXPECT_EQ(fed.consumed, first.size());
  EXPECT_EQ(parser.take().request.path, "/1");
  EXPECT_EQ(feed_all(parser, "\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", 3).step, Step::kComplete);
  EXPECT_EQ(parser.take().request.path, "/2");
}

TEST(RequestParser, JoinsChunksAndIgnoresTrailers) {
  RequestParser parser({});
  ASSERT_EQ(feed_all(parser,
                     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nAuthorization: late\r\n\r\n",
                     1)
                .step,
            Step::kComplete);
  const auto taken = parser.take();
  EXPECT_EQ(taken.request.body, "abcde");
  EXPECT_EQ(taken.request.header("authorization"), nullptr);
}

TEST(RequestParser, HeadIsHandledAsGet) {
  RequestParser parser({});
  ASSERT_EQ(feed_all(parser, "HEAD / HTTP/1.0\r\n\r\n", 4096).step, Step::kComplete);
  const auto taken = parser.take();
  EXPECT_EQ(taken.request.method, "GET");
  EXPECT_TRUE(taken.is_head);
  EXPECT_TRUE(taken.is_http_1_0);
  EXPECT_FALSE(taken.keep_alive);
}

TEST(RequestParser, RefusesABodyBeyondTheLimitBeforeItComes) {
  const RequestLimits limits{.body_bytes_max = 10};
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", limits).status, 413);
  EXPECT_EQ(
      refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n", limits).status,
      413);
  EXPECT_EQ(
      refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n", limits)
          .text,
      "the body is too large, at most 10 bytes are accepted");
}

TEST(RequestParser, RefusesHeadersBeyondTheLimits) {
  const RequestLimits limits{.header_bytes_max = 512};
  EXPECT_EQ(refused("GET /" + std::string(600, 'a'), limits).status, 414);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(600, 'a'), limits).status, 431);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 0; i < kHeadersMax; ++i) many += "X: y\r\n";
  EXPECT_EQ(refused(many + "\r\n").text, "more than 100 header fields");
}

TEST(RequestParser, RefusesWhatCouldBeReadInTwoWays) {
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").status, 400);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").status,
            400);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n").status,
            400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n").text, "two Host header fields");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nX : y\r\n\r\n").status, 400);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n").status, 400);
}

TEST(RequestParser, SaysWhatIsWrong) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n").text, "no Host header field");
  EXPECT_EQ(refused("GET / HTTP/3.1\r\n\r\n").status, 505);
  EXPECT_EQ(refused("hello\r\n\r\n").status, 400);
  EXPECT_EQ(refused(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 12)).status, 400) << "TLS on a plain port";
  EXPECT_EQ(refused("GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n").text,
            "path: '%zz' at position 3: '%' must be followed by two hexadecimal digits");
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n").status, 417);
}

std::string decoded(std::string_view text, Plus plus = Plus::kIsBlank) {
  auto out = percent_decode(text, plus);
  return out ? *out : "error: " + out.error().message;
}

TEST(Url, DecodesPercentEscapesAndPlus) {
  EXPECT_EQ(decoded("a%20b+c%2Bd"), "a b c+d");
  EXPECT_EQ(decoded("a+b", Plus::kIsPlus), "a+b");
  EXPECT_EQ(decoded("%e2%82%AC"), "€");
}

TEST(Url, RefusesEscapesThatAreNone) {
  EXPECT_EQ(decoded("ab%"), "error: '%' at position 3: '%' must be followed by two hexadecimal digits");
  EXPECT_EQ(decoded("%4"), "error: '%4' at position 1: '%' must be followed by two hexadecimal digits");
  EXPECT_EQ(decoded("%00"), "error: a NUL byte at position 3 is not allowed");
  EXPECT_EQ(decoded("%ff"), "error: the decoded text is not UTF-8");
  EXPECT_EQ(decoded("%c0%af"), "error: the decoded text is not UTF-8") << "an overlong slash";
}

TEST(Url, SplitsTargetsOfEveryForm) {
  EXPECT_EQ(split_target("/a?b=c#d")->path, "/a");
  EXPECT_EQ(split_target("/a?b=c#d")->query.front().second, "c");
  EXPECT_EQ(split_target("http://host:80/a/b?c")->path, "/a/b");
  EXPECT_EQ(split_target("http://host?c=1")->path, "/");
  EXPECT_EQ(split_target("*")->path, "*");
  EXPECT_EQ(split_target("host:443").error().message, "request target 'host:443': must begin with '/'");
}

TEST(Url, QueriesKeepOrderAndRepeats) {
  const auto query = parse_query("a=1&&b&a=2&=x&c==");
  ASSERT_TRUE(query.has_value());
  std::string text;
  for (const auto& [name, value] : *query) text += name + ":" + value + " ";
  EXPECT_EQ(text, "a:1 b: a:2 :x c:= ");
  std::string many;
  for (std::size_t i = 0; i <= kQueryParametersMax; ++i) many += "a&";
  EXPECT_EQ(parse_query(many).error().message, "more than 256 query parameters");
}

TEST(RequestId, IsAUuidAndNeverRepeats) {
  RequestIdSource source(1);
  const std::string first = source.next();
  EXPECT_EQ(first.size(), 36u);
  EXPECT_EQ(first[14], '4');
  EXPECT_NE(std::string("89ab").find(first[19]), std::string::npos);
  EXPECT_NE(first, source.next());
}

TEST(RequestId, OnlyVisibleTextIsRepeated) {
  EXPECT_TRUE(is_acceptable_request_id("a-1"));
  EXPECT_FALSE(is_acceptable_request_id(""));
  EXPECT_FALSE(is_acceptable_request_id("a b"));
  EXPECT_FALSE(is_acceptable_request_id(std::string(129, 'a')));
}

TEST(ResponseWriter, NoHeaderValueCanEndItsLine) {
  std::string out;
  append_response(out, {.status = 200, .headers = {{"X", "a\r\nSet-Cookie: b"}}, .body = "{}"}, {});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX: a  Set-Cookie: b\r\n\r\n{}");
}

TEST(ResponseWriter, AnAnswerWithoutContentHasNoLength) {
  std::string out;
  append_response(out, {.status = 204}, {.keep_alive = false});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(ResponseWriter, DatesAreThoseOfHttp) {
  EXPECT_EQ(http_date(std::chrono::system_clock::time_point(std::chrono::seconds(784111777))),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace midwatch::httpd
