#ifndef VIGIA_CMICROHTTPD_H
#define VIGIA_CMICROHTTPD_H

#include <microhttpd.h>

// MHD_start_daemon is variadic, which Swift does not import. It gets a socket that listens already, since it tells nobody
// why it could not make one. It runs no thread: its epoll descriptor stands in the program's own loop.
static inline struct MHD_Daemon *vigia_mhd_start(int socket, unsigned connections, unsigned seconds, size_t memory,
                                                 MHD_AccessHandlerCallback access, MHD_RequestCompletedCallback completed,
                                                 MHD_NotifyConnectionCallback connection, void *context) {
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, access, context,
                          MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, connections,
                          MHD_OPTION_CONNECTION_TIMEOUT, seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
                          MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, completed, context,
                          MHD_OPTION_NOTIFY_CONNECTION, connection, context, MHD_OPTION_END);
}

// MHD_get_daemon_info and MHD_get_connection_info are variadic, and give unions.
static inline int vigia_mhd_epoll(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}
static inline int vigia_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

// Where a value stands is a bit of an enumeration, which Swift imports awkwardly.
static inline const char *vigia_mhd_header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static inline const char *vigia_mhd_query(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

// It does not change what it copies, but says so in no version.
static inline struct MHD_Response *vigia_mhd_copied(const void *bytes, size_t count) {
  return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

// How its enumerations are imported differs from version to version.
static inline enum MHD_Result vigia_mhd_result(int is_well) { return is_well ? MHD_YES : MHD_NO; }
static inline int vigia_mhd_begins(enum MHD_ConnectionNotificationCode code) {
  return code == MHD_CONNECTION_NOTIFY_STARTED;
}
static inline int vigia_mhd_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
  return MHD_queue_response(connection, status, response) == MHD_YES;
}

// Milliseconds until it wants to run again; negative for when its descriptor says so.
static inline long long vigia_mhd_wait(struct MHD_Daemon *daemon) {
  MHD_UNSIGNED_LONG_LONG span = 0;
  if (MHD_get_timeout(daemon, &span) != MHD_YES) return -1;
  return span > 3600000 ? 3600000 : (long long)span;
}

#endif
