import CLinux

/// The processor reads memory by lines.
package enum CacheLine {
  package static let bytes = 64

  /// Has the processor begin to fetch the line of an address. It does not wait for it.
  @inline(__always)
  package static func fetch(_ address: UnsafeRawPointer) { vigia_prefetch(address) }
}
