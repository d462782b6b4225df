#pragma once
// What the works of a benchmark of one thread are measured and told with.

#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace concord::bench {

/// CPU time of this thread.
inline double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// CPU time of the quickest of so many runs.
template <class F>
double least_of(int runs, F work) {
  double least = 1e300;
  for (int i = 0; i < runs; ++i) {
    const double begin = cpu_ms();
    work();
    least = std::min(least, cpu_ms() - begin);
  }
  return least;
}

inline std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

/// One line a work: name, tab, value.
inline void print(const std::string& work, double value) { std::printf("%s\t%.4f\n", work.c_str(), value); }

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
  std::exit(1);
}

}  // namespace concord::bench
