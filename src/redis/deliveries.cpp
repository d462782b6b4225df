#include "redis/deliveries.h"

namespace concord::redis {
namespace {

constexpr std::size_t kTurn = 64;  // calls for one receiver until it is the next one's turn

}  // namespace

Receiver::Taken Receiver::offer(SharedBytes message) {
  const std::lock_guard lock(mutex_);
  const bool is_first = waiting_.empty();
  const bool has_room = waiting_.size() < limits_.messages && waiting_bytes_ + message->size() <= limits_.bytes;
  if (is_closed_ || (!is_first && !has_room)) return Taken::kLost;
  waiting_bytes_ += message->size();
  waiting_.push_back(std::move(message));
  return is_first && caller_ == std::thread::id() ? Taken::kFirst : Taken::kWaits;
}

bool Receiver::deliver() {
  std::unique_lock lock(mutex_);
  caller_ = std::this_thread::get_id();
  for (std::size_t i = 0; i < kTurn && !waiting_.empty() && !is_closed_; ++i) {
    const SharedBytes next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next->size();
    lock.unlock();
    callback_(next);
    lock.lock();
  }
  caller_ = std::thread::id();
  idle_.notify_all();
  return !waiting_.empty() && !is_closed_;
}

void Receiver::close() {
  std::unique_lock lock(mutex_);
  is_closed_ = true;
  waiting_.clear();
  waiting_bytes_ = 0;
  idle_.wait(lock, [this] { return caller_ == std::thread::id() || caller_ == std::this_thread::get_id(); });
}

Deliveries::~Deliveries() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Deliveries::push(const std::shared_ptr<Receiver>& receiver, SharedBytes message) {
  const Receiver::Taken taken = receiver->offer(std::move(message));
  if (taken == Receiver::Taken::kFirst) {
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(receiver);
    }
    changed_.notify_one();
  }
  return taken != Receiver::Taken::kLost;
}

void Deliveries::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_stopping_ || !ready_.empty(); });
    if (is_stopping_) return;
    const std::shared_ptr<Receiver> receiver = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    const bool has_more = receiver->deliver();
    lock.lock();
    if (has_more) ready_.push_back(receiver);
  }
}

}  // namespace concord::redis
