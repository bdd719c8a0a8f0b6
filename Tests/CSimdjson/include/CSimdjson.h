#ifndef VIGIA_CSIMDJSON_H
#define VIGIA_CSIMDJSON_H

#ifdef __cplusplus
extern "C" {
#endif

/// Whether simdjson takes the bytes for one well-formed JSON document: 1 or 0.
int vigia_simdjson_accepts(const char *bytes, unsigned long length);

#ifdef __cplusplus
}
#endif
#endif
