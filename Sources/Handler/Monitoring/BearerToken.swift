/// What whoever asks has to know.
struct BearerToken {
  private let token: [UInt8]

  init(_ token: [UInt8]) { self.token = token }

  /// Whether a header `Authorization` holds it. It takes as long for a wrong token as for the right one.
  func admits(_ header: String?) -> Bool {
    guard let header else { return false }
    let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
    let given = Array(parts[1].drop { $0 == " " }.utf8)
    var difference = given.count ^ token.count
    for index in token.indices { difference |= Int(token[index] ^ (index < given.count ? given[index] : 0)) }
    return difference == 0 && !token.isEmpty
  }
}
