#pragma once
// A live session in the Hocuspocus dialect (docs/protocols/hocuspocus.md): one document of a socket that may carry
// several and lives on another reactor.

#include <memory>
#include <string>
#include <string_view>

#include "documents/hocuspocus_channel.h"
#include "documents/hocuspocus_protocol.h"
#include "documents/live_session.h"

namespace concord::documents {

class HocuspocusSession final : public LiveSession {
 public:
  HocuspocusSession(LiveSessions& sessions, std::shared_ptr<HocuspocusChannel> channel, const SessionRequest& request);

  /// A message of the client's, from its type on.
  void receive_body(ByteView body);
  /// The client has left the document, or is gone.
  void leave();

  /// The client has taken all that waited for it.
  void drained();

 private:
  void deliver(Published& what) override;
  std::size_t unsent_bytes() const override { return channel_->to_home.bytes() + channel_->waiting; }
  void close(net::CloseCode code, std::string_view reason) override;
  void opened() override;
  void could_not_open(const Error& error) override;
  void handle(ByteView body) override;
  void tell_missing(const crdt::StateVector& of_client) override;
  void access_changed(Level before) override;
  void saved() override;
  void refused(const Error& error) override;
  void token_ends_soon(std::int64_t now_ns) override;

  void send(net::Frame frame);
  void end_for(const Error& error);
  void send_state_vector();
  void send_awareness();
  void answer(const hocuspocus::Message& message);
  void receive_update(ByteView update, bool is_answer);
  void refuse_one(const Error& error);
  void publish_stateless(std::string_view payload);
  const std::string& key() const { return channel_->key; }

  std::shared_ptr<HocuspocusChannel> channel_;  // shared with the socket
  std::int64_t asked_ns_ = 0;                   // when a token was asked for
  std::uint32_t submitted_ = 0;                 // updates taken,
  std::uint32_t saved_ = 0;                     // of which so many are durable,
  std::uint32_t answer_ = 0;                    // and which of them the newest answer is; 0: none
  std::uint32_t refused_ = 0;                   // told so; an answer holds what they held
  bool asks_back_ = false;                      // it waits for its turn to be told and asked
  bool is_only_one_;                            // its key is the document's identifier, as everybody's
};

}  // namespace concord::documents
