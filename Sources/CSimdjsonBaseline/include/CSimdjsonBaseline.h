#ifndef VIGIA_CSIMDJSONBASELINE_H
#define VIGIA_CSIMDJSONBASELINE_H

// simdjson as a yardstick for the scanner of events; apart from CBaseline, so that nothing else needs C++.

#ifdef __cplusplus
extern "C" {
#endif

/// How many bytes must follow the last document.
unsigned long vigia_simdjson_padding(void);

/// Reads `entity_id`, `event_type` and the four metrics of a benchmark's event out of each document, on demand.
///
/// Document `n` lies from `starts[n]` to `starts[n + 1]`. Returns how many of them had all six fields.
long vigia_simdjson_decode(const char *bytes, const unsigned int *starts, long count);

#ifdef __cplusplus
}
#endif
#endif
