import COpenSSL

/// Digests by which an answer names what it is about.
enum Digest {
  /// SHA-256 (FIPS 180-4) in hexadecimal digits.
  static func sha256(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = vigia_sha256(bytes, bytes.count, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
