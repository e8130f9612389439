"""Forecasts of load, PV and net load for all homes of a community at once, in numpy. No Django, no clock.

Everything works on arrays of homes x slots in Wh, NaN where nothing is known:

    history = History(load_wh, pv_wh, first, slot_minutes, zone, is_rest_day, weather=None)
    model = fit(history, horizon)                       # RidgeModel; raises ShortHistory under 14 days
    forecasts = model.predict_all(history, issues=None, quantiles=False)
    forecasts.net_wh[h, i, k]                           # also load_wh, pv_wh: float32, homes x issues x horizon

`predict_all` answers with the forecasts that would have been issued at every slot of the history (`issues` are
slot numbers; None: 0 … slots, the last for the slot that follows). Issue i knows the slots before i, and
[h, i, k] is what it says of slot i + k. With `quantiles`, `net_quantiles_wh` and those of load and PV are
3 x homes x issues x horizon for 10, 50 and 90 %. Homes of the history need not be those of the fit: weights are
shared and every figure is scaled by the home itself. `model.predict(history)` is the one forecast after the
history's end, with quantiles; `to_json` and `from_json` keep a model. `forecast_net_load` is the plain profile
for histories too short to learn from.

Scripts that load numpy before `config` set OPENBLAS_NUM_THREADS=1: the matrices are small and many.
"""

from market.agents.forecasting.history import History, ShortHistory, Weather
from market.agents.forecasting.profile import Forecast, forecast_net_load
from market.agents.forecasting.ridge import Forecasts, RidgeModel, fit

__all__ = [
    "Forecast",
    "Forecasts",
    "History",
    "RidgeModel",
    "ShortHistory",
    "Weather",
    "fit",
    "forecast_net_load",
]
