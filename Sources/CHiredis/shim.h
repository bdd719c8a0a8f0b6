#ifndef VIGIA_CHIREDIS_H
#define VIGIA_CHIREDIS_H

#include <hiredis/read.h>
#include <hiredis/sds.h>

/* Room for more bytes behind those that the reader holds, so that a socket is read straight into it: feeding copies each
   byte. NULL if there is no memory. Like feeding, it gives back a large buffer that is empty. */
static inline void *vigia_reader_room(redisReader *reader, size_t size)
{
  if (reader->len == 0 && reader->maxbuf != 0 && sdsavail(reader->buf) > reader->maxbuf) {
    sds small = sdsempty();
    if (small == NULL) return NULL;
    sdsfree(reader->buf);
    reader->buf = small;
    reader->pos = 0;
  }
  sds buffer = sdsMakeRoomFor(reader->buf, size);
  if (buffer == NULL) return NULL;
  reader->buf = buffer;
  return buffer + reader->len;
}

/* Takes so many bytes that now stand in that room; the length of an sds stands in a header that Swift cannot see. */
static inline void vigia_reader_filled(redisReader *reader, size_t size)
{
  sdsIncrLen(reader->buf, (int)size);
  reader->len = sdslen(reader->buf);
}

#endif
