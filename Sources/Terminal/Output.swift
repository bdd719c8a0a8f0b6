/// Bytes on their way to the terminal: taken at once, written as it takes them.
struct Output {
  private var pending: [UInt8] = []
  private var start = 0
  private(set) var written = 0
  private(set) var isGone = false

  var isEmpty: Bool { start == pending.count }

  mutating func append(_ bytes: [UInt8]) {
    guard !isGone else { return }
    if isEmpty { reset() }
    pending += bytes
  }

  /// Forgets what is not written yet; true if something was, which may end in the middle of a sequence.
  mutating func drop() -> Bool {
    defer { reset() }
    return !isEmpty
  }

  /// Writes until all is written or the terminal takes no more.
  mutating func flush(to device: borrowing Device) {
    while !isEmpty {
      let transfer = pending.withUnsafeBytes { device.write(UnsafeRawBufferPointer(rebasing: $0[start...])) }
      switch transfer {
      case .bytes(let count):
        start += count
        written += count
      case .wouldBlock: return
      case .gone:
        isGone = true
        reset()
      }
    }
    reset()
  }

  private mutating func reset() {
    pending.removeAll(keepingCapacity: true)
    start = 0
  }
}
