#pragma once
// Something that a document tells its sessions: the bytes once, and for each dialect the frame that says it, made when
// the first session of that dialect wants it and shared by all of them.

#include <array>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "net/websocket.h"

namespace concord::documents {

/// What clients speak; each has frames of its own.
enum class Dialect : std::uint8_t { kSync, kHocuspocus };
constexpr std::size_t kDialects = 2;

class Published {
 public:
  enum class Kind : std::uint8_t {
    kUpdate,     // of the CRDT, durable and applied
    kAwareness,  // an awareness update
    kStateless,  // text that clients of the Hocuspocus dialect send each other
  };

  /// `from` is the number of the session that it comes from; 0: from none.
  Published(Kind kind, SharedBytes bytes, std::uint64_t from) : bytes_(std::move(bytes)), from_(from), kind_(kind) {}

  Kind kind() const { return kind_; }
  const SharedBytes& bytes() const { return bytes_; }
  std::uint64_t from() const { return from_; }

  /// What `make(*this)` answered the first time for this dialect.
  template <class Make>
  const net::Frame& frame(Dialect dialect, Make&& make) {
    net::Frame& frame = frames_[static_cast<std::size_t>(dialect)];
    if (!frame) frame = std::forward<Make>(make)(std::as_const(*this));
    return frame;
  }

 private:
  SharedBytes bytes_;
  std::array<net::Frame, kDialects> frames_;
  std::uint64_t from_;
  Kind kind_;
};

}  // namespace concord::documents
