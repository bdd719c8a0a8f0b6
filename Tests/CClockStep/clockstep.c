#define _GNU_SOURCE
#include "clockstep.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// By system calls alone: an allocator that asks for the time while it is being set up gets an answer too.
static int64_t now_in_microseconds(void) {
  static const volatile int64_t *step;
  if (!step) {
    const char *path = getenv("CLOCK_STEP_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = file < 0 ? MAP_FAILED : mmap(0, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (map != MAP_FAILED) step = map;
  }
  struct timespec time;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &time);
  return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000 + (step ? *step : 0);
}

int gettimeofday(struct timeval *restrict value, void *restrict zone) {
  (void)zone;
  int64_t now = now_in_microseconds();
  value->tv_sec = now / 1000000;
  value->tv_usec = now % 1000000;
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *value) {
  if (clock != CLOCK_REALTIME) return (int)syscall(SYS_clock_gettime, clock, value);
  int64_t now = now_in_microseconds();
  value->tv_sec = now / 1000000;
  value->tv_nsec = now % 1000000 * 1000;
  return 0;
}

time_t time(time_t *value) {
  time_t now = now_in_microseconds() / 1000000;
  if (value) *value = now;
  return now;
}
