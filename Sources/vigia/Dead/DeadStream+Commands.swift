import FleetModel
import Redis
import Wire

extension DeadStream {
  // MARK: Looking

  func list(isJSON: Bool) {
    pages(
      { [self] entries, next in
        for entry in entries { isJSON ? Output.json(entry.json) : Output.line(entry.line(at: now)) }
        next()
      }, end: { [self] in end() })
  }

  func show(_ id: String, isRaw: Bool) {
    find(id) { [self] entry in
      defer { end() }
      guard let entry else { return }
      guard isRaw else { return entry.lines(at: now).forEach(Output.line) }
      guard let data = entry.data else { return complain(id, "it holds no bytes") }
      Output.raw(data)
    }
  }

  // MARK: Putting back

  func retryAll() {
    newest { [self] newest in
      guard let newest else { return end() }
      // What dies again meanwhile stays.
      pages(
        through: newest, { [self] entries, next in each(entries[...], { [self] in retry($0, then: $1) }, end: next) },
        end: { [self] in end() })
    }
  }

  func retry(_ ids: [String]) {
    each(
      ids[...],
      { [self] id, next in
        find(id) { [self] entry in
          guard let entry else { return next() }
          retry(entry, then: next)
        }
      }, end: { [self] in end() })
  }

  private func retry(_ entry: StoredDeadLetter, then next: @escaping () -> Void) {
    switch DeadLetterRetry(entry, keys: keys, now: now) {
    case .refused(let reason):
      complain("\(entry.id)", "not put back: \(reason)")
      next()
    case .put(let data, let stream, let until):
      move(entry.id, data, into: stream) { [self] id in
        if let id {
          let anew = until.map { "; it had expired, and is issued anew until \(ISO8601.format($0))" } ?? ""
          Output.line("\(entry.id) is back in \(String(decoding: stream, as: UTF8.self)) as \(id)\(anew)".shown)
        } else {
          complain("\(entry.id)", "no such entry any more")
        }
        next()
      }
    }
  }

  // MARK: Dropping

  func dropAll() {
    newest { [self] newest in
      guard let newest else { return end() }
      // What comes meanwhile nobody has seen, and it stays.
      send(Request("XTRIM", keys.dead, "MINID", newest.next())) { [self] reply in
        Output.line("dropped \(reply.integer ?? 0)")
        end()
      }
    }
  }

  func drop(_ ids: [String]) {
    each(
      ids[...],
      { [self] id, next in
        find(id) { [self] entry in
          guard let entry else { return next() }
          send(Request("XDEL", keys.dead, entry.id)) { _ in
            Output.line("dropped \(entry.id)")
            next()
          }
        }
      }, end: { [self] in end() })
  }

  /// Does one after the other.
  private func each<Element>(
    _ rest: ArraySlice<Element>, _ work: @escaping (Element, _ next: @escaping () -> Void) -> Void,
    end: @escaping () -> Void
  ) {
    var rest = rest
    // What is done at once goes round the loop: each that called the next would end the stack.
    while let first = rest.popFirst() {
      var (isDone, isWaitedFor) = (false, false)
      work(first) { [self] in
        isDone = true
        if isWaitedFor { each(rest, work, end: end) }
      }
      guard isDone else {
        isWaitedFor = true
        return
      }
    }
    end()
  }
}
