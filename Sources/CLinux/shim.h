#ifndef VIGIA_CLINUX_H
#define VIGIA_CLINUX_H

// What Swift's Glibc module leaves out: headers it does not list, and calls that are variadic in C.

#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

// ioctl is variadic, which Swift does not import.
static inline int vigia_window_size(int fd, struct winsize *size) { return ioctl(fd, TIOCGWINSZ, size); }
static inline int vigia_set_window_size(int fd, const struct winsize *size) { return ioctl(fd, TIOCSWINSZ, size); }

// fcntl is variadic too.
static inline int vigia_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
static inline int vigia_set_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

// epoll_event holds a union, whose fields Swift reaches awkwardly.
static inline int vigia_epoll_control(int epoll, int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.fd = fd}};
  return epoll_ctl(epoll, operation, fd, &event);
}
static inline int vigia_epoll_fd(const struct epoll_event *event) { return event->data.fd; }

// prctl is variadic: the child asks to be killed when its parent dies, however that happens.
static inline int vigia_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

static inline int vigia_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

#endif
