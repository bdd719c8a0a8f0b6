#include "CBaseline.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A reply is read value by value; of each only the header is looked at, and a bulk is stepped over.
typedef struct {
  int descriptor;
  char *bytes;
  size_t start, end, capacity;
} Input;

static int more(Input *input) {
  if (input->start > 0) {
    memmove(input->bytes, input->bytes + input->start, input->end - input->start);
    input->end -= input->start;
    input->start = 0;
  }
  if (input->end == input->capacity) return -1;
  ssize_t length = recv(input->descriptor, input->bytes + input->end, input->capacity - input->end, 0);
  if (length <= 0) return -1;
  input->end += (size_t)length;
  return 0;
}

// The number behind the mark; `mark` gets the mark. -2 where the connection ended.
static long header(Input *input, char *mark) {
  for (;;) {
    char *line = input->bytes + input->start;
    char *newline = memchr(line, '\n', input->end - input->start);
    if (newline) {
      *mark = line[0];
      long number = 0;
      int negative = line[1] == '-';
      for (char *digit = line + 1 + negative; digit < newline - 1; digit++) number = number * 10 + (*digit - '0');
      input->start = (size_t)(newline + 1 - input->bytes);
      return negative ? -number : number;
    }
    if (more(input) < 0) return -2;
  }
}

static const char *bulk(Input *input, long length) {
  while (input->end - input->start < (size_t)length + 2) {
    if (more(input) < 0) return NULL;
  }
  const char *bytes = input->bytes + input->start;
  input->start += (size_t)length + 2;
  return bytes;
}

static long read_entries(Input *input, char *last) {
  char mark;
  if (header(input, &mark) < 1 || mark != '*') return 0;
  header(input, &mark);
  if (bulk(input, header(input, &mark)) == NULL) return 0;
  long entries = header(input, &mark);
  for (long entry = 0; entry < entries; entry++) {
    header(input, &mark);
    long length = header(input, &mark);
    const char *id = bulk(input, length);
    if (id == NULL || length > 60) return 0;
    memcpy(last, id, (size_t)length);
    last[length] = 0;
    long fields = header(input, &mark);
    for (long field = 0; field < fields; field++) {
      if (bulk(input, header(input, &mark)) == NULL) return 0;
    }
  }
  return entries;
}

long vigia_baseline_scan(int port, const char *password, const char *stream, int count) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) return -1;
  int one = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  Input input = {.descriptor = descriptor, .capacity = 8 << 20};
  input.bytes = malloc(input.capacity);
  char request[512], last[64] = "0", mark;
  if (password) {
    int length = snprintf(request, sizeof request, "AUTH %s\r\n", password);
    if (send(descriptor, request, (size_t)length, 0) != length || header(&input, &mark) == -2) return -1;
  }
  long total = 0, entries;
  do {
    int length = snprintf(request, sizeof request, "XREAD COUNT %d STREAMS %s %s\r\n", count, stream, last);
    if (send(descriptor, request, (size_t)length, 0) != length) break;
    entries = read_entries(&input, last);
    total += entries;
  } while (entries > 0);
  free(input.bytes);
  close(descriptor);
  return total;
}
