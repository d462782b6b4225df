// Put before a program by LD_PRELOAD: fsync and fdatasync do what they do, and take SLOW_SYNC_US microseconds more, as on a
// slower disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_more(void) {
  static long delay = -1;
  if (delay < 0) {
    const char* text = getenv("SLOW_SYNC_US");
    delay = text ? atol(text) : 0;
  }
  struct timespec left = {delay / 1000000, delay % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_more();
  return real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_more();
  return real(fd);
}
