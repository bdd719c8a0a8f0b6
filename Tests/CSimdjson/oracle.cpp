#include "CSimdjson.h"
#include <simdjson.h>

int vigia_simdjson_accepts(const char *bytes, unsigned long length) {
  simdjson::dom::parser parser;
  simdjson::padded_string padded(bytes, length);
  return parser.parse(padded).error() == simdjson::SUCCESS;
}
