"""The indicators of the `ta` library under our names.

This and what it imports takes longer to load than most commands take to run, and the shipped books need none of it.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from ta import momentum, others, trend, volatility, volume

from runtime.indicators import Column, Frame

FAST_SLOW = MappingProxyType({"fast": "window_fast", "slow": "window_slow", "signal": "window_sign"})
BOLLINGER = MappingProxyType({"deviations": "window_dev"})
ICHIMOKU = MappingProxyType({"short": "window1", "middle": "window2", "long": "window3"})
SHORT_LONG = MappingProxyType({"short": "window1", "long": "window2"})
KELTNER_ATR = MappingProxyType({"atr_window": "window_atr"})
KST = MappingProxyType({"signal": "nsig"})
PSAR = MappingProxyType({"largest": "max_step"})
STOCHASTIC = MappingProxyType({"smooth": "smooth_window"})
KAMA = MappingProxyType({"fast": "pow1", "slow": "pow2"})
KELTNER_BY_ATR = partial(volatility.KeltnerChannel, original_version=False)
SAME: Mapping[str, str] = MappingProxyType({})

Output = tuple[Any, str, Mapping[str, str]]
"""A class of `ta`, the method that gives the output, and our parameters whose names differ from its own."""

LIBRARY: Mapping[str, Output] = MappingProxyType(
    {
        "adx": (trend.ADXIndicator, "adx", SAME),
        "adx_neg": (trend.ADXIndicator, "adx_neg", SAME),
        "adx_pos": (trend.ADXIndicator, "adx_pos", SAME),
        "aroon": (trend.AroonIndicator, "aroon_indicator", SAME),
        "aroon_down": (trend.AroonIndicator, "aroon_down", SAME),
        "aroon_up": (trend.AroonIndicator, "aroon_up", SAME),
        "cci": (trend.CCIIndicator, "cci", SAME),
        "dpo": (trend.DPOIndicator, "dpo", SAME),
        "ema": (trend.EMAIndicator, "ema_indicator", SAME),
        "ichimoku_a": (trend.IchimokuIndicator, "ichimoku_a", ICHIMOKU),
        "ichimoku_b": (trend.IchimokuIndicator, "ichimoku_b", ICHIMOKU),
        "ichimoku_base": (trend.IchimokuIndicator, "ichimoku_base_line", ICHIMOKU),
        "ichimoku_conversion": (trend.IchimokuIndicator, "ichimoku_conversion_line", ICHIMOKU),
        "kst": (trend.KSTIndicator, "kst", KST),
        "kst_diff": (trend.KSTIndicator, "kst_diff", KST),
        "kst_signal": (trend.KSTIndicator, "kst_sig", KST),
        "macd": (trend.MACD, "macd", FAST_SLOW),
        "macd_diff": (trend.MACD, "macd_diff", FAST_SLOW),
        "macd_signal": (trend.MACD, "macd_signal", FAST_SLOW),
        "mass_index": (trend.MassIndex, "mass_index", FAST_SLOW),
        "psar": (trend.PSARIndicator, "psar", PSAR),
        "psar_down": (trend.PSARIndicator, "psar_down", PSAR),
        "psar_turns_down": (trend.PSARIndicator, "psar_down_indicator", PSAR),
        "psar_turns_up": (trend.PSARIndicator, "psar_up_indicator", PSAR),
        "psar_up": (trend.PSARIndicator, "psar_up", PSAR),
        "sma": (trend.SMAIndicator, "sma_indicator", SAME),
        "stc": (trend.STCIndicator, "stc", FAST_SLOW),
        "trix": (trend.TRIXIndicator, "trix", SAME),
        "vortex_diff": (trend.VortexIndicator, "vortex_indicator_diff", SAME),
        "vortex_neg": (trend.VortexIndicator, "vortex_indicator_neg", SAME),
        "vortex_pos": (trend.VortexIndicator, "vortex_indicator_pos", SAME),
        "wma": (trend.WMAIndicator, "wma", SAME),
        "awesome": (momentum.AwesomeOscillatorIndicator, "awesome_oscillator", SHORT_LONG),
        "kama": (momentum.KAMAIndicator, "kama", KAMA),
        "ppo": (momentum.PercentagePriceOscillator, "ppo", FAST_SLOW),
        "ppo_diff": (momentum.PercentagePriceOscillator, "ppo_hist", FAST_SLOW),
        "ppo_signal": (momentum.PercentagePriceOscillator, "ppo_signal", FAST_SLOW),
        "pvo": (momentum.PercentageVolumeOscillator, "pvo", FAST_SLOW),
        "pvo_diff": (momentum.PercentageVolumeOscillator, "pvo_hist", FAST_SLOW),
        "pvo_signal": (momentum.PercentageVolumeOscillator, "pvo_signal", FAST_SLOW),
        "roc": (momentum.ROCIndicator, "roc", SAME),
        "rsi": (momentum.RSIIndicator, "rsi", SAME),
        "stoch": (momentum.StochasticOscillator, "stoch", STOCHASTIC),
        "stoch_signal": (momentum.StochasticOscillator, "stoch_signal", STOCHASTIC),
        "stochrsi": (momentum.StochRSIIndicator, "stochrsi", SAME),
        "stochrsi_d": (momentum.StochRSIIndicator, "stochrsi_d", SAME),
        "stochrsi_k": (momentum.StochRSIIndicator, "stochrsi_k", SAME),
        "tsi": (momentum.TSIIndicator, "tsi", FAST_SLOW),
        "ultimate": (momentum.UltimateOscillator, "ultimate_oscillator", SAME),
        "williams_r": (momentum.WilliamsRIndicator, "williams_r", MappingProxyType({"window": "lbp"})),
        "atr": (volatility.AverageTrueRange, "average_true_range", SAME),
        "bollinger_above": (volatility.BollingerBands, "bollinger_hband_indicator", BOLLINGER),
        "bollinger_below": (volatility.BollingerBands, "bollinger_lband_indicator", BOLLINGER),
        "bollinger_high": (volatility.BollingerBands, "bollinger_hband", BOLLINGER),
        "bollinger_low": (volatility.BollingerBands, "bollinger_lband", BOLLINGER),
        "bollinger_middle": (volatility.BollingerBands, "bollinger_mavg", BOLLINGER),
        "bollinger_percent": (volatility.BollingerBands, "bollinger_pband", BOLLINGER),
        "bollinger_width": (volatility.BollingerBands, "bollinger_wband", BOLLINGER),
        "donchian_high": (volatility.DonchianChannel, "donchian_channel_hband", SAME),
        "donchian_low": (volatility.DonchianChannel, "donchian_channel_lband", SAME),
        "donchian_middle": (volatility.DonchianChannel, "donchian_channel_mband", SAME),
        "donchian_percent": (volatility.DonchianChannel, "donchian_channel_pband", SAME),
        "donchian_width": (volatility.DonchianChannel, "donchian_channel_wband", SAME),
        "keltner_above": (volatility.KeltnerChannel, "keltner_channel_hband_indicator", SAME),
        "keltner_below": (volatility.KeltnerChannel, "keltner_channel_lband_indicator", SAME),
        "keltner_high": (volatility.KeltnerChannel, "keltner_channel_hband", SAME),
        "keltner_low": (volatility.KeltnerChannel, "keltner_channel_lband", SAME),
        "keltner_middle": (volatility.KeltnerChannel, "keltner_channel_mband", SAME),
        "keltner_percent": (volatility.KeltnerChannel, "keltner_channel_pband", SAME),
        "keltner_width": (volatility.KeltnerChannel, "keltner_channel_wband", SAME),
        "keltner_atr_above": (KELTNER_BY_ATR, "keltner_channel_hband_indicator", KELTNER_ATR),
        "keltner_atr_below": (KELTNER_BY_ATR, "keltner_channel_lband_indicator", KELTNER_ATR),
        "keltner_atr_high": (KELTNER_BY_ATR, "keltner_channel_hband", KELTNER_ATR),
        "keltner_atr_low": (KELTNER_BY_ATR, "keltner_channel_lband", KELTNER_ATR),
        "keltner_atr_middle": (KELTNER_BY_ATR, "keltner_channel_mband", KELTNER_ATR),
        "keltner_atr_percent": (KELTNER_BY_ATR, "keltner_channel_pband", KELTNER_ATR),
        "keltner_atr_width": (KELTNER_BY_ATR, "keltner_channel_wband", KELTNER_ATR),
        "ulcer": (volatility.UlcerIndex, "ulcer_index", SAME),
        "acc_dist": (volume.AccDistIndexIndicator, "acc_dist_index", SAME),
        "cmf": (volume.ChaikinMoneyFlowIndicator, "chaikin_money_flow", SAME),
        "eom": (volume.EaseOfMovementIndicator, "ease_of_movement", SAME),
        "eom_mean": (volume.EaseOfMovementIndicator, "sma_ease_of_movement", SAME),
        "force": (volume.ForceIndexIndicator, "force_index", SAME),
        "mfi": (volume.MFIIndicator, "money_flow_index", SAME),
        "nvi": (volume.NegativeVolumeIndexIndicator, "negative_volume_index", SAME),
        "obv": (volume.OnBalanceVolumeIndicator, "on_balance_volume", SAME),
        "vpt": (volume.VolumePriceTrendIndicator, "volume_price_trend", {"smoothing": "smoothing_factor"}),
        "vwap": (volume.VolumeWeightedAveragePrice, "volume_weighted_average_price", SAME),
        "cumulative_return": (others.CumulativeReturnIndicator, "cumulative_return", SAME),
        "daily_return": (others.DailyReturnIndicator, "daily_return", SAME),
        "log_return": (others.DailyLogReturnIndicator, "daily_log_return", SAME),
    }
)


def by_library(name: str, numbers: Mapping[str, int | float], held: Frame) -> Column:
    """Let `ta` compute an output as it does, warm-up included."""
    kind, method, names = LIBRARY[name]
    columns = {"close" if each == "x" else each: pd.Series(column) for each, column in held.items()}
    options = {names.get(each, each): value for each, value in numbers.items()}
    values: Column = getattr(kind(**columns, **options), method)().to_numpy(np.float64)
    return values
