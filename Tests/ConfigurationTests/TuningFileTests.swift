import Configuration
import FleetModel
import Testing

@Suite struct TuningFileTests {
  private func read(_ text: String) throws -> TuningOptions {
    try HandlerFile.read(Array(text.utf8), file: "vigia.toml").tuning
  }

  @Test func nothingIsTunedByDefault() throws {
    #expect(try read("") == TuningOptions())
    #expect(try read("[tuning]") == TuningOptions())
    #expect(!TuningOptions().isOn && TuningOptions().objective == "error_rate")
    #expect(try read("[tuning]\nmode = 'off'\nparameters = ['timeout_s']").isOn == false)
  }

  @Test func allOfItIsRead() throws {
    let settings = try read(
      """
      [tuning]
      mode = "auto"
      parameters = ["timeout_s", "model.temperature"]
      objective = "avg_rating"
      best = 5
      worst = 1.5
      budget = 30
      every = "10s"
      settle = 2
      """)
    #expect(settings.isOn && settings.mode == .auto && settings.parameters == ["timeout_s", "model.temperature"])
    #expect(settings.objective == "avg_rating" && settings.best == 5 && settings.worst == 1.5)
    #expect(settings.budget == 30 && settings.every == .seconds(10) && settings.settle == 2)
    for mode in ["propose", "auto"] {
      #expect(try read("[tuning]\nmode = '\(mode)'\nparameters = ['p']").mode.rawValue == mode)
    }
  }

  @Test func openMetricIsAnObjectiveToo() throws {
    let built = "[tuning]\nobjective = 'tool_error_rate'\nbest = 0\nworst = 0.5"
    #expect(try read(built).objective == "tool_error_rate")
    let declared = "[metrics.depth]\nwarning = 5\ncritical = 9\n[tuning]\nobjective = 'depth'\nbest = 0\nworst = 5"
    #expect(try read(declared).objective == "depth")
  }

  @Test(arguments: [
    ("tuning = 1", "tuning: is the number 1; expected a table"),
    (
      "[tuning]\nmod = 'auto'",
      "tuning.mod: unknown key; tuning has mode, parameters, objective, best, worst, budget, every, settle"
    ),
    ("[tuning]\nmode = 'on'", "tuning.mode: is the text \"on\"; expected one of \"off\", \"propose\", \"auto\""),
    ("[tuning]\nmode = 'auto'", "tuning.parameters: names none while mode is \"auto\"; nothing could be tuned"),
    (
      "[tuning]\nparameters = ['A']",
      "tuning.parameters[0]: is no name of a parameter: 1 to 40 of a to z, 0 to 9, _ and ."
    ),
    ("[tuning]\nparameters = ['a', 'a']", "tuning.parameters: names one twice, or more than 8"),
    ("[tuning]\nparameters = 'a'", "tuning.parameters: is the text \"a\"; expected a list of names"),
    ("[tuning]\nobjective = 'depth'", "tuning.objective: is no metric that events tell; declare it under [metrics]"),
    ("[tuning]\nobjective = 'queue_size'\nbest = 0", "tuning.worst: is missing; nothing is known of what is bad"),
    ("[tuning]\nworst = 1.5", "tuning.worst: is the number 1.5; expected a number from 0.0 to 1.0"),
    ("[tuning]\nworst = 0", "tuning.worst: is the same as best; nothing could become better"),
    ("[tuning]\nbudget = 0", "tuning.budget: is the number 0; expected a number from 5.0 to 1440.0"),
    ("[tuning]\nevery = '20m'", "tuning.every: is the text \"20m\"; expected a span of up to 10m"),
  ]) func whatIsWrongIsNamed(_ text: String, _ words: String) {
    #expect {
      _ = try read(text)
    } throws: {
      "\($0)".contains(words)
    }
  }
}
