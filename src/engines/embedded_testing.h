#pragma once
// A test fixture with the real embedded engines in a directory of its own, and a reactor to use them from.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor_testing.h"
#include "base/task.h"
#include "engines/open.h"
#include "engines/tables_opener_testing.h"

namespace concord::testing {

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    std::string name = (std::filesystem::temp_directory_path() / "concord-test-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    open();
  }
  ~EngineTest() override {
    engines_ = {};
    std::filesystem::remove_all(directory_);
  }

  /// Closes the engines and opens them again on what is in the directory.
  void reopen() {
    engines_ = {};
    open();
  }

  Reactor& reactor() { return reactors_.at(); }
  const std::string& directory() const { return directory_; }
  template <class T>
  Result<T> run(Task<T> task) {
    return testing::run_on(reactor(), std::move(task));
  }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  RunningReactors reactors_;  // outlives the engines that wake coroutines on it
  engines::Engines engines_;

 private:
  void open() {
    auto opened = engines::open_embedded({.data_directory = directory_}, clock_, Logger(), metrics_);
    if (!opened) throw std::runtime_error(opened.error().message);
    engines_ = std::move(*opened);
    if (tables_opener()) engines_.tables = tables_opener()(directory_, clock_, metrics_);
  }

  std::string directory_;
};

}  // namespace concord::testing
