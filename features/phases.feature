Feature: An account grows phase by phase

  Gates are rules over what was measured. What was not measured has not passed.

  # ── foundation ──

  @PHASE-1
  Scenario Outline: The gates of the foundation, at the edge and just beside it
    Given <fact> was measured as <value>
    Then the gate <gate> of foundation is <verdict>

    Examples:
      | gate       | fact               | value  | verdict |
      | deployed   | position.of_target | 90%    | failed  |
      | deployed   | position.of_target | 90.01% | passed  |
      | api_errors | errors.api         | 0.99%  | passed  |
      | api_errors | errors.api         | 1%     | failed  |
      | uptime     | uptime             | 99%    | failed  |
      | uptime     | uptime             | 99.01% | passed  |
      | latency    | latency.order      | 499ms  | passed  |
      | latency    | latency.order      | 0.5s   | failed  |

  @PHASE-1
  Scenario: A gate is not passed because nobody has looked
    Then the current phase is foundation
    And 4 gates of foundation are not measured
    And 0 gates of foundation are passed
    When uptime was measured as 99.9%
    Then the gate uptime of foundation is passed
    And 3 gates of foundation are not measured

  @PHASE-1
  Scenario: The foundation is for CORE alone
    When live trading starts in foundation with 10,000 USDT and the book core-hodl
    Then the start is allowed
    When live trading starts in foundation with 10,000 USDT and the book trend-1
    Then the start is refused because "trend-1 is none of core"

  # ── validation ──

  @PHASE-2
  Scenario Outline: The gates of the validation, at the edge and just beside it
    Given <fact> was measured as <value>
    Then the gate <gate> of validation is <verdict>

    Examples:
      | gate                   | fact                             | value  | verdict |
      | weeks                  | weeks.demo                       | 7.9    | failed  |
      | weeks                  | weeks.demo                       | 8      | passed  |
      | order_errors           | errors.order                     | 1%     | failed  |
      | caution_tested         | breaker.tested.CAUTION           | yes    | passed  |
      | emergency_tested       | breaker.tested.EMERGENCY         | no     | failed  |
      | trend_win_rate         | backtest.trend.win_rate          | 34.99% | failed  |
      | trend_win_rate         | backtest.trend.win_rate          | 35%    | passed  |
      | trend_profit_factor    | backtest.trend.profit_factor     | 1.49   | failed  |
      | trend_profit_factor    | backtest.trend.profit_factor     | 1.5    | passed  |
      | trend_drawdown         | backtest.trend.drawdown          | 30%    | failed  |
      | trend_drawdown         | backtest.trend.drawdown          | 29.99% | passed  |
      | trend_sharpe           | backtest.trend.sharpe            | 1      | failed  |
      | trend_sharpe           | backtest.trend.sharpe            | 1.01   | passed  |
      | funding_win_rate       | backtest.funding.win_rate        | 90%    | passed  |
      | funding_profit_factor  | backtest.funding.profit_factor   | 2      | passed  |
      | funding_drawdown       | backtest.funding.drawdown        | 5%     | failed  |
      | funding_sharpe         | backtest.funding.sharpe          | 1.5    | failed  |
      | tactical_profit_factor | backtest.tactical.profit_factor  | 3      | failed  |
      | tactical_profit_factor | backtest.tactical.profit_factor  | 3.01   | passed  |
      | tactical_drawdown      | backtest.tactical.drawdown       | 20%    | failed  |

  @PHASE-2
  Scenario: A threshold stands in a rule file
    Given the line "phases.validation.gates.trend_win_rate" of phases.yaml is backtest.trend.win_rate >= 45%
    And backtest.trend.win_rate was measured as 40%
    Then the gate trend_win_rate of validation is failed

  @PHASE-2
  Scenario: A misspelt fact is found
    Given the line "phases.validation.gates.trend_win_rate" of phases.yaml is backtest.trend.winrate >= 35%
    Then the rule files are refused at "trend_win_rate" in phases.yaml because "Did you mean `backtest.trend.win_rate`?"

  @PHASE-2
  Scenario: A ratio is not a number
    Given the line "phases.foundation.gates.uptime" of phases.yaml is uptime > 99
    Then the rule files are refused at "uptime" in phases.yaml because "ratio"

  @PHASE-2
  Scenario: A misspelt book is found
    Given the line "engines.trend" of phases.yaml is { books: [trend-1, trend-l] }
    Then the rule files are refused at "trend-l" in phases.yaml because "There is no book"

  # ── activation ──

  @PHASE-3
  Scenario Outline: Each raise needs four things
    Given the phase foundation was passed
    And the phase validation was passed
    And all gates of activation would pass but for <gate>
    When live trading starts in first_raise with 75,000 USDT
    Then the start is refused because "whose gates are not passed: <gate>"

    Examples:
      | gate           |
      | drawdown       |
      | no_major_error |
      | errors         |
      | approved       |

  @PHASE-3
  Scenario: The operator's approval counts for the step that it names
    Then the gate approved of activation is not measured
    When the operator was asked and has approved nothing
    Then the gate approved of activation is failed
    When the operator has approved that activation is left
    Then the gate approved of activation is passed
    And the gate approved of first_raise is failed

  @PHASE-3
  Scenario Outline: The way to 100,000 USDT
    Given <fact> was measured as <value>
    Then the gate <gate> of <phase> is <verdict>

    Examples:
      | phase        | gate           | fact                | value | verdict |
      | activation   | drawdown       | live.drawdown       | 10%   | failed  |
      | activation   | drawdown       | live.drawdown       | 9.99% | passed  |
      | activation   | no_major_error | without_major_error | 7d    | passed  |
      | activation   | no_major_error | without_major_error | 167h  | failed  |
      | first_raise  | errors         | errors.all          | 1%    | failed  |
      | second_raise | weeks          | weeks.live          | 8     | passed  |
      | second_raise | drawdown       | live.drawdown       | 15%   | failed  |
      | second_raise | drawdown       | live.drawdown       | 14.9% | passed  |

  # ── scale ──

  @PHASE-4
  Scenario Outline: The gates of the last phase
    Given <fact> was measured as <value>
    Then the gate <gate> of scale is <verdict>

    Examples:
      | gate      | fact                     | value  | verdict |
      | alone     | without_intervention     | 30d    | passed  |
      | alone     | without_intervention     | 29d    | failed  |
      | uptime    | uptime                   | 99.9%  | passed  |
      | uptime    | uptime                   | 99.89% | failed  |
      | errors    | errors.all               | 0.1%   | failed  |
      | as_tested | returns.against_backtest | -10%   | passed  |
      | as_tested | returns.against_backtest | -10.1% | failed  |
      | as_tested | returns.against_backtest | 10.1%  | failed  |
      | sharpe    | live.sharpe              | 1      | failed  |
      | drawdown  | live.drawdown            | 35%    | failed  |

  @PHASE-4
  Scenario: The last phase has no bound
    Given the phase foundation was passed
    And the phase validation was passed
    And the phase activation was passed
    And the phase first_raise was passed
    And the phase second_raise was passed
    Then the current phase is scale
    When live trading starts in scale with 1,000,000 USDT
    Then the start is allowed

  # ── starting ──

  @PHASE-5
  Scenario: Live trading is refused in a phase that was not entered
    When live trading starts in activation with 20,000 USDT
    Then the start is refused because "comes after foundation, whose gates are not passed"
    And the start is refused because "comes after validation, whose gates are not passed"

  @PHASE-5
  Scenario: A phase that was passed stays passed
    Given the phase foundation was passed
    And the phase validation was passed
    And uptime was measured as 50%
    When live trading starts in activation with 50,000 USDT
    Then the start is allowed

  @PHASE-5
  Scenario Outline: More capital than a phase allows is refused
    Given the phase foundation was passed
    And the phase validation was passed
    And the phase activation was passed
    When live trading starts in <phase> with <amount> USDT
    Then the start is refused because "allows <most> USDT, and"

    Examples:
      | phase       | amount    | most  |
      | foundation  | 10,000.01 | 10000 |
      | activation  | 50,000.01 | 50000 |
      | first_raise | 75,001    | 75000 |

  @PHASE-5
  Scenario: The validation is no place for real money
    Given the phase foundation was passed
    When live trading starts in validation with 5,000 USDT
    Then the start is refused because "trades on a demo account, this is a live one"
    When demo trading starts in validation with 1,000,000 USDT
    Then the start is allowed

  @PHASE-5
  Scenario: What stands in the way can be put aside by its name, and is journaled
    Given the phase foundation was passed
    And the configuration overrides validation
    And the configuration overrides activation.capital
    When live trading starts in activation with 60,000 USDT
    Then the start is allowed
    And the journal is told of the start that "The configuration overrides validation. The phase activation comes after validation"
    And the journal is told of the start that "The configuration overrides activation.capital. The phase activation allows 50000 USDT"

  @PHASE-5
  Scenario: One name puts one thing aside
    Given the configuration overrides validation
    When live trading starts in activation with 60,000 USDT
    Then the start is refused because "comes after foundation"
    And the start is refused because "allows 50000 USDT"

  @PHASE-5
  Scenario: A misspelt name puts nothing aside
    Given the phase foundation was passed
    And the configuration overrides validatoin
    When live trading starts in activation with 20,000 USDT
    Then the start is refused because "comes after validation"
    And the start is refused because "which no phase can object with"
