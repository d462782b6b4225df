// A client's bytes to the HTTP reader. The first byte is the size of the pieces they come in. Whole or in pieces, the
// same requests are read and the same one is refused; what is read keeps every promise of Request.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "base/varint.h"
#include "net/handshake.h"
#include "net/request_reader.h"
#include "net/target.h"

namespace {

using namespace concord;
using namespace concord::net;
using Progress = RequestReader::Progress;

constexpr std::size_t kHeaderLimit = 512;
constexpr std::size_t kBodyLimit = 256;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  int refused = 0;
  std::string method, path, host, body;
  std::vector<std::pair<std::string, std::string>> query;
  std::size_t headers = 0;
  /// Where two rules are broken at once, the split may decide which of them is named.
  bool operator==(const Seen& other) const {
    if (refused != 0 || other.refused != 0) return refused != 0 && other.refused != 0;
    return std::tie(method, path, host, body, query, headers) ==
           std::tie(other.method, other.path, other.host, other.body, other.query, other.headers);
  }
};

void check(const Request& request) {
  const std::string& path = request.path;
  require(path.starts_with('/') && path.size() <= kMaxPathBytes && is_valid_utf8(path));
  require(path.find('\0') == std::string::npos);
  require((path + "/").find("/../") == std::string::npos && (path + "/").find("/./") == std::string::npos);
  require(request.body.size() <= kBodyLimit);
  std::size_t lengths = 0;
  std::size_t codings = 0;
  for (const Header& header : request.headers) {
    require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    require(!header.name.empty() && header.name.find_first_of(" \t:\r\n") == std::string::npos);
    lengths += header.name == "content-length" ? 1 : 0;
    codings += header.name == "transfer-encoding" ? 1 : 0;
  }
  require(lengths + codings <= 1);
  if (request.websocket_upgrade) require(accept_key(request.header("sec-websocket-key")).size() == 28);
}

std::vector<Seen> read_all(ByteView bytes, std::size_t piece) {
  std::vector<Seen> seen;
  RequestReader reader(kHeaderLimit);
  bool in_body = false;
  while (!bytes.empty()) {
    const Bytes copy = to_bytes(bytes.first(std::min(piece, bytes.size())));
    bytes = bytes.subspan(copy.size());
    ByteView input = copy;
    bool again = true;
    while (again) {
      const Progress progress = in_body ? reader.read_body(input, kBodyLimit) : reader.read_head(input);
      if (progress == Progress::kRefused) {
        require(reader.refusal().status >= 400 && !reader.refusal().detail.empty());
        seen.emplace_back().refused = reader.refusal().status;
        return seen;
      }
      if (progress == Progress::kNeedMore) {
        require(input.empty());
        break;
      }
      if (!in_body && reader.has_body()) {
        in_body = true;
        continue;
      }
      const Request& request = reader.request();
      check(request);
      seen.push_back(
          {0, request.method, request.path, request.host, request.body, request.query, request.headers.size()});
      reader = RequestReader(kHeaderLimit);
      in_body = false;
      again = !input.empty();
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView bytes(data + 1, size - 1);
  require(read_all(bytes, bytes.size()) == read_all(bytes, 1U + data[0]));
  return 0;
}
