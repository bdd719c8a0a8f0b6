#ifndef VIGIA_CTOML_H
#define VIGIA_CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What a node of a document is. The dates and times have no value here.
typedef enum {
  VIGIA_TOML_TABLE,
  VIGIA_TOML_ARRAY,
  VIGIA_TOML_TEXT,
  VIGIA_TOML_INTEGER,
  VIGIA_TOML_NUMBER,
  VIGIA_TOML_FLAG,
  VIGIA_TOML_DATE_OR_TIME,
} vigia_toml_type;

// Bytes of the document's, UTF-8; no zero ends them, and some may be among them.
typedef struct {
  const char *bytes;
  size_t count;
} vigia_toml_text;

// From 1; a column counts code points.
typedef struct {
  uint32_t line;
  uint32_t column;
} vigia_toml_place;

// A node. What a table or array holds follows it, each child with all that it holds.
typedef struct {
  vigia_toml_type type;
  vigia_toml_place place;
  // In a table: the node's name, and where that stands. Else without bytes.
  vigia_toml_text key;
  vigia_toml_place key_place;
  // Where the node after this one and all that it holds is.
  size_t end;
  vigia_toml_text text;
  int64_t integer;
  double number;
  bool flag;
} vigia_toml_node;

// Why bytes are not TOML, or are not taken.
typedef struct {
  char message[512];
  vigia_toml_place place;
} vigia_toml_fault;

typedef struct vigia_toml_document vigia_toml_document;

// How many parts a dotted key may have, and how many arrays and inline tables may lie in one another: both bound how deep
// the parser recurses.
#define VIGIA_TOML_MOST_KEY_PARTS 16
#define VIGIA_TOML_MOST_NESTED 32

// Parses a document; NULL with a fault. The caller frees it.
vigia_toml_document *vigia_toml_parse(const char *bytes, size_t count, vigia_toml_fault *fault);
void vigia_toml_free(vigia_toml_document *document);

// The nodes in the order of the walk, the top level's table first; a table's keys are in the order of their bytes.
const vigia_toml_node *vigia_toml_nodes(const vigia_toml_document *document, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
