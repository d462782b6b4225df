#include "base/reactor.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <thread>

namespace concord {
namespace {

/// An io_context that can drop its pending handlers before it is destroyed.
class LoopContext final : public asio::io_context {
 public:
  LoopContext() : asio::io_context(1) {}
  void drop_pending() { shutdown(); }
};

}  // namespace

void Reactor::post(std::move_only_function<void()> work) { asio::post(context_, std::move(work)); }

bool Reactor::is_current() const { return context_.get_executor().running_in_this_thread(); }

struct Reactors::Loop {
  LoopContext context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

Reactors::Reactors(std::size_t count) {
  assert(count > 0);
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<Loop>());
    reactors_.push_back(std::make_unique<Reactor>(i, loops_.back()->context));
  }
}

Reactors::~Reactors() {
  stop();
  // A handler destroyed here may still post to another reactor, so every context outlives every handler.
  for (const auto& loop : loops_) loop->context.drop_pending();
}

void Reactors::start() {
  for (const auto& loop : loops_) {
    assert(!loop->thread.joinable());
    loop->thread = std::thread([&context = loop->context] { context.run(); });
  }
}

void Reactors::stop() {
  for (const auto& loop : loops_) loop->context.stop();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace concord
