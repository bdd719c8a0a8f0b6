import FleetModel
import Wire

/// Something that can stand as one argument of a request.
package protocol RequestArgument {
  /// Appends its bytes, exactly as the server is to get them, in the protocol's form.
  func append(to arguments: inout EncodedArguments)
}

extension Array: RequestArgument where Element == UInt8 {
  package func append(to arguments: inout EncodedArguments) { withUnsafeBytes { arguments.append($0) } }
}

extension String: RequestArgument {
  package func append(to arguments: inout EncodedArguments) {
    var text = self
    text.withUTF8 { arguments.append(UnsafeRawBufferPointer($0)) }
  }
}

extension Int: RequestArgument {
  package func append(to arguments: inout EncodedArguments) { arguments.append(number: self) }
}

extension Int64: RequestArgument {
  package func append(to arguments: inout EncodedArguments) { arguments.append(number: Int(self)) }
}

extension StreamID: RequestArgument {
  package func append(to arguments: inout EncodedArguments) { description.append(to: &arguments) }
}

extension Instant: RequestArgument {
  /// Epoch milliseconds, as hashes and sorted sets hold instants.
  package func append(to arguments: inout EncodedArguments) { milliseconds.append(to: &arguments) }
}

/// Arguments of a request in the protocol's form: bulk strings, one after the other.
package struct EncodedArguments: Sendable {
  package private(set) var bytes: [UInt8]
  package private(set) var count: Int

  /// - Parameters:
  ///   - bytes: what `EncodedArguments.append(_:to:)` made of them.
  ///   - count: how many they are.
  package init(bytes: [UInt8], count: Int) {
    self.bytes = bytes
    self.count = count
  }

  package init(_ arguments: any RequestArgument...) {
    self.init(bytes: [], count: 0)
    for argument in arguments { argument.append(to: &self) }
  }

  package mutating func append(_ argument: UnsafeRawBufferPointer) {
    Self.append(argument, to: &bytes)
    count += 1
  }

  /// Appends one argument that is put together of two parts.
  package mutating func append(_ start: [UInt8], _ end: [UInt8]) {
    Self.appendHeader(UInt8(ascii: "$"), start.count + end.count, to: &bytes)
    bytes += start
    bytes += end
    Self.endLine(&bytes)
    count += 1
  }

  /// Appends a whole number, without a string in between.
  mutating func append(number: Int) {
    guard number >= 0 else { return String(number).append(to: &self) }
    var (length, rest) = (1, number)
    while rest >= 10 { (length, rest) = (length + 1, rest / 10) }
    Self.appendHeader(UInt8(ascii: "$"), length, to: &bytes)
    Self.appendDigits(number, to: &bytes)
    Self.endLine(&bytes)
    count += 1
  }

  package mutating func append(_ others: EncodedArguments) {
    bytes += others.bytes
    count += others.count
  }

  /// Appends one argument in the protocol's form.
  package static func append(_ argument: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    appendHeader(UInt8(ascii: "$"), argument.count, to: &output)
    output.append(contentsOf: argument)
    endLine(&output)
  }

  fileprivate static func appendHeader(_ mark: UInt8, _ count: Int, to output: inout [UInt8]) {
    output.append(mark)
    appendDigits(count, to: &output)
    endLine(&output)
  }

  /// Without a string in between.
  private static func appendDigits(_ number: Int, to output: inout [UInt8]) {
    if number >= 10 { appendDigits(number / 10, to: &output) }
    output.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  private static func endLine(_ output: inout [UInt8]) {
    output.append(13)
    output.append(10)
  }
}

/// One request as the server reads it: an array of bulk strings.
package struct Request: Sendable {
  private var arguments = EncodedArguments()

  package init(_ arguments: any RequestArgument...) {
    self.init(arguments)
  }

  package init(_ arguments: [any RequestArgument]) {
    for argument in arguments { argument.append(to: &self.arguments) }
  }

  package mutating func append(_ arguments: any RequestArgument...) {
    for argument in arguments { argument.append(to: &self.arguments) }
  }

  package mutating func append(_ encoded: EncodedArguments) { arguments.append(encoded) }

  /// Whether it is of a command, by its first word.
  func isCommand(_ name: String) -> Bool { arguments.bytes.starts(with: EncodedArguments(name).bytes) }

  /// The command and its first argument, cut, for people.
  package var words: String {
    let parts = arguments.bytes.split(separator: 10, maxSplits: 4, omittingEmptySubsequences: false)
    let texts = [1, 3].compactMap { parts.indices.contains($0) ? parts[$0].dropLast().prefix(200) : nil }
    return texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  /// Appends the request in the protocol's form.
  package func encode(into output: inout [UInt8]) {
    EncodedArguments.appendHeader(UInt8(ascii: "*"), arguments.count, to: &output)
    output += arguments.bytes
  }
}
