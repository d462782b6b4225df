#pragma once
// A WebSocket in the Hocuspocus dialect: says which message is for which of its documents, and bounds what a client may
// make of it. Lives on the reactor that it was accepted on.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "documents/hocuspocus_channel.h"
#include "documents/hocuspocus_protocol.h"
#include "documents/live_places.h"
#include "documents/message_rate.h"
#include "relay/far_socket.h"

namespace concord::documents {

/// What the upgrade carries to the socket.
struct HocuspocusRequest {
  std::string address;     // of who asks
  std::string request_id;  // of the upgrade
  bool relayed = false;    // another node has the client, and sends on what is served here
};

class HocuspocusSocket {
 public:
  HocuspocusSocket(const LivePlaces& places, Mailbox& home, net::WebSocket& socket, HocuspocusRequest request,
                   const DocumentLimits& limits, Clock& clock);

  void on_message(net::Opcode opcode, ByteView payload);
  void on_drained();
  void on_close();
  /// Ends one that has signed in nowhere by its deadline; keeps one alive to which nothing else is sent.
  void check(std::int64_t now_ns);

  std::size_t unsent_bytes() const { return socket_.queued_bytes(); }

  // Of its sessions.
  void send(const net::Frame& frame);
  void opened(HocuspocusChannel& channel);
  /// `denied`: the token is what was wrong, or is no more good.
  void ended(const std::shared_ptr<HocuspocusChannel>& channel, net::CloseCode code, std::string_view reason,
             bool denied);

 private:
  using Channels = std::map<std::string, std::shared_ptr<HocuspocusChannel>, std::less<>>;

  void dispatch(const hocuspocus::Envelope& envelope);
  bool pass_on(const hocuspocus::Envelope& envelope, ByteView message);
  std::shared_ptr<relay::FarSocket> open_far(DocumentId document);
  std::shared_ptr<HocuspocusChannel> channel_for(const hocuspocus::Envelope& envelope);
  std::shared_ptr<HocuspocusChannel> make_channel(std::string_view key, DocumentId document);
  void forget(const std::shared_ptr<HocuspocusChannel>& channel);
  void client_left(std::string_view key);
  bool within_unopened(HocuspocusChannel& channel, std::size_t bytes);
  void close(net::CloseCode code, std::string_view reason);

  const LivePlaces& places_;
  Mailbox& home_;
  net::WebSocket& socket_;
  HocuspocusRequest request_;
  const DocumentLimits& limits_;
  Clock& clock_;
  Channels channels_;
  std::map<std::uint32_t, std::shared_ptr<relay::FarSocket>> far_;  // by shard: of documents that other nodes serve
  std::set<std::string, std::less<>> denied_;  // told so: nothing but another token is taken for them
  MessageRate rate_;
  std::size_t unopened_bytes_ = 0;
  std::int64_t deadline_ns_;
  std::int64_t sent_ns_;
  bool signed_in_ = false;  // some document was opened
  bool answers_pings_ = false;
  bool closing_ = false;
};

}  // namespace concord::documents
