#include "CBaseline.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

long vigia_baseline_tree(int port, const char *password, const char *stream, int count) {
  redisContext *context = redisConnect("127.0.0.1", port);
  if (context == NULL || context->err) return -1;
  if (password) freeReplyObject(redisCommand(context, "AUTH %s", password));
  char last[64] = "0";
  long total = 0;
  for (;;) {
    redisReply *reply = redisCommand(context, "XREAD COUNT %d STREAMS %s %s", count, stream, last);
    if (reply == NULL) break;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
      freeReplyObject(reply);
      break;
    }
    redisReply *entries = reply->element[0]->element[1];
    total += (long)entries->elements;
    snprintf(last, sizeof last, "%s", entries->element[entries->elements - 1]->element[0]->str);
    freeReplyObject(reply);
  }
  redisFree(context);
  return total;
}
