import Automation
import FleetModel
import HTTP
import Wire

/// Discord's webhook edits what it has posted.
///
/// | fact | from |
/// |---|---|
/// | with `?wait=true` the answer is the message, with its id | execute webhook |
/// | `PATCH …/messages/{id}`; what is left out stays as it was | edit webhook message |
/// | 10008 no such message, 10015 no such webhook, 30046 too many edits of an old message, 50005 another's | JSON error codes |
extension DiscordWebhook: EditingService {
  /// A webhook can answer under no message: what calls people is a message of its own, and there are no others.
  static let hasThreads = false
  private static let mostAnswer = 512 * 1024

  static func post(_ notice: Notice, for channel: Channel, at now: Instant) -> HTTPRequest {
    request("POST", address(channel, wait: true), body(notice, for: channel, at: now))
  }

  static func edit(_ notice: Notice, at place: ChatMessage.Place, for channel: Channel, at now: Instant) -> HTTPRequest
  {
    var body = body(notice, for: channel, at: now).object ?? JSONObject()
    // Left out, those of the last state would stay.
    if body["embeds"] == nil { body["embeds"] = [] }
    return request("PATCH", address(channel, under: "/messages/\(place.message)"), .object(body))
  }

  static func say(_ remark: ChatRemark, under place: ChatMessage.Place, for channel: Channel) -> HTTPRequest {
    let words = DiscordText.escaped(PlainText.unlinked(remark.words), startsLine: true)
    let body: JSONValue = [
      "content": .string(PlainText.clipped(words, to: mostContent)), "allowed_mentions": ["parse": []],
    ]
    return request("POST", address(channel), body)
  }

  static func place(in answer: HTTPResult) -> ChatMessage.Place? {
    guard case .response(let response) = answer, (200..<300).contains(response.status),
      let id = response.json?["id"]?.text, !id.isEmpty, id.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return ChatMessage.Place(message: id)
  }

  static func isGone(_ answer: HTTPResult) -> Bool {
    guard case .response(let response) = answer, response.status >= 400 else { return false }
    switch response.json?["code"]?.int {
    case 10008, 30046, 50005: return true
    case 10015: return false
    // Whether it is the webhook that is gone, the post will show.
    default: return response.status == 404
    }
  }

  /// The webhook's address with more behind its path; a query, such as a thread's id, stays.
  private static func address(_ channel: Channel, under path: String = "", wait: Bool = false) -> String {
    let parts = channel.url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var base = String(parts[0])
    if !path.isEmpty { while base.hasSuffix("/") { base.removeLast() } }
    let query = (parts.count > 1 && !parts[1].isEmpty ? [String(parts[1])] : []) + (wait ? ["wait=true"] : [])
    return base + path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  }

  private static func request(_ method: String, _ url: String, _ body: JSONValue) -> HTTPRequest {
    var request = HTTPRequest(posting: body, to: url, path: "", method: method)
    request.mostBody = mostAnswer
    return request
  }
}
