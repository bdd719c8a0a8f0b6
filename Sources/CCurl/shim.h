#ifndef VIGIA_CCURL_H
#define VIGIA_CCURL_H

#include <curl/curl.h>

// The flags are macros of macros, which Swift does not import.
static inline CURLcode vigia_curl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// curl_easy_setopt is variadic, which Swift does not import: one wrapper for each type that an option takes.
static inline CURLcode vigia_curl_set_number(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode vigia_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode vigia_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode vigia_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode vigia_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(easy, option, value);
}
// Bodies and header lines are handed over by functions of one type.
static inline CURLcode vigia_curl_set_receiver(CURL *easy, CURLoption option, curl_write_callback value) {
  return curl_easy_setopt(easy, option, value);
}

// The names of protocols replaced their bits, whose use draws a warning, in 7.85.
static inline CURLcode vigia_curl_allow_http_only(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// Without it the end of a transfer waits for getaddrinfo's thread, as long as a name server is silent, and the loop with
// it; older versions know no way around that.
static inline CURLcode vigia_curl_abandon_lookups(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
  return CURLE_OK;
#endif
}

// curl_multi_setopt is variadic.
static inline CURLMcode vigia_curl_on_socket(CURLM *multi, curl_socket_callback function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}
static inline CURLMcode vigia_curl_on_timer(CURLM *multi, curl_multi_timer_callback function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}

// CURL_SOCKET_TIMEOUT is a macro with a cast, which Swift does not import.
static inline CURLMcode vigia_curl_time_is_up(CURLM *multi, int *running) {
  return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, running);
}

// curl_easy_getinfo is variadic.
static inline long vigia_curl_status(CURL *easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// The next transfer that has ended, NULL for none, and how: the message holds a union, whose fields Swift reaches
// awkwardly, and other kinds of it may come to be.
static inline CURL *vigia_curl_next_ended(CURLM *multi, CURLcode *result) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

#endif
