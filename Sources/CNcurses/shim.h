#ifndef VIGIA_CNCURSES_H
#define VIGIA_CNCURSES_H

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>
// term.h defines these as macros over the current terminal; they would shadow ordinary names.
#undef lines
#undef columns
#undef tab

#endif
