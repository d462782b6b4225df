#pragma once
// Puts packets together from the messages of one connection: a packet with attachments is whole once they have come.

#include <string>
#include <string_view>
#include <vector>

#include "socketio/packet.h"

namespace concord::socketio {

class Decoder {
 public:
  /// `max_attached_bytes`: of all attachments of one packet.
  Decoder(const PacketLimits& limits, std::size_t max_attached_bytes)
      : limits_(limits), max_attached_bytes_(max_attached_bytes) {}

  /// The packet that is whole with this message, or null where more are to come; it lives until the next call. Errors
  /// are parse_packet's, and kInvalidArgument for text among attachments and for bytes that no packet announced; a
  /// connection whose decoder failed is to be closed.
  Result<const Packet*> add(std::string_view text);
  Result<const Packet*> add(Bytes attachment);

  /// Of the packet that was returned last, in their order.
  const std::vector<Bytes>& attachments() const { return attachments_; }

 private:
  const PacketLimits& limits_;
  std::size_t max_attached_bytes_;
  std::string text_;  // of a packet whose attachments are coming, which points into it
  Packet packet_;
  std::vector<Bytes> attachments_;
  std::size_t attached_bytes_ = 0;
  std::size_t missing_ = 0;
};

}  // namespace concord::socketio
