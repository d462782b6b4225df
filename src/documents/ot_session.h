#pragma once
// A live session in the dialect of operational transformation: one document of a Socket.IO connection that may have
// several joined and lives on another reactor.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "documents/live_session.h"
#include "documents/ot_channel.h"
#include "documents/ot_document.h"
#include "documents/ot_protocol.h"

namespace concord::documents {

class OtSession final : public LiveSession, public OtClient {
 public:
  using AckId = std::optional<std::uint64_t>;

  OtSession(LiveSessions& sessions, std::shared_ptr<OtChannel> channel, const SessionRequest& request,
            ot_protocol::Join join, AckId ack);

  // From its socket. `begin` once it is owned.
  void begin(std::string token) { sign_in(std::move(token)); }
  void renew(std::string token) { sign_in(std::move(token)); }
  void send_changes(ot_protocol::Changes changes, AckId ack);
  /// Where the cursor was made for an older version it is brought to now. One that is older than the client's own
  /// newest operation, or than the changes that are remembered, is passed over: the client sends another once it is up
  /// to date.
  void move_cursor(std::optional<ot_protocol::Cursor> cursor);
  void set_typing(bool typing);
  /// The client has fetched all that waited for it.
  void drained() { catch_up(shard().clock().monotonic_ns()); }
  /// The client has left the document, or is gone.
  void leave();

  void deliver(Published& what) override;

  void joined(OtJoined joined) override;
  void changed(const OtChange& change) override;
  void acknowledged(std::uint64_t sequence, std::uint64_t version) override;
  void annotated(std::uint64_t version) override;
  void lost(const Error& error) override;

 private:
  struct Seen {
    std::string user;  // its presence as it was told, JSON
    bool cursor = false;
  };
  struct Waiting {
    std::uint64_t sequence = 0;
    AckId ack;
  };

  void close(net::CloseCode code, std::string_view reason) override;
  void opened() override;
  void could_not_open(const Error& error) override;
  void handle(ByteView) override {}  // its messages are calls
  void access_changed(Level before) override;
  void saved() override {}  // OtDocument tells
  void look_after(std::int64_t now_ns) override;
  std::size_t unsent_bytes() const override { return channel_->unsent_bytes(); }
  void fell_behind() override;
  void tell_since(std::uint64_t version, ByteView had) override;
  void tell_everyone() override;

  void emit(std::string_view event, std::string argument);
  void reply(AckId ack, std::string_view event, const Error& error);
  void publish_presence();
  void tell_presences();
  void tell_presence(std::uint64_t id, std::string_view state);
  void follow(const OtChange& change);
  void follow_afresh(const OtJoined& joined);

  std::shared_ptr<OtChannel> channel_;  // shared with the socket
  ot_protocol::Join join_;
  AckId join_ack_;
  std::string_view why_;      // the code of the error that ends it, where it is known
  OtDocument* ot_ = nullptr;  // once the document is there, until it has left
  bool joined_ = false;
  bool behind_ = false;  // it has left `ot_` until its client has fetched what waits
  bool typing_ = false;
  std::optional<std::uint64_t> asked_;  // the sequence that it asked about when it joined afresh
  std::uint64_t told_ = 0;              // the version that the client has been led to
  std::deque<Waiting> waiting_;         // its operations that are not durable yet
  std::deque<OtChange> recent_;         // the newest changes up to `told_`, without a gap
  std::optional<ot_protocol::Cursor> cursor_;
  std::uint64_t presence_id_;
  std::uint64_t presence_clock_ = 0;
  std::int64_t presence_told_ns_ = 0;
  std::unordered_map<std::uint64_t, Seen> seen_;  // presences that the client knows of
};

}  // namespace concord::documents
