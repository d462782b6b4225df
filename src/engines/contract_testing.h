#pragma once
// What the contract suites of the five ports share. A suite states a port's promises once and runs against every driver
// in its list, on the real engine; another driver is one more line in that list.

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/file_system.h"

namespace concord::engines::testing {

using concord::testing::run_on;
using concord::testing::RunningReactors;

/// A directory that is gone with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "concord-engines-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What a driver is opened with.
struct DriverContext {
  TemporaryDirectory directory;
  SystemClock clock;
  SystemIdSource ids{clock};
  Metrics metrics;
  std::unique_ptr<FileSystem> files = make_posix_file_system();
};

template <class Port>
struct Driver {
  std::string name;
  /// Opens the engine; opened again after it was closed, it has what it had.
  std::function<Result<std::unique_ptr<Port>>(DriverContext&)> open;
  /// The shortest time to live that the engine keeps.
  std::int64_t shortest_ttl_ms = 40;
};

template <class Port>
void PrintTo(const Driver<Port>& driver, std::ostream* out) {
  *out << driver.name;
}

template <class Port>
std::string driver_name(const ::testing::TestParamInfo<Driver<Port>>& info) {
  return info.param.name;
}

template <class Port>
class ContractTest : public ::testing::TestWithParam<Driver<Port>> {
 protected:
  static constexpr std::size_t kReactors = 3;

  ContractTest() { open(); }
  ~ContractTest() override { port_.reset(); }

  void reopen() {
    port_.reset();
    open();
  }
  Port& port() { return *port_; }
  Reactor& reactor(std::size_t index = 0) { return reactors_.at(index % kReactors); }

  template <class T>
  Result<T> run(Task<T> task) {
    return run_on(reactor(), std::move(task));
  }
  /// Starts a task on the index-th reactor; its result comes by the future.
  template <class T>
  std::future<Result<T>> start(std::size_t index, Task<T> task) {
    auto promise = std::make_shared<std::promise<Result<T>>>();  // shared with the callback, which must be copyable
    auto future = promise->get_future();
    asio::co_spawn(reactor(index).context(), std::move(task),
                   [promise](const std::exception_ptr& thrown, Result<T> result) {
                     thrown ? promise->set_exception(thrown) : promise->set_value(std::move(result));
                   });
    return future;
  }
  /// Runs a task that is cancelled once `cancel_after` has passed, and waits for its end.
  void run_cancelled(std::size_t index, asio::awaitable<void> task, std::chrono::microseconds cancel_after) {
    std::optional<TaskScope> scope;
    concord::testing::call_on(reactor(index), [&] {
      scope.emplace(reactor(index));
      scope->spawn(std::move(task));
      return 0;
    });
    std::this_thread::sleep_for(cancel_after);
    run_on(reactor(index), scope->close());
    concord::testing::call_on(reactor(index), [&] {
      scope.reset();
      return 0;
    });
  }

  DriverContext context_;

 private:
  void open() {
    auto opened = this->GetParam().open(context_);
    if (!opened) throw std::runtime_error(opened.error().message);
    port_ = std::move(*opened);
  }

  RunningReactors reactors_{kReactors};  // outlives the engine that wakes coroutines on it
  std::unique_ptr<Port> port_;
};

/// The code of a failure; nullopt for success.
template <class T>
std::optional<Code> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

}  // namespace concord::engines::testing
