import Automation
import FleetModel
import HTTP
import Wire

/// Slack by a token: `chat.postMessage`, `chat.update`, and lines in the message's thread.
///
/// Messages are those of ``SlackWebhook``, with the same limits.
///
/// | fact | from |
/// |---|---|
/// | `Authorization: Bearer`, JSON with its charset; scope `chat:write` | docs.slack.dev, Web API |
/// | HTTP 200 says nothing: `{"ok":false,"error":"…"}` is a refusal | Web API, evaluating responses |
/// | one message a second in each conversation; 429 with `Retry-After` | rate limits |
/// | `chat.update` needs the conversation's id and the message's `ts`, which `chat.postMessage` answers | chat.update |
/// | `thread_ts` answers under a message; `reply_broadcast` shows it to all | chat.postMessage |
enum SlackBot: EditingService {
  static let path = "/chat.postMessage"
  static let hasThreads = true
  /// An answer repeats the message, and may take six bytes for each of its units.
  private static let mostAnswer = 512 * 1024

  static func headers(_ channel: Channel) -> [HTTPRequest.Header] {
    [
      .init("Content-Type", "application/json; charset=utf-8"), .init("Authorization", "Bearer \(channel.token)"),
    ]
  }

  static func body(_ notice: Notice, for channel: Channel, at now: Instant) -> JSONValue {
    var body = SlackWebhook.body(notice, for: channel, at: now).object ?? JSONObject()
    body["channel"] = .string(channel.place)
    return .object(body)
  }

  static func post(_ notice: Notice, for channel: Channel, at now: Instant) -> HTTPRequest {
    request(path, body(notice, for: channel, at: now), channel)
  }

  static func edit(_ notice: Notice, at place: ChatMessage.Place, for channel: Channel, at now: Instant) -> HTTPRequest
  {
    let whole = SlackWebhook.body(notice, for: channel, at: now)
    let body: JSONValue = [
      "channel": .string(place.conversation), "ts": .string(place.message), "text": whole["text"],
      "blocks": whole["blocks"], "parse": "none", "link_names": false,
    ]
    return request("/chat.update", body, channel)
  }

  static func say(_ remark: ChatRemark, under place: ChatMessage.Place, for channel: Channel) -> HTTPRequest {
    let words = PlainText.clipped(
      PlainText.unlinked(remark.words), to: SlackWebhook.mostText, escape: PlainText.slackEscaped)
    let body: JSONValue = [
      "channel": .string(place.conversation), "thread_ts": .string(place.message),
      "reply_broadcast": .bool(remark.callsPeople), "text": .string(words),
      "blocks": [["type": "section", "text": ["type": "plain_text", "text": .string(words), "emoji": false]]],
      "mrkdwn": false, "parse": "none", "unfurl_links": false, "unfurl_media": false,
    ]
    return request(path, body, channel)
  }

  static func place(in answer: HTTPResult) -> ChatMessage.Place? {
    guard case .response(let response) = answer, response.status == 200, let json = response.json, json["ok"] == true,
      let conversation = json["channel"]?.text, let message = json["ts"]?.text, !conversation.isEmpty, !message.isEmpty
    else { return nil }
    return ChatMessage.Place(conversation: conversation, message: message)
  }

  static func isGone(_ answer: HTTPResult) -> Bool {
    guard case .response(let response) = answer, response.status == 200, let error = response.json?["error"]?.text
    else {
      return false
    }
    return ["message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"].contains(error)
  }

  // MARK: Answers

  static func result(of answer: HTTPResult, at now: Instant) -> DeliveryResult {
    guard case .response(let response) = answer, (200..<300).contains(response.status) else {
      return DeliveryResult(usual: answer, at: now)
    }
    guard let json = response.json, let isWell = json["ok"]?.bool else {
      // Some proxy's page, say.
      return .retry("no answer of Slack's: \(response.words)", after: nil)
    }
    guard !isWell else { return .delivered(pause: nil) }
    let error = json["error"]?.text ?? "no reason"
    let words = "Slack answers \(PlainText.clipped(PlainText.line(error), to: 100))"
    if noToken.contains(error) { return .endpointGone(words) }
    if let hint = waits[error] { return .retry(words + hint, after: response.retryAfter(at: now)) }
    return .refused(words)
  }

  /// What only another token ends.
  private static let noToken: Set = [
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "not_allowed_token_type", "no_permission", "org_login_required", "two_factor_setup_required",
    "team_access_not_granted", "access_denied", "ekm_access_denied", "enterprise_is_restricted", "accesslimited",
  ]

  /// What passes, or a person can mend in time; with what they can do.
  private static let waits = [
    "ratelimited": "", "rate_limited": "", "message_limit_exceeded": "", "internal_error": "", "fatal_error": "",
    "request_timeout": "", "service_unavailable": "", "team_added_to_org": "", "update_failed": "",
    "external_channel_migrating": "",
    "not_in_channel": ": invite its app into the channel",
    "channel_not_found": ": is its name right, and was the app invited?",
    "is_archived": ": the channel is archived", "is_inactive": ": the channel is archived",
    "restricted_action": ": the workspace forbids it",
    "restricted_action_read_only_channel": ": nobody may write there",
    "restricted_action_thread_only_channel": ": only threads may be written there",
  ]

  private static func request(_ path: String, _ body: JSONValue, _ channel: Channel) -> HTTPRequest {
    var request = HTTPRequest(posting: body, to: channel.url, path: path, headers: headers(channel))
    request.mostBody = mostAnswer
    return request
  }
}
