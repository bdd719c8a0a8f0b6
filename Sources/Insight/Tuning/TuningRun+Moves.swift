import FleetModel

/// What is begun, and what ends.
extension TuningRun {
  /// If agents that run as before lose so surely less: rounds that pass in the mean before that is said for nothing.
  static let fallEvidence = 50.0
  /// A trial is given up once it is so surely worse.
  static let worseEvidence = 5.0
  /// No setting is adopted by one round.
  static let leastRounds = 2
  /// A trial may cost each agent that runs with its setting so much beyond its partner: in minutes in which everything is
  /// lost.
  static let longestLoss = 2.0
  /// Who does not take a setting in so many minutes stays.
  static let longestReturn = 60
  /// Switched off, it waits for so many minutes for agents that may not be changed.
  static let longestAbsence = 1440
  /// Whoever was told so often in a row does not take it: that is after 45 minutes.
  static let vainRepeats = 4

  mutating func move(_ triedRound: Bool, _ heldRound: Bool) {
    if sight.mode == .off, !state.isEnding { return goHome("tuning is off") }
    if !state.isReturning, let held = state.held {
      if held.better.value >= Self.fallEvidence { return goHome(fallWords(held)) }
      if heldRound { fillHeld(except: state.trial?.crossover.agents ?? []) }
      if state.held?.pairs.isEmpty ?? true { return goHome("no agents are left to compare with") }
    }
    if isRescaled, endTrial() { return }
    switch state.phase {
    case .resting: if isDeserted { isOver = true } else { begin() }
    case .asking(let trial): answered(trial)
    case .trying(let trial): judge(trial, roundEnded: triedRound)
    case .closing(let trial, let minutes):
      state.phase =
        minutes + 1 < settings.lag || !isSettled && minutes < Self.longestReturn
        ? .closing(trial, minutes + 1) : .resting
    case .asksAdoption(let trial): answeredAdoption(trial)
    case .widening(let widening): widen(widening)
    case .returning(let back): comeHome(back)
    }
  }

  // MARK: A trial

  private mutating func begin() {
    guard sight.guardFault == nil, hasRoom, let (place, goesUp, value) = nextDirection else { return }
    let pairs = drawPairs(
      TuningSettings.triedPairs(of: sight.members.count), number: state.draws + 1,
      except: Set(state.held?.agents ?? []))
    guard !pairs.isEmpty else { return }
    state.draws += 1
    let trial = RoleTuning.Trial(
      place: place, goesUp: goesUp, value: value,
      crossover: Crossover(number: state.draws, looksOut: false, pairs: pairs))
    guard sight.mode == .propose else { return start(trial) }
    state.phase = .asking(trial)
    // Who approves it sets them, before it is known here.
    state.parameters[place].use(value)
    asks = Order(
      parameter: state.parameters[place].parameter.name, value: value,
      agents: state.others(trial.crossover, settings), isReturn: false, words: beginWords(trial))
  }

  private mutating func start(_ trial: RoleTuning.Trial) {
    state.parameters[trial.place].use(trial.value)
    state.phase = .trying(trial)
    isChanged = true
    told = (.started, beginWords(trial))
  }

  private mutating func answered(_ trial: RoleTuning.Trial) {
    switch sight.answer {
    case .approved where sight.guardFault == nil && !trial.crossover.pairs.isEmpty: start(trial)
    case .declined:
      rest(trial, minutes: TuningSettings.longestRest)
      state.phase = .resting
    // Who approves sets all that were named: it is asked anew, of others.
    case .none where isBroken:
      rest(trial, minutes: 2 * settings.half)
      (withdraws, isChanged, state.phase) = (true, true, .closing(trial, 0))
    case .none: break
    case .approved:
      // Agents that were set by that go back.
      rest(trial, minutes: settings.rest)
      (isChanged, state.phase) = (true, .closing(trial, 0))
    }
  }

  private mutating func judge(_ trial: RoleTuning.Trial, roundEnded: Bool) {
    let crossover = trial.crossover
    if let fault = sight.guardFault { return close(trial, .skipped, fault, failed: false) }
    if crossover.pairs.isEmpty { return close(trial, .skipped, "no pair of agents is left", failed: false) }
    if trial.cost > Self.longestLoss {
      return close(trial, .failed, "it is worse: \(costWords(trial))", failed: true)
    }
    guard roundEnded else { return }
    if crossover.worse.value >= Self.worseEvidence {
      return close(trial, .failed, "it is worse: \(evidenceWords(crossover, isWorse: true))", failed: true)
    }
    let least = TuningSettings.leastGain * crossover.tally.meanBefore
    if crossover.better.value >= 1 / settings.alpha, crossover.round >= Self.leastRounds, crossover.tally.gain >= least,
      crossover.tally.gain > 0
    {
      return adopt(trial)
    }
    guard crossover.round >= settings.rounds else { return }
    close(trial, .skipped, "nothing was shown: \(evidenceWords(crossover))", failed: true)
  }

  /// Ends a trial: its agents run again with what the others do.
  ///
  /// - Parameter failed: whether the direction was found not to be worth it.
  mutating func close(_ trial: RoleTuning.Trial, _ phase: AuditLine.Phase, _ words: String, failed: Bool) {
    var minutes = settings.rest
    if failed {
      state.parameters[trial.place][trial.goesUp].failures += 1
      state.parameters[trial.place][trial.goesUp].gain = max(-1, min(trial.crossover.tally.gain, 0))
      minutes = settings.rest(after: state.parameters[trial.place][trial.goesUp].failures)
    }
    rest(trial, minutes: minutes)
    (state.phase, isChanged, asks) = (.closing(trial, 0), true, nil)
    told = (phase, "\(name(of: trial)) stays \(state.parameters[trial.place].base.plain): \(words)")
  }

  /// Ends a trial that has evidence of what is not measured any more; tells whether there was one.
  private mutating func endTrial() -> Bool {
    switch state.phase {
    case .trying(let trial): close(trial, .skipped, "what is measured, or how often, has changed", failed: false)
    case .asksAdoption(let trial):
      withdraws = sight.answer == .none
      close(trial, .skipped, "what is measured, or how often, has changed", failed: false)
    case .resting, .asking, .closing, .widening, .returning: return false
    }
    return true
  }

  private mutating func rest(_ trial: RoleTuning.Trial, minutes: Int) {
    state.parameters[trial.place][trial.goesUp].restsUntil = now + sight.length * Int64(minutes)
  }

  // MARK: Adoption

  private mutating func adopt(_ trial: RoleTuning.Trial) {
    guard hasRoom else { return close(trial, .skipped, "it is better, but the budget is used up", failed: false) }
    guard sight.mode == .propose else { return beginWidening(trial) }
    (state.phase, isChanged) = (.asksAdoption(trial), true)
    asks = Order(
      parameter: name(of: trial), value: trial.value, agents: trial.crossover.agents, isReturn: false,
      words: adoptWords(trial))
  }

  private mutating func answeredAdoption(_ trial: RoleTuning.Trial) {
    switch sight.answer {
    case .none: break
    case .approved where sight.guardFault == nil && hasRoom: beginWidening(trial)
    case .approved: close(trial, .skipped, sight.guardFault ?? "the budget is used up", failed: false)
    case .declined:
      // The audit has told of its begin, and tells of its end.
      close(trial, .skipped, "nobody has agreed to adopt it", failed: false)
      rest(trial, minutes: TuningSettings.longestRest)
    }
  }

  static let firstShare = 0.25

  private mutating func beginWidening(_ trial: RoleTuning.Trial) {
    if state.held == nil {
      state.held = Crossover(number: state.draws + 1, looksOut: true, pairs: [])
      state.draws += 1
      fillHeld(except: trial.crossover.agents)
      // Where there are not enough others.
      fillHeld(except: [])
    }
    guard let held = state.held, !held.pairs.isEmpty else {
      state.held = nil
      return close(trial, .skipped, "no agents are left to compare with", failed: false)
    }
    let from = state.parameters[trial.place].base
    state.parameters[trial.place].use(from)
    state.parameters[trial.place].base = trial.value
    state.parameters[trial.place].use(trial.value)
    let gain = min(max(trial.crossover.tally.gain, -1), 1)
    state.parameters[trial.place][trial.goesUp] = .init(restsUntil: now, gain: gain)
    state.parameters[trial.place][!trial.goesUp] = .init(
      restsUntil: now + sight.length * Int64(settings.rest), gain: -gain)
    state.phase = .widening(
      .init(
        place: trial.place, from: from, share: Self.firstShare, first: trial.crossover.agents,
        number: trial.crossover.number))
    isChanged = true
    told = (.succeeded, adoptWords(trial))
  }

  private mutating func widen(_ before: RoleTuning.Widening) {
    var widening = before
    widening.minutes += 1
    let isDone = isSettled || widening.minutes >= Self.longestReturn
    if isDone, widening.share >= 1 {
      // All are home again, if home was adopted.
      state.phase = state.isHome ? .returning(.init()) : .resting
      return
    }
    if isDone, widening.minutes >= settings.settle, sight.guardFault == nil {
      (widening.share, widening.minutes, isChanged) = (min(1, widening.share * 2), 0, true)
    }
    state.phase = .widening(widening)
  }

  // MARK: The way back

  mutating func goHome(_ why: String) {
    guard state.held != nil || state.trial != nil else {
      guard sight.mode == .off else { return }
      if leftBehind.isEmpty, sight.strangers.isEmpty {
        isOver = true
      } else {
        (state.phase, isChanged) = (.returning(.init()), true)
      }
      return
    }
    switch state.phase {
    // What is asked in this very step was not asked yet.
    case .asking, .asksAdoption: (withdraws, asks) = (asks == nil, nil)
    case .resting, .trying, .closing, .widening, .returning: break
    }
    if state.held != nil {
      told = (.failed, homeWords(why))
    } else if let trial = state.begunTrial {
      told = (.skipped, "\(name(of: trial)) stays \(state.parameters[trial.place].base.plain): \(why)")
    }
    for place in state.parameters.indices {
      state.parameters[place].use(state.parameters[place].base)
      state.parameters[place].base = state.parameters[place].home
      for goesUp in [true, false] {
        let failures = min(state.parameters[place][goesUp].failures + 1, 16)
        state.parameters[place][goesUp] = .init(
          restsUntil: now + sight.length * Int64(settings.rest(after: failures)), failures: failures)
      }
    }
    if state.held == nil, let trial = state.trial {
      (state.phase, isChanged) = (.closing(trial, 0), true)
    } else {
      (state.phase, isChanged) = (.returning(.init()), true)
    }
  }

  private mutating func comeHome(_ before: RoleTuning.Return) {
    var back = before
    back.minutes += 1
    back.settled = isSettled ? back.settled + 1 : 0
    state.phase = .returning(back)
    let (isBack, isOff, left) = (back.settled >= settings.lag, sight.mode == .off, leftBehind)
    let isLate = back.minutes >= Self.longestReturn + settings.lag
    guard isBack || isLate else { return }
    // Nobody tells them later. Whoever may be changed again is told a few times.
    let mayCome = left.contains { !$0.isFree } || !left.isEmpty && state.repeats < Self.vainRepeats
    if isOff, mayCome, back.minutes < Self.longestAbsence { return }
    // Without the role nobody tells agents again that have left it.
    let strangers = isOff ? sight.strangers : []
    if !strangers.isEmpty, !isLate { return }
    (state.phase, state.held, isOver) = (.resting, nil, isOff)
    let agents = left.map(\.agent) + strangers
    if !agents.isEmpty, isOff || !isBack { told = (.failed, leftWords(agents, minutes: back.minutes)) }
  }

  /// Agents that run with something that was set here, and not with what the role began with. What a person has set while
  /// tuning is off stays.
  var leftBehind: [Member] {
    let homes = state.parameters.map(\.home)
    return sight.members.filter { mayBeSet($0) && !Self.runs($0, with: homes) }
  }

  /// Whether what an agent runs with was set here, or may be changed here.
  func mayBeSet(_ member: Member) -> Bool {
    state.isKnown(member) && !(sight.mode == .off && member.isByHand)
  }
}
