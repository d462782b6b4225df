#pragma once
// What the kernel says about a process (proc(5)) and the clock, for benchmarks.

#include <sys/types.h>

#include <cstdint>

namespace concord::bench {

/// User and system time of all threads so far. 0 where there is no such process.
double cpu_seconds(pid_t pid);
/// Memory in RAM now. 0 where there is no such process.
std::uint64_t resident_bytes(pid_t pid);
/// A monotonic clock.
double now_seconds();

}  // namespace concord::bench
