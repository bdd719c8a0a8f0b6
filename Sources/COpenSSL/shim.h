#ifndef VIGIA_COPENSSL_H
#define VIGIA_COPENSSL_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

// What a BIO of ours knows of its socket. OpenSSL's own writes without MSG_NOSIGNAL, which ends a process whose server
// has gone; and errno is long another one when it is asked for.
struct vigia_tls_socket {
  int descriptor;
  int error;
  int ended;
  // Whether the server wanted a certificate of this client's.
  int asked;
  // Of the certificate that was not taken, if one was not: whom it is for, who made it, and from when until when it holds.
  char names[256];
  char issuer[128];
  char from[32];
  char until[32];
};

static inline int vigia_tls_bio_read(BIO *bio, char *bytes, int size) {
  struct vigia_tls_socket *socket = (struct vigia_tls_socket *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t count;
  do count = recv(socket->descriptor, bytes, (size_t)size, 0);
  while (count < 0 && errno == EINTR);
  if (count == 0) socket->ended = 1;
  if (count < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
  else if (count < 0) socket->error = errno;
  return (int)count;
}

static inline int vigia_tls_bio_write(BIO *bio, const char *bytes, int size) {
  struct vigia_tls_socket *socket = (struct vigia_tls_socket *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t count;
  do count = send(socket->descriptor, bytes, (size_t)size, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
  else if (count < 0) socket->error = errno;
  return (int)count;
}

static inline long vigia_tls_bio_control(BIO *bio, int command, long number, void *pointer) {
  (void)number, (void)pointer;
  if (command == BIO_CTRL_EOF) return ((struct vigia_tls_socket *)BIO_get_data(bio))->ended;
  return command == BIO_CTRL_FLUSH;
}

// BIO_TYPE_SOURCE_SINK is what Swift would have to combine with an index; NULL if there is no memory.
static inline BIO_METHOD *vigia_tls_bio_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vigia socket");
  if (method == NULL) return NULL;
  BIO_meth_set_read(method, vigia_tls_bio_read);
  BIO_meth_set_write(method, vigia_tls_bio_write);
  BIO_meth_set_ctrl(method, vigia_tls_bio_control);
  return method;
}

// A BIO begins its work only once it is marked so; both are macros or take what Swift cannot name.
static inline BIO *vigia_tls_bio(const BIO_METHOD *method, struct vigia_tls_socket *socket) {
  BIO *bio = BIO_new(method);
  if (bio == NULL) return NULL;
  BIO_set_data(bio, socket);
  BIO_set_init(bio, 1);
  return bio;
}

// So much of what was printed as there is room for.
static inline void vigia_tls_take(BIO *printed, char *text, size_t size) {
  int length = BIO_read(printed, text, (int)size - 1);
  text[length > 0 ? length : 0] = 0;
  (void)BIO_reset(printed);
}

static inline void vigia_tls_describe(X509 *certificate, struct vigia_tls_socket *socket) {
  BIO *out = BIO_new(BIO_s_mem());
  if (out == NULL) return;
  int place = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  if (place >= 0) X509V3_EXT_print(out, X509_get_ext(certificate, place), 0, 0);
  else X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
  vigia_tls_take(out, socket->names, sizeof socket->names);
  X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, XN_FLAG_ONELINE);
  vigia_tls_take(out, socket->issuer, sizeof socket->issuer);
  ASN1_TIME_print(out, X509_get0_notBefore(certificate));
  vigia_tls_take(out, socket->from, sizeof socket->from);
  ASN1_TIME_print(out, X509_get0_notAfter(certificate));
  vigia_tls_take(out, socket->until, sizeof socket->until);
  BIO_free(out);
}

// Keeps what is said of a certificate that is not taken: after the handshake has failed, OpenSSL has it no more.
static inline int vigia_tls_verified(int isGood, X509_STORE_CTX *store) {
  X509 *certificate = X509_STORE_CTX_get_current_cert(store);
  SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  if (!isGood && certificate != NULL && ssl != NULL) {
    vigia_tls_describe(certificate, (struct vigia_tls_socket *)BIO_get_data(SSL_get_rbio(ssl)));
  }
  return isGood;
}

static inline void vigia_tls_verify(SSL *ssl) { SSL_set_verify(ssl, SSL_VERIFY_PEER, vigia_tls_verified); }

// Whoever loads an encrypted key is else asked for its passphrase on the terminal, in the middle of a screen.
static inline int vigia_tls_no_passphrase(char *buffer, int size, int writing, void *data) {
  (void)buffer, (void)size, (void)writing, (void)data;
  return -1;
}

// The setters are macros. NULL if there is no memory. The end of a connection without TLS's own farewell counts as an
// end: a reply's length tells whether it is whole. Fewer rounds than the default cipher's take less time on both sides.
static inline SSL_CTX *vigia_tls_context(size_t read_buffer) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (context == NULL) return NULL;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context, vigia_tls_no_passphrase);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_buffer);
  SSL_CTX_set_ciphersuites(
    context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  return context;
}

// SSL_set_tlsext_host_name is a macro.
static inline int vigia_tls_set_server_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int vigia_tls_is_asked(SSL *ssl, void *socket) {
  (void)ssl;
  ((struct vigia_tls_socket *)socket)->asked = 1;
  return 1;
}

// Keeps whether the server wants a certificate: what it says later, if none came, need not tell.
static inline void vigia_tls_notice(SSL *ssl, struct vigia_tls_socket *socket) {
  SSL_set_cert_cb(ssl, vigia_tls_is_asked, socket);
}

// ERR_GET_LIB and ERR_GET_REASON may be macros.
static inline int vigia_tls_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int vigia_tls_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

#endif
