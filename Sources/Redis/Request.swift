import FleetModel
import Wire

/// Something that can stand as one argument of a request.
package protocol RequestArgument {
  /// Its bytes, exactly as the server gets them.
  var requestBytes: [UInt8] { get }
}

extension Array: RequestArgument where Element == UInt8 {
  package var requestBytes: [UInt8] { self }
}

extension String: RequestArgument {
  package var requestBytes: [UInt8] { Array(utf8) }
}

extension Int: RequestArgument {
  package var requestBytes: [UInt8] { Array(String(self).utf8) }
}

extension Int64: RequestArgument {
  package var requestBytes: [UInt8] { Array(String(self).utf8) }
}

extension StreamID: RequestArgument {
  package var requestBytes: [UInt8] { Array(description.utf8) }
}

extension Instant: RequestArgument {
  /// Epoch milliseconds, as hashes and sorted sets hold instants.
  package var requestBytes: [UInt8] { milliseconds.requestBytes }
}

/// Arguments that stand in the protocol's form already, one after the other.
package struct EncodedArguments: Sendable {
  package let bytes: [UInt8]
  package let count: Int

  /// - Parameters:
  ///   - bytes: what `Request.append` made of them.
  ///   - count: how many they are.
  package init(bytes: [UInt8], count: Int) {
    self.bytes = bytes
    self.count = count
  }

  package static let none = EncodedArguments(bytes: [], count: 0)
}

/// One request as the server reads it: an array of bulk strings.
package struct Request: Sendable {
  package private(set) var arguments: [[UInt8]]
  /// These stand after all others.
  private var encoded = EncodedArguments.none

  package init(_ arguments: any RequestArgument...) {
    self.arguments = arguments.map(\.requestBytes)
  }

  package init(_ arguments: [any RequestArgument], followedBy encoded: EncodedArguments = .none) {
    self.arguments = arguments.map(\.requestBytes)
    self.encoded = encoded
  }

  package mutating func append(_ arguments: any RequestArgument...) {
    self.arguments += arguments.map(\.requestBytes)
  }

  /// Appends the request in the protocol's form.
  package func encode(into output: inout [UInt8]) {
    Self.appendHeader(UInt8(ascii: "*"), arguments.count + encoded.count, to: &output)
    for argument in arguments { argument.withUnsafeBytes { Self.append($0, to: &output) } }
    output += encoded.bytes
  }

  /// Appends one argument in the protocol's form.
  package static func append(_ argument: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    appendHeader(UInt8(ascii: "$"), argument.count, to: &output)
    output.append(contentsOf: argument)
    endLine(&output)
  }

  private static func appendHeader(_ mark: UInt8, _ count: Int, to output: inout [UInt8]) {
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
