#ifndef VIGIA_CLOCKSTEP_H
#define VIGIA_CLOCKSTEP_H

// Preloaded into a server (LD_PRELOAD), moves its wall clock by as many microseconds as the first eight bytes of the file
// named by CLOCK_STEP_FILE say at that moment. The monotonic clock stays.

#endif
