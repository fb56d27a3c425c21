Feature: Money follows the shares of the engines, and an engine that fails is fenced off alone

  Background:
    Given the date is 2025-02-03
    And money follows the shares
    And a portfolio of 100,000 USDT

  # ── shares by market condition ──

  @ORCH-01
  Scenario Outline: The shares are those of the market
    Given the date is <date>
    And the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And the book trend-2 with its share of the portfolio
    And the book "tactical" with its share of the portfolio
    And BTCUSDT daily candles <past>
    When 8 days pass
    Then the shares are those of <condition>
    And "engine.target" of core-hodl is <core>
    And "engine.target" of trend-1 is <trend>
    And "engine.target" of "tactical" is <tactical>

    Examples:
      | date       | past                                              | condition       | core | trend | tactical |
      | 2025-02-03 | rising 1% a day for 260 days to 60,000 USDT       | strong_bull     | 50%  | 35%   | 5%       |
      | 2025-02-03 | falling 0.5% a day for 260 days to 60,000 USDT    | bear            | 70%  | 5%    | 10%      |
      | 2025-02-03 | zig-zagging 9% around 60,000 USDT for 260 days    | high_volatility | 55%  | 15%   | 5%       |
      | 2027-11-03 | zig-zagging 1% around 60,000 USDT for 261 days    | before_halving  | 50%  | 30%   | 5%       |
      | 2025-02-03 | zig-zagging 1% around 60,000 USDT for 261 days    | otherwise       | 60%  | 20%   | 5%       |
      | 2028-04-18 | zig-zagging 1% around 60,000 USDT for 261 days    | otherwise       | 60%  | 20%   | 5%       |

  @ORCH-01
  Scenario: A condition that holds for six days only changes nothing
    Given the book core-hodl with its share of the portfolio
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And the line "conditions.strong_bull.when" of shares.yaml is BTCUSDT.close > 60500 USDT/BTC
    When the next daily candle of BTCUSDT closes at 61,000 USDT
    And 6 days pass
    Then the shares are those of otherwise
    When the next daily candle of BTCUSDT closes at 60,000 USDT
    And a day passes
    And the next daily candle of BTCUSDT closes at 61,000 USDT
    And 6 days pass
    Then the shares are those of otherwise
    When a day passes
    Then the shares are those of strong_bull
    And the operator gets a P2 alert saying "The shares of strong_bull are in force instead of those of otherwise" once

  @ORCH-01
  Scenario: Of two conditions that hold at once the first in the file counts
    Given the book core-hodl with its share of the portfolio
    And BTCUSDT daily candles falling 0.5% a day for 260 days to 60,000 USDT
    And the line "conditions.high_volatility.when" of shares.yaml is volatility(BTCUSDT.close, 30d) >= 0%
    When 8 days pass
    Then the shares are those of bear

  @ORCH-01
  Scenario: A restart forgets neither the shares nor how long the next ones have waited
    Given the book core-hodl with its share of the portfolio
    And BTCUSDT daily candles falling 0.5% a day for 260 days to 60,000 USDT
    When 5 days pass
    And the engine restarts
    And 3 days pass
    Then the shares are those of bear

  @ORCH-01
  Scenario: A share in the file is what counts
    Given the book core-hodl with its share of the portfolio
    And BTCUSDT daily candles falling 0.5% a day for 260 days to 60,000 USDT
    And the line "change_after" of shares.yaml is 2d
    And the line "conditions.bear.shares" of shares.yaml is { core-hodl: 40%, trend: 5%, funding: 15%, tactical: 40% }
    When 3 days pass
    Then "engine.target" of core-hodl is 40%

  @ORCH-01
  Scenario Outline: Shares that can't be meant are refused where they stand
    Given the line "<line>" of shares.yaml is <value>
    Then the rule files are refused at "<at>" in shares.yaml because "<words>"

    Examples:
      | line                     | value                                                         | at      | words                                     |
      | conditions.bear.shares   | { core-hodl: 90%, trend: 5%, funding: 5%, tactical: 5% }      | shares: | The shares add up to 105%                 |
      | conditions.bear.shares   | { core-hodl: 90%, trend: 5%, tactical: 5% }                   | bear:   | does not say which share `funding` has    |
      | conditions.bear.shares   | { core-hodl: 70%, trnd: 5%, funding: 15%, tactical: 10% }     | shares: | `trnd` has no share. Did you mean `trend` |
      | shares.core-hodll        | 0%                                                            | core-ho | Did you mean `core-hodl`                  |
      | conditions.bear.when     | BTCUSDT.close < 50%                                           | when:   | can't be compared                         |
      | inside.trend             | { trend-1: 75%, trend-2: 75% }                                | trend:  | add up to 150%                            |
      | change_after             | 7                                                             | change  | duration                                  |

  # ── harvest ──

  @ORCH-02 @ORCH-04
  Scenario: TREND has outgrown its share by more than ten points and is cut back to it
    Given the book core-hodl with a sub-account of 45,000 USDT
    And the book trend-1 with a sub-account of 30,000 USDT
    And the book trend-2 with a sub-account of 10,000 USDT
    And the book "tactical" with a sub-account of 5,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When a day passes
    Then 7,500 USDT went from trend-1 to core-hodl
    And 2,500 USDT went from trend-2 to core-hodl
    And 3,000 USDT went from trend-1 to "tactical"
    And 4,500 USDT went from trend-1 to the reserve
    And "volatility_harvest" is explained with "engine.weight" 40 %
    And the operator gets a P2 alert saying "Volatility harvest: trend is 40 % of the portfolio, its share is 20 %" once
    And the equity of trend-1 is 15,000 USDT
    And the equity is about 100,000 USDT
    When 3 days pass
    Then the operator gets a P2 alert saying "Volatility harvest" once

  @ORCH-02
  Scenario: Ten points above are not yet too many
    Given the book core-hodl with a sub-account of 60,000 USDT
    And the book trend-1 with a sub-account of 22,000 USDT
    And the book trend-2 with a sub-account of 7,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 3 days pass
    Then no money moved between engines

  @ORCH-02
  Scenario: The threshold stands in the file
    Given the book core-hodl with a sub-account of 60,000 USDT
    And the book trend-1 with a sub-account of 22,500 USDT
    And the book trend-2 with a sub-account of 7,500 USDT
    And the line "params.outgrown" of shares.yaml is 9%
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When a day passes
    Then the equity of trend-1 is 15,000 USDT

  @ORCH-02
  Scenario: CORE hands over its cash first and sells the rest of the excess, the same part of each coin
    Given the book core-hodl with a sub-account of 5,000 USDT
    And core-hodl already holds 1 BTC
    And core-hodl already holds 5 ETH
    And the reserve already holds 0.25 BTC
    And a portfolio of 5,000 USDT
    And the book "tactical" with a sub-account of 0 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles flat at 4,000 USDT for 260 days
    When the next candle opens
    Then about 15,000 USDT of BTC were sold by core-hodl
    And about 5,000 USDT of ETH were sold by core-hodl
    And about 5,000 USDT went from core-hodl to "tactical"
    And about 20,000 USDT went from core-hodl to the reserve
    And no harvest is under way
    And the whole portfolio has the same USDT and coins as the exchange

  @ORCH-02
  Scenario: A restart in the middle of a harvest goes on where it stood
    Given the book core-hodl with a sub-account of 5,000 USDT
    And core-hodl already holds 1.25 BTC
    And a portfolio of 25,000 USDT
    And the book "tactical" with a sub-account of 0 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles flat at 4,000 USDT for 260 days
    Then a harvest is under way
    When the engine restarts
    Then a harvest is under way
    When the next candle opens
    Then about 4,000 USDT went from core-hodl to "tactical"
    And no harvest is under way
    And the equity of core-hodl is about 60,000 USDT
    And the whole portfolio has the same USDT and coins as the exchange

  @ORCH-02
  Scenario: Nothing is harvested while a breaker forbids entries
    Given the book core-hodl with a sub-account of 30,000 USDT
    And the book trend-1 with a sub-account of 50,000 USDT
    And a portfolio of 100,000 USDT
    And the reserve already holds 10 BTC
    And BTCUSDT daily candles flat at 10,000 USDT for 260 days
    And ETHUSDT daily candles flat at 4,000 USDT for 260 days
    And the line "params.outgrown" of shares.yaml is 12%
    When the price of BTCUSDT falls 35% within the hour
    Then the breaker is at WARNING
    When a day passes
    Then "engine.weight" of trend-1 is more than 30%
    And no money moved between engines

  @ORCH-02
  Scenario: Nothing is harvested from an engine that is paused
    Given the book core-hodl with a sub-account of 30,000 USDT
    And the book trend-1 with a sub-account of 20,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When the operator pauses trend-1
    And questions are about what follows
    And 40,000 USDT are withdrawn from the reserve
    And 3 days pass
    Then no money moved between engines

  # ── deposits ──

  @ORCH-03 @ORCH-04
  Scenario: A deposit goes to whoever is furthest below its share
    Given the book core-hodl with a sub-account of 50,000 USDT
    And the book trend-1 with a sub-account of 15,000 USDT
    And the book trend-2 with a sub-account of 5,000 USDT
    And the book "tactical" with a sub-account of 5,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 5,000 USDT are deposited to the reserve
    Then 5,000 USDT went from the reserve to core-hodl
    And no money went to trend-1
    And no money went from core-hodl
    And the operator gets a P2 alert saying "5000 USDT came to RESERVE" once
    And the equity is 105,000 USDT

  @ORCH-03
  Scenario: When all are at their share a deposit is split by shares, wherever it arrived
    Given the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And the book trend-2 with its share of the portfolio
    And the book "tactical" with its share of the portfolio
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 10,000 USDT are deposited to trend-1
    Then 6,000 USDT went from trend-1 to core-hodl
    And 500 USDT went from trend-1 to trend-2
    And 500 USDT went from trend-1 to "tactical"
    And 1,500 USDT went from trend-1 to the reserve
    And the equity of trend-1 is 16,500 USDT

  @ORCH-03 @ORCH-05
  Scenario: An engine that is fenced off gets nothing of a deposit
    Given the book core-hodl with a sub-account of 50,000 USDT
    And the book trend-1 with a sub-account of 15,000 USDT
    And the book trend-2 with a sub-account of 5,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When the rules of core-hodl are lost from memory
    And a day passes
    Then core-hodl is fenced off
    When questions are about what follows
    And 5,000 USDT are deposited to the reserve
    Then no money went to core-hodl
    And 750 USDT went from the reserve to trend-1

  @ORCH-03
  Scenario: A withdrawal moves nothing else
    Given the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 2,000 USDT are withdrawn from the reserve
    And a day passes
    Then no money moved between engines

  @ORCH-03
  Scenario: Two deposits at the same moment are both split
    Given the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 10,000 USDT are deposited to the reserve
    And 10,000 USDT are deposited to the reserve
    Then 12,000 USDT went from the reserve to core-hodl
    And the equity of core-hodl is 72,000 USDT
    And the whole portfolio has the same USDT and coins as the exchange

  # ── fences ──

  @ORCH-05
  Scenario: An engine that fails is fenced off alone, and the others trade on
    Given a portfolio of 300,000 USDT
    And the book core-hodl with a sub-account of 60,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the rules of core-hodl are lost from memory
    And the next daily candle of ETHUSDT rises 0.5%
    Then core-hodl is fenced off because "deciding about core-hodl failed"
    And the operator gets a P0 alert saying "core-hodl is fenced off" once
    And trend-1 is not fenced off
    And the book trend-1 is IN_POSITION long in ETHUSDT
    When the engine restarts
    Then core-hodl is fenced off
    When the rules of core-hodl are back in memory
    And 8 days pass
    Then nothing was bought by core-hodl
    When the operator unfences core-hodl
    And 5 days pass
    Then core-hodl is not fenced off
    And BTCUSDT was bought once by core-hodl

  @ORCH-05
  Scenario: The stop of a fenced engine stands, and the operator can flatten it
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the next candle opens
    And questions are about what follows
    And the rules of trend-1 are lost from memory
    And a day passes
    Then trend-1 is fenced off
    And the stop of ETHUSDT on the exchange has not moved
    When the operator flattens trend-1
    And an hour passes
    Then no position of trend-1 is held

  @ORCH-05
  Scenario: A key that the exchange refuses fences off the engine that used it
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the book core-hodl with a sub-account of 60,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    And the next daily candle of ETHUSDT rises 0.5%
    When the exchange refuses the key of trend-1
    Then trend-1 is fenced off because "the exchange refuses the key of TREND-1 (API key is invalid., 10003)"
    And core-hodl is not fenced off

  @ORCH-05
  Scenario: A rule file that can't be used fences off its own book, which keeps what it holds and trades on once it is mended
    Given a portfolio of 300,000 USDT
    And the book core-hodl with a sub-account of 60,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the next candle opens
    Then the book trend-1 is IN_POSITION long in ETHUSDT
    When questions are about what follows
    And the engine restarts after the line "params.slow" of trend-1.yaml became slow
    Then trend-1 is fenced off because "trend-1.yaml:32:9: R061 `120` is a whole number; the param `slow` is"
    And the operator gets a P0 alert saying "Put the file right (`eternal check`); it is taken as soon as it can be" once
    And core-hodl is not fenced off
    And the book trend-1 is IN_POSITION long in ETHUSDT
    And the stop of ETHUSDT on the exchange has not moved
    When the operator unfences trend-1
    Then trend-1 is fenced off
    When the operator flattens trend-1
    And ETHUSDT rises 0.5% a day for 8 days
    Then no position of trend-1 is held
    And nothing was bought by trend-1
    And BTCUSDT was bought once by core-hodl
    When the engine restarts
    Then trend-1 is fenced off
    When the engine restarts after the line "params.slow" of trend-1.yaml became 200
    Then trend-1 is not fenced off
    When ETHUSDT rises 0.5% a day for 3 days
    Then ETHUSDT was bought once by trend-1

  @ORCH-05
  Scenario: The rules of a fenced book as they last were still close what it holds
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the next candle opens
    And the engine restarts after trend-1.yaml became unreadable
    Then trend-1 is fenced off because "This is not YAML"
    And the book trend-1 is IN_POSITION long in ETHUSDT
    When questions are about what follows
    And the exchange loses the stop of ETHUSDT
    Then the stop of ETHUSDT on the exchange is about 2,945 USDT
    When ETHUSDT rises 0.5% a day for 31 days
    Then "triggers.tighten" fired for ETHUSDT
    And "exits.too_old" fired for ETHUSDT
    And no position of trend-1 is held
    And nothing was bought by trend-1

  @ORCH-05
  Scenario: A book that extends one whose file can't be used is fenced off with it
    Given a portfolio of 300,000 USDT
    And the book core-hodl with a sub-account of 60,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the book trend-2 with a sub-account of 50,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When the engine restarts after trend-1.yaml became unreadable
    Then trend-1 is fenced off
    And trend-2 is fenced off because "It extends trend-1, whose file can't be used"
    And core-hodl is not fenced off

  @ORCH-05
  Scenario: One that builds on another is fenced off alone for what only itself makes wrong
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the book trend-2 with a sub-account of 50,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When the engine restarts after the line "params.slow" of trend-2.yaml became 10%
    Then trend-2 is fenced off because "`10%` is a ratio"
    And trend-1 is not fenced off

  @ORCH-05
  Scenario: A mistake in what governs all books keeps the engine from starting
    Given the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    Then the line "params.outgrown" of shares.yaml has become 7d, which keeps the engine from starting
    And the line "ladder.levels.CAUTION.at" of breakers.yaml has become often, which keeps the engine from starting

  # ── performance ──

  @ORCH-06
  Scenario: A Sharpe ratio under 1 over 90 days opens a review and alerts
    Given the book core-hodl with its share of the portfolio
    And core-hodl already holds 1 BTC
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days
    When BTCUSDT falls 0.1% a day for 89 days
    Then core-hodl is not under review
    And "engine.sharpe_90d" of core-hodl is unknown
    When BTCUSDT falls 0.1% a day for 3 days
    Then the review of core-hodl is open
    And "engine.sharpe_90d" of core-hodl is less than 1
    And the operator gets a P1 alert saying "The review of core-hodl is open" once
    And "engine.target" of core-hodl is 70%
    When the engine restarts
    Then the review of core-hodl is open
    When BTCUSDT rises 0.2% a day for 90 days
    Then core-hodl is not under review

  @ORCH-06
  Scenario: The file may let a review halve the share
    Given the book core-hodl with its share of the portfolio
    And core-hodl already holds 0.1 BTC
    And the line "review.halves_share" of shares.yaml is yes
    And the line "change_after" of shares.yaml is 400d
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days
    When BTCUSDT falls 0.1% a day for 92 days
    Then the review of core-hodl is open
    And "engine.target" of core-hodl is 30%

  @ORCH-06
  Scenario: A deposit and a transfer are neither profit nor loss of an engine
    Given the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    When 45 days pass
    And 100,000 USDT are deposited to the reserve
    And 50 days pass
    Then "engine.sharpe_90d" of trend-1 is unknown
    And "trend" is not under review

  @ORCH-06
  Scenario: Retirement needs the operator
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the book core-hodl with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the operator retires trend-1
    And a day passes
    Then no position of trend-1 is held
    And "engine.target" of trend-1 is 0%
    When questions are about what follows
    And the engine restarts
    And ETHUSDT rises 0.5% a day for 3 days
    Then nothing was bought by trend-1
    When the operator reinstates trend-1
    And a day passes
    Then "engine.target" of trend-1 is 15%

  # ── money that is spoken for ──

  @ORCH-07
  Scenario: What is committed and what is free are told for each book, and a transfer takes only what is free
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 200,000 USDT
    And the book core-hodl with a sub-account of 100,000 USDT
    And the line "harvest.when" of shares.yaml is engine.weight > 100%
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the next candle opens
    Then "account.committed" of trend-1 is more than 0 USDT
    And "account.cash" of trend-1 is less than 200000 USDT
    And "account.committed + account.cash" of trend-1 is about 200000 USDT
