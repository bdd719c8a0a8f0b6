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

/// One request as the server reads it: an array of bulk strings.
package struct Request: Sendable {
  package private(set) var arguments: [[UInt8]]

  package init(_ arguments: any RequestArgument...) {
    self.arguments = arguments.map(\.requestBytes)
  }

  package init(_ arguments: [any RequestArgument]) {
    self.arguments = arguments.map(\.requestBytes)
  }

  package mutating func append(_ arguments: any RequestArgument...) {
    self.arguments += arguments.map(\.requestBytes)
  }

  /// Appends the request in the protocol's form.
  package func encode(into output: inout [UInt8]) {
    Self.appendHeader(UInt8(ascii: "*"), arguments.count, to: &output)
    for argument in arguments {
      Self.appendHeader(UInt8(ascii: "$"), argument.count, to: &output)
      output += argument
      output += [13, 10]
    }
  }

  private static func appendHeader(_ mark: UInt8, _ count: Int, to output: inout [UInt8]) {
    output.append(mark)
    output += String(count).utf8
    output += [13, 10]
  }
}
