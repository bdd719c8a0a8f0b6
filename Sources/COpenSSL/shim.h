#ifndef VIGIA_COPENSSL_H
#define VIGIA_COPENSSL_H

#include <openssl/evp.h>

// EVP_sha256 gives a pointer to a type that Swift does not import. Writes 32 bytes; 0 where it could not.
static inline int vigia_sha256(const void *data, size_t count, unsigned char *digest) {
  return EVP_Digest(data, count, digest, NULL, EVP_sha256(), NULL);
}

#endif
