import CNcurses
import Glibc

extension Terminal {
  /// Has a crash leave the terminal as it was found: a fixed sequence and the modes, then what the signal does by default.
  /// It takes the place of the runtime's own crash reporter, which would ask on the terminal.
  package static func installCrashRestore() { vigia_crash_install() }

  /// Says what a crash has to send and to put back.
  static func armCrashRestore(descriptor: Int32, attributes: termios, reset: [UInt8]) {
    var attributes = attributes
    vigia_crash_arm(descriptor, &attributes, reset, reset.count)
  }

  /// Has a crash show what this file holds, once the screen is the shell's again.
  static func crashTells(_ descriptor: Int32) { vigia_crash_keep(descriptor) }

  static func disarmCrashRestore() { vigia_crash_disarm() }
}
