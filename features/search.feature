Feature: A search for better params, and how far its best can be trusted

  A book says which values of its params may be tried. A search runs the real back-test with each of them.

  Background:
    Given a made-up market of BTCUSDT, ETHUSDT, SOLUSDT and DOGEUSDT
    And a search may try of trend-1:
      """
      fast: 20..40 step 20
      slow: 60..100 step 40
      """

  @BT-06
  Scenario: All combinations are tried, and the best becomes a rule file
    When trend-1 is searched by grid
    Then 4 combinations were tried
    And no other has a better Sharpe ratio than the best
    When the best is written among the rule files
    Then eternal check accepts the rule files
    And a back-test of the best comes to what the search has found
    And the report of that back-test says how far the search can be trusted

  @BT-06
  Scenario: Two workers find what one finds
    When trend-1 is searched by grid
    And trend-1 is searched by grid with 2 workers
    Then both searches have found the same

  @BT-06
  Scenario: A search that was cut off goes on where it ended
    When trend-1 is searched by grid in a terminal, and cut off after 1 trial
    Then the terminal has told the best so far
    When the search goes on
    Then nothing was tried twice
    And 4 combinations were tried
    When trend-1 is searched by grid
    Then both searches have found the same

  @BT-06
  Scenario: Walking forward, each best is proven on the time after it
    When trend-1 is searched by random, 2 trials, in windows of 2m/1m
    Then there are 3 windows, each with the best of 2 trials
    And each best was run on the time after its window, from its end on

  @BT-06
  Scenario: Coins that move alike are searched together, with ranges of their own
    Given a search may try of trend-1:
      """
      fast: 20..40 step 20
      stop: { any: 1..2 step 1, wild: [4, 5] }
      """
    When the coins are put into clusters
    Then those of wild move more than those of middle, and those of middle more than those of calm
    When trend-1 is searched by random, 3 trials, in the cluster wild
    And the best is written among the rule files
    Then the best trades the coins of the cluster wild
    And every stop that was tried is 4 or 5
    And eternal check accepts the rule files
