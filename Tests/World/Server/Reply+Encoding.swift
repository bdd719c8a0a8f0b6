import Redis

extension Reply {
  /// The reply as it stands on the wire.
  var encoded: Bytes {
    var output: Bytes = []
    encode(into: &output)
    return output
  }

  private func encode(into output: inout Bytes) {
    switch self {
    case .null: output += "$-1\r\n".utf8
    case .integer(let number): output += ":\(number)\r\n".utf8
    case .status(let text): output += "+\(text)\r\n".utf8
    case .error(let error): output += "-\(error.text)\r\n".utf8
    case .string(let bytes):
      output += "$\(bytes.count)\r\n".utf8
      output += bytes
      output += "\r\n".utf8
    case .array(let elements):
      output += "*\(elements.count)\r\n".utf8
      for element in elements { element.encode(into: &output) }
    }
  }
}
