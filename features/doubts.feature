Feature: A back-test says why it is worth less than it looks

  Doubts are rules over the result. What is not known raises none.

  @BT-07
  Scenario Outline: The limits of the doubts, at the edge and just beside it
    Given a back-test came to result.trades <trades>
    And a back-test came to <figure> <value>
    Then the doubt <doubt> <holds>

    Examples:
      | doubt           | trades | figure                 | value   | holds         |
      | short           | 100    | result.span            | 364d    | holds         |
      | short           | 100    | result.span            | 365d    | does not hold |
      | few_trades      | 29     | result.stopped         | 5       | holds         |
      | few_trades      | 30     | result.stopped         | 5       | does not hold |
      | one_trade       | 100    | result.best_trade      | 50%     | holds         |
      | one_trade       | 100    | result.best_trade      | 49.9%   | does not hold |
      | few_winners     | 100    | result.best_twentieth  | 100%    | holds         |
      | few_winners     | 100    | result.best_twentieth  | 99.9%   | does not hold |
      | one_symbol      | 100    | result.best_symbol     | 80%     | holds         |
      | one_symbol      | 100    | result.best_symbol     | 79.9%   | does not hold |
      | one_year        | 100    | result.best_year       | 80%     | holds         |
      | one_year        | 100    | result.best_year       | 79.9%   | does not hold |
      | flat            | 100    | result.without_high    | 366d    | holds         |
      | flat            | 100    | result.without_high    | 365d    | does not hold |
      | stops_never_hit | 20     | result.stopped         | 0       | holds         |
      | stops_never_hit | 19     | result.stopped         | 0       | does not hold |
      | stops_never_hit | 20     | result.stopped         | 1       | does not hold |
      | too_good        | 20     | result.win_rate        | 80.1%   | holds         |
      | too_good        | 20     | result.win_rate        | 80%     | does not hold |
      | too_good        | 19     | result.win_rate        | 90%     | does not hold |
      | too_smooth      | 100    | result.sharpe          | 3.01    | holds         |
      | too_smooth      | 100    | result.sharpe          | 3       | does not hold |
      | luck            | 100    | result.deflated_sharpe | 94.9%   | holds         |
      | luck            | 100    | result.deflated_sharpe | 95%     | does not hold |
      | peak            | 100    | result.plateau         | 74.9%   | holds         |
      | peak            | 100    | result.plateau         | 75%     | does not hold |
      | mostly_cash     | 100    | result.in_market       | 29.9%   | holds         |
      | mostly_cash     | 100    | result.in_market       | 30%     | does not hold |

  @BT-07
  Scenario: What nobody has measured raises no doubt
    Given a back-test came to result.trades 100
    Then the doubt one_trade does not hold
    And the doubt flat does not hold
    And the doubt too_smooth does not hold
    And the doubt luck does not hold
    And the doubt peak does not hold

  @BT-07
  Scenario: A trader with other limits writes them into the file
    Given the line "doubts.few_trades.when" of doubts.yaml is result.trades < 200
    And a back-test came to result.trades 199
    Then the doubt few_trades holds
