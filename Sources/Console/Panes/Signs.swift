import FleetModel
import Screen

// The model's own words, as roles and signs: a state or severity always has both, so that colour is never alone.

extension AgentState {
  /// At most seven letters, for a narrow column.
  var shortWord: String {
    switch self {
    case .running: "running"
    case .paused: "paused"
    case .restarting: "restart"
    case .draining: "drain"
    case .stopped: "stopped"
    }
  }
}

extension Severity {
  /// At most four letters.
  var shortWord: String {
    switch self {
    case .low: "low"
    case .medium: "med"
    case .high: "high"
    case .critical: "crit"
    }
  }
}

extension Role {
  init(_ state: AgentState) {
    switch state {
    case .running: self = .stateRunning
    case .paused: self = .statePaused
    case .restarting: self = .stateRestarting
    case .draining: self = .stateDraining
    case .stopped: self = .stateStopped
    }
  }

  init(_ severity: Severity) {
    switch severity {
    case .low: self = .alertLow
    case .medium: self = .alertMedium
    case .high: self = .alertHigh
    case .critical: self = .alertCritical
    }
  }
}

extension Glyphs {
  func state(_ state: AgentState) -> Unicode.Scalar {
    switch state {
    case .running: running
    case .paused: paused
    case .restarting: restarting
    case .draining: draining
    case .stopped: stopped
    }
  }

  func severity(_ severity: Severity) -> Unicode.Scalar {
    switch severity {
    case .low: severityLow
    case .medium: severityMedium
    case .high: severityHigh
    case .critical: severityCritical
    }
  }
}
