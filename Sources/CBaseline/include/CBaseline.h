#ifndef VIGIA_CBASELINE_H
#define VIGIA_CBASELINE_H

// What a plain C client does with the same entries: yardsticks for the benchmarks, never part of the product.

#ifdef __cplusplus
extern "C" {
#endif

/// Reads a stream to its end over TCP with hiredis's ordinary reply trees, and throws everything away.
///
/// `password` may be NULL. Returns how many entries there were, or -1.
long vigia_baseline_tree(int port, const char *password, const char *stream, int count);

/// Reads it with a scan for the boundaries of replies alone: about the fastest that any client can be.
long vigia_baseline_scan(int port, const char *password, const char *stream, int count);

#ifdef __cplusplus
}
#endif
#endif
