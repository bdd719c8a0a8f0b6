import FleetModel
import HTTP
import Wire

/// The services outside, all in one: it carries out what handlers ask for, each by its idempotency key, and takes what
/// people are told.
final class OutsideService {
  /// What may befall a request.
  private enum Fate: CaseIterable {
    case carried, lost, carriedAnswerLost, unavailable, carriedThenError, tooMany, unreachable, refused
  }

  private unowned let world: SimulatedWorld
  /// How often the effect of a key was had.
  private(set) var carried: [String: Int] = [:]
  /// Keys of effects that must not be had twice.
  private(set) var unrepeatable: Set<String> = []
  /// What each key was told last: a page is about one trouble.
  private(set) var told: [String: String] = [:]
  /// Whether nothing arrives, and nothing is answered.
  var isSilent = false
  /// Told whenever the effect of a key is had.
  var carriesOut: (_ url: String, _ key: String) -> Void = { _, _ in }
  /// Whether all goes well from now on.
  var isReliable = false

  init(_ world: SimulatedWorld) { self.world = world }

  /// Takes a request that has just been sent.
  ///
  /// - Parameter answer: gets the result and when, in milliseconds from now.
  func take(_ request: HTTPRequest, _ answer: @escaping (_ after: Int, HTTPResult) -> Void) {
    let fate = isSilent ? Fate.lost : isReliable || world.chance(75) ? Fate.carried : world.pick(Fate.allCases)
    let arrival = world.chance(10) ? world.number(10...1500) : world.number(1...20)
    let timeout = Int(request.timeout.milliseconds)
    let failure = HTTPResult.failed(HTTPFailure(reason: "no answer in time", mayHaveArrived: true))
    func response(_ status: Int) -> HTTPResult { .response(HTTPResponse(status: status)) }
    switch fate {
    case .carried:
      world.schedule(inMilliseconds: arrival) { [self] in answer(world.number(1...20), response(carry(request))) }
    case .carriedThenError:
      world.schedule(inMilliseconds: arrival) { [self] in
        let status = carry(request)
        answer(1, response(status == 404 ? 404 : 500))
      }
    case .carriedAnswerLost:
      world.schedule(inMilliseconds: arrival) { [self] in _ = carry(request) }
      answer(timeout, failure)
    case .lost: answer(timeout, failure)
    case .unavailable: answer(arrival, response(503))
    case .tooMany: answer(arrival, response(429))
    case .refused: answer(arrival, response(request.url.contains("/look/") ? 503 : 400))
    case .unreachable: answer(1, .failed(HTTPFailure(reason: "connection refused", mayHaveArrived: false)))
    }
  }

  /// Does what is asked for; the status of the answer.
  private func carry(_ request: HTTPRequest) -> Int {
    if request.url.contains("/hook") { return hear(request) }
    guard let key = request.headers.first(where: { $0.name == "Idempotency-Key" })?.value else { return 400 }
    if request.url.contains("/look/") { return carried[key] == nil ? 404 : 200 }
    carried[key, default: 0] += 1
    if !request.url.contains("/safe/") { unrepeatable.insert(key) }
    world.tell("the service does \(request.url) for \(key)")
    carriesOut(request.url, key)
    return 200
  }

  private func hear(_ request: HTTPRequest) -> Int {
    guard let body = request.body, let json = try? JSONValue.parse(body), let key = json["key"]?.text,
      let status = json["status"]?.text
    else { return 400 }
    world.tell("people are told: \(key) \(status)")
    told[key] = status
    return 200
  }
}
