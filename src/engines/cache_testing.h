#pragma once
// A cache in memory, which a test reads and changes as a faulty engine would.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "engines/cache.h"

namespace concord::engines::testing {

class MapCache final : public Cache {
 public:
  Task<std::optional<Bytes>> get(std::string key) override {
    ++gets;
    if (away) co_return fail(Code::kUnavailable, "the cache is away");
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) co_return std::nullopt;
    co_return Bytes(*found->second);
  }
  void put(std::string key, SharedBytes value) override {
    if (away) return;
    const std::lock_guard lock(mutex_);
    values_[std::move(key)] = std::move(value);
  }
  void erase(std::string key) override {
    if (away) return;
    const std::lock_guard lock(mutex_);
    values_.erase(key);
  }
  std::size_t max_value_bytes() const override { return most; }

  std::map<std::string, SharedBytes> values() const {
    const std::lock_guard lock(mutex_);
    return values_;
  }
  /// Brings back what was there once.
  void restore(std::map<std::string, SharedBytes> values) {
    const std::lock_guard lock(mutex_);
    values_ = std::move(values);
  }
  void change(const std::function<void(Bytes&)>& damage) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, value] : values_) {
      Bytes other = *value;
      damage(other);
      value = std::make_shared<const Bytes>(std::move(other));
    }
  }

  std::atomic<bool> away = false;
  std::atomic<int> gets = 0;
  std::atomic<std::size_t> most = 1U << 20U;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, SharedBytes> values_;
};

}  // namespace concord::engines::testing
