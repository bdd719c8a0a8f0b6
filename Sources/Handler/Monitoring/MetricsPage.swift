import Exposition
import FleetModel

/// A page of metrics while it is made, a piece at a time, so that no command waits for all of it.
///
/// ```text
///   handler ─▶ rank all agents ─▶ choose ─▶ fleet ─▶ one family after the other, some agents a piece ─▶ end
///      ▲                                                                                              │
///      └────────────────────────────── the next shard, of a divided fleet ◀───────────────────────────┘
/// ```
/// A class, because whoever makes it and whoever waits for it share it.
final class MetricsPage {
  private enum Stage {
    /// The piece that is next.
    case handler(Int)
    case ranking, choosing, fleet
    /// The family, and the place of the next member.
    case agents(Int, Int)
    case over
  }

  private var writer: ExpositionWriter
  private let parts: [Sources]
  /// The part that is written.
  private var part = 0
  private var stage = Stage.handler(0)
  private var families: [AgentFamily] = []
  /// Of all samples of the part.
  private var labels = LabelSet()

  private var sources: Sources { parts[part] }

  /// What a page tells of.
  struct Sources {
    /// Nil if the fleet is not divided.
    var shard: Int?
    var picture: HandlerPicture
    var counts: HandlerCounts
    var streams: [StreamStanding]
    var process: ProcessFacts
    var scrapes = 0
    var lastSeconds = 0.0
    /// Nil if it does not lead.
    var fleet: ShownFleet?
    /// How many agents have series of their own.
    var mostAgents = 0
  }

  /// So many agents are looked at in a piece.
  private static let piece = 64

  /// - Parameter parts: one, or one for each shard.
  init(_ format: ExpositionFormat, _ parts: [Sources]) {
    writer = ExpositionWriter(format, inParts: parts.count > 1)
    self.parts = parts
    begin()
  }

  private func begin() {
    stage = .handler(0)
    families = AgentFamily.all(of: sources.fleet?.metrics ?? .builtIn)
    if let shard = sources.shard { labels = LabelSet(("shard", ShardNames.number(shard))) }
  }

  var format: ExpositionFormat { writer.format }
  var pieces: [[UInt8]] { writer.pieces }

  var isOver: Bool {
    if case .over = stage { true } else { false }
  }

  /// Makes one more piece: some microseconds.
  func advance() {
    switch stage {
    case .handler(let piece):
      // What tells of the process stands there once, of no shard.
      if piece == 1, !labels.bytes.isEmpty { writer.beginPart(labels) }
      if piece > 0 || part == 0 { HandlerSection(sources).write(piece, to: &writer) }
      stage = .handler(piece + 1)
      guard piece + 1 == HandlerSection.pieces else { return }
      if sources.fleet == nil { end() } else { stage = .ranking }
    case .ranking: if sources.fleet?.rank(Self.piece) ?? true { stage = .choosing }
    case .choosing:
      if sources.fleet?.choose(Self.piece, most: sources.mostAgents) ?? true { stage = .fleet }
    case .fleet:
      if let fleet = sources.fleet { FleetSection.write(fleet, to: &writer) }
      stage = .agents(0, 0)
    case .agents(let family, let member): writeAgents(family, from: member)
    case .over: break
    }
  }

  private func writeAgents(_ number: Int, from start: Int) {
    guard let fleet = sources.fleet, number < families.count else { return end() }
    let family = families[number]
    if start == 0, !writer.begin(family.family) {
      stage = .agents(number + 1, 0)
      return
    }
    let last = min(fleet.members.count, start + Self.piece)
    for member in fleet.members[start..<last] where fleet.isThere(member) {
      family.write(fleet, member, &writer)
    }
    stage = last == fleet.members.count ? .agents(number + 1, 0) : .agents(number, last)
  }

  private func end() {
    guard part + 1 == parts.count else {
      part += 1
      return begin()
    }
    writer.end()
    stage = .over
  }
}
