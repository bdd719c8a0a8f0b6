#ifndef VIGIA_CNCURSES_H
#define VIGIA_CNCURSES_H

// No _GNU_SOURCE here or in CLinux: Swift's own Glibc module is read without it, and types of both must be the same.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>
// term.h defines these as macros over the current terminal; they would shadow ordinary names.
#undef lines
#undef columns
#undef tab

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// wchar.h declares it only under feature macros that the importer may have passed already.
extern int wcwidth(wchar_t);

// newterm takes over signals that are at their default; here they belong to the program's signalfd.
static inline SCREEN *vigia_newterm(const char *type, FILE *out, FILE *in) {
  static const int taken[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
  struct sigaction saved[4];
  for (int i = 0; i < 4; i++) sigaction(taken[i], NULL, &saved[i]);
  SCREEN *screen = newterm(type, out, in);
  for (int i = 0; i < 4; i++) sigaction(taken[i], &saved[i], NULL);
  return screen;
}

// stdscr and curscr are globals that Swift 6 refuses as shared mutable state.
static inline void vigia_prepare_window(void) {
  leaveok(stdscr, TRUE);
  idlok(stdscr, TRUE);
  typeahead(-1);
  curs_set(0);
}
static inline void vigia_redraw_all(void) { clearok(curscr, TRUE); }
static inline void vigia_erase(void) { werase(stdscr); }
static inline void vigia_refresh(void) {
  wnoutrefresh(stdscr);
  doupdate();
}

// tigetstr answers NULL for absent and -1 for a name that is no string.
static inline const char *vigia_capability(const char *name) {
  char *value = tigetstr((char *)name);
  return value == (char *)-1 ? NULL : value;
}
// tparm is variadic: what sets one colour of the palette, in the terminal's own words. Valid until the next call.
static inline const char *vigia_color_sequence(const char *capability, int index) {
  const char *format = vigia_capability(capability);
  return format ? tiparm(format, index) : NULL;
}
static inline int vigia_number(const char *name) { return tigetnum((char *)name); }

// The A_ attributes are macros with casts, which Swift does not import.
static inline uint32_t vigia_attribute_bold(void) { return A_BOLD; }
static inline uint32_t vigia_attribute_dim(void) { return A_DIM; }
static inline uint32_t vigia_attribute_underline(void) { return A_UNDERLINE; }
static inline uint32_t vigia_attribute_reverse(void) { return A_REVERSE; }
static inline uint32_t vigia_attribute_italic(void) { return A_ITALIC; }

// One glyph of a row, as Swift hands it over: a base and two marks, 0 where there is none.
struct vigia_glyph {
  uint32_t scalars[3];
  uint32_t attributes;
  int16_t pair;
  uint8_t width;
};

// Swift sees arrays in C structs as tuples: filled here.
static inline struct vigia_glyph vigia_make_glyph(
    uint32_t base, uint32_t first, uint32_t second, uint32_t attributes, int16_t pair, uint8_t width) {
  struct vigia_glyph glyph = {{base, first, second}, attributes, pair, width};
  return glyph;
}

// A glyph that the C library measures otherwise would put the row out of step: its replacement comes in as many columns.
static inline int vigia_fill(cchar_t *cells, const struct vigia_glyph *glyph, uint32_t replacement) {
  wchar_t text[4] = {(wchar_t)glyph->scalars[0], (wchar_t)glyph->scalars[1], (wchar_t)glyph->scalars[2], 0};
  // Printable ASCII is one column everywhere.
  if ((glyph->width == 1 && text[0] >= 0x20 && text[0] < 0x7F) || wcwidth(text[0]) == glyph->width) {
    setcchar(&cells[0], text, glyph->attributes, glyph->pair, NULL);
    return 1;
  }
  wchar_t other[2] = {(wchar_t)replacement, 0};
  for (int i = 0; i < glyph->width; i++) {
    setcchar(&cells[i], other, glyph->attributes, glyph->pair, NULL);
    other[0] = L' ';
  }
  return glyph->width;
}

// cchar_t is built by setcchar from a wide string, which is awkward and slow from Swift.
static inline void vigia_put_row(int row, const struct vigia_glyph *glyphs, int count, uint32_t replacement) {
  cchar_t cells[256];
  int column = 0;
  while (count > 0) {
    int filled = 0, advance = 0;
    while (count > 0 && filled < 254) {
      filled += vigia_fill(&cells[filled], glyphs, replacement);
      advance += glyphs->width;
      glyphs++;
      count--;
    }
    mvwadd_wchnstr(stdscr, row, column, cells, filled);
    column += advance;
  }
}

// tcsetattr from the background stops the process unless SIGTTOU is blocked; leaving must not stop.
static inline int vigia_set_termios(int fd, const struct termios *attributes) {
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  sigprocmask(SIG_BLOCK, &stop, &before);
  int result = tcsetattr(fd, TCSANOW, attributes);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return result;
}

// What the crash handler needs, ready beforehand: it may call nothing that is not async-signal-safe. These are used from
// one Swift file only, since each file that calls them gets a state of its own.
struct vigia_crash {
  volatile sig_atomic_t armed;
  int fd;
  // What was printed meanwhile, to be shown after the reset; negative for nothing.
  int kept;
  struct termios attributes;
  char reset[256];
  size_t length;
  char stack[16384];
};

// A variable of the file would never be emitted: Swift emits only what it calls itself, and what that contains.
static inline struct vigia_crash *vigia_crash_state(void) {
  static struct vigia_crash state;
  return &state;
}

// The runtime's last words were kept off the screen: they are what a crash is reported by. Only plain letters of them.
static inline void vigia_crash_tell(const struct vigia_crash *crash) {
  char text[512];
  off_t end = crash->kept < 0 ? 0 : lseek(crash->kept, 0, SEEK_CUR);
  for (off_t at = 0; at < end;) {
    ssize_t length = pread(crash->kept, text, sizeof text, at);
    if (length <= 0) return;
    if (length > end - at) length = end - at;
    at += length;
    for (ssize_t i = 0; i < length; i++) {
      if ((text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7F) text[i] = '?';
    }
    ssize_t ignored = write(crash->fd, text, (size_t)length);
    (void)ignored;
  }
}

static inline void vigia_on_crash(int number) {
  struct vigia_crash *crash = vigia_crash_state();
  if (crash->armed) {
    crash->armed = 0;
    ssize_t ignored = write(crash->fd, crash->reset, crash->length);
    (void)ignored;
    vigia_set_termios(crash->fd, &crash->attributes);
    vigia_crash_tell(crash);
  }
  // SA_RESETHAND has put the default back: it acts when this handler returns.
  raise(number);
}

// Every signal whose default ends the process, but SIGKILL: those that the program watches are blocked before they get
// here, except in the moment between taking the terminal and watching.
static inline void vigia_crash_install(void) {
  struct vigia_crash *crash = vigia_crash_state();
  static const int fatal[] = {SIGSEGV, SIGILL,  SIGABRT, SIGBUS,  SIGFPE,  SIGTRAP, SIGSYS,    SIGXCPU, SIGXFSZ, SIGHUP,
                              SIGINT,  SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE};
  // A stack of its own: the crash may be the stack's overflow.
  stack_t stack = {.ss_sp = crash->stack, .ss_size = sizeof crash->stack};
  sigaltstack(&stack, NULL);
  for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
    struct sigaction action = {.sa_handler = vigia_on_crash, .sa_flags = SA_RESETHAND | SA_ONSTACK};
    sigaction(fatal[i], &action, NULL);
  }
}

static inline void vigia_crash_arm(int fd, const struct termios *attributes, const uint8_t *reset, size_t length) {
  struct vigia_crash *crash = vigia_crash_state();
  crash->armed = 0;
  crash->fd = fd;
  crash->kept = -1;
  crash->attributes = *attributes;
  crash->length = length < sizeof crash->reset ? length : sizeof crash->reset;
  memcpy(crash->reset, reset, crash->length);
  crash->armed = 1;
}

static inline void vigia_crash_keep(int fd) { vigia_crash_state()->kept = fd; }
static inline void vigia_crash_disarm(void) { vigia_crash_state()->armed = 0; }

#endif
