import CLinux
import Glibc
import Screen
import Testing

struct WidthTests {
  /// Where this program and the C library differ on purpose: unassigned scalars, which it gives no width, and
  /// separators, which it counts as controls.
  private func isException(_ scalar: Unicode.Scalar, library: Int) -> Bool {
    // AHOM CONSONANT SIGN MEDIAL RA became a spacing mark with Unicode 15.
    if scalar.value == 0x1171E { return true }
    guard library == -1 else { return false }
    return scalar.value == 0x2028 || scalar.value == 0x2029 || isUnassignedThere(scalar)
  }

  /// Scalars of Unicode versions after the C library's, noncharacters, and the unassigned ones.
  private func isUnassignedThere(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .unassigned || (scalar.properties.age.map { $0.major >= 15 } ?? true)
  }

  @Test func widthIsTheLibrarysForEveryScalar() throws {
    let utf8 = try #require(newlocale(Int32(1 << LC_CTYPE), "C.UTF-8", nil))
    let before = uselocale(utf8)
    defer {
      uselocale(before)
      freelocale(utf8)
    }
    var different: [UInt32] = []
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let library = Int(vigia_wcwidth(value))
      if TextWidth.width(of: scalar) != library && !isException(scalar, library: library) { different.append(value) }
    }
    #expect(different == [])
  }
}
