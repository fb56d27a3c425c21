Feature: The operator, an outage or a halt stops the engine, and it goes on where it should

  The reserve holds eight of ten parts of the portfolio in Bitcoin; trend-1 finds a trend in ETHUSDT.

  Background:
    Given a portfolio of 150,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the book core-hodl with a sub-account of 50,000 USDT
    And the reserve already holds 8 BTC
    And BTCUSDT daily candles flat at 50,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    And the check daily_loss is off
    And the check weekly_loss is off
    And the check position_size is off

  # ── from start to stop ──

  @LIFE-01
  Scenario: From the start by way of a pause and a halt to trading again
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the engine went from STOPPED to STARTING
    And the engine went from STARTING to RUNNING
    When the operator pauses everything
    Then the engine went from RUNNING to PAUSED
    When the operator resumes everything
    Then the engine went from PAUSED to RUNNING
    When the operator halts everything
    Then the engine went from RUNNING to EMERGENCY
    When 30 days pass
    Then the engine is EMERGENCY
    When the operator acknowledges
    Then the engine went from EMERGENCY to STOPPING
    And the engine went from STOPPING to STOPPED
    And the engine is RUNNING

  # ── the halt ──

  @LIFE-02 @LIFE-06
  Scenario: The operator halts: nothing more is bought, everything is closed, and it is told what became of it
    Given core-hodl already holds 1 BTC
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When questions are about what follows
    And the operator halts everything because "a fire drill"
    And an hour passes
    Then trading is halted
    And the halt is complete
    And the breaker is at EMERGENCY
    And no position of trend-1 is held
    And core-hodl holds 0 BTC
    And nothing that opens risk was sent
    And the journal says "halt by operator (scenario): a fire drill"
    And the operator gets a P0 alert saying "trend-1 ETHUSDT 14.29 at 3015 USDT" once
    And the operator gets a P0 alert saying "Still held: RESERVE BTCUSDT 8 (no book trades with it)" once
    When questions are about what follows
    And 14 days pass
    Then 0 orders were placed
    And why-not of trend-1 says Trading is halted until the operator acknowledges.

  @LIFE-02 @BRK-04
  Scenario: The breaker halts in the same stages
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And the price of BTCUSDT falls 38% within the hour
    Then trading is halted
    And the halt is complete
    And no position of trend-1 is held
    And the operator gets a P0 alert saying "Trading is halted (breaker EMERGENCY). Closed: trend-1 ETHUSDT" once

  @LIFE-02 @BRK-05
  Scenario Outline: An engine that crashes after every event of a halt ends where one that doesn't ends
    Given core-hodl already holds 1 BTC
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And from here on ETHUSDT trades <volume> ETH a day
    And from here on the engine restarts after every event
    And questions are about what follows
    And <trouble>
    And 2 days pass
    Then trading is halted
    And the halt is complete
    And no position of trend-1 is held
    And core-hodl holds 0 BTC
    And nothing that opens risk was sent
    And the operator gets a P0 alert saying "Trading is halted" once

    Examples:
      | volume  | trouble                                       |
      | 100,000 | the operator halts everything                 |
      | 100,000 | the price of BTCUSDT falls 45% within the hour |
      | 60      | the operator halts everything                 |
      | 60      | the price of BTCUSDT falls 45% within the hour |

  @LIFE-02
  Scenario: A halt while an entry is unfilled takes it back before anything is closed
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And from here on ETHUSDT trades 10 ETH a day
    And the next candle opens
    Then the book trend-1 is ENTERING in ETHUSDT
    When the operator halts everything
    And from here on ETHUSDT trades 100,000 ETH a day
    And 2 days pass
    Then the halt is complete
    And no position of trend-1 is held
    And the journal says "halt freeze: Nothing is bought any more; 2 open entries ended."
    And the book trend-1 is EMERGENCY in ETHUSDT

  @LIFE-02
  Scenario: A closing order that finds no taker is sent again and may fill further from the price
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When questions are about what follows
    And the price of BTCUSDT falls 45% within the hour
    And the next candle of ETHUSDT opens at 2,970 USDT
    Then the halt is at its stage close
    And the position in ETHUSDT of trend-1 is 14.29 ETH
    When an hour passes
    Then the halt is complete
    And no position of trend-1 is held
    And nothing that opens risk was sent

  @LIFE-02
  Scenario: What the exchange refuses to close is tried again, and the operator is reminded of it
    Given core-hodl already holds 1 BTC
    And core-hodl already holds 10 ETH
    When a day passes
    And 1 BTC leaves core-hodl without notice
    And questions are about what follows
    And the operator halts everything
    And 2 hours pass
    Then the halt is at its stage close
    And core-hodl holds 0 ETH
    And the exchange refuses 4 orders
    And the operator gets a P0 alert saying "The halt is not complete. Still held: CORE-HODL BTCUSDT 1"
    When the operator acknowledges
    Then trading is halted
    And the operator gets a P2 alert saying "The halt is not complete. Still held: CORE-HODL BTCUSDT 1"
    When the operator confirms the acknowledgement
    Then trading is not halted

  @LIFE-02
  Scenario: What is too small to be sold holds up no halt
    Given core-hodl already holds 0.00003 BTC
    When the operator halts everything
    Then the halt is complete
    And the operator gets a P0 alert saying "CORE-HODL BTCUSDT 0.00003 ("

  @LIFE-02
  Scenario: A second halt is no second halt
    When the operator halts everything
    And the operator asks for "halt"
    Then the operator gets a P2 alert saying "Trading is halted already."
    And the halt is complete

  # ── back from a halt ──

  @BRK-05 @LIFE-06
  Scenario Outline: After a halt by hand sizes begin at a quarter as well, and double each week
    When the operator halts everything
    And the operator acknowledges
    Then the breaker is at NORMAL
    When the operator pauses trend-1
    And <days> days pass
    And the engine restarts
    And the operator resumes trend-1
    And the next daily candle of ETHUSDT rises 0.5%
    Then the book trend-1 is IN_POSITION long ETHUSDT
    And the order of ETHUSDT is scaled by check breaker to <size>

    Examples:
      | days | size |
      | 1    | 25%  |
      | 8    | 50%  |

  @BRK-05
  Scenario: A loss that was there before a halt by hand is there after it
    When the price of BTCUSDT falls 22% within the hour
    Then the breaker is at WARNING
    When the operator halts everything
    And the operator acknowledges
    And an hour passes
    Then the breaker is at WARNING
    And entries are forbidden

  @BRK-05 @BRK-06
  Scenario: The acknowledgement of an emergency may come after a restart, and after levels were passed over
    When the price of BTCUSDT falls 14% within the hour
    And the next hourly candle of BTCUSDT closes at 30,000 USDT
    Then the breaker went from CAUTION to EMERGENCY
    And the halt is complete
    When the engine restarts
    Then trading is halted
    When the operator acknowledges
    And the engine restarts
    And a day passes
    Then the breaker is at NORMAL
    And the engine is RUNNING

  @BRK-07
  Scenario Outline: Whatever forbids entries, exits and stops go on
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When questions are about what follows
    And <hindrance>
    And the next daily candle of ETHUSDT falls to 2,000 and closes at 2,000 USDT
    Then no position of trend-1 is held
    And nothing that opens risk was sent

    Examples:
      | hindrance                                       |
      | the price of BTCUSDT falls 22% within the hour   |
      | the operator pauses trend-1                      |
      | the operator pauses everything                   |
      | the exchange can't be reached                    |

  # ── an exchange that can't be reached ──

  @LIFE-03
  Scenario: An outage pauses everything, and its end lets it go on
    When the exchange can't be reached
    Then the engine is PAUSED
    And the operator gets a P1 alert saying "The exchange can't be reached: no data for 30 s."
    And why-not of trend-1 says The exchange can't be reached.
    When 29 minutes of silence pass
    Then the operator gets a P0 alert 0 times
    When the exchange can be reached again
    Then the engine is RUNNING
    And the operator gets a P2 alert saying "Trading goes on."

  @LIFE-03
  Scenario: After half an hour the operator is told once what is open, and where its stops are
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When the exchange can't be reached
    And 29 minutes of silence pass
    And the engine restarts
    And 30 minutes of silence pass
    And 90 minutes of silence pass
    Then the operator gets a P0 alert saying "out of reach for 30 minutes. Open: TREND-1 ETHUSDT 14.29 long, stop at" once
    And the operator gets a P0 alert saying "RESERVE BTCUSDT 8" once

  @LIFE-03 @LIFE-06
  Scenario: An outage and a person's pause don't end each other
    When the exchange can't be reached
    And the operator pauses everything
    And the exchange can be reached again
    Then the engine is PAUSED
    And the operator gets a P2 alert saying "The engine stays paused by the operator."
    When the exchange can't be reached
    And the operator resumes everything
    Then the engine is PAUSED
    And the operator gets a P2 alert saying "It goes on when the exchange is back."
    When the exchange can be reached again
    Then the engine is RUNNING

  @LIFE-02 @LIFE-03
  Scenario: A halt that is acknowledged during an outage waits for the exchange
    When the operator halts everything
    And the exchange can't be reached
    And the operator acknowledges
    Then the engine is PAUSED
    When the exchange can be reached again
    Then the engine is RUNNING

  # ── what an operator can ask for ──

  @LIFE-06
  Scenario: A paused book opens nothing, and its position is left as its rules say
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When the operator pauses trend-1
    And questions are about what follows
    And the next daily candle of ETHUSDT falls to 2,990 and closes at 3,000 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When ETHUSDT falls 3% a day for 2 days
    Then no position of trend-1 is held
    And nothing that opens risk was sent
    And "book.paused" of trend-1 is true
    And "book.paused" of core-hodl is false

  @LIFE-06
  Scenario: Why-not and the journal say that a book is paused
    When the operator pauses trend-1
    And the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the entry of ETHUSDT is refused by book_paused because "The operator has paused this book."
    And the book trend-1 is NO_TRADE in ETHUSDT
    And core-hodl holds more than 0 BTC

  @LIFE-06
  Scenario: A pause takes back an entry that is on its way
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And from here on ETHUSDT trades 10 ETH a day
    And the next candle opens
    Then the book trend-1 is ENTERING in ETHUSDT
    When the operator pauses trend-1
    And questions are about what follows
    And from here on ETHUSDT trades 100,000 ETH a day
    And an hour passes
    Then nothing was bought by trend-1
    And the book trend-1 is IN_POSITION long ETHUSDT
    And the position in ETHUSDT of trend-1 is 1 ETH

  @LIFE-06
  Scenario: One book is flattened, the others keep what they have
    Given core-hodl already holds 1 BTC
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And the operator flattens trend-1
    And an hour passes
    Then no position of trend-1 is held
    And core-hodl holds at least 1 BTC
    And the operator gets a P2 alert saying "where a rule says so, it is bought again"

  @LIFE-06 @CORE-07
  Scenario: A purchase is looked at first, and made when it is confirmed
    When a day passes
    Then about 7,916.67 USDT of BTC was bought by core-hodl
    When 2 days pass
    And questions are about what follows
    And the operator asks what a purchase of core-hodl would buy
    Then the operator gets a P2 alert saying "entries.deploy would be carried out: buy BTCUSDT: buy for 7916.66"
    And 0 orders were placed
    When the operator confirms the purchase of core-hodl
    And an hour passes
    Then about 7,916.67 USDT of BTC was bought by core-hodl
    And about 3,958.33 USDT of ETH was bought by core-hodl
    When the last command arrives once more
    And an hour passes
    Then BTCUSDT was bought once by core-hodl
    And the operator gets a P3 alert saying "was carried out already"

  @LIFE-06
  Scenario Outline: What holds for rules holds for a purchase by hand
    When a day passes
    And <hindrance>
    And questions are about what follows
    And the operator confirms the purchase of core-hodl
    Then nothing was bought
    And the operator gets a P2 alert saying "<words>"

    Examples:
      | hindrance                                     | words                                  |
      | the operator pauses core-hodl                 | The operator has paused this book.     |
      | the operator pauses everything                | The engine is not running.             |
      | the price of BTCUSDT falls 22% within the hour | The breaker's level forbids new entries. |
      | the operator halts everything                 | has no rule that buys something now     |

  @LIFE-06
  Scenario Outline: What can't be done is answered with a sentence, and does nothing
    When the operator asks for "<command>" of "<book>"
    Then the operator gets a P2 alert saying "<words>"
    And the engine is RUNNING
    And trading is not halted
    And 0 orders were placed

    Examples:
      | command     | book      | words                                                                     |
      | puase       | trend-1   | There is no command puase                                                 |
      | pause       | trend-l   | There is no book trend-l, so the command pause does nothing. Did you mean |
      | resume      | trend-1   | The book trend-1 is not paused.                                           |
      | halt        | trend-1   | A halt is for all books; pause or flatten trend-1 instead.                |
      | acknowledge | trend-1   | Nothing needs to be acknowledged: trading is not halted.                  |
      | purchase    | trend-1   | those that buy on a schedule: core-hodl.                                  |

  @LIFE-06
  Scenario: Nothing is resumed during a halt, and a pause that was asked for then begins when it ends
    When the operator halts everything
    And the operator resumes everything
    Then the operator gets a P2 alert saying "Trading is halted, so nothing can be resumed: acknowledge first."
    And trading is halted
    When the operator pauses everything
    And the operator acknowledges
    Then the engine is PAUSED
    When the operator resumes everything
    Then the engine is RUNNING

  @LIFE-06
  Scenario: Each command is in the journal, with who gave it, from where and why
    When the operator pauses trend-1
    Then the journal says "pause by operator (scenario): the scenario says so"
    When the operator pauses trend-1
    Then the operator gets a P2 alert saying "The book trend-1 is paused already."
    When the operator resumes everything
    Then the operator gets a P2 alert saying "The engine is not paused. These books were paused by name and stay so: trend-1."
