#ifndef VIGIA_CLINUX_H
#define VIGIA_CLINUX_H

// What Swift's Glibc module leaves out: headers it does not list, and calls that are variadic in C.

#include <malloc.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// ioctl is variadic, which Swift does not import.
static inline int vigia_window_size(int fd, struct winsize *size) { return ioctl(fd, TIOCGWINSZ, size); }
static inline int vigia_set_window_size(int fd, const struct winsize *size) { return ioctl(fd, TIOCSWINSZ, size); }

// fcntl is variadic too.
static inline int vigia_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
static inline int vigia_set_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

// epoll_event holds a union, whose fields Swift reaches awkwardly. The token tells a descriptor from a later one of the
// same number.
static inline int vigia_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, operation, fd, &event);
}
static inline uint64_t vigia_epoll_token(const struct epoll_event *event) { return event->data.u64; }

// Swift takes a global variable for one that another thread may write. Each element is NAME=value; null at the end.
static inline char *const *vigia_environment(void) {
  extern char **environ;
  return environ;
}

// prctl is variadic: the caller asks to get `signal` when its parent dies, however that happens.
static inline int vigia_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

// Has the processor begin to fetch the cache line of an address, to be written.
static inline void vigia_prefetch(const void *address) { __builtin_prefetch(address, 1); }

// Swift imports neither fork nor vfork. A child by vfork borrows the memory of its parent, which stands still until it has
// become the new program: copying the page tables of a large process would take longer than all the rest. Nothing but
// system calls may happen in it, and no handler of a signal: signals are blocked around it.
extern pid_t vfork(void) __attribute__((returns_twice));

// Starts a program with stdin, stdout and stderr on the descriptors given (negative:
// /dev/null for stdin, inherited for the others) and no other, no signal blocked, SIGPIPE not ignored, and a death signal,
// so that it cannot outlive this process. Returns its pid, or -1 with errno, also where the program could not be executed.
static inline pid_t vigia_spawn(const char *path, char *const argv[], char *const envp[], int in, int out, int err,
                                int death_signal, int new_group) {
  int report[2];
  if (pipe(report) < 0) return -1;
  vigia_set_close_on_exec(report[0]);
  vigia_set_close_on_exec(report[1]);
  sigset_t all, none, before;
  sigfillset(&all);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t child = vfork();
  if (child == 0) {
    // A handler of the parent's would run in the parent's memory. What is ignored stays so in a new program, but for
    // SIGPIPE: few expect to outlive their reader.
    struct sigaction action;
    for (int number = 1; number < _NSIG; number++) {
      if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL) {
        (void)signal(number, SIG_DFL);
      }
    }
    (void)signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (new_group) setpgid(0, 0);
    if (death_signal) prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
    if (in < 0) in = open("/dev/null", O_RDWR);
    if (in >= 0) dup2(in, 0);
    if (out >= 0) dup2(out, 1);
    if (err >= 0) dup2(err, 2);
    // Libraries open descriptors of their own, not all of them closed on exec: a program must not hold on to a connection.
    syscall(436 /* close_range */, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
    // The parent may have died before prctl took effect.
    if (!death_signal || getppid() == parent) execve(path, argv, envp);
    int reason = errno;
    ssize_t ignored = write(report[1], &reason, sizeof reason);
    (void)ignored;
    _exit(127);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  int reason = 0;
  ssize_t length = child < 0 ? 0 : read(report[0], &reason, sizeof reason);
  close(report[0]);
  if (length != (ssize_t)sizeof reason) return child;
  waitpid(child, NULL, 0);
  errno = reason;
  return -1;
}

// A copy of another process's descriptor, sharing its open file; glibc has no wrapper of the call.
static inline int vigia_borrow_descriptor(int pidfd, int fd) { return (int)syscall(438 /* pidfd_getfd */, pidfd, fd, 0); }

static inline int vigia_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

// memfd_create is behind a feature macro: a file in memory that ncurses can write to without ever blocking.
static inline int vigia_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */); }

// The same, of a size that the kernel lets nobody exceed: MFD_CLOEXEC | MFD_ALLOW_SEALING, F_ADD_SEALS, and
// F_SEAL_SHRINK | F_SEAL_GROW are behind the feature macro as well.
static inline int vigia_bounded_memory_file(const char *name, off_t size) {
  int fd = (int)syscall(SYS_memfd_create, name, 3U);
  if (fd >= 0) (void)(ftruncate(fd, size) < 0 || fcntl(fd, 1033, 6) < 0);
  return fd;
}

// getaddrinfo blocks for as long as a name server is silent, and nothing ends it: it runs on a thread of its own, which
// shares this with whoever asked. The last of the two to let go frees it, so neither waits for the other.
struct vigia_lookup {
  int owners;
  // Readable once status and result are there.
  int done;
  int status;
  struct addrinfo *result;
  char *host, *port;
};

static inline void vigia_lookup_release(struct vigia_lookup *lookup) {
  if (__atomic_sub_fetch(&lookup->owners, 1, __ATOMIC_ACQ_REL) > 0) return;
  if (lookup->result) freeaddrinfo(lookup->result);
  if (lookup->done >= 0) close(lookup->done);
  free(lookup->host);
  free(lookup->port);
  free(lookup);
}

static inline void *vigia_lookup_run(void *argument) {
  struct vigia_lookup *lookup = argument;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  lookup->status = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->result);
  eventfd_write(lookup->done, 1);
  vigia_lookup_release(lookup);
  return NULL;
}

// NULL with errno where no thread can be had. The thread takes no signal: they belong to the loop.
static inline struct vigia_lookup *vigia_lookup_start(const char *host, const char *port) {
  struct vigia_lookup *lookup = calloc(1, sizeof *lookup);
  if (!lookup) return NULL;
  lookup->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  lookup->host = strdup(host);
  lookup->port = strdup(port);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_t thread;
  lookup->owners = 2;
  int failure = lookup->done < 0 || !lookup->host || !lookup->port ? ENOMEM
                                                                    : pthread_create(&thread, NULL, vigia_lookup_run, lookup);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failure) {
    pthread_detach(thread);
    return lookup;
  }
  lookup->owners = 1;
  vigia_lookup_release(lookup);
  errno = failure;
  return NULL;
}

// fcntl is variadic: a copy that children do not inherit.
static inline int vigia_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 3); }

// The measure that ncurses uses, behind a feature macro too.
extern int wcwidth(wchar_t);
static inline int vigia_wcwidth(uint32_t scalar) { return wcwidth((wchar_t)scalar); }

// open is variadic, which Swift imports only through an overlay without these flags together.
static inline int vigia_open_terminal(const char *path) {
  return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

// The calls that make a pseudo-terminal are behind a feature macro; the other end's path is TIOCGPTN's number.
static inline int vigia_open_pty(void) {
  int unlocked = 0, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  return fd >= 0 && ioctl(fd, TIOCSPTLCK, &unlocked) == 0 ? fd : -1;
}
// Starts a program as a login does: the leader of a session of its own, whose terminal is the one at `terminal`. No signal
// is ignored or blocked in it, and it leaves no core file.
static inline pid_t vigia_spawn_on_terminal(const char *path, char *const argv[], char *const envp[],
                                            const char *terminal) {
  sigset_t all, none, before;
  sigfillset(&all);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid(), child = vfork();
  if (child != 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child;
  }
  for (int number = 1; number < 32; number++) (void)signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  struct rlimit nothing = {0, 0};
  setrlimit(RLIMIT_CORE, &nothing);
  setsid();
  int fd = open(terminal, O_RDWR);
  for (int number = 0; number < 3; number++) dup2(fd, number);
  if (fd > 2) close(fd);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (fd >= 0 && getppid() == parent) execve(path, argv, envp);
  _exit(127);
}
static inline int vigia_pty_number(int fd) {
  unsigned int number = 0;
  return ioctl(fd, TIOCGPTN, &number) == 0 ? (int)number : -1;
}

// Glibc's Swift module leaves malloc.h out.
static inline void vigia_map_blocks_from(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

#endif
