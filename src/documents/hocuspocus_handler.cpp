#include "documents/hocuspocus_handler.h"

#include <utility>

namespace concord::documents {

namespace {
constexpr std::int64_t kCheckMs = 1'000;
}

HocuspocusHandler::HocuspocusHandler(std::shared_ptr<const LivePlaces> places, Mailbox& home,
                                     const DocumentLimits& limits, Clock& clock)
    : places_(std::move(places)), home_(home), limits_(limits), clock_(clock), tasks_(home.reactor()) {}

void HocuspocusHandler::start() { tasks_.spawn(look_after()); }

asio::awaitable<void> HocuspocusHandler::look_after() {
  while (co_await sleep_ms(kCheckMs)) {
    const std::int64_t now_ns = clock_.monotonic_ns();
    for (const auto& [socket, record] : sockets_) record->check(now_ns);
  }
}

asio::awaitable<void> HocuspocusHandler::close() { co_await tasks_.close(); }

void HocuspocusHandler::on_open(net::WebSocket& socket, std::shared_ptr<void> state) {
  auto record = std::make_unique<HocuspocusSocket>(
      *places_, home_, socket, std::move(*std::static_pointer_cast<HocuspocusRequest>(state)), limits_, clock_);
  socket.set_context(record.get());
  sockets_.emplace(&socket, std::move(record));
}

void HocuspocusHandler::on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  static_cast<HocuspocusSocket*>(socket.context())->on_message(opcode, payload);
}

void HocuspocusHandler::on_drained(net::WebSocket& socket) {
  static_cast<HocuspocusSocket*>(socket.context())->on_drained();
}

void HocuspocusHandler::on_close(net::WebSocket& socket, std::uint16_t) {
  static_cast<HocuspocusSocket*>(socket.context())->on_close();
  sockets_.erase(&socket);
}

}  // namespace concord::documents
