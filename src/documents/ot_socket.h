#pragma once
// A Socket.IO connection that edits documents by operational transformation (docs/protocols/ot.md): reads its events
// and brings each to its document's session. Lives on the connection's home reactor.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "documents/live_places.h"
#include "documents/ot_channel.h"
#include "documents/ot_protocol.h"
#include "socketio/socket.h"

namespace concord::documents {

class OtSocket {
 public:
  /// `relay` is null where all it can be about is served here.
  OtSocket(const LivePlaces& places, LiveRelay* relay, Mailbox& home, socketio::Socket& socket, std::string token);
  ~OtSocket();

  void on_event(const socketio::Event& event);
  void on_drained();
  void on_disconnect();

  // Of its sessions.
  void emit(std::string_view event, std::string_view argument) { socket_.emit(event, argument); }
  void acknowledge(std::uint64_t id, std::string_view argument) { socket_.acknowledge(id, argument); }
  std::size_t unsent_bytes() const { return socket_.unsent_bytes(); }
  /// The session has ended. Its document may be joined again.
  void forget(const std::shared_ptr<OtChannel>& channel);

 private:
  using AckId = std::optional<std::uint64_t>;

  Result<> dispatch(const socketio::Event& event, std::string_view argument);
  Result<> join(std::string_view argument, AckId ack);
  Result<> leave(std::string_view argument, AckId ack);
  Result<> send_changes(std::string_view argument, AckId ack);
  Result<> move_cursor(std::string_view argument);
  Result<> set_typing(std::string_view argument);
  Result<> authenticate(std::string_view argument, AckId ack);
  Result<std::shared_ptr<OtChannel>> channel_of(DocumentId document) const;

  // ot_far.cpp: documents that other nodes serve
  struct Far;
  Result<bool> pass_on(DocumentId document, std::string_view event, std::string_view argument, AckId ack);
  std::shared_ptr<Far> far_for(DocumentId document, bool joins);
  void end_far(std::uint32_t shard);

  const LivePlaces& places_;
  LiveRelay* const relay_;
  Mailbox& home_;
  socketio::Socket& socket_;
  std::string token_;  // what documents are joined with that name none of their own
  std::map<std::string, std::shared_ptr<OtChannel>, std::less<>> channels_;  // by document
  std::map<std::uint32_t, std::shared_ptr<Far>> far_;                        // by shard
};

}  // namespace concord::documents
