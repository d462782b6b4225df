#pragma once
// Waiting, on a test's own thread, for what other threads or processes are to do.

#include <chrono>
#include <thread>

namespace concord::testing {

/// Waits until `holds` does; false where it did not within two minutes, which is generous on a machine under load.
template <class Holds>
bool eventually(Holds holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace concord::testing
