"""A forecaster: each miner's next loss is the mean of its last ones, recent ones weighing more."""
import json
import sys

newest = 0.1  # what the latest loss counts
losses = {}
for line in sys.stdin:
    question = json.loads(line)
    for miner, loss in question["last"]["losses"].items():
        losses[miner] = newest * loss + (1 - newest) * losses.get(miner, loss)
    asked = [str(miner) for miner in question["inferers"]]
    print(json.dumps({"losses": {miner: losses[miner] for miner in asked if miner in losses}}), flush=True)
