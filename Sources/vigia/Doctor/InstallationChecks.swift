import Console
import FleetModel
import Redis
import Wire

/// What is judged of what an installation has on its server.
struct InstallationChecks {
  let answers: ServerAnswers
  let installation: Installation
  let now: Instant

  var all: [Check] { [rights, handler] + streams }

  // MARK: Rights

  /// So many missing rights are named.
  private static let mostNamed = 12

  var rights: Check {
    let rights = answers.rights
    let user = answers.user.value ?? installation.endpoint.user ?? "default"
    let who = "user \(rights.triedUser ?? user)"
    let purpose = "what \(rights.role.name.hasPrefix("o") ? "an" : "a") \(rights.role.name) needs"
    if let error = rights.failure {
      return Check("rights", .unknown, "what \(who) may do cannot be tried: \(error)", advice: Self.remedy(rights.role))
    }
    let denied = rights.needed + rights.optional
    let left = rights.untried.isEmpty ? "" : "; not tried: \(rights.untried.joined(separator: ", "))"
    guard !denied.isEmpty else {
      guard rights.tried > 0 else { return Check("rights", .unknown, "what \(who) may do could not be tried\(left)") }
      return Check("rights", .ok, "\(who) may do \(purpose): \(rights.tried) rights tried\(left)")
    }
    let named = denied.prefix(Self.mostNamed).joined(separator: ", ")
    let rest = denied.count > Self.mostNamed ? " and \(denied.count - Self.mostNamed) more" : ""
    let effect = rights.needed.isEmpty ? "does without, and says so" : "lacks"
    return Check(
      "rights", rights.needed.isEmpty ? .look : .wrong,
      "\(who) may not do all of \(purpose). It \(effect): \(named)\(rest)\(left)", advice: Self.remedy(rights.role))
  }

  private static func remedy(_ role: AccessRole) -> String {
    let name =
      switch role {
      case .operator, .maintainer: " NAME"
      case .viewer, .handler, .publisher, .runtime, .doctor: ""
      }
    return "compare with ACL GETUSER: vigia acl print \(role.name)\(name)"
  }

  // MARK: Handler

  var handler: Check {
    switch answers.lease {
    case .none: return Check("handler", .unknown, "no answer about the lease")
    case .refused(let error) where error.code == "NOPERM":
      let key = String(decoding: installation.keys.lease, as: UTF8.self)
      return Check(
        "handler", .unknown, "this user may not read \(key)", advice: "ask as a user of: vigia acl print doctor")
    case .refused(let error): return Check("handler", .unknown, "the lease cannot be read: \(error)")
    case .value(nil):
      return Check(
        "handler", .wrong,
        "none leads: commands expire after a minute, rules do not act, channels are not recorded",
        advice: "start vigia-handler with the same --redis and --prefix, and read its log")
    case .value(let lease?): return Self.leads(lease, now)
    }
  }

  private static func leads(_ lease: Lease, _ now: Instant) -> Check {
    let records = lease.isRecording ? "records \(lease.patterns.joined(separator: " "))" : "records nothing"
    let since = "since \(ISO8601.format(lease.since).prefix(19))Z (\(Format.age(max(.zero, now - lease.since))))"
    let detail = "\(lease.id) leads \(since), fence \(lease.fence), protocol \(lease.protocolVersion), \(records)"
    let remarks = [lease.fault, lease.warning, lease.held].compactMap(\.self)
    guard remarks.isEmpty else {
      return Check(
        "handler", .look, "\(detail). It says: \(remarks.joined(separator: "; "))",
        advice: "see vigia manual troubleshooting")
    }
    guard lease.isRecording else {
      return Check(
        "handler", .look, "\(detail): what is published on channels is in no stream",
        advice: "look into its log for what it cannot listen to")
    }
    return Check("handler", .ok, detail)
  }

  // MARK: Streams

  private var streams: [Check] {
    let areDenied = answers.streams.allSatisfy { stream in
      if case .refused(let error) = stream.info { error.code == "NOPERM" } else { false }
    }
    guard areDenied, !answers.streams.isEmpty else { return answers.streams.map(check) }
    return [
      Check(
        "streams", .unknown, "this user may not look at any of them (XINFO STREAM)",
        advice: "ask as a user of: vigia acl print doctor")
    ]
  }

  private func check(_ stream: StreamAnswers) -> Check {
    switch stream.info {
    case .none: return Check(stream.name, .unknown, "no answer")
    case .refused(let error) where error.code == "NOPERM":
      return Check(
        stream.name, .unknown, "this user may not look at it (XINFO STREAM)",
        advice: "ask as a user of: vigia acl print doctor")
    case .refused(let error) where error.code == "MOVED":
      return Check(stream.name, .unknown, "another node of the cluster has it")
    case .refused(let error) where error.code == "WRONGTYPE":
      return Check(
        stream.name, .wrong, "the key holds something else than a stream",
        advice: "find out who wrote it, then DEL it or choose another --prefix")
    case .refused(let error): return Check(stream.name, .unknown, "it cannot be looked at: \(error)")
    case .value(nil): return Check(stream.name, .ok, "nothing was ever written")
    case .value(let info?): return check(stream, info)
    }
  }

  private func check(_ stream: StreamAnswers, _ info: StreamInfo) -> Check {
    let last = info.lastID == .zero ? "" : ", the last \(ServerChecks.ago(now - info.lastID.instant))"
    let entries = info.length == 1 ? "1 entry" : "\(info.length) entries"
    var detail = "\(entries)\(last)"
    let groups = stream.groups.value ?? []
    if !groups.isEmpty { detail += Self.words(groups) }
    if stream.name == "dead", info.length > 0 {
      return Check("dead", .look, "\(detail): these could not be handled", advice: "vigia dead list")
    }
    let handlers = String(decoding: Keys.group, as: UTF8.self)
    if stream.name == "commands", info.length > 0, case .value = stream.groups,
      !groups.contains(where: { $0.name == handlers })
    {
      return Check(
        stream.name, .look, "\(detail); no handler has ever read it", advice: "start vigia-handler")
    }
    if let late = groups.first(where: { $0.lag ?? 0 > Self.mostLag }) {
      return Check(
        stream.name, .look, detail,
        advice: "\(late.name) is \(late.lag ?? 0) entries behind: see whether its readers live")
    }
    return Check(stream.name, .ok, detail)
  }

  private static let mostLag = 1000
  private static let mostGroups = 3

  private static func words(_ groups: [StreamAnswers.Group]) -> String {
    let named = groups.prefix(mostGroups).map { group in
      let lag = group.lag.map { ", \($0) behind" } ?? ""
      return "\(group.name.prefix(40)) (consumers \(group.consumers), pending \(group.pending)\(lag))"
    }
    let rest = groups.count > mostGroups ? ", \(groups.count - mostGroups) more groups" : ""
    return "; read by \(named.joined(separator: ", "))\(rest)"
  }
}
