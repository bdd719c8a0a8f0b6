import Exposition

/// The metrics of a handler, whether it leads or stands by, in the order in which they stand on the page.
enum HandlerFamilies {
  static let build = MetricFamily("vigia_build", .info, labels: ["version"], "The version of this handler")
  static let started = MetricFamily(
    "process_start_time_seconds", .gauge, unit: .seconds, "When the process began, in seconds since the epoch")
  static let processor = MetricFamily(
    "process_cpu_seconds", .counter, unit: .seconds, "Processor time that the process took")
  static let memory = MetricFamily(
    "process_resident_memory_bytes", .gauge, unit: .bytes, "Memory that the process has in use")
  static let scrapes = MetricFamily("vigia_scrapes", .counter, "Pages of metrics that were asked for")
  static let pageSpan = MetricFamily(
    "vigia_page_seconds", .gauge, unit: .seconds, "How long the page before this one took to make")

  // What it is.
  static let leader = MetricFamily("vigia_leader", .gauge, "1 if this handler holds the lease and acts, otherwise 0")
  static let ready = MetricFamily("vigia_ready", .gauge, "1 if it leads or could take over, otherwise 0")
  static let connected = MetricFamily("vigia_redis_connected", .gauge, "1 if it is connected to Redis, otherwise 0")
  static let recording = MetricFamily(
    "vigia_recording", .gauge, "1 if it writes what it hears on channels into the stream, otherwise 0")
  static let fence = MetricFamily("vigia_lease_fence", .gauge, "The number of the lease that it holds, or 0")
  static let leaseLeft = MetricFamily(
    "vigia_lease_remaining_seconds", .gauge, unit: .seconds, "How long the lease still lets it act, or 0")
  static let leasesTaken = MetricFamily("vigia_leases_taken", .counter, "How often it began to lead")
  static let leasesLost = MetricFamily("vigia_leases_lost", .counter, "How often it ceased to lead")

  // Streams.
  static let lag = MetricFamily(
    "vigia_stream_lag_seconds", .gauge, unit: .seconds, labels: ["stream"],
    "Time between the last entry of the stream and the last one that a handler has dealt with")
  static let lagEntries = MetricFamily(
    "vigia_stream_lag_entries", .gauge, labels: ["stream"], "Entries of the stream that no handler has read")
  static let pending = MetricFamily(
    "vigia_stream_pending_entries", .gauge, labels: ["stream"], "Entries that were read and are not dealt with")
  static let entries = MetricFamily("vigia_stream_entries", .gauge, labels: ["stream"], "Entries that the stream holds")

  // What it has done.
  static let events = MetricFamily("vigia_events", .counter, labels: ["kind"], "Events that were read")
  static let duplicates = MetricFamily("vigia_events_duplicate", .counter, "Events that came a second time")
  static let unreadable = MetricFamily("vigia_events_unreadable", .counter, "Messages that were no events")
  static let suspect = MetricFamily(
    "vigia_event_values_suspect", .counter, "Values of metrics that could not be right, and were not counted")
  static let recorded = MetricFamily(
    "vigia_recorded_messages", .counter, "Messages of channels that were written into the stream")
  static let lost = MetricFamily(
    "vigia_recorder_lost_messages", .counter, "Messages of channels that were lost, since Redis was too slow")
  static let gaps = MetricFamily("vigia_recording_gaps", .counter, "How often the channels were not heard for a while")
  static let gapSeconds = MetricFamily(
    "vigia_recording_gap_seconds", .counter, unit: .seconds, "How long the channels were not heard altogether")
  static let commands = MetricFamily(
    "vigia_commands", .counter, labels: ["action", "phase"], "Commands that came to a phase of the audit")
  static let targets = MetricFamily(
    "vigia_command_targets", .counter, labels: ["action", "phase"], "Agents at which a command came to a phase")
  static let ruleActions = MetricFamily(
    "vigia_rule_actions", .counter, labels: ["action", "phase"], "Actions of rules that came to a phase of the audit")
  static let jobs = MetricFamily(
    "vigia_scheduled_actions", .counter, labels: ["action", "phase"],
    "What was due by the schedule and came to a phase of the audit")
  static let commandSpan = MetricFamily(
    "vigia_command_duration_seconds", .histogram, unit: .seconds, labels: ["action"],
    "From the moment a command is read to its end in the audit")
  static let calls = MetricFamily(
    "vigia_actuator_calls", .counter, labels: ["action", "result"],
    "Calls of services and programs that carry out actions")
  static let callSpan = MetricFamily(
    "vigia_actuator_call_duration_seconds", .histogram, unit: .seconds, labels: ["action"],
    "How long calls of services and programs took, with their retries")
  static let inHand = MetricFamily("vigia_commands_in_hand", .gauge, "Commands that it has read and not ended")
  static let decisions = MetricFamily(
    "vigia_rule_decisions", .counter, labels: ["rule", "decision"], "What rules decided, and why they did nothing")
  static let waiting = MetricFamily("vigia_rule_events_waiting", .gauge, "Events that rules have still to judge")
  static let notices = MetricFamily(
    "vigia_notices", .counter, labels: ["channel", "result"], "Attempts to tell people, by how they ended")
  static let noticesWaiting = MetricFamily(
    "vigia_notices_waiting", .gauge, labels: ["channel"], "Notices that are still to be told")
  static let readings = MetricFamily(
    "vigia_service_readings", .counter, labels: ["channel", "result"],
    "Attempts to read what people did about alerts in a service")
  static let deadLetters = MetricFamily(
    "vigia_dead_letters", .counter, labels: ["source"], "What could not be handled and was put aside")
  static let heartbeats = MetricFamily(
    "vigia_heartbeats", .counter, labels: ["result"], "Occasions to tell the heartbeat's service that it is in time")
  static let exports = MetricFamily(
    "vigia_exports", .counter, labels: ["service", "result"],
    "What other programs were to be told, by what became of it")
  static let steps = MetricFamily(
    "vigia_transactions", .counter, labels: ["outcome"], "Transactions that were sent to Redis")
}
