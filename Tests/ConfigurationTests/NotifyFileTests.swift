import Automation
import Configuration
import FleetModel
import Testing

/// `[notify]` and `[[routes]]` of the handler's file.
@Suite struct NotifyFileTests {
  private static let environment = [
    "SLACK": "https://hooks.slack.example/services/T0/B0/s3cret", "KEY": "r0ut1ngk3y", "EMPTY": "",
    "TOKEN": "xoxb-s3cret",
    "WRONG": "s3cret word", "QUERY": "https://chat.example/hooks/t0k3n?thread=s3cret",
  ]

  private func read(_ text: String) throws(ConfigurationError) -> HandlerSettings {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml", environment: Self.environment) { path in
      ["/run/slack": Array("https://hooks.slack.example/services/file\n".utf8), "/run/empty": Array("\n".utf8)][path]
    }
  }

  @Test func channelsAndRoutesAreRead() throws {
    let settings = try read(
      """
      group_wait = "5s"
      group_interval = "2m"
      default_route = ["ops"]

      [notify.ops]
      kind = "slack"
      url_env = "SLACK"
      deadline = "1h"

      [notify.chat]
      kind = "discord"
      url_file = "/run/slack"

      [notify.pager]
      kind = "pagerduty"
      routing_key_env = "KEY"
      base_url = "http://127.0.0.1:9"

      [notify.alerts]
      kind = "alertmanager"
      url = "http://127.0.0.1:9093"

      [notify.own]
      kind = "webhook"
      url_env = "SLACK"

      [[routes]]
      severity = "critical"
      hours = "22:00-06:00"
      utc_offset = "+01:00"
      to = ["pager"]
      continue = true

      [[routes]]
      role = "support-*"
      rule = "latency"
      to = ["chat", "alerts"]
      """)
    let table = settings.notify
    #expect(table.grouping == Grouping.Spans(wait: .seconds(5), interval: .minutes(2)))
    #expect(
      table["ops"] == Channel(.slack, url: "https://hooks.slack.example/services/T0/B0/s3cret", deadline: .hours(1)))
    #expect(table["chat"] == Channel(.discord, url: "https://hooks.slack.example/services/file"))
    #expect(table["pager"] == Channel(.pagerduty, url: "http://127.0.0.1:9", routingKey: "r0ut1ngk3y"))
    #expect(table["alerts"] == Channel(.alertmanager, url: "http://127.0.0.1:9093", deadline: .minutes(15)))
    #expect(table["own"]?.kind == .webhook)
    #expect(
      table.routes == [
        Route(severity: .critical, hours: DayHours("22:00-06:00", offset: "+01:00"), to: ["pager"], goesOn: true),
        Route(role: "support-*", rule: "latency", to: ["chat", "alerts"]),
      ])
    #expect(table.defaultRoute == ["ops"])
  }

  @Test func passwordInAnAddressIsASecret() throws {
    let settings = try HandlerFile.read(
      Array("[notify.am]\nkind = 'alertmanager'\nurl = 'http://ops:s3cret@am:9093'".utf8), file: "f")
    #expect(settings.notify.secrets == ["s3cret"])
  }

  @Test func slackByTokenHasAConversationAndReminders() throws {
    let settings = try read(
      """
      [notify.a]
      kind = "slack"
      token_env = "TOKEN"
      channel = "#ops"
      [notify.b]
      kind = "slack"
      token_env = "TOKEN"
      channel = "C0123456789"
      base_url = "https://slack-gov.com/api"
      remind = "never"
      [notify.c]
      kind = "slack"
      token_env = "TOKEN"
      channel = "ops"
      remind = "30m"
      """)
    let table = settings.notify
    #expect(
      table["a"]?.url == "https://slack.com/api" && table["a"]?.place == "#ops" && table["a"]?.reminds == .hours(1))
    #expect(table["b"]?.url == "https://slack-gov.com/api" && table["b"]?.reminds == .zero)
    #expect(table["c"]?.reminds == .minutes(30) && table["c"]?.token == "xoxb-s3cret")
    #expect(table.channels.values.allSatisfy { $0.descriptor.editsMessages })
    #expect(settings.secrets == ["xoxb-s3cret"])
  }

  @Test func whatIsReadBackIsConfigured() throws {
    let settings = try read(
      """
      [notify.a]
      kind = "pagerduty"
      routing_key_env = "KEY"
      token_env = "TOKEN"
      [notify.b]
      kind = "pagerduty"
      routing_key_env = "KEY"
      token_env = "TOKEN"
      api_url = "https://api.eu.pagerduty.com"
      [notify.c]
      kind = "alertmanager"
      url = "http://x"
      silences = true
      [notify.d]
      kind = "alertmanager"
      url = "http://x"
      [notify.e]
      kind = "pagerduty"
      routing_key_env = "KEY"
      """)
    let table = settings.notify
    #expect(table["a"]?.readURL == "https://api.pagerduty.com" && table["b"]?.readURL == "https://api.eu.pagerduty.com")
    #expect(table.channels.filter { $0.value.readsBack }.keys.sorted() == ["a", "b", "c"])
    #expect(table.channels.values.allSatisfy { !$0.descriptor.editsMessages })
    #expect(settings.secrets == ["r0ut1ngk3y", "xoxb-s3cret"])
  }

  @Test func secretsOfChannelsAreSecrets() throws {
    let settings = try read(
      "[notify.a]\nkind='slack'\nurl_env='SLACK'\n[notify.b]\nkind='pagerduty'\nrouting_key_env='KEY'")
    let secrets: Set = [
      "https://hooks.slack.example/services/T0/B0/s3cret", "services/T0/B0/s3cret", "r0ut1ngk3y",
    ]
    #expect(settings.secrets == secrets && Set(settings.notify.secrets) == secrets)
  }

  /// A service that repeats the path it was asked for leaves the query out.
  @Test func webhookChoosesItsFormat() throws {
    let settings = try read(
      "[notify.a]\nkind='webhook'\nurl='http://x'\nformat=2\n[notify.b]\nkind='webhook'\nurl='http://x'")
    #expect(settings.notify["a"]?.format == 2 && settings.notify["b"]?.format == 1)
  }

  @Test func pathAndQueryOfAnAddressAreSecretsEachForItself() throws {
    let settings = try read("[notify.a]\nkind='webhook'\nurl_env='QUERY'")
    let secrets: Set = [
      "https://chat.example/hooks/t0k3n?thread=s3cret", "hooks/t0k3n?thread=s3cret", "hooks/t0k3n", "thread=s3cret",
    ]
    #expect(Set(settings.notify.secrets) == secrets)
  }

  @Test func pagerDutyHasAnAddressOfItsOwn() throws {
    let settings = try read("[notify.b]\nkind='pagerduty'\nrouting_key_env='KEY'")
    #expect(settings.notify["b"]?.url == "https://events.pagerduty.com")
  }

  @Test func withoutRoutesEverybodyIsTold() throws {
    let channels = "[notify.b]\nkind='webhook'\nurl='http://x'\n[notify.a]\nkind='webhook'\nurl='http://x'\n"
    #expect(try read(channels).notify.defaultRoute == ["a", "b"])
    #expect(try read(channels + "[[routes]]\nto=['a']").notify.defaultRoute == [])
    #expect(try read("default_route = []\n" + channels).notify.defaultRoute == [])
  }

  @Test(arguments: [
    ("notify = 1", "notify: is a number; expected a table of channels"),
    ("[notify]\nops = 1", "notify.ops: is a number; expected a table with a kind"),
    ("[notify.'a/b']\nkind='slack'", "notify.a/b: is no name of a channel; expected letters, digits, \"-\" and \"_\""),
    (
      "[notify.ops]",
      "notify.ops.kind: is missing; expected one of \"slack\", \"discord\", \"pagerduty\", \"alertmanager\", \"webhook\""
    ),
    (
      "[notify.ops]\nkind='sms'",
      "notify.ops.kind: is the text \"sms\"; expected one of \"slack\", \"discord\", \"pagerduty\", \"alertmanager\", \"webhook\""
    ),
    ("[notify.ops]\nkind='slack'", "notify.ops.url_env: is missing; expected the name of a variable, or url_file"),
    (
      "[notify.ops]\nkind='slack'\nurl='https://s3cret'",
      "notify.ops.url: is a secret and may not stand here; expected url_env or url_file"
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key='s3cret'",
      "notify.ops.routing_key: is a secret and may not stand here; expected routing_key_env or routing_key_file"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env='NONE'",
      "notify.ops.url_env: names a variable that is not set; expected it in the handler's environment"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env='EMPTY'",
      "notify.ops.url_env: names a variable that is not set; expected it in the handler's environment"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env='WRONG'",
      "notify.ops.url_env: names what is no URL; expected one that begins with https:// or http://, and a host"
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_env='WRONG'",
      "notify.ops.routing_key_env: names what is no routing key; expected letters and digits"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env='SLACK'\nurl_file='/run/slack'",
      "notify.ops.url_file: stands beside url_env; expected one of them"
    ),
    ("[notify.ops]\nkind='slack'\nurl_file='/none'", "notify.ops.url_file: names a file that cannot be read"),
    (
      "[notify.ops]\nkind='slack'\nurl_file='/run/empty'",
      "notify.ops.url_file: names a file that is empty; expected the secret on its first line"
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken='xoxb-s3cret'\nchannel='#ops'",
      "notify.ops.token: is a secret and may not stand here; expected token_env or token_file"
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken_env='WRONG'\nchannel='#ops'",
      "notify.ops.token_env: names what is no token; expected letters, digits and \"-\""
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken_env='TOKEN'",
      "notify.ops.channel: is missing; expected the id of a conversation, or a name such as \"#ops\""
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken_env='TOKEN'\nchannel='#my ops'",
      "notify.ops.channel: is a text; expected the id of a conversation, or a name such as \"#ops\""
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken_env='TOKEN'\nurl_env='SLACK'\nchannel='#ops'",
      "notify.ops.url_env: stands beside token_env; expected one of them"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env='SLACK'\nremind='1h'",
      "notify.ops.remind: unknown key; a channel of kind \"slack\" without token has kind, url_env, url_file, deadline"
    ),
    (
      "[notify.ops]\nkind='slack'\ntoken_env='TOKEN'\nchannel='#ops'\nremind='0s'",
      "notify.ops.remind: is the text \"0s\"; expected a span of up to 7d such as \"1h\", or \"never\""
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_env='KEY'\napi_url='https://x'",
      "notify.ops.api_url: stands without a token; expected token_env or token_file beside it"
    ),
    (
      "[notify.ops]\nkind='webhook'\nurl='http://x'\nsilences=true",
      "notify.ops.silences: unknown key; a channel of kind \"webhook\" has kind, url, url_env, url_file, deadline, format"
    ),
    (
      "[notify.ops]\nkind='alertmanager'\nurl='http://x'\nsilences=1",
      "notify.ops.silences: is the number 1; expected true or false"
    ),
    // A secret in the place of its name is not repeated either.
    (
      "[notify.ops]\nkind='slack'\nurl_env='https://hooks.slack.example/s3cret'",
      "notify.ops.url_env: names a variable that is not set; expected it in the handler's environment"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_file='https://hooks.slack.example/s3cret'",
      "notify.ops.url_file: names a file that cannot be read"
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_env='s3cret'",
      "notify.ops.routing_key_env: names a variable that is not set; expected it in the handler's environment"
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_file='s3cret'",
      "notify.ops.routing_key_file: names a file that cannot be read"
    ),
    ("[notify]\npager='s3cret'", "notify.pager: is a text; expected a table with a kind"),
    ("[notify]\nkind='s3cret'", "notify.kind: is a text; expected a table with a kind"),
    ("notify='s3cret'", "notify: is a text; expected a table of channels"),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_env=5123456789",
      "notify.ops.routing_key_env: is a number; expected the name of a variable"
    ),
    (
      "[notify.ops]\nkind='slack'\nurl_env=['s3cret']",
      "notify.ops.url_env: is an array; expected the name of a variable"
    ),
    (
      "[notify.ops]\nkind='pagerduty'\nrouting_key_env='KEY'\nbase_url=1",
      "notify.ops.base_url: is the number 1; expected a URL"
    ),
    (
      "[notify.ops]\nkind='webhook'\nurl='http://x'\nformat=3",
      "notify.ops.format: is a number; expected a whole number from 1 to 2"
    ),
    ("[notify.ops]\nkind='webhook'", "notify.ops.url: is missing; expected a URL, url_env or url_file"),
    (
      "[notify.ops]\nkind='webhook'\nurl='ftp://x'",
      "notify.ops.url: is no URL; expected one that begins with https:// or http://, and a host"
    ),
    (
      "[notify.ops]\nkind='webhook'\nurl='http://x'\nretries=3",
      "notify.ops.retries: unknown key; a channel of kind \"webhook\" has kind, url, url_env, url_file, deadline, format"
    ),
    (
      "[notify.ops]\nkind='webhook'\nurl='http://x'\ndeadline='soon'",
      "notify.ops.deadline: is the text \"soon\"; expected a span of up to 7d such as \"10s\", with s, m, h or d"
    ),
    ("routes = 1", "routes: is the number 1; expected tables, each [[routes]]"),
    ("[[routes]]", "routes[0].to: is missing; expected an array of channels' names"),
    ("[[routes]]\nto=['ops']", "routes[0].to[0]: is \"ops\"; expected a channel of [notify]: there is none"),
    (
      "default_route=['ops']\n[notify.a]\nkind='webhook'\nurl='http://x'",
      "default_route[0]: is \"ops\"; expected a channel of [notify]: a"
    ),
    (
      "[[routes]]\nto=[]\n[[routes]]\nto=[]\nseverity='bad'",
      "routes[1].severity: is the text \"bad\"; expected one of \"low\", \"medium\", \"high\", \"critical\""
    ),
    (
      "[[routes]]\nto=[]\nhours='night'",
      "routes[0].hours: is the text \"night\"; expected hours such as \"22:00-06:00\""
    ),
    (
      "[[routes]]\nto=[]\nhours='22:00-06:00'\nutc_offset='CET'",
      "routes[0].utc_offset: is the text \"CET\"; expected an offset such as \"+01:00\""
    ),
    ("[[routes]]\nto=[]\ncontinue='yes'", "routes[0].continue: is the text \"yes\"; expected true or false"),
    (
      "[[routes]]\nto=[]\nagent='x'",
      "routes[0].agent: unknown key; a route has severity, role, rule, hours, utc_offset, to, continue"
    ),
  ])
  func errorNamesKeyAndWhatWasFoundAndExpectedAndNoSecret(_ text: String, _ problem: String) {
    var error = #expect(throws: ConfigurationError.self) { try read(text) }
    // The line is another matter; see RunbookFileTests.
    error?.line = nil
    #expect(error?.description == "handler.toml: \(problem)")
    #expect(error?.description.contains("s3cret") == false)
  }
}
