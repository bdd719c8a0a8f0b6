/// What goes wrong in a world, and how often: drawn anew for each seed, some of them without any.
struct Trouble {
  enum Kind: CaseIterable {
    case kill, stop, suspend, cut, partition, serverRestart, stepClock, stepWallClock, refuse
  }

  /// One fault for so many inputs, on average; nil for none at all.
  let every: Int?
  let kinds: [Kind]

  /// - Parameter rates: of which ``every`` is one.
  init(_ world: SimulatedWorld, isCalm: Bool, every rates: [Int?] = [nil, 3000, 800, 300, 120]) {
    every = isCalm ? nil : world.pick(rates)
    let all = Kind.allCases
    // Some worlds know one kind of fault only: it is met more often there.
    kinds = world.chance(30) ? [world.pick(all)] : all
  }
}

extension SimulatedWorld {
  /// Lets something fail now and then. Each fault ends by itself.
  ///
  /// - Returns: whether something fails.
  @discardableResult
  func perhapsFail(_ trouble: Trouble) throws -> Bool {
    guard let every = trouble.every, number(1...every) == 1 else { return false }
    let place = number(0...nodes.count - 1)
    switch trouble.kinds[number(0...trouble.kinds.count - 1)] {
    case .kill: killForAWhile(place)
    case .stop: stop(place)
    case .suspend: suspend(place)
    case .cut: cutOne()
    case .partition:
      tell("\(nodes[place].id) is cut off")
      nodes[place].cutOffUntil = now + Int64(number(100...9000)) * 1_000_000
    case .serverRestart: restartServer()
    case .stepClock:
      let seconds = number(-4...4)
      tell("the server's clock is stepped by \(seconds) s")
      server.model.microseconds += Int64(seconds) * 1_000_000
    case .stepWallClock:
      tell("the clock of \(nodes[place].id) is stepped")
      nodes[place].machine.stepWallClock(nanoseconds: Int64(number(-7200...7200)) * 1_000_000_000)
    case .refuse: refuseForAWhile()
    }
    return true
  }

  private func killForAWhile(_ place: Int) {
    guard nodes[place].service != nil else { return }
    kill(place, losesRequests: chance(50))
    schedule(inMilliseconds: number(1...6000)) { [self] in restart(place) }
  }

  /// Ends a handler as an update of the program does: in order, and another one begins.
  private func stop(_ place: Int) {
    let node = nodes[place]
    guard let service = node.service else { return }
    tell("\(node.id) is asked to stop")
    let life = node.life
    run(on: node) { [self] in
      service.stop { [self] in
        schedule(at: now) { [self] in
          guard node.life == life else { return }
          kill(place, losesRequests: false)
          schedule(inMilliseconds: number(1...2000)) { [self] in restart(place) }
        }
      }
    }
  }

  private func suspend(_ place: Int) {
    let node = nodes[place]
    guard node.sleepsUntil <= now else { return }
    let span = Int64(number(10...7000)) * 1_000_000
    node.isSuspended = chance(50)
    tell("\(node.id) \(node.isSuspended ? "is suspended" : "stands still") for \(span / 1_000_000) ms")
    node.sleepsUntil = now + span
    schedule(at: node.sleepsUntil) { [self] in
      if node.sleepsUntil <= now { node.isSuspended = false }
    }
  }

  private func cutOne() {
    let open = openCables
    guard !open.isEmpty else { return }
    let cable = pick(open)
    let isBefore = chance(50)
    tell("a connection of \(cable.node.id) is cut \(isBefore ? "before" : "after") the server has worked")
    cable.cut(isBefore ? .beforeServer : .afterServer)
  }

  private func restartServer() { restartServer(after: number(1...5000)) }

  /// - Parameter span: for how many milliseconds it is down.
  func restartServer(after span: Int) {
    guard isServerUp else { return }
    tell("the server goes down")
    isServerUp = false
    server.model.forgetScripts()
    for cable in openCables { cable.cut(chance(50) ? .beforeServer : .afterServer) }
    server.closeAll()
    schedule(inMilliseconds: span) { [self] in
      tell("the server is up")
      isServerUp = true
    }
  }

  private func refuseForAWhile() {
    let denial = pick([
      Denial("XADD", prefix: "agentos:audit"), Denial("HSET"), Denial("SET", prefix: "agentos:mark:"),
      Denial("ZADD"), Denial("XACK"), Denial("PUBLISH"), Denial("HSET", prefix: "agentos:agent:"), Denial("XREADGROUP"),
      Denial("EVALSHA"),
    ])
    tell("the server denies \(denial)")
    server.model.denials.append(denial)
    schedule(inMilliseconds: number(10...8000)) { [self] in
      tell("the server allows \(denial) again")
      server.model.denials.removeAll { $0 == denial }
    }
  }
}
