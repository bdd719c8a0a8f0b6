import Automation
import Execution

/// Where effects outside of Redis are had.
protocol ActuatorClient: AnyObject {
  /// Does what a call says; a safe one again and again, as far as its actuator allows. `completion` is called once, not
  /// from within, and never after `abandon`.
  ///
  /// - Parameter rule: what is to be done if nobody knows whether it was carried out.
  func perform(
    _ call: ActuatorCall, by actuator: Actuator, rule: RepeatRule, _ completion: @escaping (ActuatorResult) -> Void)
  /// Asks whether an earlier call was carried out.
  func lookUp(_ call: ActuatorCall, by request: HTTPActuator, _ completion: @escaping (LookUpResult) -> Void)
  /// Lets go of what is under way: its intents stand, and the next handler goes on from them.
  ///
  /// - Parameter onlyResumable: what could only be guessed at is left to come to its end.
  func abandon(onlyResumable: Bool)
  var isIdle: Bool { get }
}
