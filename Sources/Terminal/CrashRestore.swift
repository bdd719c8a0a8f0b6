import CNcurses
import Glibc

extension Terminal {
  /// Has a crash leave the terminal as it was found: a fixed sequence and the modes, then what the signal does by default.
  package static func installCrashRestore() { vigia_crash_install() }

  /// Says what a crash has to send and to put back.
  static func armCrashRestore(descriptor: Int32, attributes: termios, reset: [UInt8]) {
    var attributes = attributes
    vigia_crash_arm(descriptor, &attributes, reset, reset.count)
  }

  static func disarmCrashRestore() { vigia_crash_disarm() }
}
