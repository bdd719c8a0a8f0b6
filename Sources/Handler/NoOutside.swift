import Automation

final class NoOutside: Outside {
  func perform(_ call: Call, by actuator: Actuator, isSafe: Bool, _ completion: @escaping (CallResult) -> Void) {}
  func lookUp(_ call: Call, by request: HTTPActuator, _ completion: @escaping (LookUpResult) -> Void) {}
  func abandon() {}
}
