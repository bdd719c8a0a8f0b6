import HTTP

/// What ClickHouse answers to rows.
enum ArchiveAnswer: Equatable {
  case stored
  /// It cannot take a row of them, and never will.
  case rowRefused(String)
  /// Not this time.
  case failed(String)

  /// Nothing is stored unless the server says so with 200 and not a word more: a server that meets an error late says
  /// 200 and puts the error into the body, and something else at that port may say 200 to anything.
  init(_ result: HTTPResult) {
    switch result {
    case .failed(let failure): self = .failed(failure.reason)
    case .response(let response):
      let isSaid = response.body.contains { $0 > 0x20 }
      let code = Self.code(response)
      if response.status == 200, !isSaid, code == nil {
        self = .stored
      } else if let code, Self.codesOfRows.contains(code) {
        self = .rowRefused(response.words)
      } else {
        self = .failed(response.archiveWords)
      }
    }
  }

  /// The number of the server's error; nil if it names none.
  static func code(_ response: HTTPResponse) -> Int? {
    if let text = response.headers["x-clickhouse-exception-code"], let code = Int(text) { return code }
    let mark = Array("Code: ".utf8)
    guard response.body.starts(with: mark) else { return nil }
    let digits = response.body.dropFirst(mark.count).prefix { $0 &- UInt8(ascii: "0") <= 9 }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  /// Errors of a row's values, by the numbers in ClickHouse's `ErrorCodes.cpp`: what cannot be parsed, is too long, or
  /// breaks a constraint. What says that the table is another one is none of them.
  private static let codesOfRows: Set<Int> = [6, 26, 27, 38, 41, 69, 72, 130, 131, 349, 469]
}

extension HTTPResponse {
  /// ``words``, behind what to do if ClickHouse knows no such table or database.
  package var archiveWords: String {
    guard let code = ArchiveAnswer.code(self), [60, 81].contains(code) else { return words }
    return "no such database or table; vigia archive init makes those of [archive]: \(words)"
  }
}
