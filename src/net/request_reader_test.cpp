#include "net/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/property_testing.h"

namespace concord::net {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using Progress = RequestReader::Progress;

constexpr std::size_t kHeaderLimit = 2048;
constexpr std::size_t kBodyLimit = 1000;

struct Outcome {
  int refused = 0;  // the status, or 0
  std::string method, path, body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool keep_alive = false;
  bool operator==(const Outcome&) const = default;
};

/// Reads every request from the pieces until one is refused or the bytes end.
std::vector<Outcome> read_all(const std::vector<std::string>& pieces) {
  std::vector<Outcome> outcomes;
  RequestReader reader(kHeaderLimit);
  bool in_body = false;
  for (const std::string& piece : pieces) {
    ByteView input = as_bytes(piece);
    while (!input.empty()) {
      const Progress progress = in_body ? reader.read_body(input, kBodyLimit) : reader.read_head(input);
      if (progress == Progress::kRefused) {
        Outcome outcome;
        outcome.refused = reader.refusal().status;
        outcomes.push_back(outcome);
        return outcomes;
      }
      if (progress == Progress::kNeedMore) continue;
      if (!in_body && reader.has_body()) {
        in_body = true;
        if (!input.empty()) continue;
        if (reader.read_body(input, kBodyLimit) == Progress::kNeedMore) continue;
      }
      Outcome outcome{0,  reader.request().method, reader.request().path, reader.request().body,
                      {}, reader.keep_alive()};
      for (const Header& header : reader.request().headers) outcome.headers.emplace_back(header.name, header.value);
      outcomes.push_back(outcome);
      reader = RequestReader(kHeaderLimit);
      in_body = false;
    }
  }
  return outcomes;
}

std::vector<Outcome> read_all(const std::string& bytes) { return read_all(std::vector{bytes}); }
int refusal(const std::string& bytes) {
  const auto outcomes = read_all(bytes);
  return outcomes.empty() ? -1 : outcomes.back().refused;
}
std::string get(const std::string& headers, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: test\r\n" + headers + "\r\n";
}

TEST(RequestReader, pipelined_requests_are_told_apart) {
  const auto outcomes = read_all(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n3;x=y\r\nfgh\r\n0\r\nTrailer: "
      "t\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].body, "abc");
  EXPECT_EQ(outcomes[1].body, "defgh");
  EXPECT_EQ(outcomes[2].path, "/c");
  EXPECT_TRUE(outcomes[0].keep_alive);
  EXPECT_FALSE(outcomes[2].keep_alive);
}

TEST(RequestReader, any_split_of_the_bytes_gives_the_same_requests) {
  for_each_seed(500, [](Random& random) {
    std::string bytes;
    for (std::uint64_t n = pick(random, 1, 4); n > 0; --n) {
      const std::string body(pick(random, 0, 300), 'b');
      switch (pick(random, 0, 2)) {
        case 0:
          bytes += get("X-A: 1\r\nx-b:  two \r\n");
          break;
        case 1:
          bytes += get("Content-Length: " + std::to_string(body.size()) + "\r\n", "PUT /x?y=1 HTTP/1.1") + body;
          break;
        default: {
          bytes += get("transfer-encoding: Chunked\r\n", "POST /chunks HTTP/1.1");
          for (std::size_t at = 0; at < body.size();) {
            const std::size_t take = pick(random, 1, body.size() - at);
            char size[32];
            std::snprintf(size, sizeof size, "%zx%s\r\n", take, pick(random, 0, 1) == 0 ? "" : ";name=\"value\"");
            bytes += size + body.substr(at, take) + "\r\n";
            at += take;
          }
          bytes += pick(random, 0, 1) == 0 ? "0\r\n\r\n" : "0\r\nA: b\r\nC: d\r\n\r\n";
        }
      }
    }
    // At times something is spoiled: what is refused must not depend on the split either.
    if (pick(random, 0, 1) == 0) bytes[pick(random, 0, bytes.size() - 1)] = static_cast<char>(pick(random, 0, 255));
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t take = std::min<std::size_t>(pick(random, 1, 40), bytes.size() - at);
      pieces.push_back(bytes.substr(at, take));
      at += take;
    }
    EXPECT_TRUE(read_all(pieces) == read_all(bytes)) << bytes;
  });
}

TEST(RequestReader, what_two_readers_could_disagree_on_is_refused) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(refusal(get("Content-Length: 5\r\n" + chunked)), 400);
  EXPECT_EQ(refusal(get(chunked + "Content-Length: 5\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: 5, 5\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: +5\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: -1\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: 0x5\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: \r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length: 99999999999999999999\r\n")), 400);
  EXPECT_EQ(refusal(get("X: a\r\n folded\r\n")), 400);
  EXPECT_EQ(refusal(get("X: a\r\n\tfolded\r\n")), 400);
  EXPECT_EQ(refusal(get(" X: a\r\n")), 400);
  EXPECT_EQ(refusal(get("X : a\r\n")), 400);
  EXPECT_EQ(refusal(get("Content-Length : 5\r\n")), 400);
  EXPECT_EQ(refusal(get("no colon\r\n")), 400);
  EXPECT_EQ(refusal(get(": no name\r\n")), 400);
  EXPECT_EQ(refusal(get("X: a\rb\r\n")), 400);
  EXPECT_EQ(refusal(get("X: a\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refusal(get(std::string("X: a\0b\r\n", 8))), 400);
  EXPECT_EQ(refusal(get("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(refusal(get("Transfer-Encoding: identity\r\n")), 501);
  EXPECT_EQ(refusal(get("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(refusal(get(chunked + chunked)), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal(get("Host: second\r\n")), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
}

TEST(RequestReader, malformed_chunks_are_refused) {
  const std::string head = get("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1");
  for (const char* body :
       {"x\r\n", "-1\r\n", "1\r\nab\r\n", "1\nab\r\n", "ffffffffffffffffff\r\n", "0x1\r\na\r\n0\r\n\r\n"})
    EXPECT_EQ(refusal(head + body + std::string(8, ' ')), 400) << body;
  EXPECT_EQ(refusal(head + "3e9\r\n"), 413);
  EXPECT_EQ(refusal(head + "3e8\r\n" + std::string(1000, 'a') + "\r\n1\r\nb\r\n"), 413);
  EXPECT_EQ(refusal(head + "1;" + std::string(3000, 'x')), 431);
  EXPECT_EQ(refusal(head + "0\r\n" + std::string(3000, 'x')), 431);
}

TEST(RequestReader, a_body_over_the_limit_is_refused_before_it_is_read) {
  EXPECT_EQ(refusal(get("Content-Length: 1001\r\n", "POST / HTTP/1.1") + "a"), 413);
  EXPECT_EQ(read_all(get("Content-Length: 1000\r\n", "POST / HTTP/1.1") + std::string(1000, 'a')).at(0).body.size(),
            1000u);
}

TEST(RequestReader, a_head_has_its_limits) {
  EXPECT_EQ(refusal(get("X: " + std::string(kHeaderLimit, 'a') + "\r\n")), 431);
  EXPECT_EQ(refusal(std::string(kHeaderLimit, 'G')), 431);
  std::string many;
  for (int i = 0; i < 130; ++i) many += "A:b\r\n";
  EXPECT_EQ(refusal(get(many)), 431);
  EXPECT_EQ(refusal(get("", "GET /" + std::string(100, 'a') + "/.. HTTP/1.1")), 400);
}

TEST(RequestReader, other_protocols_are_refused) {
  EXPECT_EQ(refusal(get("", "GET / HTTP/2.0")), 505);
  EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(refusal(get("", "GET /")), 400);
  EXPECT_EQ(refusal(get("", "GET  / HTTP/1.1")), 400);
  EXPECT_EQ(refusal(get("", "G\xc3\xbcT / HTTP/1.1")), 400);
  EXPECT_EQ(refusal(get("", std::string(40, 'M') + " / HTTP/1.1")), 501);
  EXPECT_EQ(refusal(get("", "CONNECT example.org:443 HTTP/1.1")), 400);
  EXPECT_EQ(refusal(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)), 400);
}

TEST(RequestReader, http_1_0_ends_after_a_response_unless_asked) {
  EXPECT_FALSE(read_all("GET / HTTP/1.0\r\n\r\n").at(0).keep_alive);
  EXPECT_TRUE(read_all("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").at(0).keep_alive);
}

TEST(RequestReader, one_empty_line_before_a_request_is_skipped) {
  EXPECT_EQ(read_all("\r\n" + get("")).at(0).path, "/");
}

TEST(RequestReader, an_opening_handshake_is_recognized_or_refused) {
  const auto handshake = [](const std::string& version, const std::string& key, const std::string& more = {}) {
    RequestReader reader(kHeaderLimit);
    const std::string text = get("Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" + version + key + more);
    ByteView input = as_bytes(text);
    const auto progress = reader.read_head(input);
    if (progress == Progress::kRefused) return reader.refusal().status;
    return reader.request().websocket_upgrade ? 101 : 200;
  };
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(handshake(version, key), 101);
  EXPECT_EQ(handshake("", key), 426);
  EXPECT_EQ(handshake("Sec-WebSocket-Version: 8\r\n", key), 426);
  EXPECT_EQ(handshake(version, ""), 400);
  EXPECT_EQ(handshake(version, "Sec-WebSocket-Key: short\r\n"), 400);
  EXPECT_EQ(handshake(version, key, key), 400);
  EXPECT_EQ(handshake(version, key, "Content-Length: 4\r\n"), 400);
}

}  // namespace
}  // namespace concord::net
