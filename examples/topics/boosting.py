"""A miner: boosted trees foretell the next step from the last ones. Needs scikit-learn; `python3 boosting.py 24`."""
import json
import sys

import numpy
from sklearn.ensemble import GradientBoostingRegressor

lags = int(sys.argv[1])
for line in sys.stdin:
    history = numpy.array(json.loads(line)["history"])
    steps = numpy.diff(history)
    lagged = numpy.lib.stride_tricks.sliding_window_view(steps, lags)
    model = GradientBoostingRegressor(random_state=0).fit(lagged[:-1], steps[lags:])
    inference = history[-1] + model.predict(lagged[-1:])[0]
    print(json.dumps({"inference": inference}), flush=True)
