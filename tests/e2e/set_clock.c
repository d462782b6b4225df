// Put before a program by LD_PRELOAD: its clocks are as far from the machine's as the file CLOCK_OFFSETS says, two 64-bit
// numbers of nanoseconds: of the wall clock, and of the monotonic one. Whoever writes there sets the clocks at once. Deadlines
// that the kernel is asked to wait for are told in its own time. No lock is taken.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { kWall, kMonotonic, kNone };
static _Atomic int64_t (*_Atomic offsets)[2];

static void* real(const char* name, void* _Atomic* kept) {
  void* found = atomic_load_explicit(kept, memory_order_relaxed);
  if (!found) atomic_store_explicit(kept, found = dlsym(RTLD_NEXT, name), memory_order_relaxed);
  return found;
}
#define REAL(name)                \
  static void* _Atomic kept;      \
  __typeof__(&name) next = (__typeof__(&name))real(#name, &kept)

__attribute__((constructor)) static void open_offsets(void) {
  const char* file = getenv("CLOCK_OFFSETS");
  const int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  void* at = fd < 0 ? MAP_FAILED : mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
  if (fd >= 0) close(fd);
  if (at != MAP_FAILED) offsets = at;
}

static int which(clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE: case CLOCK_TAI: return kWall;
    case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_COARSE: case CLOCK_MONOTONIC_RAW: case CLOCK_BOOTTIME: return kMonotonic;
    default: return kNone;
  }
}

static int64_t offset_of(int clock) { return offsets && clock != kNone ? (*offsets)[clock] : 0; }

static struct timespec moved(struct timespec time, int64_t by) {
  const int64_t sum = time.tv_sec * INT64_C(1000000000) + time.tv_nsec + by;
  if (sum < 0) return (struct timespec){0, 0};
  return (struct timespec){sum / 1000000000, sum % 1000000000};
}

/// A deadline by our clock, by the machine's.
static const struct timespec* by_machine(const struct timespec* deadline, int clock, struct timespec* room) {
  if (!deadline) return NULL;
  *room = moved(*deadline, -offset_of(clock));
  return room;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  REAL(clock_gettime);
  const int result = next(clock, time);
  if (result == 0) *time = moved(*time, offset_of(which(clock)));
  return result;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex, const struct timespec* restrict deadline) {
  REAL(pthread_cond_timedwait);
  struct timespec room;
  return next(condition, mutex, by_machine(deadline, kWall, &room));
}

int pthread_cond_clockwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex, clockid_t clock, const struct timespec* restrict deadline) {
  REAL(pthread_cond_clockwait);
  struct timespec room;
  return next(condition, mutex, clock, by_machine(deadline, which(clock), &room));
}

/// Of these only waits until a time are of interest: libraries do them without the C library.
long syscall(long number, ...) {
  REAL(syscall);
  va_list list;
  va_start(list, number);
  long words[6];
  for (int i = 0; i < 6; ++i) words[i] = va_arg(list, long);
  va_end(list);
  struct timespec room;
  if (number == SYS_futex && (words[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET)
    words[3] = (long)by_machine((const struct timespec*)words[3], words[1] & FUTEX_CLOCK_REALTIME ? kWall : kMonotonic, &room);
  return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
