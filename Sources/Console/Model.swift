import FleetModel
import Insight
import Screen

/// The console's whole state. Facts about the fleet go straight into `fleet`; everything else comes as a `Message`, and
/// what is to be done outside goes out as `Effect`s.
package struct Model: Sendable {
  /// What does not change while the console runs.
  package struct Settings: Sendable {
    package var isReadOnly = false
    /// Whether the line of keys says what to try: see ``Guide``.
    package var isDemo = false
    /// `user@host`: whose commands `u` takes back.
    package var `operator` = "operator"
    /// What is followed, as the status line names it; holds no password.
    package var place = ""
    /// What the status line begins with for as long as the console runs, such as that anybody may be between it and Redis.
    package var warning: String?
    /// Into how many shards the fleet is divided.
    package var shards = 1
    /// The operator's own links and commands.
    package var tools = OwnTools()

    package init() {}
  }

  package var fleet: Fleet
  package let settings: Settings
  package internal(set) var size: Size
  package internal(set) var now = Instant.epoch
  package internal(set) var link = LinkStatus.connecting
  package internal(set) var handler = HandlerStatus.unknown
  /// How each shard stands; nil if the fleet is one.
  var board: ShardBoard?
  package internal(set) var isCaughtUp = false
  /// How far reading is behind the present; nil if it is not.
  package internal(set) var lag: TimeSpan?
  /// Whether events may stand unread: then time is that of the last one that was read.
  package internal(set) var isBehind = false
  /// What the server refuses, and why.
  var refusals: [String: String] = [:]

  package internal(set) var focus = PaneID.agents
  /// The agent that is open, in place of the panes.
  package internal(set) var opened: AgentID?
  /// What it is shown of why rules did or did not act, in place of all else.
  package internal(set) var explained: RowID?
  /// Where the event of an explained incident stands in the stream.
  var trace = EventTrace.looking
  package internal(set) var prompt: Prompt?
  package internal(set) var helpTop: Int?
  package internal(set) var filter = ""
  package internal(set) var marked: Set<AgentID> = []
  package internal(set) var order = AgentOrder()
  /// The fleet as it was when the display was frozen, and since when: both or neither. Apart, for the moment is asked for
  /// with every age on the screen, and a fleet is much to copy.
  var frozenFleet: Fleet?
  var frozenSince: Instant?

  var cursors = Array(repeating: ListCursor(), count: PaneID.allCases.count)
  var lists = PaneLists()
  /// What agents in trouble have in common.
  var causes = FleetCauses()
  /// The headings whose members are shown, by number.
  var openCauses: Set<Int> = []
  var labels = Labels()
  /// Which revision of the fleet's names the labels know.
  var learnedNames = -1
  var latestEvents: (agent: AgentID, events: [EventDigest])?
  /// The last hours of the open agent.
  var history: (agent: AgentID, series: [RollupSeries])?
  /// What is used of the budgets that touch the open or the explained agent.
  var budgets: (agent: AgentID, reading: BudgetReading)?
  /// What is tried with the parameters of the open agent's role; without a report, nothing.
  var tuning: (agent: AgentID, report: TuningReport?)?
  /// The span that is marked on a chart; see ``mark``.
  var span: SpanMark?
  /// What is coming, in place of the panes.
  var coming = ComingList()
  /// The operator's own links and commands, and what one of them printed, in place of the panes.
  var toolMenu: ToolMenu?
  var commandOutput: CommandOutput?
  var showsOutput = false
  var outputTop = 0
  var detailTop = 0
  var explainedTop = 0
  var proposalTop = 0
  var note: (text: String, until: Instant)?
  /// Whom the first line names.
  var named: Named?
  /// Whom it is about at present.
  var worst: Equals?
  var lastKeyAt = Instant.epoch
  var refreshedAt = Instant.epoch
  /// Until the first key the selection stays on the worst agent.
  var hasBeenTouched = false
  var random: SeededRandom
  /// Steps with everything that the screen may show otherwise than before, except for facts about the fleet.
  var changes = 0
  /// What the last frame showed; nil before the first.
  var drawn: Drawn?
  /// The records of the agents that the last frame showed: facts that have come since are not on the screen yet.
  var drawnRecords: [AgentID: Command.Observation] = [:]

  struct Drawn: Equatable {
    var changes: Int
    var facts: Int
    var size: Size
    var glyphs: Glyphs
  }

  package init(settings: Settings = Settings(), size: Size, fleet: Fleet = Fleet(), seed: UInt64 = 1) {
    self.settings = settings
    self.size = size
    self.fleet = fleet
    board = settings.shards > 1 ? ShardBoard(settings.shards) : nil
    random = SeededRandom(seed: seed)
  }

  /// What is on display: the present, or the moment of the freeze.
  var displayed: Fleet { frozenFleet ?? fleet }

  package var isFrozen: Bool { frozenSince != nil }

  /// The moment that ages are counted to.
  var displayedNow: Instant { frozenSince ?? now }

  // MARK: The selection

  /// The selected row of the focused pane, or of what is coming.
  var selectedRow: RowID? { coming.isShown ? coming.cursor.selected : cursors[focus.rawValue].selected }

  /// The agent that keys act on if none is marked.
  package var selectedAgent: AgentID? {
    if let explained { return agent(of: explained) }
    return opened ?? selectedRow.flatMap { agent(of: $0) }
  }

  /// The one agent that a row is about.
  func agent(of row: RowID) -> AgentID? {
    switch row {
    case .agent(let id), .incident(let id, _), .forecast(let id, _), .maintenance(let id): return id
    case .command(let key):
      let targets = displayed.commands[key: key]?.targets ?? []
      return targets.count == 1 ? targets[0] : nil
    case .cause, .queue, .conversation: return nil
    }
  }

  /// Whether a code is asked for before a command of the operator's own.
  package var asksForTool: Bool { toolMenu?.question != nil }

  mutating func show(note text: String) {
    note = (text, now + .seconds(6))
  }
}
