#include <unistd.h>

#include <cstdio>
#include <future>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "net/roles.h"
#include "net/server.h"
#include "net/websocket.h"

namespace concord::bench {
namespace {

using namespace concord::net;

class Fan final : public WebSocketHandler {
 public:
  void on_open(WebSocket& socket, std::shared_ptr<void>) override { sockets_.push_back(&socket); }
  void on_message(WebSocket& from, Opcode opcode, ByteView payload) override {
    const Frame frame = make_frame(opcode, payload);
    for (WebSocket* socket : sockets_)
      if (socket != &from) socket->send(frame);
  }
  void on_close(WebSocket& socket, std::uint16_t) override { std::erase(sockets_, &socket); }

 private:
  std::vector<WebSocket*> sockets_;
};

class Upgrading final : public RequestHandler {
 public:
  explicit Upgrading(Reactor& reactor) : reactor_(reactor), fan_(std::make_shared<Fan>()) {}
  std::size_t body_limit_bytes(const Request&) const override { return 0; }
  asio::awaitable<Response> handle(Request) override {
    Response response;
    response.upgrade = Upgrade{&reactor_, fan_, nullptr};
    co_return response;
  }
  Response refuse(int status, std::string) override {
    Response response;
    response.status = status;
    return response;
  }

 private:
  Reactor& reactor_;
  std::shared_ptr<Fan> fan_;
};

}  // namespace

int serve_websockets(const std::string& certificate_file, const std::string& key_file) {
  Reactors reactors(1);
  Metrics metrics;
  Upgrading handler(reactors.at(0));
  ServerOptions options;
  options.tls_certificate_file = certificate_file;
  options.tls_key_file = key_file;
  options.websocket_ping_ms = 3'600'000;
  Server server(options, reactors, handler, Logger(), metrics);
  if (auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  reactors.start();
  std::printf("%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  std::promise<void> drained;
  asio::co_spawn(reactors.at(0).context(), server.drain(100), [&](std::exception_ptr) { drained.set_value(); });
  drained.get_future().wait();
  reactors.stop();
  return 0;
}

}  // namespace concord::bench
