#pragma once
// Reads one HTTP/1.1 request from bytes as they come: the head first, so that the body's limit can be chosen,
// then the body. No socket here. What could make another parser on the way see a different request is
// refused: bare line ends, folded lines, a space before a colon, more than one Content-Length, Content-Length
// beside Transfer-Encoding, a transfer coding other than chunked.

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "net/http.h"

namespace concord::net {

struct Refusal {
  int status = 0;
  std::string detail;
};

class RequestReader {
 public:
  explicit RequestReader(std::size_t max_header_bytes);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  enum class Progress : std::uint8_t { kNeedMore, kDone, kRefused };

  /// Both take bytes from the front of `input`; what belongs to the next request is left there. After
  /// kNeedMore `input` is empty; after kRefused the connection can only be closed.
  Progress read_head(ByteView& input);
  /// After the head. A body over the limit is refused with 413 before it is read, as soon as its size shows.
  Progress read_body(ByteView& input, std::size_t limit_bytes);

  /// Whether any byte of the request has come.
  bool has_begun() const;
  /// Whole after read_head but for body, peer_address, request_id and secure.
  Request& request();
  const Refusal& refusal() const;
  bool keep_alive() const;
  bool is_http10() const;
  bool has_body() const;
  /// The client waits for a 100 before it sends the body.
  bool expects_continue() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::net
